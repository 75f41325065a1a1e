"""A workspace: one folder with graph builds, the embedded database and cell stores.

::

    work/
      graph/<build id>/      graph builds; graph/current names the one in use
      staged/<source>-<key>/ rows of each source, for the next build; may be removed
      diffs/diff-<a>-<b>/    what changed between two builds
      embedded/graph.lbug    the embedded database, made from the current build
      cells/<name>/          cell stores
      .lock                  held by whoever writes; see :mod:`tosg_graph.lock`

Every door (Python, command line) goes through :class:`Workspace`, and everything that it hands out
is keyed by the same ids.
"""

from tosg_graph.workspace.workspace import Workspace

__all__ = ["Workspace"]
