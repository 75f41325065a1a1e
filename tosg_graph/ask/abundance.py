"""Which nodes are detected in a group of cells: a cell store read under the ids of the graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tosg_graph.ask.nodes import NodeNames
from tosg_graph.ask.outcome import Choice, Ended, Status
from tosg_graph.ask.plan import DEFAULT_SHARE, Detection
from tosg_graph.build.tables import Build

if TYPE_CHECKING:
    from tosg_graph.cells.cohort import GroupMatch
    from tosg_graph.cells.profiles import Profiles
    from tosg_graph.cells.reader import CellStore

#: Labels of nodes that can be detected.
DETECTABLE = ("Gene", "Protein", "Complex")


class GroupShare(NamedTuple):
    """What a group of cells has of a node.

    Parameters
    ----------
    group
        Its name.
    cells
        Its cells that measured the node.
    detected
        The share of these that detect it.
    mean_per_10k
        The mean over these of its share of a cell's counts, times 10,000.
    """

    group: str
    cells: int
    detected: float
    mean_per_10k: float


class Abundance:
    """The cell stores that a question may be answered from.

    Parameters
    ----------
    stores
        By name.
    build
        The graph build, whose cell types name the groups too.
    names
        Which protein a gene stands for.
    """

    def __init__(self, stores: Mapping[str, CellStore], build: Build, names: NodeNames) -> None:
        self.stores = dict(sorted(stores.items()))
        self._build = build
        self._names = names
        self._matches: dict[str, dict[str, GroupMatch]] = {}
        self._profiles: dict[tuple[str, str], Profiles] = {}

    def is_group(self, text: str) -> bool:
        """Whether the words name cells of some store, or a cell type at all."""
        return any(match.status != "unknown" for match in self._match(text).values())

    def detection(
        self, text: str, modality: str | None, share: float | None, *, strict: bool
    ) -> Detection:
        """Find the group that words name.

        Raises
        ------
        Ended
            If there are no cells, the words name no group, or they name several.
        """
        store, groups = self._one(text)
        wanted = modality or "rna"
        self._has(store, wanted)
        stated = share is not None
        return Detection(
            store, wanted, groups, text, DEFAULT_SHARE if share is None else share, strict, stated
        )

    def detection_of_all(
        self, store: str, modality: str, share: float | None, *, strict: bool
    ) -> Detection:
        """Find a threshold for every group of a store."""
        wanted = DEFAULT_SHARE if share is None else share
        return Detection(store, modality, (), "every group", wanted, strict, share is not None)

    def shares(self, detection: Detection, labels: Collection[str]) -> dict[str, float]:
        """Id → share of the group's cells in which it is counted, for ids that reach the threshold.

        A protein counts as detected by the RNA of its gene, a gene by its protein's antibody; a
        complex by its least detected subunit.
        """
        profile = self._profile(detection.store, detection.modality)
        table = profile.for_group(*detection.groups)
        # Not measured, never seen, and seen too rarely are three different things: what was not
        # measured has no share at all.
        measured: dict[str, float] = {}
        ids, values = table["graph_id"].to_pylist(), table["detected"].to_pylist()
        for node, share in zip(ids, values, strict=True):
            if node is not None and share is not None:
                measured[node] = max(share, measured.get(node, 0.0))
        every = self._as_labels(measured, labels)
        return {node: share for node, share in every if detection.admits(share)}

    def by_group(self, store: str, modality: str, node: str) -> tuple[list[GroupShare], list[str]]:
        """What groups have of a node, and the groups of which no cell measured it."""
        profile = self._profile(store, modality)
        ids = profile.features["graph_id"].to_pylist()
        places = [place for place, graph_id in enumerate(ids) if graph_id == node]
        if not places:
            return [], list(profile.groups)
        place = max(places, key=lambda p: int(profile.detecting[:, p].sum()))
        columns = profile.measuring, profile.detected, profile.mean_per_10k
        cells, detected, mean = (column[:, place].tolist() for column in columns)
        every = list(map(GroupShare, profile.groups, cells, detected, mean))
        return [g for g in every if g.cells], [g.group for g in every if not g.cells]

    def n_cells(self, detection: Detection) -> int:
        """Cells of the group."""
        profile = self._profile(detection.store, detection.modality)
        return sum(int(profile.n_cells[profile.position(group)]) for group in detection.groups)

    def store_for(self, modality: str) -> str:
        """Find the one store that a question without a group is answered from."""
        self._need_stores()
        names = [n for n, s in self.stores.items() if modality in s.modalities and s.label_column]
        if not names:
            raise Ended(Status.UNANSWERABLE, self._lacks(modality))
        if len(names) > 1:
            raise Ended(
                Status.AMBIGUOUS,
                f"several cell stores could answer: {', '.join(names)}; name one with --cells NAME",
                [Choice(name, name) for name in names],
            )
        return names[0]

    def _one(self, text: str) -> tuple[str, tuple[str, ...]]:
        self._need_stores()
        matches = self._match(text)
        found = {name: match for name, match in matches.items() if match.status == "matched"}
        if len(found) > 1:
            names = ", ".join(found)
            raise Ended(
                Status.AMBIGUOUS,
                f"{text!r} is a group of cells in several stores: {names}; name one: --cells NAME",
                [Choice(name, name) for name in found],
            )
        if not found:
            raise self._no_group(text, matches)
        name, match = next(iter(found.items()))
        return name, match.values

    def _no_group(self, text: str, matches: Mapping[str, GroupMatch]) -> Ended:
        said = "; ".join(f"{match.sentence} (cells {name})" for name, match in matches.items())
        if not matches:
            said = "no cell store has a label column; add one with tosg cells add … --label COLUMN"
        ambiguous = [m for m in matches.values() if m.status == "ambiguous"]
        if ambiguous:
            choices = [Choice(c, c) for match in ambiguous for c in match.candidates]
            return Ended(Status.AMBIGUOUS, said, choices)
        near = [Choice(s, s) for match in matches.values() for s in match.suggestions]
        return Ended(Status.UNKNOWN_ENTITY, f"no group of cells is called {text!r}: {said}", near)

    def _need_stores(self) -> None:
        if not self.stores:
            raise Ended(
                Status.UNANSWERABLE,
                "the question is about cells, and no cell store was given; add one with "
                "tosg cells add FILE --name NAME --label COLUMN, and ask with --cells NAME",
            )

    def _has(self, store: str, modality: str) -> None:
        if modality not in self.stores[store].modalities:
            raise Ended(Status.UNANSWERABLE, self._lacks(modality))

    def _lacks(self, modality: str) -> str:
        kinds = "; ".join(f"{n}: {', '.join(s.modalities)}" for n, s in self.stores.items())
        return f"no {modality} counts in the cells that were given ({kinds})"

    def _match(self, text: str) -> dict[str, GroupMatch]:
        from tosg_graph.cells.cohort import match_group

        if text not in self._matches:
            self._matches[text] = {
                name: match_group(store, text, build=self._build)
                for name, store in self.stores.items()
                if store.label_column is not None
            }
        return self._matches[text]

    def _profile(self, store: str, modality: str) -> Profiles:
        from tosg_graph.cells.profiles import profiles

        key = (store, modality)
        if key not in self._profiles:
            self._profiles[key] = profiles(self.stores[store], modality=modality)
        return self._profiles[key]

    def _as_labels(
        self, measured: Mapping[str, float], labels: Collection[str]
    ) -> Iterator[tuple[str, float]]:
        """Find what was measured, as nodes of the labels asked for."""
        proteins: dict[str, float] = {}
        genes: dict[str, float] = {}
        for node, share in measured.items():
            is_gene = self._names.known(node, "Gene")
            for gene in (node,) if is_gene else self._names.genes(node):
                genes[gene] = max(share, genes.get(gene, 0.0))
            for protein in self._names.products(node) if is_gene else (node,):
                proteins[protein] = max(share, proteins.get(protein, 0.0))
        if "Gene" in labels:
            yield from genes.items()
        if "Protein" in labels:
            yield from ((p, s) for p, s in proteins.items() if self._names.known(p, "Protein"))
        if "Complex" in labels:
            yield from self._complexes(proteins)

    def _complexes(self, proteins: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        table = self._build.nodes("Complex", ["id", "members", "unresolved"])
        for row in table.to_pylist():
            if row["id"] in proteins:  # an antibody against the complex itself
                yield row["id"], proteins[row["id"]]
            elif row["members"] and not row["unresolved"]:
                yield row["id"], min(proteins.get(member, 0.0) for member in row["members"])
