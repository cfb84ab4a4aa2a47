"""Intersections of groups: a bias planted where two factors meet is found there, and not laid on either factor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.groups_planted import SURE, fair_study, holds, material_of, planted_study
from vlmrate import stats
from vlmrate.analysis import analyze
from vlmrate.analysis.intersections import intersections
from vlmrate.report.tables.intersections import intersection_tables
from vlmrate.simulate.planted import PlantedBias
from vlmrate.stats import Bootstrap, Estimate, Skipped
from vlmrate.study.records import Factors

MOVED = -1.5


@pytest.fixture(scope="module")
def made():
    """Race B is rated lower whoever is shown; the biases of race and gender add up."""
    return planted_study()


@pytest.fixture(scope="module")
def met(made):
    """The same ratings, but women of race B are rated 1.5 points lower still."""
    table = made.ratings.copy()
    where = (table["item"] == "valence") & (table["image_id"].map(made.factor("race")) == "B")
    where &= table["image_id"].map(made.factor("gender")) == "woman"
    table.loc[where, "value"] = table.loc[where, "value"].astype(float) + MOVED
    return table


def one(items):
    """The one rater of the one item."""
    return items[0].raters[0]


def test_biases_that_add_up_have_no_interaction(made):
    """Race alone is biased: an intersection differs from the rest by 2/3 of it, the interaction is 0."""
    entry = one(intersections(material_of(made)))
    assert entry.factors == "race x gender"
    (interaction,) = entry.interactions
    assert holds(interaction.gap.bias, 0.0)
    bias = PlantedBias.of_study().between_groups
    for of in entry.gaps:
        assert holds(of.gap.bias, (2 / 3 if of.gap.group.startswith("B") else -2 / 3) * bias)


def test_a_bias_where_factors_meet_is_found_there(made, met):
    """1.5 points on women of race B: the interaction moves by as much, and they come out lowest."""
    before, after = (one(intersections(material_of(made, ratings=table))) for table in (made.ratings, met))
    (plain,), (moved,) = before.interactions, after.interactions
    assert moved.gap.bias.value - plain.gap.bias.value == pytest.approx(MOVED)
    assert holds(moved.gap.bias, MOVED)
    assert moved.holm.p_adjusted < 0.001
    lowest = min(after.gaps, key=lambda of: of.gap.bias.value)
    assert lowest.gap.group == "B x woman"
    assert lowest.holm.p_adjusted < 0.001


def test_the_numbers_are_those_of_the_statistics_called_directly(made):
    """Gaps of the intersection against the rest within emotions, and gaps of gaps."""
    model, people = made.answers("model", "valence").astype(float), made.means("valence")
    race, gender, identity = (made.factor(name) for name in ("race", "gender", "identity"))
    entry = one(intersections(material_of(made)))
    gaps = stats.group_gaps(
        model, people, stats.intersect(race, gender), against="rest", strata=made.factor("emotion"),
        clusters=identity, level=0.99,
    )  # fmt: skip
    assert tuple(of.gap for of in entry.gaps) == gaps
    interactions = stats.interaction_gaps(model, people, race, gender, clusters=identity, level=0.99)
    assert tuple(of.gap for of in entry.interactions) == interactions


def test_every_cell_of_group_and_emotion_has_its_bias(made):
    """Levels and intersections by emotions, each the mean of rater minus people with Student's interval."""
    (item,) = intersections(material_of(made))
    cells = {(cell.level, cell.emotion): cell for cell in item.cells[0].cells}
    assert len(cells) == (2 + 2 + 4) * 4
    inside = (made.factor("race") == "B") & (made.factor("emotion") == "sad")
    model, people = made.answers("model", "valence").astype(float), made.means("valence")
    assert cells["B", "sad"].n == 48
    assert cells["B", "sad"].bias == stats.mean_difference(
        model[inside], people[inside], clusters=made.factor("identity")[inside], level=0.99
    )


def test_families_are_named_and_counted(made):
    """Four intersections, one interaction."""
    (item,) = intersections(material_of(made))
    assert (item.family_size, item.interaction_family_size) == (4, 1)
    assert {of.holm.family_size for of in item.raters[0].gaps} == {4}


def test_an_empty_intersection_has_its_reason(made):
    """No woman of race B was rated: row, interaction and cells say so; the others are tested."""
    race, gender = made.factor("race"), made.factor("gender")
    ids = made.ratings["image_id"]
    gone = (ids.map(race) == "B") & (ids.map(gender) == "woman")
    (item,) = intersections(material_of(made, ratings=made.ratings[~gone]))
    entry = item.raters[0]
    gaps = {of.gap.group: of for of in entry.gaps}
    assert gaps["B x woman"].gap.bias == Skipped("no image rated by both in B x woman")
    assert isinstance(gaps["B x man"].gap.bias, Estimate)
    assert isinstance(entry.interactions[0].gap.bias, Skipped)
    assert (item.family_size, item.interaction_family_size) == (3, 0)
    empty = [cell for cell in item.cells[0].cells if cell.level == "B x woman"]
    assert {cell.n for cell in empty} == {0}
    assert all(isinstance(cell.bias, Skipped) for cell in empty)


def test_intersections_with_other_mixes_of_emotions_are_marked(made):
    """Half of the sad women of race B are gone: the interaction's table must say that emotions may be in it."""
    ids = made.ratings["image_id"]
    sad = ids.str.endswith("sad") & (ids.map(made.factor("race")) == "B") & (ids.map(made.factor("gender")) == "woman")
    half = sad & (ids.str[4].isin(list("01234")))
    assert half.any()
    entry = one(intersections(material_of(made, ratings=made.ratings[~half])))
    assert entry.mix_differs
    assert not one(intersections(material_of(made))).mix_differs


def test_what_cannot_be_asked_is_skipped_with_its_reason(small, material):
    """No groups, one factor only, no emotions, no people."""
    study = small.study(8)
    rows = small.rater(study)
    study = replace(study, ratings=small.people(study, 4))
    none = replace(study, factors=Factors("emotion", "identity", ()))
    assert intersections(material(none, rows)) == Skipped("the study names no factor of groups")
    valence = intersections(material(study, rows))[0]
    assert valence.raters == Skipped("the study names one factor of groups, gender: nothing meets")
    assert isinstance(valence.cells[0].cells[0].bias, Estimate)
    faceless = intersections(material(replace(study, factors=Factors(None, "identity", ("gender",))), rows))[0]
    assert "no emotion factor" in faceless.cells[0].cells.reason
    assert intersections(material(replace(study, ratings=None), rows)) == Skipped("the study has no ratings by people")


def test_the_tables_hold_intersections_interactions_and_cells(small):
    """A second factor crosses gender; notes count both families."""
    study = small.study(16)
    stimuli = tuple(
        replace(s, factors={**s.factors, "age": "young" if int(s.factors["identity"][1:]) % 4 < 2 else "old"})
        for s in study.stimuli
    )
    factors = Factors("emotion", "identity", ("gender", "age"))
    study = replace(study, stimuli=stimuli, factors=factors, ratings=small.people(study, 4))
    options = replace(SURE, bootstrap=Bootstrap(resamples=50))
    tables = list(intersection_tables(analyze(study, small.results(small.rater(study)), options)))
    assert [table.id for table in tables[:3]] == [
        "bias-intersections-valence", "interactions-intersections-valence", "bias-cells-valence",
    ]  # fmt: skip
    assert [row[1] for row in tables[0].rows] == ["f x young", "m x young", "f x old", "m x old"]
    assert "Holm corrects over 4 tests" in tables[0].notes[0]
    assert tables[1].rows[0][1:4] == ("f − m", "young, old", "gender x age")
    assert len(tables[2].rows) == 8


@pytest.mark.slow
def test_fair_raters_are_seldom_called_biased():
    """Of 100 raters with tastes for identities and none for groups, near 5 % of both kinds of test reject."""
    material = material_of(fair_study(100), options=replace(SURE, bootstrap=Bootstrap(resamples=20)))
    (item,) = intersections(material)
    gaps = [of.gap.test.p_value < 0.05 for entry in item.raters for of in entry.gaps]
    interactions = [of.gap.test.p_value < 0.05 for entry in item.raters for of in entry.interactions]
    assert len(gaps) == 400
    assert 0.02 < np.mean(gaps) < 0.09
    assert 0.01 < np.mean(interactions) < 0.11
