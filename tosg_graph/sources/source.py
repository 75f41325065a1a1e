"""What a source is: where its files come from, under which licence, and how they become rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tosg_graph.sources.chunks import Chunk
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.spec import FileSpec

#: Files of a source by role; an optional file that was not found is not in it.
Files = Mapping[str, SourceFile]


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms the rows of a source may be used.

    Parameters
    ----------
    name
        Short name, an SPDX id where there is one (``CC-BY-4.0``).
    url
        Where the terms are.
    redistribute, commercial
        Whether the terms allow passing the rows on, and using them in commerce.
    """

    name: str
    url: str
    redistribute: bool = True
    commercial: bool = True


@dataclass(frozen=True, slots=True)
class Download:
    """Where a file of a source can be fetched from.

    Parameters
    ----------
    role
        The role of the file within the source.
    url
        Its address; a source that needs an account or a form has none.
    file
        The name that it gets in the folder of its source, matching a pattern of its role: a plain
        name, without folders.
    sha256
        Its hash where the address always gives the same bytes; None for an address that gives the
        newest release: the hash is then recorded, and not compared.
    member
        Where the address gives a zip archive, shell pattern of the name of the one file to take out
        of it; ``sha256`` is then that of the archive.
    """

    role: str
    url: str
    file: str
    sha256: str | None = None
    member: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A public source of facts; one loader module declares one as ``SOURCE``.

    Parameters
    ----------
    name
        Its one name, in code, tests, fixtures and docs.
    title
        How it calls itself.
    gives
        What it adds to the graph, in a few words.
    url
        Where a person finds it.
    licence
        The terms of its rows; a row may name its own instead.
    citation
        How it wants to be cited.
    files
        The files that it is read from.
    read
        Turns the files into chunks, in file order. It yields; it holds one chunk at a time.
    revision
        Version of the loader: raised when the same file would give other rows, so that the build
        id changes with it.
    version
        Reads the release of the source out of its files; None when they do not say.
    downloads
        Where its files can be fetched from.
    release
        The release that its addresses give, where they are those of one; "" where they give the
        newest.
    by_hand
        How a person gets the files that have no download or, where all have one, what to do when
        it fails: an imperative without a full stop. Default: to look at ``url``.
    infores
        Its id in the registry of information resources of Biolink, without the prefix; default:
        its name.
    knowledge_level, agent_type
        What Biolink calls the kind of its statements, and who made them.
    """

    name: str
    title: str
    gives: str
    url: str
    licence: Licence
    citation: str
    files: tuple[FileSpec, ...]
    read: Callable[[Files], Iterator[Chunk]]
    revision: int = 1
    version: Callable[[Files], str | None] | None = None
    downloads: tuple[Download, ...] = ()
    release: str = ""
    by_hand: str = ""
    infores: str | None = None
    knowledge_level: str = "knowledge_assertion"
    agent_type: str = "not_provided"

    @property
    def how_by_hand(self) -> str:
        """How a person gets its files, with the address of a page."""
        if not self.by_hand:
            return f"get it from {self.url}"
        return self.by_hand if "https://" in self.by_hand else f"{self.by_hand} ({self.url})"
