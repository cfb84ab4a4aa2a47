"""The bias profile: planted places come first, in points and per cent, whatever else the rater does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.groups_planted import SURE, fair_study, holds, material_of, planted_study
from vlmrate.analysis import analyze
from vlmrate.analysis.group_bias import group_biases
from vlmrate.analysis.profile import profiles
from vlmrate.report.tables.profile import profile_tables
from vlmrate.simulate import planted
from vlmrate.stats import Bootstrap, Estimate, Skipped, mean_difference_bootstrap
from vlmrate.study.records import Factors


def profiled(material):
    """The profiles with the tests between groups."""
    return profiles(material, group_biases(material))


@pytest.fixture(scope="module")
def made():
    """A model .8 lower on sad, .6 higher on happy, and .5 lower on race B."""
    return planted_study()


@pytest.fixture(scope="module")
def rater(made):
    """Its profile."""
    return profiled(material_of(made))[0].raters[0]


def test_the_planted_places_come_first(rater):
    """Sad and happy lead, gender comes last; every centred bias has the planted one in its interval."""
    levels = [entry.level for entry in rater.entries]
    assert set(levels[:2]) == {"sad", "happy"}
    assert set(levels[-2:]) == {"man", "woman"}
    sizes = [round(abs(entry.centred.value), 6) for entry in rater.entries]
    assert sizes == sorted(sizes, reverse=True)
    entries = {entry.level: entry for entry in rater.entries}
    both = planted.PlantedLabels.of(planted.ANSWERS_A, planted.ANSWERS_B)
    wrong = {label: planted.WRONG * (1 - both.recall(label)) for label in planted.LABELS}
    shifts = {"sad": planted.SAD, "happy": planted.HAPPY, "angry": 0.0, "neutral": 0.0}
    mean = sum(shifts.values()) / 4 + sum(wrong.values()) / 4
    for label in planted.LABELS:
        assert holds(entries[label].centred, shifts[label] + wrong[label] - mean)
    gap = planted.PlantedBias.of_study().between_groups
    assert holds(entries["B"].centred, gap / 2)
    assert holds(entries["A"].centred, -gap / 2)


def test_a_shift_of_everything_moves_the_bias_and_not_the_profile(made, rater):
    """Two points more on every image."""
    table = made.ratings.copy()
    scale = table["item"] == "valence"
    table.loc[scale, "value"] = table.loc[scale, "value"].astype(float) + 2
    moved = profiled(material_of(made, ratings=table))[0].raters[0]
    assert moved.overall.value == pytest.approx(rater.overall.value + 2)
    for before, after in zip(rater.entries, moved.entries, strict=True):
        assert after.level == before.level
        assert after.bias.value == pytest.approx(before.bias.value + 2)
        assert after.centred.value == pytest.approx(before.centred.value)


def test_per_cent_are_of_the_scales_range(made, rater):
    """The scale runs from -50 to 50: a point is a per cent."""
    (item,) = profiled(material_of(made))
    assert item.scale_range == 100
    for entry in rater.entries:
        assert entry.percent.value == pytest.approx(entry.centred.value)
        assert entry.percent.ci_low == pytest.approx(entry.centred.ci_low)


def test_the_bias_of_a_place_is_the_plain_mean_there(made, rater):
    """Value and interval are those of the statistic called directly, on the same resamples."""
    model, people = made.answers("model", "valence").astype(float), made.means("valence")
    inside = made.factor("race") == "B"
    entry = next(entry for entry in rater.entries if entry.level == "B")
    direct = mean_difference_bootstrap(
        model[inside], people[inside], clusters=made.factor("identity")[inside], bootstrap=SURE.bootstrap
    )
    assert entry.bias.value == pytest.approx(direct.value)
    assert entry.n == direct.n == 192
    assert entry.bias.ci_high - entry.bias.ci_low == pytest.approx(direct.ci_high - direct.ci_low, rel=0.15)


def test_another_mix_of_emotions_makes_no_group_stand_out(made):
    """A rater off on sad alone; race B lacks most sad faces: its plain bias moves, its centred one stays at 0."""
    table = made.ratings.copy()
    scale = table["item"] == "valence"
    people = table["image_id"].map(made.means("valence"))
    noise = np.random.default_rng(4).normal(0, 0.3, len(table))
    sad = table["image_id"].str.endswith("sad")
    table.loc[scale, "value"] = (people + noise - 3.0 * sad)[scale]
    gone = sad & (table["image_id"].map(made.factor("race")) == "B") & table["image_id"].str[4].isin(list("01234567"))
    entries = {e.level: e for e in profiled(material_of(made, ratings=table[~gone]))[0].raters[0].entries}
    assert entries["B"].bias.value - entries["A"].bias.value > 0.3
    assert holds(entries["B"].centred, 0.0)
    assert holds(entries["A"].centred, 0.0)


def test_the_differences_that_hold_are_those_of_the_corrected_tests(made, rater):
    """Race holds with its family's size, gender does not; two were tested."""
    (held,) = rater.differences
    assert (held.factor, held.group, held.reference, held.family_size) == ("race", "A", "B", 2)
    assert holds(held.bias, -planted.PlantedBias.of_study().between_groups)
    assert held.p_adjusted < 0.05
    assert rater.tested == 2
    (fair,) = profiled(material_of(fair_study(1)))[0].raters
    assert fair.differences == ()
    assert fair.tested == 2


def test_an_unrated_group_comes_last_with_its_reason(made):
    """No face of race B was rated by the model."""
    table = made.ratings[made.ratings["image_id"].map(made.factor("race")) == "A"]
    (rater,) = profiled(material_of(made, ratings=table))[0].raters
    last = rater.entries[-1]
    assert (last.level, last.n) == ("B", 0)
    assert last.bias == last.percent == Skipped("no image rated by both in B")


def test_what_cannot_be_asked_is_skipped_with_its_reason(small, material):
    """Neither emotions nor groups, no people, one emotion; groups alone, and emotions alone, are profiled."""
    study = small.study(8)
    rows = small.rater(study)
    assert profiled(material(study, rows)) == Skipped("the study has no ratings by people")
    study = replace(study, ratings=small.people(study, 4, items=("valence",)))
    neither = profiled(material(replace(study, factors=Factors(None, "identity", ())), rows))
    assert neither == Skipped("the study names no emotion factor and no factor of groups")
    groups = profiled(material(replace(study, factors=Factors(None, None, ("gender",))), rows))[0].raters[0]
    assert {entry.kind for entry in groups.entries} == {"group"}
    emotions, arousal = profiled(material(replace(study, factors=Factors("emotion", "identity", ())), rows))
    assert {entry.kind for entry in emotions.raters[0].entries} == {"emotion"}
    assert emotions.raters[0].tested == 0
    assert arousal.raters == Skipped("people did not rate arousal")
    one = small.study(8, emotions=("happy",))
    one = replace(one, ratings=small.people(one, 4))
    entry = next(e for e in profiled(material(one, small.rater(one)))[0].raters[0].entries if e.kind == "emotion")
    assert isinstance(entry.bias, Estimate)
    assert "show one emotion" in entry.centred.reason


def test_the_tables_say_what_holds_and_that_nothing_does(small):
    """One table of differences over all items, even where none holds, and a profile an item."""
    study = small.study(10)
    study = replace(study, ratings=small.people(study, 6))
    options = replace(SURE, bootstrap=Bootstrap(resamples=50, level=0.95))
    rows = small.rater(study)
    fair = list(profile_tables(analyze(study, small.results(rows), options)))
    assert [table.id for table in fair] == ["bias-groups-held", "profile-valence", "profile-arousal"]
    assert fair[0].rows == ()
    assert "None of 2 differences holds" in fair[0].notes[0]
    for row in rows:
        if row["item"] == "valence" and int(str(row["image_id"])[1:4]) % 2:
            row["value"] = float(np.clip(float(str(row["value"])) - 1, 1, 9))
    biased = next(profile_tables(analyze(study, small.results(rows), options)))
    assert [row[:4] for row in biased.rows] == [("model", "valence", "f − m", "gender")]
    assert "1 of 2 differences hold" in biased.notes[0]
