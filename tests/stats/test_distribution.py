"""Spread of ratings, and people's spread in three readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, Share, people_spread, sd_ratios, spread_by_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

RNG = np.random.default_rng(12)
IMAGES = [f"{i}.jpg" for i in range(60)]
TRUE = RNG.normal(5, 0.8, 60)
RATINGS = pd.Series((TRUE[:, None] + RNG.normal(0, 1.2, (60, 20))).ravel(), index=np.repeat(IMAGES, 20))
MODEL = pd.Series(np.round(TRUE * 2 - 5), index=IMAGES)


def test_spread_counts_values_and_the_mode(estimated: Callable[[object], Estimate]) -> None:
    """A collapsed emotion shows one value, SD 0 and a mode that is everything; missing ratings do not count."""
    collapsed, spread = spread_by_group([8, 8, 8, None, 1, 2, 3, 3], list("aaaabbbb"), order=["a", "b"])
    assert (collapsed.n, collapsed.distinct, estimated(collapsed.sd).value) == (3, 1, 0)
    assert collapsed.mode_share == Share(3, 3, "ratings of the group")
    assert (spread.distinct, spread.mode_share) == (3, Share(2, 4, "ratings of the group"))
    assert estimated(spread.sd).value == pytest.approx(np.std([1, 2, 3, 3], ddof=1))


def test_group_without_ratings_stays(skipped: Callable[[object], str]) -> None:
    """A group never rated is a row of reasons."""
    (empty,) = spread_by_group([None, None], ["fear", "fear"])
    assert (empty.n, empty.distinct) == (0, 0)
    skipped(empty.sd)
    skipped(empty.mode_share)


def test_three_comparators_are_what_they_say(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """SD of all ratings, SD of image means, and SD of one random rating an image, on data where all differ."""
    people = people_spread(RATINGS, draws=4000)
    assert estimated(people.single_ratings).value == pytest.approx(RATINGS.std(), rel=tolerance.reference)
    means = RATINGS.groupby(level=0).mean()
    assert estimated(people.image_means).value == pytest.approx(means.std(), rel=tolerance.reference)
    one = estimated(people.one_person)
    within = RATINGS.groupby(level=0).var(ddof=0).mean()
    assert one.value == pytest.approx(np.sqrt(means.var() + within), rel=0.01)
    assert people.image_means != people.one_person


def test_one_person_of_one_is_that_person(estimated: Callable[[object], Estimate]) -> None:
    """With a single rating an image there is nothing to draw: all three comparators are one SD."""
    single = pd.Series([1.0, 2, 2, 5], index=list("abcd"))
    people = people_spread(single)
    assert {round(estimated(x).value, 12) for x in (people.single_ratings, people.image_means, people.one_person)} == {
        round(single.std(), 12)
    }
    assert estimated(people.one_person_distinct).value == 3


def test_draws_are_seeded_and_ignore_the_order_of_rows() -> None:
    """The same seed gives the same draws; rows of different images may be interleaved."""
    by_rater = RATINGS.iloc[np.arange(1200).reshape(60, 20).T.ravel()]
    one, again, interleaved, other = (
        people_spread(r, bootstrap=Bootstrap(resamples=10, seed=s))
        for r, s in ((RATINGS, 1), (RATINGS, 1), (by_rater, 1), (RATINGS, 2))
    )
    assert one == again
    assert one.one_person == interleaved.one_person
    assert one.one_person != other.one_person


def test_ratios_are_the_models_sd_over_each(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """Each ratio is the model's SD over that comparator."""
    ratios, people = sd_ratios(MODEL, RATINGS), people_spread(RATINGS)
    sd = MODEL.std()
    assert estimated(ratios.single_ratings).value == pytest.approx(
        sd / estimated(people.single_ratings).value, rel=tolerance.reference
    )
    means = estimated(ratios.image_means)
    assert means.value == pytest.approx(sd / estimated(people.image_means).value, rel=tolerance.reference)
    assert estimated(ratios.one_person).value == pytest.approx(sd / estimated(people.one_person).value, rel=0.01)


def test_a_model_twice_as_extreme_as_agreeing_people_has_ratio_2(estimated: Callable[[object], Estimate]) -> None:
    """Where people do not differ all three comparators are one, and the polarity planted is found again."""
    agreeing = pd.Series(np.repeat(TRUE, 3), index=np.repeat(IMAGES, 3))
    ratios = sd_ratios(pd.Series(2 * TRUE - 5, index=IMAGES), agreeing)
    # Three copies of each of 60 values: n - 1 is 179 there and 59 among the images.
    assert estimated(ratios.single_ratings).value == pytest.approx(2 * np.sqrt(60 / 59 * 179 / 180))
    assert estimated(ratios.image_means).value == pytest.approx(2)
    assert estimated(ratios.one_person).value == pytest.approx(2)


def test_ratios_use_the_images_both_rated(estimated: Callable[[object], Estimate]) -> None:
    """Images without the model's rating count on neither side."""
    some = MODEL.where(np.arange(60) < 40)
    assert sd_ratios(some, RATINGS) == sd_ratios(MODEL.iloc[:40], RATINGS.loc[IMAGES[:40]])
    assert estimated(sd_ratios(some, RATINGS).image_means).n == 40


def test_identity_clusters_are_looked_up_by_image(estimated: Callable[[object], Estimate]) -> None:
    """Clusters come as a Series by image; an image they leave out is refused by name."""
    identities = pd.Series(np.arange(60) // 3, index=IMAGES)
    clustered = people_spread(RATINGS, clusters=identities.sample(frac=1, random_state=0))
    assert "resamples of 20 clusters" in estimated(clustered.single_ratings).method
    with pytest.raises(AnalysisError, match=r"59\.jpg"):
        people_spread(RATINGS, clusters=identities.iloc[:59])


def test_degenerate_spreads_are_skipped(skipped: Callable[[object], str]) -> None:
    """One image, no rating, or people without any spread give reasons."""
    one_image = pd.Series([1.0, 2.0], index=["a", "a"])
    for outcome in (people_spread(one_image).one_person, people_spread(one_image).single_ratings):
        skipped(outcome)
    skipped(people_spread(one_image.iloc[:0]).image_means)
    agreed = pd.Series([4.0] * 6, index=list("aabbcc"))
    ratios = sd_ratios(pd.Series([1.0, 2.0, 3.0], index=list("abc")), agreed)
    for outcome in (ratios.single_ratings, ratios.image_means, ratios.one_person):
        assert "not defined" in skipped(outcome)


def test_model_with_two_ratings_an_image_is_refused() -> None:
    """Repeats must be chosen or averaged before: the ratio needs one value an image."""
    with pytest.raises(AnalysisError, match="twice"):
        sd_ratios(pd.concat([MODEL, MODEL]), RATINGS)
