"""Expressions: everything that has a value."""

from __future__ import annotations

from typing import NoReturn

from tosg_graph.ask.cypher.cursor import MAX_CASES, MAX_DEPTH, MAX_OPERATORS, MAX_POSTFIXES, Cursor
from tosg_graph.ask.cypher.tokens import Kind, Token
from tosg_graph.ask.cypher.vocabulary import (
    CAST_TYPES,
    ELSEWHERE,
    ENGINES,
    FORBIDDEN,
    FUNCTIONS,
    near_miss,
)

_OPERATORS = ("+", "-", "*", "/", "%", "^", "=", "<>", "<", ">", "<=", ">=", "=~", "||")
_COMPARISONS = ("=", "<>", "<", ">", "<=", ">=", "=~")
_SUBQUERIES = ("EXISTS", "COUNT", "COLLECT")
_PREDICATES = ("ALL", "ANY", "NONE", "SINGLE")
_PATH_FUNCTIONS = ("SHORTESTPATH", "ALLSHORTESTPATHS")


class Expressions(Cursor):
    """Reads expressions.

    Precedence does not matter to the gate, so operators and operands are read as one flat row.
    """

    def path_pattern(self) -> None:
        """Read a path; see :class:`tosg_graph.ask.cypher.patterns.Patterns`."""
        raise NotImplementedError

    def shortest_path(self) -> None:
        """Read ``shortestPath(…)``; see :class:`tosg_graph.ask.cypher.patterns.Patterns`."""
        raise NotImplementedError

    def label_expression(self, kind: str, *, bars: bool = True) -> frozenset[str] | None:
        """Read ``:A|B``; see :class:`tosg_graph.ask.cypher.patterns.Patterns`."""
        raise NotImplementedError

    def subquery(self) -> None:
        """Read a query in braces; see :class:`tosg_graph.ask.cypher.clauses.Clauses`."""
        raise NotImplementedError

    def expression(self, *, bars: bool = True) -> None:
        """Read one expression.

        Parameters
        ----------
        bars
            Whether a ``|`` after a label belongs to the label; not so where it ends a condition.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.refuse(f"expressions nest deeper than {MAX_DEPTH}")
        count = 0
        while True:
            while self.accept("NOT") or self.accept_symbol("+", "-"):
                count += 1
            self.operand(bars=bars)
            while self.accept("IS"):
                count += 1
                self.accept("NOT")
                self.expect("NULL")
            if count > MAX_OPERATORS:
                self.refuse(f"more than {MAX_OPERATORS} operators in a row; use IN and a list")
            if not self.operator():
                break
            count += 1
        self.depth -= 1

    def operator(self) -> bool:
        """Read an operator between two operands, if there is one."""
        if self.at("STARTS", "ENDS"):
            self.take()
            self.expect("WITH")
            return True
        if self.at_symbol("!"):
            self.refuse("`!` is no operator; unequal is written <>, negation NOT")
        return self.accept("AND", "OR", "XOR", "IN", "CONTAINS") or self.accept_symbol(*_OPERATORS)

    def operand(self, *, bars: bool = True) -> None:
        """Read a value and what is done to it: properties, indices, a label test."""
        token = self.here
        if token.kind is Kind.PARAMETER:
            self.parameter()
        elif token.kind in {Kind.NUMBER, Kind.STRING} or self.at("TRUE", "FALSE", "NULL"):
            self.take()
        elif self.at_symbol("("):
            if self.path_follows():
                self.path_pattern()
                return
            self.take()
            self.expression()
            self.expect_symbol(")")
        elif self.at_symbol("["):
            self.bracketed()
        elif self.at_symbol("{"):
            self.map_literal()
        elif self.at_symbol("$"):
            self.refuse("a dynamic label or type, $(…); write the label itself")
        elif self.at_name():
            self.named()
        else:
            self.unexpected("an expression")
        self.postfixes(token, bars=bars)

    def path_follows(self, count: int = 0) -> bool:
        """Whether the parenthesis ``count`` tokens on opens the first node of a path."""
        after = self.partner[self.index + count] + 1 - self.index
        if self.is_symbol(after, "<"):
            after += 1
        if not self.is_symbol(after, "-"):
            return False
        after += 1
        if self.is_symbol(after, "["):
            after = self.partner[self.index + after] + 1 - self.index
            return self.is_symbol(after, "-")
        return self.is_symbol(after, "-") and self.is_symbol(after + 1, "(", ">")

    def postfixes(self, subject: Token, *, bars: bool) -> None:
        """Read ``.property``, ``[index]``, ``[from..to]`` and ``:Label`` after a value."""
        for count in range(MAX_POSTFIXES + 1):
            if self.accept_symbol("."):
                self.property_of(None if count else subject)
            elif self.at_symbol("["):
                self.index_or_slice()
            elif self.at_symbol(":") and self.rules.engine == "neo4j":
                self.label_expression("any", bars=bars)
            else:
                return
        self.refuse(f"more than {MAX_POSTFIXES} properties or indices after one value")

    def property_of(self, subject: Token | None) -> None:
        """Read what follows a dot."""
        if self.rules.engine == "ladybug" and self.accept_symbol("*"):
            return
        token = self.here
        self.any_name("a property name")
        if self.at_symbol("("):
            self.refuse(
                "a function with a name in parts (such as apoc.… or db.…); "
                "only the plain functions listed in docs/gate.md are called",
                subject or token,
            )
        if subject is not None and subject.kind in {Kind.WORD, Kind.QUOTED}:
            self.notes.read.append((subject.name, token))

    def index_or_slice(self) -> None:
        """Read ``[i]``, ``[a..b]`` and, for LadybugDB, ``[a:b]``."""
        separators = ("..", ":") if self.rules.engine == "ladybug" else ("..",)
        self.expect_symbol("[")
        if not self.at_symbol(*separators):
            self.expression()
        if self.accept_symbol(*separators) and not self.at_symbol("]"):
            self.expression()
        self.expect_symbol("]")

    def bracketed(self) -> None:
        """Read a list, a list comprehension or a pattern comprehension."""
        self.expect_symbol("[")
        if self.at_name() and self.ahead().upper == "IN":
            self.own_variable()
            self.comprehension()
        elif self._pattern_comprehension_follows():
            if self.at_name():
                self.own_variable()
                self.expect_symbol("=")
            self.path_pattern()
            if self.accept("WHERE"):
                self.expression(bars=False)
            self.expect_symbol("|")
            self.expression()
        elif not self.at_symbol("]"):
            self.expressions()
        self.expect_symbol("]")

    def _pattern_comprehension_follows(self) -> bool:
        count = 2 if self.at_name() and self.is_symbol(1, "=") else 0
        return self.is_symbol(count, "(") and self.path_follows(count)

    def comprehension(self) -> None:
        """Read what follows the variable of a list comprehension."""
        self.expect("IN")
        self.expression(bars=False)
        if self.accept("WHERE"):
            self.expression(bars=False)
        if self.accept_symbol("|"):
            self.expression()
        elif self.accept_symbol(","):
            # [x IN xs, y]: a list whose first element is a test.
            self.expressions()

    def expressions(self) -> None:
        """Read expressions between commas."""
        self.expression()
        while self.accept_symbol(","):
            self.expression()

    def map_literal(self) -> None:
        """Read ``{key: value, …}``."""
        self.expect_symbol("{")
        if self.accept_symbol("}"):
            return
        while True:
            if self.at_name() and self.is_symbol(1, "}"):
                self.refuse("a parameter is written $name, not {name}")
            self.map_key()
            self.expect_symbol(":")
            self.expression()
            if not self.accept_symbol(","):
                break
        self.expect_symbol("}")

    def map_key(self) -> str:
        """Read the key of a map; LadybugDB also takes a string."""
        if self.rules.engine == "ladybug" and self.here.kind is Kind.STRING:
            return self.take().text[1:-1]
        return self.any_name("a key")

    def named(self) -> None:
        """Read whatever starts with a name: a variable, a call, CASE, a subquery."""
        token, call = self.here, self.is_symbol(1, "(")
        if token.upper == "CASE":
            self.case()
        elif token.upper in _SUBQUERIES and self.is_symbol(1, "{"):
            self.take()
            self.subquery()
        elif call and token.upper in _PATH_FUNCTIONS and self.rules.engine == "neo4j":
            self.shortest_path()
        elif call and token.upper in _PREDICATES:
            self.predicate()
        elif call:
            self.function()
        elif self.is_symbol(1, "{") and self.rules.engine == "neo4j":
            self.variable()
            self.map_projection()
        else:
            self.variable()

    def case(self) -> None:
        """Read CASE … END."""
        self.expect("CASE")
        self.cases += 1
        if self.cases > MAX_CASES:
            self.refuse(f"CASE nests deeper than {MAX_CASES}")
        if not self.at("WHEN"):
            self.expression()
        if not self.at("WHEN"):
            self.unexpected("WHEN")
        while self.accept("WHEN"):
            while True:
                self.accept_symbol(*_COMPARISONS)
                self.expression()
                if not self.accept_symbol(","):
                    break
            self.expect("THEN")
            self.expression()
        if self.accept("ELSE"):
            self.expression()
        self.expect("END")
        self.cases -= 1

    def predicate(self) -> None:
        """Read ``all(x IN xs WHERE …)`` and its like."""
        self.take()
        self.expect_symbol("(")
        self.own_variable()
        self.expect("IN")
        self.expression()
        if self.accept("WHERE"):
            self.expression()
        self.expect_symbol(")")

    def map_projection(self) -> None:
        """Read ``{.name, .*, key: value, other}`` after a variable."""
        self.expect_symbol("{")
        if self.accept_symbol("}"):
            return
        while True:
            if self.accept_symbol("."):
                if not self.accept_symbol("*"):
                    self.any_name("a property name")
            elif self.is_symbol(1, ":"):
                self.any_name("a key")
                self.take()
                self.expression()
            else:
                self.variable()
            if not self.accept_symbol(","):
                break
        self.expect_symbol("}")

    # Functions

    def function(self) -> None:
        """Read a call of a function that is on the list of the engine."""
        token = self.here
        name = token.name.lower()
        if name not in FUNCTIONS[self.rules.engine]:
            self._unknown_function(name)
        self.take()
        self.notes.functions.add(name)
        self.expect_symbol("(")
        special = {"reduce": self._reduce, "trim": self._trim, "cast": self._cast}.get(name)
        if special is not None:
            special()
        elif name != "count" or not self.accept_symbol("*"):
            self.arguments()
        self.expect_symbol(")")

    def _unknown_function(self, name: str) -> NoReturn:
        engine = self.rules.engine
        if self.here.upper in FORBIDDEN:
            self.unexpected("an expression")
        elsewhere = ELSEWHERE[engine].get(name)
        hint = f"write {elsewhere}" if elsewhere else near_miss(name, FUNCTIONS[engine])
        title = ENGINES[engine]
        self.refuse(f"the function {self.here} is not on the list for {title}; {hint}")

    def arguments(self) -> None:
        """Read the arguments of a call."""
        self.accept("DISTINCT")
        if self.at_symbol(")"):
            return
        while True:
            if self.rules.engine == "ladybug" and self._lambda_follows():
                self._lambda()
            else:
                self.expression()
            if not self.accept_symbol(","):
                return

    def _lambda_follows(self) -> bool:
        if self.at_symbol("("):
            after = self.partner[self.index] + 1 - self.index
        else:
            after = 1 if self.at_name() else 0
        return after > 0 and self.is_symbol(after, "-") and self.is_symbol(after + 1, ">")

    def _lambda(self) -> None:
        if self.accept_symbol("("):
            self.own_variable()
            while self.accept_symbol(","):
                self.own_variable()
            self.expect_symbol(")")
        else:
            self.own_variable()
        self.expect_symbol("-")
        self.expect_symbol(">")
        self.expression()

    def _reduce(self) -> None:
        self.own_variable()
        self.expect_symbol("=")
        self.expression()
        self.expect_symbol(",")
        self.own_variable()
        self.expect("IN")
        self.expression(bars=False)
        self.expect_symbol("|")
        self.expression()

    def _trim(self) -> None:
        if self.accept("BOTH", "LEADING", "TRAILING") and self.accept("FROM"):
            self.expression()
            return
        self.expression()
        if self.accept("FROM") or self.accept_symbol(","):
            self.expression()

    def _cast(self) -> None:
        self.expression()
        if not self.accept("AS"):
            self.expect_symbol(",")
            self.expression()
            return
        token = self.here
        if self.any_name("a type").upper() not in CAST_TYPES:
            self.refuse(f"cast to {token}; types are {', '.join(sorted(CAST_TYPES))}", token)
        while self.accept_symbol("["):
            self.expect_symbol("]")
