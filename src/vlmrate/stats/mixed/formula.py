"""A mixed model's formula as lme4 writes it, taken apart: `rating ~ rater_type * emotion + (1 | image_id)`.

The fixed part follows Wilkinson & Rogers 1973 (Applied Statistics 22, 392-399) and is read by formulaic, which is
named nowhere else. The random part is ours: random intercepts, crossed or nested.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from vlmrate.errors import AnalysisError

Term: TypeAlias = tuple[str, ...]
"""The columns that a fixed term multiplies: ("rater_type", "emotion") is rater_type:emotion."""

RESIDUAL = "Residual"

_BAR = re.compile(r"\(([^()|]*)\|\|?([^()|]*)\)")
_NAME = re.compile(r"[^\W\d][\w.]*")
_MENTION = re.compile(r"`([^`]+)`|([\w.]+)")

SUPPORTED = "fixed terms are columns joined by +, -, *, :, / and ^, random ones are (1 | a), (1 | a:b) and (1 | a/b)"


@dataclass(frozen=True, slots=True)
class Grouping:
    """One random intercept: a level for each combination of its columns that occurs in the data."""

    name: str
    """As lme4 prints it: image_id, or image_id:identity for an image within an identity."""
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MixedFormula:
    """What is modelled, by which fixed terms, and which random intercepts."""

    text: str
    response: str
    intercept: bool
    terms: tuple[Term, ...]
    """Fixed terms without the intercept, main effects before interactions, as R orders them."""
    groupings: tuple[Grouping, ...]
    """Random intercepts in the order written."""

    @property
    def fixed_columns(self) -> tuple[str, ...]:
        """Columns the fixed part needs, each once, in order of appearance."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term))

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns the model needs, each once, the response first."""
        grouped = (name for grouping in self.groupings for name in grouping.columns)
        return tuple(dict.fromkeys((self.response, *self.fixed_columns, *grouped)))


def parse_formula(text: str) -> MixedFormula:
    """Take a formula apart; what is not supported is refused with the reason.

    >>> parse_formula("rating ~ emotion + (1 | rater) + (1 | image_id)").groupings[1]
    Grouping(name='image_id', columns=('image_id',))
    """
    written, tilde, right = text.partition("~")
    quoted = written.strip().startswith("`")
    response = written.strip().strip("`")
    if not tilde or not response:
        raise AnalysisError(f"The formula {text!r} needs a response: write rating ~ emotion + (1 | image_id).")
    if "~" in right:
        raise AnalysisError(f"The formula {text!r} has more than one ~: write rating ~ emotion + (1 | image_id).")
    if not quoted and not _NAME.fullmatch(response):
        raise AnalysisError(
            f"The formula {text!r} has {response} as its response, which is no name of a column: compute it as a "
            "column of its own first, and put a name with blanks in backticks."
        )
    groupings = tuple(grouping for bar in _BAR.finditer(right) for grouping in _groupings(bar, text))
    fixed = _BAR.sub("", right)
    if "|" in fixed:
        raise AnalysisError(f"The formula {text!r} has a | outside of brackets: write (1 | image_id).")
    if not groupings:
        raise AnalysisError(f"The formula {text!r} has no random intercept: add one, as in (1 | image_id).")
    names = [grouping.name for grouping in groupings]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AnalysisError(f"The formula {text!r} asks for the random intercept of {twice} twice.")
    intercept, terms = _fixed_terms(_without_dangling_plus(fixed), text)
    if not (intercept or terms):
        raise AnalysisError(f"The formula {text!r} has no fixed part: leave the intercept in.")
    if response in {name for term in terms for name in term}:
        raise AnalysisError(f"The formula {text!r} explains {response} by itself.")
    return MixedFormula(" ".join(text.split()), response, intercept, terms, groupings)


def _groupings(bar: re.Match[str], text: str) -> list[Grouping]:
    """(1 | a:b) is one grouping; (1 | a/b) is b within a, and a."""
    left, right = bar[1].strip(), bar[2].strip()
    if left != "1":
        raise AnalysisError(
            f"The formula {text!r} asks for ({left} | {right}): only random intercepts, (1 | {right or 'image_id'}), "
            "are fitted here, no random slopes."
        )
    nested = [part.strip() for part in right.split("/")]
    paths = [tuple(nested[: depth + 1]) for depth in range(len(nested))]
    return [_grouping([name for part in reversed(path) for name in part.split(":")], text) for path in reversed(paths)]


def _grouping(columns: list[str], text: str) -> Grouping:
    names = tuple(name.strip().strip("`") for name in columns)
    wrong = next((name for name in names if not _NAME.fullmatch(name)), None)
    if wrong is not None:
        raise AnalysisError(f"The formula {text!r} groups by {wrong!r}: a grouping is a column, a:b or a/b.")
    if len(set(names)) < len(names):
        raise AnalysisError(f"The formula {text!r} groups by {':'.join(names)}: name each column once.")
    return Grouping(":".join(names), names)


def _without_dangling_plus(fixed: str) -> str:
    """What stays of the right side after the brackets are gone: no doubled, leading or trailing plus."""
    parts = re.sub(r"\+(\s*\+)+", "+", fixed).strip().strip("+").strip()
    return parts or "1"


def _fixed_terms(fixed: str, text: str) -> tuple[bool, tuple[Term, ...]]:
    """Whether there is an intercept, and the other terms; the one place that knows formulaic."""
    from formulaic import Formula  # imported where it is used: it takes most of a second
    from formulaic.errors import FormulaicError

    mentioned = [quoted or plain for quoted, plain in _MENTION.findall(fixed)]
    if "." in mentioned:
        raise AnalysisError(f"The formula {text!r} has a dot for all other columns: name the columns instead.")
    try:
        factors = [list(term.factors) for term in Formula(fixed, _ordering="none")]
    except (FormulaicError, AttributeError) as error:
        raise AnalysisError(f"The fixed part of {text!r} cannot be read: {_first_line(error)}; {SUPPORTED}.") from error
    computed = next((str(factor.expr) for term in factors for factor in term if not _is_column(factor)), None)
    if computed is not None:
        raise AnalysisError(f"The formula {text!r} computes {computed}: make that a column of its own first.")
    written = [[str(factor.expr) for factor in term] for term in factors]
    order = list(dict.fromkeys([*mentioned, *(name for term in written for name in term)]))
    terms = [tuple(sorted(term, key=order.index)) for term in written if term != ["1"]]
    return ["1"] in written, tuple(sorted(terms, key=len))


def _is_column(factor: object) -> bool:
    return str(getattr(getattr(factor, "eval_method", None), "value", "")) in {"lookup", "literal"}


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
