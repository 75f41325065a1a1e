"""Clauses: what a query is made of."""

from __future__ import annotations

from tosg_graph.ask.cypher.cursor import MAX_SUBQUERIES
from tosg_graph.ask.cypher.patterns import Patterns
from tosg_graph.ask.cypher.tokens import Kind
from tosg_graph.ask.cypher.vocabulary import ALLOWED_CLAUSES, ENGINES

_STARTERS = (
    "MATCH",
    "OPTIONAL",
    "UNWIND",
    "WITH",
    "RETURN",
    "CALL",
    "ORDER",
    "SKIP",
    "OFFSET",
    "LIMIT",
)


class Clauses(Patterns):
    """Reads a whole query."""

    def statement(self) -> None:
        """Read one statement, with at most one ``;`` at its end."""
        if self._ended():
            self.refuse(f"the query is empty. Allowed: {ALLOWED_CLAUSES}")
        self.query(must_return=True)
        if self.accept_symbol(";") and not self._ended():
            self.refuse("something stands after the `;`; a query is one statement")
        if not self._ended():
            self.unexpected("the end of the query")

    def _ended(self) -> bool:
        return self.here.kind is Kind.END

    def query(self, *, must_return: bool) -> None:
        """Read clauses, and further queries after UNION."""
        outer = self.joins
        self.single_query(must_return=must_return)
        while self.accept("UNION"):
            self.accept("ALL", "DISTINCT")
            self.single_query(must_return=must_return)
        self.joins = outer

    def single_query(self, *, must_return: bool) -> None:
        """Read clauses up to RETURN."""
        returned = False
        self.joins = 0
        if not self.at(*_STARTERS):
            self.unexpected(f"a clause. Allowed: {ALLOWED_CLAUSES}")
        while self.at(*_STARTERS) and not returned:
            returned = self.clause()
        if self.at(*_STARTERS):
            self.refuse("RETURN is the last clause of a query; use WITH before further clauses")
        if must_return and not returned:
            self.unexpected("RETURN; a query that reads ends with it")

    def clause(self) -> bool:
        """Read one clause; whether it was RETURN."""
        if self.at("OPTIONAL", "MATCH", "CALL"):
            self.match_or_call()
        elif self.accept("UNWIND"):
            self.expression()
            self.alias()
        elif self.accept("WITH"):
            self.projection()
            if self.accept("WHERE"):
                self.expression()
            self.joins = 0
        elif self.accept("RETURN"):
            self.projection()
            return True
        else:
            if self.rules.engine != "neo4j":
                self.unexpected("RETURN or WITH before ORDER BY, SKIP and LIMIT")
            self.order_and_page()
        return False

    def match_or_call(self) -> None:
        """Read [OPTIONAL] MATCH … WHERE …, or [OPTIONAL] CALL { … }."""
        self.accept("OPTIONAL")
        if self.at("CALL"):
            self.call()
            return
        self.expect("MATCH")
        self.pattern_list()
        if self.accept("WHERE"):
            self.expression()

    def call(self) -> None:
        """Read ``CALL (x) { … }``; procedures are not called."""
        start = self.here
        self.expect("CALL")
        if self.rules.engine != "neo4j":
            title = ENGINES[self.rules.engine]
            self.refuse(f"CALL on {title} runs procedures and changes settings", start)
        if self.accept_symbol("("):
            self._scope()
        if not self.at_symbol("{"):
            self.refuse(
                "CALL of a procedure; only subqueries, CALL (x) { … }, are let through", start
            )
        self.enter()
        self.query(must_return=True)
        self.leave()
        if self.at("IN"):
            self.refuse("CALL { … } IN TRANSACTIONS commits; a query that reads does not need it")

    def _scope(self) -> None:
        if not self.accept_symbol("*") and not self.at_symbol(")"):
            self.variable()
            while self.accept_symbol(","):
                self.variable()
        self.expect_symbol(")")

    def projection(self) -> None:
        """Read what RETURN or WITH passes on, its order and its page."""
        self.accept("DISTINCT")
        if not self.accept_symbol("*"):
            self.projected()
        while self.accept_symbol(","):
            self.projected()
        self.order_and_page()

    def projected(self) -> None:
        """Read one expression with its alias."""
        self.expression()
        if self.at("AS"):
            self.alias()

    def order_and_page(self) -> None:
        """Read ORDER BY, SKIP and LIMIT."""
        if self.accept("ORDER"):
            self.expect("BY")
            self.sort_item()
            while self.accept_symbol(","):
                self.sort_item()
        if self.accept("SKIP", "OFFSET"):
            self.expression()
        if self.accept("LIMIT"):
            self.expression()

    def sort_item(self) -> None:
        """Read an expression and its direction."""
        self.expression()
        self.accept("ASC", "ASCENDING", "DESC", "DESCENDING")

    def subquery(self) -> None:
        """Read what stands in the braces of EXISTS, COUNT and COLLECT."""
        self.enter()
        if self.at(*_STARTERS):
            self.query(must_return=False)
        else:
            outer, self.joins = self.joins, 0
            self.pattern_list()
            if self.accept("WHERE"):
                self.expression()
            self.joins = outer
        self.leave()

    def enter(self) -> None:
        """Read the brace that opens a subquery."""
        self.expect_symbol("{")
        self.subqueries += 1
        if self.subqueries > MAX_SUBQUERIES:
            self.refuse(f"subqueries nest deeper than {MAX_SUBQUERIES}")

    def leave(self) -> None:
        """Read the brace that closes a subquery."""
        self.expect_symbol("}")
        self.subqueries -= 1
