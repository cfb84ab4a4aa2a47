"""Strength inversion: planted ones are found, a rater equally good on both scales shows none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vlmrate import stats
from vlmrate.analysis.classification import classifications
from vlmrate.analysis.comparison import comparisons
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.analysis.dimensions import dimensions
from vlmrate.analysis.strength import strengths
from vlmrate.stats import Skipped


def found_in(gathered):
    """The strengths in gathered ratings."""
    return strengths(gathered, comparisons(gathered, classifications(gathered), dimensions(gathered)))


@pytest.fixture(scope="module")
def found(kinds):
    """Valence against arousal."""
    (items,) = found_in(kinds)
    return items


def test_a_rater_is_better_on_the_scale_it_sees(found):
    """One that is noisy on arousal has the higher r on valence, overall and within emotions; its twin the other way."""
    raters = {entry.rater: entry for entry in found.raters}
    for told in (raters["valencewise"].overall, raters["valencewise"].within):
        assert told.difference.ci_low > 0.2
    for told in (raters["arousalwise"].overall, raters["arousalwise"].within):
        assert told.difference.ci_high < -0.2
    close = raters["close"].within.difference
    assert close.ci_low < 0 < close.ci_high


def test_the_planted_inversion_is_found(found):
    """The two twins change places; two raters that differ on neither scale do not."""
    inverted = {(pair.ahead, pair.behind) for pair in found.inversions if pair.inverted}
    assert ("valencewise", "arousalwise") in inverted
    assert not any({"close", "stretched"} == {pair.ahead, pair.behind} and pair.inverted for pair in found.inversions)
    (twins,) = [p for p in found.inversions if (p.ahead, p.behind) == ("valencewise", "arousalwise")]
    assert twins.on_first.ci_low > 0 > twins.on_second.ci_high


def test_who_is_ahead_leads_on_the_first_item(found):
    """Every pair is told from the side of the rater with the higher r on valence."""
    told = [pair.on_first for pair in found.inversions if not isinstance(pair.on_first, Skipped)]
    assert len(told) == 21
    assert all(one.value >= 0 and one.ci_low <= one.value <= one.ci_high for one in told)


def test_ranks_are_of_r_over_all_images(found):
    """Places on each scale follow r; a rater without one has no place."""
    ranked = [entry for entry in found.raters if entry.rank_first is not None]
    assert [entry.rank_first for entry in ranked] == sorted(entry.rank_first for entry in ranked)
    by_second = sorted(ranked, key=lambda entry: -entry.overall.second.value)
    assert [entry.rank_second for entry in by_second] == list(range(1, len(ranked) + 1))
    assert {entry.rater for entry in found.raters if entry.rank_first is None} == {"reciting", "blank"}


def test_each_r_is_the_one_of_the_other_tables(kinds, found):
    """Both r of a rater equal pearson's and pearson_within's with the same resamples."""
    told = next(entry for entry in found.raters if entry.rater == "close")
    rater = next(rater for rater in kinds.raters if rater.name == "close")
    for item, overall, within in zip(
        kinds.scale_items,
        (told.overall.first, told.overall.second),
        (told.within.first, told.within.second),
        strict=True,
    ):
        given = kinds.scale(rater, item)
        named = {"clusters": given.clusters, "bootstrap": kinds.bootstrap}
        r = stats.pearson_bootstrap(given.value, given.people, **named)
        r_within = stats.pearson_within_bootstrap(given.value, given.people, given.emotion, **named)
        for mine, theirs in ((overall, r), (within, r_within)):
            assert (mine.value, mine.ci_low, mine.ci_high) == pytest.approx(
                (theirs.value, theirs.ci_low, theirs.ci_high)
            )


def test_what_is_missing_is_said(small, material):
    """No people, one scale, one rater, no emotion: each has its reason."""
    study = small.study(5)
    rows = small.rater(study)
    assert found_in(material(study, rows)) == NO_PEOPLE
    one = replace(study, ratings=small.people(study, items=("valence",)))
    assert "two items" in found_in(material(one, rows)).reason
    rated = replace(study, ratings=small.people(study), factors=replace(study.factors, emotion=None))
    (items,) = found_in(material(rated, rows))
    assert items.raters[0].within == Skipped("the study names no emotion factor")
    assert items.inversions == Skipped("a comparison needs two raters")
    valence_only = [row | {"rater": "half"} for row in rows if row["item"] == "valence"]
    (items,) = found_in(material(rated, rows, valence_only))
    assert [entry.rater for entry in items.raters] == ["model"]


def test_an_inversion_must_hold_after_correction(kinds):
    """Two differences whose intervals leave out 0 on opposite sides are none where one does not hold over all pairs."""
    compared = comparisons(kinds, classifications(kinds), dimensions(kinds))

    def with_holm(p):
        def pair(of):
            same = {of.first, of.second} == {"valencewise", "arousalwise"} and not isinstance(of.holm, Skipped)
            return replace(of, holm=replace(of.holm, p_adjusted=p)) if same else of

        return tuple(
            replace(of, pairs=tuple(map(pair, of.pairs))) if (of.item, of.metric) == ("arousal", "r") else of
            for of in compared
        )

    def twins(p):
        (items,) = strengths(kinds, with_holm(p))
        return next(i for i in items.inversions if (i.ahead, i.behind) == ("valencewise", "arousalwise"))

    assert twins(0.05).inverted
    assert not twins(0.06).inverted
    assert twins(0.06).on_first.ci_low > 0 > twins(0.06).on_second.ci_high
