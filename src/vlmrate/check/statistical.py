"""Mode `statistical`: paired tests on the same images, and what the subset could show.

Equal answers pass. A difference that a test shows is `regressed` where it is for the worse and `changed` where it is
for the better or for neither; one that no test shows is `undecided`, for a subset that small may hide it. Holm's
correction over all tests holds the chance of any false alarm at `ALPHA`; where nothing differs nothing is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.check.comparisons import comparisons_of
from vlmrate.check.rows import picture_rows
from vlmrate.check.verdict import Row
from vlmrate.stats import Family, holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.check.comparisons import Comparison
    from vlmrate.check.material import Material
    from vlmrate.check.verdict import Verdict

ALPHA = 0.02
"""The chance of a false alarm of the whole check."""


@dataclass(frozen=True, slots=True)
class _Corrected:
    """Holm's p-value of each family of comparisons, by what it exceeds the family's own, and the number of tests."""

    factors: Mapping[str, float]
    tests: int


def statistical_rows(material: Material) -> tuple[Row, ...]:
    """Every comparison of the subset, tested where something differs."""
    comparisons = tuple(comparisons_of(material))
    corrected = _correct(comparisons)
    return (*picture_rows(material), *(_row(comparison, corrected) for comparison in comparisons))


def _correct(comparisons: Sequence[Comparison]) -> _Corrected:
    """Comparisons of one family (the groups of an item) were corrected for each other: they count as one test."""
    own: dict[str, float] = {}
    for comparison in comparisons:
        if comparison.p is not None:
            own[comparison.family] = min(own.get(comparison.family, 1.0), comparison.p)
    adjusted = holm(Family.of("all tests of the check", own))
    # A p-value may be too small for a number of 64 bits and come as 0.
    factors = {test.test: test.p_adjusted / test.p_value if test.p_value else 1.0 for test in adjusted}
    return _Corrected(factors, len(own))


def _row(comparison: Comparison, corrected: _Corrected) -> Row:
    p = comparison.p
    if p is not None:
        p = min(1.0, p * corrected.factors[comparison.family])
    alpha = ALPHA / max(corrected.tests, 1)
    return Row(
        name=comparison.name,
        verdict=_verdict(comparison, p),
        before=comparison.before,
        now=comparison.now,
        finding=comparison.finding,
        limit="" if comparison.equal else comparison.shows(alpha),
        p=p,
    )


def _verdict(comparison: Comparison, p: float | None) -> Verdict:
    if comparison.equal:
        return "pass"
    if p is None or p > ALPHA:
        return "undecided"
    return "regressed" if comparison.worse else "changed"
