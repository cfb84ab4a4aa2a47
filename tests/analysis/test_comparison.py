"""Raters ranked and compared in pairs: planted orders come out, ties stay open, families are counted."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from vlmrate import stats
from vlmrate.analysis.asked import NO_TEST
from vlmrate.analysis.classification import classifications
from vlmrate.analysis.comparison import PairDifference, _ranked, comparisons
from vlmrate.analysis.dimensions import dimensions
from vlmrate.stats import Adjusted, Skipped


def compared(gathered):
    """The comparisons of gathered ratings, by item and metric."""
    told = comparisons(gathered, classifications(gathered), dimensions(gathered))
    return told if isinstance(told, Skipped) else {(entry.item, entry.metric): entry for entry in told}


@pytest.fixture(scope="module")
def found(kinds):
    """All comparisons, by item and metric."""
    return compared(kinds)


def test_every_item_has_its_metrics(found):
    """Kappa for labels, r and MAE for each scale; an error is better when it is small."""
    assert list(found) == [("emotion", "kappa"), *((i, m) for i in ("valence", "arousal") for m in ("r", "MAE"))]
    assert [entry.higher_is_better for entry in found.values()] == [True, True, False, True, False]


def test_planted_orders_are_found(found):
    """On valence the rater with little noise stands before the one with much; the one with most is surely not first."""
    ranked = {entry.rater: entry for entry in found["valence", "MAE"].raters}
    assert ranked["valencewise"].worst < ranked["arousalwise"].best
    assert ranked["noisy"].rank == 9
    assert found["emotion", "kappa"].raters[-1].rater == "fooled"
    assert found["emotion", "kappa"].raters[-1].best == 9


def test_raters_that_are_not_told_apart_may_hold_the_same_places(found):
    """Eight raters that give every label rightly share the first place, and may stand anywhere among themselves."""
    alike = found["emotion", "kappa"].raters[:-1]
    assert {(entry.rank, entry.best, entry.worst) for entry in alike} == {(1, 1, 8)}


def test_places_lie_about_the_rank(found):
    """Whatever the tests say, the rank lies between the best place and the worst."""
    for entry in found.values():
        assert all(one.best <= one.rank <= one.worst for one in entry.raters if one.rank is not None)


def test_differences_are_those_of_the_statistics(kinds, found):
    """r, MAE and kappa of a pair equal the functions for pairs, and the ranking holds the figures of the tables."""
    item = kinds.scale_items[0]
    given = {rater.name: kinds.scale(rater, item) for rater in kinds.asked(item)}
    one, other = given["close"], given["noisy"]
    named = {"clusters": one.clusters, "bootstrap": kinds.bootstrap}
    direct = stats.compare_dimensional(one.value, other.value, one.people, **named)
    for metric, difference, test in (
        ("r", direct.pearson, direct.pearson_test),
        ("MAE", direct.mae, direct.mae_test),
    ):
        pair = next(p for p in found["valence", metric].pairs if (p.first, p.second) == ("close", "noisy"))
        assert (pair.difference, pair.test, pair.n) == (difference, test, 160)
    (valence, _) = dimensions(kinds)
    assert {entry.rater: entry.value for entry in found["valence", "r"].raters} == {
        entry.rater: entry.r for entry in valence.raters
    }


def test_families_are_counted_and_corrected(found):
    """Pairs whose test could be made: of MAE all 36 but two raters that say the same; of r those that have one."""
    assert found["valence", "MAE"].family_size == 35
    flat = {"reciting", "blank"}
    others = list(combinations(sorted(set(names(found)) - flat), 2))
    of_r = found["valence", "r"]
    made = [pair for pair in of_r.pairs if isinstance(pair.holm, Adjusted)]
    assert of_r.family_size == len(made) == len(others) == 21
    assert {pair.holm.family_size for pair in made} == {21}
    assert {pair.holm.family for pair in made} == {"difference in r on valence, every two raters"}


def names(found):
    """The raters."""
    return [entry.rater for entry in found["valence", "MAE"].raters]


def test_raters_without_a_figure_come_last_without_a_place(found):
    """A rater of one number has no r: it is listed, with the reason, and holds no rank."""
    last = found["valence", "r"].raters[-2:]
    assert [entry.rater for entry in last] == ["blank", "reciting"]
    assert all(entry.rank is entry.best is entry.worst is None for entry in last)
    assert all(isinstance(entry.value, Skipped) for entry in last)


def test_only_shared_images_are_compared(small, material):
    """Two raters that rated different halves of the images share none, which is said; of some, those count."""
    study = small.study(8)
    rated = replace(study, ratings=small.people(study))
    one, other = small.rater(study, "one"), small.rater(study, "other", seed=2)
    part = [row for row in other if row["image_id"] < "p004"]
    (pair,) = compared(material(rated, one, part))["valence", "r"].pairs
    assert pair.n == 24
    rest = [row for row in one if row["image_id"] >= "p004"]
    (pair,) = compared(material(rated, rest, part))["valence", "MAE"].pairs
    assert pair.difference == Skipped("a difference needs an image rated by all three")


def test_one_rater_has_a_figure_and_nobody_to_be_compared_to(small, material):
    """The ranking holds it alone; the pairs say why there are none."""
    study = small.study(5)
    told = compared(material(replace(study, ratings=small.people(study)), small.rater(study)))
    assert {entry.pairs for entry in told.values()} == {Skipped("a comparison needs two raters")}
    assert [(entry.raters[0].rank, entry.raters[0].worst) for entry in told.values()] == [(1, 1)] * 5


def test_without_people_labels_are_compared_alone(small, material):
    """Kappa needs no people; the scales are left out."""
    study = small.study(5)
    told = compared(material(study, small.rater(study, "a"), small.rater(study, "b", seed=2)))
    assert list(told) == [("emotion", "kappa")]


def test_a_rank_is_always_a_possible_one():
    """The figure is of all images, the test of those of both: a rater that it puts below stays possible at its rank."""
    outcome = [stats.Estimate(value, value - 0.1, value + 0.1, 0.95, 100, "r") for value in (0.8, 0.7, -0.2)]
    apart = PairDifference("a", "b", 40, outcome[2], NO_TEST, Adjusted("a against b", 0.01, 0.01, "holm", "f", 1))
    first, second = _ranked({"a": outcome[0], "b": outcome[1]}, [apart], higher=True)
    assert (first.rater, first.rank, first.best, first.worst) == ("a", 1, 1, 2)
    assert (second.rater, second.rank, second.best, second.worst) == ("b", 2, 1, 2)
