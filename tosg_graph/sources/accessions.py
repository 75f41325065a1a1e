"""What an accession looks like."""

from __future__ import annotations

#: UniProt, without what may follow: an isoform, a chain. A pattern for Python and for Arrow.
#: https://www.uniprot.org/help/accession_numbers
UNIPROT = r"(?:[OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z\d]{2}\d){1,2})"
