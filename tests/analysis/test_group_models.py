"""Bias between groups by mixed models: planted biases are found, and certainty is not made of repeated identities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.groups_planted import SURE, fair_study, holds, material_of, planted_study
from vlmrate.analysis import analyze
from vlmrate.analysis import group_models as module
from vlmrate.analysis.group_models import group_models
from vlmrate.report.tables.group_models import group_model_tables
from vlmrate.simulate.planted import PEOPLE_B, PlantedBias
from vlmrate.stats import Bootstrap, Estimate, Skipped, TestResult, group_gap
from vlmrate.stats.mixed import fit_mixed_model
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors

WHOLE = "rating ~ rater_type * race * emotion + (1 | image_id) + (1 | identity) + (1 | rater_type:identity)"


@pytest.fixture(scope="module")
def made():
    """A model that rates race B lower, while people rate it higher."""
    return planted_study()


@pytest.fixture(scope="module")
def item(made):
    """Its models."""
    (found,) = group_models(material_of(made))
    return found


def of(item, factor):
    """The one rater's model of a factor."""
    return next(entry.model for entry in item.raters if entry.factor == factor)


def test_the_planted_bias_is_found_and_the_raw_effects_stand_beside_it(item):
    """Model, bootstrap and both sides' effects have what was planted in their intervals; gender has none."""
    bias = PlantedBias.of_study().between_groups
    (race,), (gender,) = of(item, "race").contrasts, of(item, "gender").contrasts
    assert (race.group, race.reference, race.n, race.n_reference) == ("A", "B", 192, 192)
    assert holds(race.bias, -bias)
    assert holds(race.bootstrap, -bias)
    assert holds(race.people_effect, -PEOPLE_B)
    assert holds(race.rater_effect, -bias - PEOPLE_B)
    assert race.bias.value == pytest.approx(race.rater_effect.value - race.people_effect.value, abs=1e-9)
    assert race.holm.p_adjusted < 0.05 < gender.holm.p_adjusted
    assert holds(gender.bias, 0.0)


def test_a_balanced_designs_bias_is_the_plain_difference_of_differences(made, item):
    """Model, bootstrap and cluster-robust contrast share one value."""
    model, people = made.answers("model", "valence").astype(float), made.means("valence")
    race, identity = made.factor("race"), made.factor("identity")
    plain = group_gap(model, people, race, "A", "B", strata=made.factor("emotion"), clusters=identity, level=0.99)
    (contrast,) = of(item, "race").contrasts
    assert contrast.bias.value == pytest.approx(plain.bias.value, abs=1e-6)
    assert contrast.bootstrap.value == pytest.approx(plain.bias.value)
    assert contrast.bias.ci_high - contrast.bias.ci_low == pytest.approx(
        plain.bias.ci_high - plain.bias.ci_low, rel=0.2
    )


def test_the_formula_is_told_and_is_what_was_fitted(made, item):
    """The formula under the table, fitted by hand to two rows an image, gives the same F tests."""
    told = of(item, "race")
    assert told.formula == WHOLE
    columns = {name: made.factor(name) for name in ("race", "emotion", "identity")}
    sides = {"people": made.means("valence"), "rater": made.answers("model", "valence").astype(float)}
    rows = [
        pd.DataFrame({"rating": values, "rater_type": side, "image_id": values.index, **columns})
        for side, values in sides.items()
    ]
    anova = fit_mixed_model(told.formula, pd.concat(rows, ignore_index=True)).anova().set_index("term")
    assert [interaction.term for interaction in told.interactions] == [
        "rater_type:race", "race:emotion", "rater_type:race:emotion",
    ]  # fmt: skip
    for interaction in told.interactions:
        row = anova.loc[interaction.term]
        assert interaction.numerator_df == row["num_df"]
        assert interaction.test.statistic == pytest.approx(row["statistic"], rel=1e-5)
        assert interaction.test.df == pytest.approx(row["den_df"], rel=1e-4)


def test_a_bias_between_groups_in_one_emotion_is_the_threefold_interaction(made):
    """Race B is rated two points lower where it is angry, and nowhere else."""
    table, race = made.ratings.copy(), made.factor("race")
    moved = (table["item"] == "valence") & (table["image_id"].map(race) == "B")
    moved &= table["image_id"].str.endswith("angry")
    table.loc[moved, "value"] = table.loc[moved, "value"].astype(float) - 2
    (found,) = group_models(material_of(made, ratings=table))
    tests = {i.term: i for i in of(found, "race").interactions}
    assert tests["rater_type:race:emotion"].holm.p_adjusted < 0.001
    assert {i.term: i for i in of(found, "gender").interactions}["rater_type:gender:emotion"].test.p_value > 0.001


def test_families_are_named_and_counted(item):
    """Two contrasts, and three interactions of two factors."""
    assert (item.family_size, item.interaction_family_size) == (2, 6)
    assert "valence" in item.family
    assert {c.holm.family_size for entry in item.raters for c in entry.model.contrasts} == {2}


def test_without_identities_the_images_alone_vary(made):
    """No identity column: (1 | image_id) only."""
    (found,) = group_models(material_of(made, factors=Factors("emotion", None, ("race",))))
    assert of(found, "race").formula == "rating ~ rater_type * race * emotion + (1 | image_id)"
    assert isinstance(of(found, "race").contrasts[0].bias, Estimate)


def test_without_emotions_groups_are_crossed_with_the_rater_alone(made):
    """No emotion column."""
    (found,) = group_models(material_of(made, factors=Factors(None, "identity", ("race",))))
    model = of(found, "race")
    assert model.formula.startswith("rating ~ rater_type * race + (1 | image_id)")
    assert [i.term for i in model.interactions] == ["rater_type:race"]


def test_an_empty_cell_takes_the_threefold_interaction_away(made):
    """No angry face of race B was rated: the bias is still told, people's effect over all emotions is not."""
    race = made.factor("race")
    gone = made.ratings["image_id"].str.endswith("angry") & (made.ratings["image_id"].map(race) == "B")
    (found,) = group_models(material_of(made, ratings=made.ratings[~gone]))
    model = of(found, "race")
    assert "rater_type * race + rater_type * emotion + race * emotion" in model.formula
    (contrast,) = model.contrasts
    assert isinstance(contrast.bias, Estimate)
    assert isinstance(contrast.people_effect, Skipped)
    assert isinstance(contrast.bootstrap, Estimate)
    assert of(found, "gender").formula == WHOLE.replace("race", "gender")


def test_a_group_that_was_not_rated_has_its_reason(small, material):
    """Of three groups one has no rating by the rater: its contrasts say so, the third is tested."""
    study = small.study(12)
    three = tuple(
        replace(s, factors={**s.factors, "gender": "fmx"[int(s.factors["identity"][1:]) % 3]}) for s in study.stimuli
    )
    study = replace(study, stimuli=three, ratings=small.people(study, 8))
    shown = {s.image_id: s.factors["gender"] for s in study.stimuli}
    rows = [row for row in small.rater(study) if shown[row["image_id"]] != "x"]
    found = group_models(material(study, rows))[0]
    contrasts = {(c.group, c.reference): c for c in found.raters[0].model.contrasts}
    assert isinstance(contrasts["f", "m"].test, TestResult)
    assert contrasts["f", "x"].bias == Skipped("no image rated by both in x")
    assert found.family_size == 1


def test_what_cannot_be_asked_is_skipped_with_its_reason(small, material):
    """No groups, no scale, no people, nothing rated by both, one level, and an item that people were not asked."""
    study = small.study(6)
    rows = small.rater(study)
    with_people = replace(study, ratings=small.people(study, 4, items=("valence",)))
    ungrouped = replace(with_people, factors=Factors("emotion", "identity", ()))
    assert group_models(material(ungrouped, rows)) == Skipped("the study names no factor of groups")
    assert group_models(material(study, rows)) == Skipped("the study has no ratings by people")
    valence, arousal = group_models(material(with_people, rows))
    assert isinstance(valence.raters[0].model.contrasts[0].bias, Estimate)
    assert arousal.raters == Skipped("people did not rate arousal")
    women = tuple(replace(s, factors={**s.factors, "gender": "f"}) for s in study.stimuli)
    alone = group_models(material(replace(with_people, stimuli=women), rows))[0]
    assert "all images are of f" in alone.raters[0].model.reason
    none = HumanRatings(("valence",), with_people.ratings.table.head(0), has_singles=True)
    empty = group_models(material(replace(with_people, ratings=none), rows))[0]
    assert empty.raters[0].model == Skipped("0 of the 2 levels of gender have an image rated by both")


def test_the_tables_tell_formula_families_and_messages(small):
    """Contrasts with the bootstrap beside the model, and the interactions."""
    study = small.study(10)
    study = replace(study, ratings=small.people(study, 6))
    options = replace(SURE, bootstrap=Bootstrap(resamples=100))
    analysis = analyze(study, small.results(small.rater(study), small.rater(study, "second", seed=4)), options)
    contrasts, interactions = list(group_model_tables(analysis))[:2]
    assert contrasts.id == "bias-groups-mixed-valence"
    assert [row[:2] for row in contrasts.rows] == [("model", "f − m"), ("second", "f − m")]
    notes = " ".join(contrasts.notes)
    assert "rating ~ rater_type * gender * emotion + (1 | image_id) + (1 | identity)" in notes
    assert "Holm corrects over 2 tests" in notes
    assert len(interactions.rows) == 6
    assert "Holm corrects over 6 tests" in " ".join(interactions.notes)


@pytest.mark.slow
def test_fair_raters_are_seldom_called_biased(monkeypatch):
    """Of 100 raters with tastes for identities and none for groups, near 5 % of contrasts reject.

    With (1 | identity) alone, their taste for some faces makes far more of them look biased.
    """
    material = material_of(fair_study(100), options=replace(SURE, bootstrap=Bootstrap(resamples=20)))

    def rejected() -> float:
        (item,) = group_models(material)
        return float(np.mean([c.test.p_value < 0.05 for entry in item.raters for c in entry.model.contrasts]))

    assert 0.01 < rejected() < 0.10
    monkeypatch.setattr(module, "IDENTITIES", " + (1 | identity)")
    assert rejected() > 0.10
