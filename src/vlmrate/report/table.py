"""A table as data: what its cells are, not how they look. Writers turn it into text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from vlmrate.errors import AnalysisError
from vlmrate.stats import Estimate, Share, Skipped


@dataclass(frozen=True, slots=True)
class Reference:
    """Another table of the report, by kind and item; the report puts what it calls that table in its place."""

    kind: str
    item: str


Cell: TypeAlias = Estimate | Skipped | Share | Reference | str | int | float | None
"""What a cell may hold; None where the column does not apply to the row."""


class Style(Enum):
    """How the numbers of a column are written."""

    TEXT = "text"
    COUNT = "count"
    """Whole numbers."""
    SHARE = "share"
    """Numerator, denominator and per cent."""
    BOUNDED = "bounded"
    """What cannot exceed 1 in size (r, kappa, accuracy, alpha): three decimals, no leading zero."""
    POINTS = "points"
    """Scale points, ratios and other numbers without a bound: two decimals."""
    P = "p"
    """Probabilities of a test: three decimals, no leading zero, and < .001."""


class Part(Enum):
    """The part of the report a table or figure belongs to, in the order in which they are read; its value heads it."""

    SUMMARY = "In short"
    PEOPLE = "People: how far they agree"
    CLASSIFICATION = "Which answer the raters give"
    AGREEMENT = "Agreement with people"
    BIAS = "Bias by emotion"
    GROUPS = "Bias between groups of people shown"
    SPREAD = "Spread: telling images apart"
    REPLACEMENT = "May a rater stand in for a person?"
    COMPARISON = "Raters beside one another"
    PUBLISHED = "Beside the published study"
    INSIDE = "Inside the model"
    RUNS = "How the runs went"


class Role(Enum):
    """What part a column plays in reading the table."""

    SECTION = "section"
    """Its value heads all following rows that share it."""
    STUB = "stub"
    """Names the row; it is repeated where a table is split."""
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for programs, its title for people, and how its cells are written.

    `interval` says whether readers see the confidence interval beside an estimate; files for programs always hold it.
    `terminal` is False for what a narrow terminal can do without; reports show it. `order` are the words that it holds,
    in the order in which they are sorted where that is not the alphabet's.
    """

    name: str
    title: str
    style: Style = Style.TEXT
    role: Role = Role.VALUE
    interval: bool = True
    terminal: bool = True
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spanner:
    """A heading over neighbouring columns, given by their names."""

    title: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table with notes on what its numbers are.

    `id` is a plain file name, unique in a report; the title bears no number, which comes from the order of all tables.
    `main` tables are shown at the terminal too.

    Raises:
        AnalysisError: Two columns have the same name.
    """

    id: str
    title: str
    part: Part
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    spanners: tuple[Spanner, ...] = ()
    main: bool = True

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if twice is not None:
            raise AnalysisError(f"the table {self.id} has two columns called {twice!r}; please report it")

    @property
    def section(self) -> int | None:
        """Position of the column that heads groups of rows, None where the table has none."""
        return next((i for i, column in enumerate(self.columns) if column.role is Role.SECTION), None)


def section(name: str, title: str) -> Column:
    """A column whose value heads the rows that share it."""
    return Column(name, title, Style.TEXT, Role.SECTION)


def stub(name: str, title: str, *, order: tuple[str, ...] = ()) -> Column:
    """A column that names the row."""
    return Column(name, title, Style.TEXT, Role.STUB, order=order)


def text(name: str, title: str, *, terminal: bool = True) -> Column:
    """A column of words."""
    return Column(name, title, terminal=terminal)


def count(name: str, title: str) -> Column:
    """A column of whole numbers."""
    return Column(name, title, Style.COUNT)


def share(name: str, title: str, *, terminal: bool = True) -> Column:
    """A column of shares with their numerator and denominator."""
    return Column(name, title, Style.SHARE, terminal=terminal)


def bounded(name: str, title: str, *, interval: bool = True, terminal: bool = True) -> Column:
    """A column of numbers that cannot exceed 1 in size."""
    return Column(name, title, Style.BOUNDED, interval=interval, terminal=terminal)


def points(name: str, title: str, *, interval: bool = True, terminal: bool = True) -> Column:
    """A column of scale points, or of other numbers without a bound."""
    return Column(name, title, Style.POINTS, interval=interval, terminal=terminal)


def p_value(name: str, title: str) -> Column:
    """A column of p-values."""
    return Column(name, title, Style.P)
