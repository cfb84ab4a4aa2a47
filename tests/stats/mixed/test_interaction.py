"""Contrasts of contrasts: against emmeans, and against the bare means of a balanced design."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats.mixed import fit_mixed_model, interaction_contrasts

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "mixed"
RANDOM = "(1 | image_id) + (1 | identity) + (1 | rater_type:identity)"


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    """94 ratings of 17 identities in three groups and three emotions, some images missing."""
    return pd.read_csv(GOLDEN / "groups.csv")


@pytest.mark.parametrize(
    "fixed", ["rater_type * group * emotion", "rater_type * group + rater_type * emotion + group * emotion"]
)
def test_contrasts_of_contrasts_are_those_of_emmeans(ratings, fixed):
    """Estimate, SE, df, interval and p of lmerTest and emmeans, for both formulas that groups are compared by."""
    told = json.loads((GOLDEN / "groups.json").read_text(encoding="utf-8"))[fixed]
    fit = fit_mixed_model(f"rating ~ {fixed} + {RANDOM}", ratings)
    found = interaction_contrasts(fit, "rater_type", "group")
    reference = pd.DataFrame(told["contrasts"])
    assert found["first"].tolist() == reference["first"].tolist()
    assert found["second"].tolist() == reference["second"].tolist()
    for column, tolerance in (("estimate", 1e-6), ("std_error", 1e-6), ("df", 1e-5), ("p_value", 1e-5)):
        np.testing.assert_allclose(found[column], reference[column], rtol=tolerance)
    np.testing.assert_allclose(found[["ci_low", "ci_high"]], reference[["ci_low", "ci_high"]], atol=1e-6)
    f = fit.anova().set_index("term").loc[[row["term"] for row in told["anova"]]]
    np.testing.assert_allclose(f["statistic"], [row["statistic"] for row in told["anova"]], rtol=1e-5)
    np.testing.assert_allclose(f["den_df"], [row["den_df"] for row in told["anova"]], rtol=1e-5)


def test_a_balanced_design_gives_the_difference_of_bare_means():
    """With every cell equally filled, nothing but the four means is in it."""
    rng = np.random.default_rng(1)
    cells = [(image, side, "AB"[image % 2]) for image in range(20) for side in ("people", "rater")]
    table = pd.DataFrame(cells, columns=["image_id", "rater_type", "group"]).assign(rating=rng.normal(5, 1, 40))
    fit = fit_mixed_model("rating ~ rater_type * group + (1 | image_id)", table)
    (row,) = interaction_contrasts(fit, "rater_type", "group").to_dict("records")
    mean = table.groupby(["rater_type", "group"])["rating"].mean()
    expected = (mean["rater", "B"] - mean["people", "B"]) - (mean["rater", "A"] - mean["people", "A"])
    assert row["estimate"] == pytest.approx(expected)
    assert (row["first"], row["second"]) == ("rater - people", "B - A")


def test_what_the_data_do_not_determine_has_a_note(ratings):
    """Without the rater's images of group C, nothing is said of C, and A and B keep their numbers."""
    gone = (ratings["group"] == "C") & (ratings["rater_type"] == "rater")
    fit = fit_mixed_model("rating ~ rater_type * group + (1 | image_id)", ratings[~gone])
    found = interaction_contrasts(fit, "rater_type", "group").set_index("second")
    assert found.loc["B - A", "note"] == ""
    assert np.isfinite(found.loc["B - A", "estimate"])
    assert found.loc[["C - A", "C - B"], "estimate"].isna().all()
    assert found.loc["C - A", "note"].startswith("not estimable")


def test_a_name_that_is_no_factor_is_refused(ratings):
    """One sentence that names the factors there are."""
    fit = fit_mixed_model("rating ~ rater_type * group + (1 | image_id)", ratings)
    with pytest.raises(AnalysisError, match="race is no factor"):
        interaction_contrasts(fit, "rater_type", "race")
