"""Cluster-robust contrasts of cell means, held against R's clubSandwich and against the formulas written out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import linalg

from vlmrate.stats import Skipped, group_gap, group_gaps, interaction_gaps, t_test
from vlmrate.stats._contrast import ContrastDesign

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate, GroupGap, InteractionGap, TestResult

GOLDEN = Path(__file__).parents[1] / "golden" / "gaps"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """52 images of 14 identities, one to seven each, some of them in several groups."""
    return pd.read_csv(GOLDEN / "unbalanced.csv")


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    """R's values."""
    values: dict[str, Any] = json.loads((GOLDEN / "reference.json").read_text(encoding="utf-8"))
    return values


def contrasts(rows: pd.DataFrame) -> dict[str, GroupGap | InteractionGap]:
    """What R computed, by us."""
    pair = rows[rows["group"] != "C"]
    columns, of_pair = (rows["model"], rows["human"], rows["group"]), (pair["model"], pair["human"], pair["group"])
    rest = group_gaps(*columns, against="rest", clusters=rows["identity"], order=["A", "B", "C"])
    crossed = interaction_gaps(*of_pair, pair["emotion"], clusters=pair["identity"])
    assert not isinstance(rest, Skipped)
    assert not isinstance(crossed, Skipped)
    return {
        "pair": group_gap(*columns, "A", "B", clusters=rows["identity"]),
        "rest": rest[0],
        "strata": group_gap(*columns, "A", "B", strata=rows["emotion"], clusters=rows["identity"]),
        "interaction": crossed[0],
        "independent": group_gap(*columns, "A", "B"),
    }


@pytest.mark.parametrize("name", ["pair", "rest", "strata", "interaction", "independent"])
def test_contrasts_are_those_of_club_sandwich(
    name: str,
    rows: pd.DataFrame,
    reference: dict[str, Any],
    estimated: Callable[[object], Estimate],
    tested: Callable[[object], TestResult],
    tolerance: Tolerances,
) -> None:
    """Value, interval, t, df, p and n equal R's, where clusters are unequal and partly in both groups."""
    gap, theirs = contrasts(rows)[name], reference[name]
    bias, test = estimated(gap.bias), tested(gap.test)
    sign = np.sign(bias.value) * np.sign(theirs["value"])  # levels of an interaction come in order of appearance
    low, high = sorted((sign * theirs["low"], sign * theirs["high"]))
    ours = [bias.value, bias.ci_low, bias.ci_high, test.statistic, test.df, test.p_value]
    expected = [sign * theirs["value"], low, high, sign * theirs["value"] / theirs["se"], theirs["df"], theirs["p"]]
    np.testing.assert_allclose(ours, expected, rtol=tolerance.reference)
    assert bias.n == test.n == theirs["n"]


def test_a_clustered_mean_is_that_of_club_sandwich(
    rows: pd.DataFrame, reference: dict[str, Any], tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """t, df and p of a mean of images that repeat identities equal R's."""
    test, theirs = tested(t_test(rows["model"], rows["human"], clusters=rows["identity"])), reference["mean"]
    np.testing.assert_allclose(
        [test.statistic, test.df, test.p_value],
        [theirs["value"] / theirs["se"], theirs["df"], theirs["p"]],
        rtol=tolerance.reference,
    )


def written_out(cell: np.ndarray, cluster: np.ndarray, weights: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Standard error and df by the matrices of Bell & McCaffrey 2002, without any shortcut."""
    n, x = len(y), np.eye(len(weights))[cell]
    inverse = np.linalg.inv(x.T @ x)
    annihilator = np.eye(n) - x @ inverse @ x.T
    residuals, columns = annihilator @ y, []
    for one in np.unique(cluster):
        inside = cluster == one
        adjustment = linalg.fractional_matrix_power(annihilator[np.ix_(inside, inside)], -0.5).real
        columns.append(annihilator[:, inside] @ adjustment @ x[inside] @ inverse @ weights)
    p = np.array(columns)
    shares, products = p @ residuals, p @ p.T
    return float(np.sqrt((shares**2).sum())), float(np.trace(products) ** 2 / (products**2).sum())


@pytest.mark.parametrize("seed", range(5))
def test_the_shortcuts_are_the_matrices(seed: int, tolerance: Tolerances) -> None:
    """Random cells, clusters and weights: our sums over clusters equal the formulas with whole matrices."""
    rng = np.random.default_rng(seed)
    cell, cluster, weights = rng.integers(0, 4, 60), rng.integers(0, 12, 60), rng.normal(size=4)
    y = rng.normal(size=60) + rng.normal(size=12)[cluster]
    design = ContrastDesign.of(cell, weights, cluster, list("abcd"))
    assert not isinstance(design, Skipped)
    told = design.contrast(y)
    assert (told.standard_error, told.df) == pytest.approx(
        written_out(cell, cluster, weights, y), rel=tolerance.matrices
    )
    assert told.value == pytest.approx(sum(w * y[cell == c].mean() for c, w in enumerate(weights)))


@pytest.mark.slow
def test_a_small_group_that_varies_more_makes_no_gap_up() -> None:
    """The degrees of freedom take groups for equally variable: 8 identities that vary twice as much as the other 16.

    In 1,200 studies without a gap 3 to 8 % are significant at .05.
    """
    rejected = []
    for seed in range(1200):
        rng = np.random.default_rng([seed, 5])
        who = np.repeat(np.arange(24), rng.integers(1, 9, 24))
        d = np.where(who < 8, 2, 1) * (rng.normal(0, 0.6, 24)[who] + rng.normal(0, 1, len(who)))
        gap = group_gap(5 + d, np.full(len(who), 5.0), np.where(who < 8, "A", "B"), "A", "B", clusters=who)
        rejected.append(gap.test.p_value < 0.05)  # type: ignore[union-attr]
    assert 0.03 <= np.mean(rejected) <= 0.08
