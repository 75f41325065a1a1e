"""Where an export keeps what: names of its files and of the arrays in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow as pa

from tosg_graph.filing import sha256
from tosg_graph.tensors.abundance import Channel
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.subgraph import Triplet

FORMAT = "tosg-export"
FORMAT_VERSION = 2
MANIFEST = "manifest.json"
ATTRIBUTION = "ATTRIBUTION.md"
TOPOLOGY = "topology.safetensors"
CELLS = "cells.arrow"
ABUNDANCE = "abundance.safetensors"


def node_file(label: str) -> str:
    """Return the file with the id table of a label."""
    return f"nodes/{label}.arrow"


def edge_file(triplet: Triplet) -> str:
    """Return the file with the id table of a triplet; rows are in the order of ``edge_index``."""
    return f"edges/{'-'.join(triplet)}.arrow"


def edge_key(triplet: Triplet, what: str) -> str:
    """Return the name of an array of a triplet: ``edge_index`` or ``edge_attr``."""
    return f"{'-'.join(triplet)}/{what}"


def channel_key(channel: Channel, what: str) -> str:
    """Return the name of an array of counts: ``indptr``, ``node`` or ``count``."""
    return f"{channel[0]}/{channel[1]}/{what}"


def write_arrow(table: pa.Table, path: Path) -> None:
    """Write a table as an uncompressed Arrow IPC file, which can be mapped into memory."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table.combine_chunks())


def file_record(path: Path) -> dict[str, Any]:
    """Return size and SHA-256 of a file, as the manifest lists them."""
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays as a safetensors file.

    Raises
    ------
    OSError
        If it cannot be written, as other writers do.
    """
    try:
        require("safetensors.numpy").save_file(dict(arrays), path)
    except require("safetensors").SafetensorError as error:
        raise OSError(str(error)) from error
