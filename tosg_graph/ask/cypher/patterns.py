"""Patterns: nodes, relationships, and how far a path may reach."""

from __future__ import annotations

from tosg_graph.ask.cypher.cursor import MAX_JOINS, Binding
from tosg_graph.ask.cypher.expressions import Expressions
from tosg_graph.ask.cypher.tokens import Kind, Token
from tosg_graph.ask.cypher.vocabulary import HIERARCHIES, HIERARCHY_HOPS


def _climbs(types: frozenset[str] | None) -> bool:
    return types is not None and types <= HIERARCHIES


class Patterns(Expressions):
    """Reads patterns and counts the hops of their variable-length parts."""

    def pattern_list(self) -> None:
        """Read the patterns of a MATCH."""
        self.pattern()
        while self.accept_symbol(","):
            self.pattern()

    def pattern(self) -> None:
        """Read one pattern: an optional path variable, an optional selector, a path."""
        if self.at_name() and self.is_symbol(1, "="):
            self.own_variable()
            self.take()
        self.selector()
        if self.at("SHORTESTPATH", "ALLSHORTESTPATHS") and self.rules.engine == "neo4j":
            self.shortest_path()
        else:
            self.path_pattern()

    def selector(self) -> None:
        """Read ``ANY SHORTEST``, ``ALL SHORTEST``, ``SHORTEST 2 GROUPS`` and their like."""
        if self.rules.engine != "neo4j" or not self.at("ANY", "ALL", "SHORTEST"):
            return
        if self.take().upper != "SHORTEST":
            self.accept("SHORTEST")
        if self.here.kind is Kind.NUMBER:
            self.count()
        self.accept("PATH", "PATHS")
        self.accept("GROUP", "GROUPS")

    def shortest_path(self) -> None:
        """Read ``shortestPath(…)`` or ``allShortestPaths(…)``."""
        self.take()
        self.expect_symbol("(")
        self.path_pattern()
        self.expect_symbol(")")

    def path_pattern(self) -> None:
        """Read a path; its variable-length parts together stay within the bound."""
        start = self.here
        hops = self.path()[1]
        limit = self.rules.max_hops
        if hops > limit:
            self.refuse(
                f"the variable-length parts of this path add up to {hops} hops; "
                f"at most {limit} are followed",
                start,
            )

    def path(self) -> tuple[int, int]:
        """Read nodes and relationships.

        Returns
        -------
        fixed, variable
            Relationships that occur once each, and the most that the variable-length parts may
            follow.
        """
        fixed = variable = 0
        while True:
            if self._inner_path_follows():
                once, repeated = self.inner_path()
                fixed, variable = fixed + once, variable + repeated
            else:
                self.node()
                while self.at_symbol("-", "<"):
                    hops = self.relationship()
                    fixed, variable = (
                        (fixed + 1, variable) if hops is None else (fixed, variable + hops)
                    )
                    self.node()
            if not self.at_symbol("("):
                return fixed, variable

    def _inner_path_follows(self) -> bool:
        if not self.at_symbol("("):
            return False
        named = self.ahead(1).kind in {Kind.WORD, Kind.QUOTED} and self.is_symbol(2, "=")
        return named or self.is_symbol(1, "(")

    def inner_path(self) -> tuple[int, int]:
        """Read a path in parentheses with its condition and quantifier."""
        self.expect_symbol("(")
        if self.at_name():
            self.own_variable()
            self.expect_symbol("=")
        fixed, variable = self.path()
        if self.accept("WHERE"):
            self.expression()
        self.expect_symbol(")")
        times = self.quantifier()
        return (fixed, variable) if times is None else (0, times * max(1, fixed + variable))

    def node(self) -> None:
        """Read ``(name:Label {key: value} WHERE …)``."""
        self.expect_symbol("(")
        self.inside("node", ")")
        self.expect_symbol(")")

    def relationship(self) -> int | None:
        """Read a relationship; the hops that it may follow, None when it is a single one."""
        hops: int | None = None
        types: frozenset[str] | None = None
        self.joins += 1
        if self.joins > MAX_JOINS:
            self.refuse(f"more than {MAX_JOINS} relationships; put a WITH between some of them")
        self.accept_symbol("<")
        self.expect_symbol("-")
        if self.accept_symbol("["):
            hops, types = self.inside("edge", "]")
            self.expect_symbol("]")
        self.expect_symbol("-")
        self.accept_symbol(">")
        times = self.quantifier(types)
        if times is not None:
            hops = times * max(1, hops or 1)
        # A climb has a bound of its own and leaves the bound of the path alone.
        return 0 if hops is not None and _climbs(types) else hops

    def inside(self, kind: str, closing: str) -> tuple[int | None, frozenset[str] | None]:
        """Read what stands inside of a node or a relationship.

        Returns
        -------
        hops, labels
            The hops that a relationship may follow, None when it is a single one; the labels or
            types, None when they are not known.
        """
        name = hops = None
        labels: frozenset[str] | None = None
        if self.at_name() and not self.at("WHERE"):
            name = self.variable()
        if self.at_symbol(":"):
            labels = self.label_expression(kind)
        if kind == "edge" and self.at_symbol("*"):
            hops = self.length(labels)
        binding: Binding = (kind, labels)
        if name is not None and hops is None:
            self.notes.bound.setdefault(name, []).append(binding)
        if self.at_symbol("{"):
            self.properties(binding)
        elif self.here.kind is Kind.PARAMETER:
            self.refuse("a parameter as the properties; write them out, as in {id: $id}")
        if self.accept("WHERE"):
            self.expression()
        if not self.at_symbol(closing):
            self._not_in_pattern(closing)
        return hops, labels

    def _not_in_pattern(self, closing: str) -> None:
        if self.at("IS"):
            self.refuse("write a label with a colon, as in (n:Gene), not with IS")
        self.unexpected(f"a label, properties or `{closing}`")

    def properties(self, binding: Binding) -> None:
        """Read the map of a pattern and note its keys."""
        self.expect_symbol("{")
        if self.accept_symbol("}"):
            return
        while True:
            key = self.here
            if self.at_name() and self.is_symbol(1, "}"):
                self.refuse("a parameter is written $name, not {name}")
            self.any_name("a property name")
            self.notes.keys.append((binding, key))
            self.expect_symbol(":")
            self.expression()
            if not self.accept_symbol(","):
                break
        self.expect_symbol("}")

    # How far

    def length(self, types: frozenset[str] | None) -> int:
        """Read ``*1..3`` and, for LadybugDB, ``* SHORTEST 1..3``; the upper bound."""
        star = self.expect_symbol("*")
        if self.rules.engine == "ladybug":
            self._walk_kind()
        upper = None
        if self.here.kind is Kind.NUMBER:
            upper = self.count()
        if self.accept_symbol(".."):
            upper = self.count() if self.here.kind is Kind.NUMBER else None
        hops = self._bounded(upper, star, "*1..{}", types)
        if self.rules.engine == "ladybug" and self.accept_symbol("("):
            self._walk_filter()
        return hops

    def _walk_kind(self) -> None:
        if self.accept("ALL"):
            self.expect("SHORTEST")
        else:
            self.accept("SHORTEST", "TRAIL", "ACYCLIC")

    def _walk_filter(self) -> None:
        """Read LadybugDB's ``(r, n | WHERE … | {…}, {…})`` up to its parenthesis."""
        self.own_variable()
        self.expect_symbol(",")
        self.own_variable()
        if self.accept_symbol("|"):
            if self.accept("WHERE"):
                self.expression(bars=False)
                if self.accept_symbol("|"):
                    self._walk_projection()
            else:
                self._walk_projection()
        self.expect_symbol(")")

    def _walk_projection(self) -> None:
        for part in range(2):
            if part:
                self.expect_symbol(",")
            self.expect_symbol("{")
            if not self.at_symbol("}"):
                self.expressions()
            self.expect_symbol("}")

    def quantifier(self, types: frozenset[str] | None = None) -> int | None:
        """Read ``{1,3}`` after a relationship or a path; the upper bound, None without one."""
        token = self.here
        if self.at_symbol("+", "*"):
            self._bounded(None, token, "{{1,{}}}", types)
        if not self.accept_symbol("{"):
            return None
        upper = self.count() if self.here.kind is Kind.NUMBER else None
        if self.accept_symbol(","):
            upper = self.count() if self.here.kind is Kind.NUMBER else None
        hops = self._bounded(upper, token, "{{1,{}}}", types)
        self.expect_symbol("}")
        return hops

    def _bounded(
        self, upper: int | None, token: Token, example: str, types: frozenset[str] | None
    ) -> int:
        limit = max(self.rules.max_hops, HIERARCHY_HOPS if _climbs(types) else 0)
        shape = example.format(limit)
        if upper is None:
            self.refuse(f"a path without an upper bound; write at most {shape}", token)
        if upper > limit:
            self.refuse(f"a path of up to {upper} hops; at most {limit}: {shape}", token)
        return upper

    def count(self) -> int:
        """Read a whole number."""
        token = self.take()
        if not token.text.isdecimal() or len(token.text) > 9:
            self.refuse(f"found {token}, expected a whole number below 1,000,000,000", token)
        return int(token.text)

    # Labels

    def label_expression(self, kind: str, *, bars: bool = True) -> frozenset[str] | None:
        """Read ``:A|B``, ``:A&!B``, ``:%``.

        Parameters
        ----------
        kind
            ``node``, ``edge`` or ``any``, the last for a test in an expression.
        bars
            Whether a ``|`` belongs to it.

        Returns
        -------
        frozenset of str or None
            The labels, one of which what matches has; None when that is not known.
        """
        self.expect_symbol(":")
        names: set[str] = set()
        known = self._label_term(kind, names)
        while self.at_symbol("&", ":") or (bars and self.at_symbol("|")):
            if self.take().text == "|":
                self.accept_symbol(":")
            known &= self._label_term(kind, names)
        return frozenset(names) if known else None

    def _label_term(self, kind: str, names: set[str]) -> bool:
        known = True
        while self.accept_symbol("!"):
            known = False
        if self.accept_symbol("%"):
            return False
        if self.accept_symbol("("):
            known &= self._label_term(kind, names)
            while self.accept_symbol("&", "|", ":"):
                known &= self._label_term(kind, names)
            self.expect_symbol(")")
            return known
        names.add(self.label(kind))
        return known
