"""Corrections for families of tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    Adjusted,
    Family,
    Skipped,
    TestResult,
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    holm,
)

if TYPE_CHECKING:
    from collections.abc import Callable

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("correct", "theirs"),
    [(bonferroni, "bonferroni"), (holm, "holm"), (benjamini_hochberg, "fdr_bh"), (benjamini_yekutieli, "fdr_by")],
)
@settings(deadline=None, max_examples=30)
@given(p=p_values)
def test_adjusted_are_statsmodels(
    correct: Callable[[Family], tuple[Adjusted, ...]], theirs: str, p: list[float]
) -> None:
    """Adjusted p-values equal statsmodels', in the family's order, and are never below the raw ones."""
    family = Family("any", tuple(map(str, range(len(p)))), tuple(p))
    adjusted = correct(family)
    assert [a.p_adjusted for a in adjusted] == pytest.approx(
        list(multipletests(p, method=theirs)[1]), abs=TOLERANCE.same_algorithm
    )
    assert [a.p_value for a in adjusted] == p
    assert all(a.p_value <= a.p_adjusted + 1e-12 <= 1 + 1e-12 for a in adjusted)
    assert {a.family_size for a in adjusted} == {len(p)}


def test_family_counts_the_tests_made() -> None:
    """A Skipped test is no member of the family: two tests are corrected for two, and the third is named."""
    made = TestResult(2.1, 0.04, 39.0, "paired t", 40)
    family = Family.of("valence bias", {"fear": made, "sad": 0.01, "happy": Skipped("no image")})
    assert (family.size, family.skipped) == (2, ("happy",))
    assert [(a.test, a.p_adjusted) for a in bonferroni(family)] == [("fear", 0.08), ("sad", 0.02)]
    assert all(a.family == "valence bias" for a in bonferroni(family))


def test_empty_family_has_nothing_to_correct() -> None:
    """No test, no adjusted p-value."""
    assert holm(Family.of("none", {})) == ()


def test_impossible_families_are_refused() -> None:
    """A p-value outside 0 to 1 or NaN, a test twice, or a count that does not fit, is misuse."""
    with pytest.raises(AnalysisError, match="sad"):
        Family.of("bias", {"sad": 1.2})
    with pytest.raises(AnalysisError, match="sad"):
        Family.of("bias", {"sad": float("nan")})
    with pytest.raises(AnalysisError):
        Family("bias", ("sad", "sad"), (0.1, 0.2))
    with pytest.raises(AnalysisError, match=r"needs its tests by name.*not a list"):
        Family.of("bias", [0.01, 0.2])  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match="neither a test nor a p-value for sad"):
        Family.of("bias", {"sad": None, "fear": 0.1})  # type: ignore[dict-item]


@pytest.mark.parametrize("bare", [[0.01, 0.04], np.array([0.01, 0.04]), {"sad": 0.01}])
@pytest.mark.parametrize("correct", [bonferroni, holm, benjamini_hochberg, benjamini_yekutieli])
def test_bare_p_values_are_told_what_to_do(correct: Callable[[Any], tuple[Adjusted, ...]], bare: Any) -> None:
    """What a user of p.adjust writes gets a sentence that shows a Family, and no traceback."""
    with pytest.raises(AnalysisError, match=r"takes a Family.*Family\.of\('bias per emotion'"):
        correct(bare)
