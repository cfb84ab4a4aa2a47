"""Cells without rows, columns that repeat others, terms by themselves: type III tests beside lmerTest's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from vlmrate.stats.mixed import fit_mixed_model
from vlmrate.stats.mixed.identified import has_a_ridge

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import MixedTolerances


def _without_a_cell(data: pd.DataFrame) -> pd.DataFrame:
    return data[(data["group"] != "worker") | (data["emotion"] != "sad")]


def _rows(case: str, crossed: pd.DataFrame) -> pd.DataFrame:
    if case == "factor":
        return crossed
    fewer = _without_a_cell(crossed)
    return fewer[fewer["emotion"] != "happy"] if case == "none" else fewer


@pytest.mark.parametrize("case", ["fewer", "none", "combinations", "factor"])
def test_type_three_tests_are_lmertest_s(
    case: str, crossed: pd.DataFrame, golden: Callable[[str], dict[str, Any]], mixed: MixedTolerances
) -> None:
    """All terms have a row, with the df that remain; a term of which nothing remains has none and no numbers."""
    answers = golden("cells")["tests"][case]
    table = fit_mixed_model(answers["formula"], _rows(case, crossed)).anova().set_index("term")
    assert list(table.index) == [row["term"] for row in answers["anova"]]
    for row in answers["anova"]:
        ours = table.loc[row["term"]]
        if row.get("F value") is None:
            assert ours["num_df"] == 0
            assert ours[["sum_sq", "mean_sq", "den_df", "statistic", "p_value"]].isna().all()
            continue
        assert ours["num_df"] == row["NumDF"]
        np.testing.assert_allclose(ours["statistic"], row["F value"], rtol=mixed.rounded_weights)
        np.testing.assert_allclose(ours["den_df"], row["DenDF"], rtol=mixed.df)
        np.testing.assert_allclose(ours["p_value"], row["Pr(>F)"], rtol=mixed.p_value)


def test_a_test_that_is_not_there_is_said(crossed: pd.DataFrame) -> None:
    """In the row's note, in the messages and so in print; one with fewer df too."""
    fit = fit_mixed_model("rating ~ group * emotion + (1 | rater)", _rows("none", crossed))
    assert list(fit.anova()["note"]) == ["", "", "not testable: the data determine nothing of it"]
    assert "There is no F test of group:emotion: all its columns are left out." in fit.messages
    fewer = fit_mixed_model("rating ~ group * emotion + (1 | rater)", _without_a_cell(crossed))
    assert fewer.anova()["note"].iloc[-1].startswith("1 of 2 df left out")
    assert "The F test of group:emotion has fewer df" in str(fewer)
    again = fit_mixed_model("rating ~ emotion + copy + (1 | rater)", crossed.assign(copy=crossed["emotion"]))
    table = again.anova()
    assert list(table["term"]) == ["emotion", "copy"]
    assert list(table["num_df"]) == [2, 0]


def test_columns_of_the_same_name_in_two_terms_are_told_apart(crossed: pd.DataFrame, mixed: MixedTolerances) -> None:
    """Level 1 of factor x and covariate x1 are both called x1; their tests are those under other names."""
    rng = np.random.default_rng(4)
    data = crossed.assign(x=rng.choice(["0", "1"], len(crossed)), x1=rng.normal(size=len(crossed)))
    fit = fit_mixed_model("rating ~ x * emotion + x1 + (1 | rater)", data)
    renamed = data.rename(columns={"x": "first", "x1": "second"})
    other = fit_mixed_model("rating ~ first * emotion + second + (1 | rater)", renamed)
    np.testing.assert_allclose(fit.anova()["statistic"], other.anova()["statistic"], rtol=mixed.invariant)


def test_combinations_of_two_factors_compare_as_in_emmeans(
    crossed: pd.DataFrame, golden: Callable[[str], dict[str, Any]], mixed: MixedTolerances
) -> None:
    """A list of factors has the means of all cells, and all differences between two cells."""
    fit = fit_mixed_model("rating ~ group * emotion + (1 | rater) + (1 | image_id)", crossed)
    cells = fit.marginal_means(["group", "emotion"])
    pd.testing.assert_frame_equal(cells, fit.marginal_means("group", by="emotion"))
    pd.testing.assert_frame_equal(fit.contrasts(["group"], by=["emotion"]), fit.contrasts("group", by="emotion"))
    ours = fit.contrasts(["group", "emotion"]).set_index("contrast")
    theirs = golden("cells")["combinations"]
    assert set(ours.index) == {row["contrast"] for row in theirs}
    for row in theirs:
        mine = ours.loc[row["contrast"]]
        np.testing.assert_allclose(mine["estimate"], row["estimate"], rtol=mixed.estimate)
        np.testing.assert_allclose(mine["df"], row["df"], rtol=mixed.df)
        np.testing.assert_allclose(mine["p_value"], row["p.value"], rtol=mixed.p_value)


def test_random_intercepts_that_the_fixed_part_makes_alike_are_said() -> None:
    """With every difference within pairs taken by a covariate, images and pairs of images are the same variance."""
    rng = np.random.default_rng(2)
    image = np.tile(np.arange(8), 6)
    rows = pd.DataFrame({"image": image, "pair": image // 2})
    for pair in range(4):
        rows[f"d{pair}"] = np.where(image // 2 == pair, 2.0 * (image % 2) - 1, 0.0)
    rows["y"] = 3 * rng.normal(size=4)[image // 2] + rng.normal(size=48)
    fixed = "y ~ d0 + d1 + d2 + d3"
    both = fit_mixed_model(f"{fixed} + (1 | image) + (1 | pair)", rows)
    assert has_a_ridge(both.optimum) == (min(both.theta.values()) > 0)
    inside = fit_mixed_model(f"{fixed} + (1 | image) + (1 | pair)", rows, theta={"image": 1.0, "pair": 1.0})
    assert any("do not tell the random intercepts apart" in said for said in inside.messages)
    one = fit_mixed_model(f"{fixed} + (1 | pair)", rows)
    assert one.log_likelihood == pytest.approx(both.log_likelihood)
    assert one.messages == ()


def test_designs_with_as_many_columns_as_rows_are_said() -> None:
    """Five images of two rows, three raters more: what residual there is the random intercepts could take."""
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"image": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], "rater": [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]})
    rows["y"] = 3 * rng.normal(size=5)[rows["image"]] + rng.normal(size=10)
    fit = fit_mixed_model("y ~ 1 + (1 | image) + (1 | rater)", rows)
    assert any("together fit every row" in said for said in fit.messages)
    assert "together fit every row" in str(fit)
