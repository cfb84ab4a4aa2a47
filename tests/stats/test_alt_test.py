"""The alternative-annotator test: its definition written out slowly, good and bad models, ties, and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, ttest_1samp

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import AltTest, Bootstrap, alt_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.stats import Estimate

QUICK = Bootstrap(resamples=50)


def done(told: object) -> AltTest:
    """Unwrap the result."""
    assert isinstance(told, AltTest), told
    return told


def study(seed: int, noise: int, units: int = 60, raters: int = 5) -> tuple[Any, Any, Any, Any]:
    """Whole ratings 1-9 of six raters in ten by five people, the truth, and a model `noise` points off at most."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 10, units)
    table = np.clip(truth[:, None] + rng.integers(-2, 3, (units, raters)), 1, 9)
    unit, rater = np.nonzero(rng.random((units, raters)) < 0.8)
    model = pd.Series(np.clip(truth + rng.integers(-noise, noise + 1, units), 1, 9), index=range(units))
    return unit, rater, table[unit, rater], model


def by_definition(
    unit: Any, rater: Any, value: Any, model: Any, alignment: str, epsilon: float, least: int
) -> tuple[float, float, list[float]]:
    """Winning rate, average advantage probability and p-values, person by person and unit by unit."""
    given = pd.DataFrame({"unit": unit, "rater": rater, "value": value})
    p_values, advantages = [], []
    for person, own in given.groupby("rater"):
        differences, wins = [], []
        for _, row in own.iterrows():
            others = given[(given["unit"] == row["unit"]) & (given["rater"] != person)]["value"].tolist()
            if not others:
                continue

            def near(x: Any, others: list[Any] = others) -> float:
                if alignment == "accuracy":
                    return float(np.mean([x == other for other in others]))
                return -float(np.sqrt(np.mean([(x - other) ** 2 for other in others])))

            ours, theirs = near(model[row["unit"]]), near(row["value"])
            wins.append(float(ours >= theirs))
            differences.append(float(theirs >= ours) - float(ours >= theirs))
        if len(wins) >= least:
            p_values.append(float(ttest_1samp(differences, epsilon, alternative="less").pvalue))
            advantages.append(np.mean(wins))
    adjusted = false_discovery_control(p_values, method="by")
    return float(np.mean(adjusted <= 0.05)), float(np.mean(advantages)), p_values


@pytest.mark.parametrize("alignment", ["rmse", "accuracy"])
@pytest.mark.parametrize(("seed", "noise"), [(0, 0), (1, 2), (2, 3)])
def test_it_is_its_definition(
    seed: int, noise: int, alignment: Literal["rmse", "accuracy"], estimated: Callable[[object], Estimate]
) -> None:
    """Winning rate, rho and every p-value of the procedure as the paper words it, with missing cells and ties."""
    unit, rater, value, model = study(seed, noise)
    told = done(alt_test(unit, rater, value, model, alignment=alignment, epsilon=0.15, bootstrap=QUICK))
    rate, rho, p_values = by_definition(unit, rater, value, model, alignment, 0.15, 30)
    assert told.winning_rate == rate
    assert estimated(told.advantage).value == pytest.approx(rho, abs=TOLERANCE.same_algorithm)
    assert [one.test.p_value for one in told.raters] == pytest.approx(p_values, rel=TOLERANCE.reference)
    assert told.passes is (rate >= 0.5)
    assert all(one.wins is (one.adjusted.p_adjusted <= 0.05) for one in told.raters)


def test_a_model_that_knows_the_truth_passes_and_noise_does_not(estimated: Callable[[object], Estimate]) -> None:
    """The truth beats every person; a coin of nine sides beats nobody."""
    unit, rater, value, truth = study(3, 0, units=150)
    noise = pd.Series(np.random.default_rng(4).integers(1, 10, 150), index=range(150))
    good = done(alt_test(unit, rater, value, truth, bootstrap=QUICK))
    bad = done(alt_test(unit, rater, value, noise, bootstrap=QUICK))
    assert (good.passes, good.winning_rate) == (True, 1.0)
    assert (bad.passes, bad.winning_rate) == (False, 0.0)
    assert estimated(good.advantage).ci_low > estimated(bad.advantage).ci_high


def test_a_person_of_the_same_kind_wins_only_by_epsilon() -> None:
    """A model that rates as people do ties with them: without an allowance it loses, with a large one it passes."""
    unit, rater, value, model = study(5, 2, units=400)
    assert not done(alt_test(unit, rater, value, model, epsilon=0.0, bootstrap=QUICK)).passes
    assert done(alt_test(unit, rater, value, model, epsilon=0.3, bootstrap=QUICK)).passes


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 200), st.integers(-50, 50), st.sampled_from([0.1, 0.5, 3.0]), st.randoms())
def test_rows_names_shift_and_scale(seed: int, shift: int, scale: float, random: Any) -> None:
    """Shuffled rows and a linear map of everything leave the verdict and every p-value, ties included."""
    unit, rater, value, model = study(seed, 2)
    order = random.sample(range(len(unit)), len(unit))
    told = done(alt_test(unit, rater, value, model, bootstrap=QUICK))
    again = done(
        alt_test(unit[order], rater[order], scale * value[order] + shift, scale * model + shift, bootstrap=QUICK)
    )
    assert again.winning_rate == told.winning_rate
    assert [one.test.p_value for one in again.raters] == pytest.approx([one.test.p_value for one in told.raters])


def test_labels_may_be_words_and_be_renamed(estimated: Callable[[object], Estimate]) -> None:
    """Accuracy needs no numbers; renamed labels give the same; a label only the model uses agrees with nobody."""
    unit, rater, value, model = study(6, 2)
    words, names = [f"label {v}" for v in value], model.map(lambda v: f"label {v}")
    by_words = done(alt_test(unit, rater, words, names, alignment="accuracy", bootstrap=QUICK))
    by_numbers = done(alt_test(unit, rater, value, model, alignment="accuracy", bootstrap=QUICK))
    assert [o.test.p_value for o in by_words.raters] == [o.test.p_value for o in by_numbers.raters]
    strange = done(alt_test(unit, rater, words, names.map(lambda _: "other"), alignment="accuracy", bootstrap=QUICK))
    assert estimated(strange.advantage).value < estimated(by_words.advantage).value


def test_missing_answers_and_rare_persons_are_left_aside() -> None:
    """Units the model did not answer do not count; persons below the least number of units are named."""
    unit, rater, value, model = study(7, 1)
    model[model.index < 10] = np.nan
    keep = (rater != 4) | (unit < 20)
    told = done(alt_test(unit[keep], rater[keep], value[keep], model.drop(59), bootstrap=QUICK))
    assert told.too_few_units == (4,)
    assert {one.rater for one in told.raters} == {0, 1, 2, 3}
    assert max(one.n for one in told.raters) <= 49


def test_differences_that_do_not_vary_are_decided() -> None:
    """A model that always ties has mean 0: beaten by any epsilon above 0, not by epsilon 0."""
    unit, rater = np.repeat(range(40), 3), np.tile(list("ABC"), 40)
    value = np.repeat(np.arange(40) % 7, 3)
    model = pd.Series(np.arange(40) % 7, index=range(40))
    for epsilon, wins in ((0.1, 1.0), (0.0, 0.0)):
        told = done(alt_test(unit, rater, value, model, epsilon=epsilon, bootstrap=QUICK))
        assert told.winning_rate == wins
        assert "do not vary" in told.raters[0].test.method


def test_identities_are_drawn_whole(estimated: Callable[[object], Estimate]) -> None:
    """The interval of rho names the clusters, which must name every unit."""
    unit, rater, value, model = study(8, 1)
    identity = pd.Series(np.arange(60) // 6, index=range(60))
    told = done(alt_test(unit, rater, value, model, clusters=identity, bootstrap=QUICK))
    assert "10 clusters" in estimated(told.advantage).method
    with pytest.raises(AnalysisError, match="every unit once"):
        alt_test(unit, rater, value, model, clusters=identity.iloc[:5])


def test_what_cannot_be_tested(skipped: Callable[[object], str]) -> None:
    """Too few units and repeats are Skipped; impossible settings and a model that is no Series are refused."""
    unit, rater, value, model = study(9, 1, units=20)
    assert "30 units" in skipped(alt_test(unit, rater, value, model))
    assert "the most is 0" in skipped(alt_test([], [], [], model))
    assert "more than once" in skipped(alt_test([1, 1], ["A", "A"], [1, 2], model))
    impossible: tuple[dict[str, Any], ...] = ({"alignment": "f1"}, {"epsilon": 1.0}, {"q": 0.0})
    for wrong in impossible:
        with pytest.raises(AnalysisError):
            alt_test(unit, rater, value, model, **wrong)
    with pytest.raises(AnalysisError, match="Series"):
        alt_test(unit, rater, value, [1, 2])  # type: ignore[arg-type]


def test_the_lead_is_the_mean_of_both_advantages_difference(estimated: Callable[[object], Estimate]) -> None:
    """Mean over persons of the model's advantage less theirs; ties count for both, so it is not 2 x advantage - 1."""
    unit, rater, value, model = study(1, noise=1)
    told = done(alt_test(unit, rater, value, model, min_units=10, clusters=pd.Series(np.arange(60) // 3)))
    differences = [person.model_advantage - person.human_advantage for person in told.raters]
    lead, advantage = estimated(told.lead), estimated(told.advantage)
    assert lead.value == pytest.approx(np.mean(differences))
    assert lead.value != pytest.approx(2 * advantage.value - 1)
    assert "20 clusters" in lead.method
    assert lead.n == advantage.n


@pytest.mark.parametrize("alignment", ["rmse", "accuracy"])
def test_units_the_model_lacks_are_not_counted(
    alignment: Literal["rmse", "accuracy"], estimated: Callable[[object], Estimate]
) -> None:
    """n and the clusters drawn are the units that the model answered and two people rated, however it is missing."""
    rng = np.random.default_rng(10)
    table = rng.integers(1, 10, (40, 4))
    unit, rater = np.repeat(range(40), 4), np.tile(list("ABCD"), 40)
    model = pd.Series(rng.integers(1, 10, 40).astype(float))
    plain = done(
        alt_test(unit[:140], rater[:140], table.ravel()[:140], model[:35], alignment=alignment, bootstrap=QUICK)
    )
    for missing in (model.iloc[:35], model.where(model.index < 35)):
        told = done(alt_test(unit, rater, table.ravel(), missing, alignment=alignment, bootstrap=QUICK))
        assert told == plain
    alone = done(
        alt_test(
            np.append(unit, 40), np.append(rater, "E"), np.append(table, 5), model, alignment=alignment, bootstrap=QUICK
        )
    )
    assert estimated(plain.advantage).n == 35
    assert "35 clusters" in estimated(plain.advantage).method
    assert estimated(alone.advantage).n == 40
    assert alone.too_few_units == ("E",)


def test_a_model_of_other_names_is_told(skipped: Callable[[object], str]) -> None:
    """Names of text against units of numbers are misuse, not a study in which nobody shares units."""
    unit, rater, value, model = study(11, 1)
    with pytest.raises(AnalysisError, match=r"none of the 60 units.*begins with \['0'\], the units with \[0\]"):
        alt_test(unit, rater, value, model.set_axis(model.index.astype(str)))
    assert "the most is 0" in skipped(alt_test(unit, rater, value, model.astype(float) * np.nan))


def test_print_tells_the_verdict_in_lines() -> None:
    """Verdict, advantage and a line a person, with names as people write them; a crowd is not listed in full."""
    unit, rater, value, model = study(12, 1, units=80, raters=13)
    told = done(alt_test(np.append(unit, 0), np.append(rater, 99), np.append(value, 5), model, bootstrap=QUICK))
    lines = str(told).splitlines()
    assert lines[0].startswith("passes: the model beats 100% of 13 persons (rmse, epsilon 0.1")
    assert lines[1].startswith("average advantage: 0.")
    assert lines[2].startswith("average lead: 0.")
    assert lines[3].startswith("0: beaten, model's advantage")
    assert lines[-2:] == ["and 3 more in `raters`", "not tested, having too few units: 1"]
    assert len(lines) == 15
    assert "np." not in repr(told.too_few_units) + repr(told.raters[0].rater)
