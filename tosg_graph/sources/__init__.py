"""From a public file to checked rows: what a loader is, and what it hands over."""

from tosg_graph.errors import SourceError
from tosg_graph.sources.chunks import Chunk, ChunkKind
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.source import Download, Licence, Source
from tosg_graph.sources.spec import FileSpec

__all__ = [
    "Chunk",
    "ChunkKind",
    "Download",
    "FileSpec",
    "Licence",
    "Source",
    "SourceError",
    "SourceFile",
]
