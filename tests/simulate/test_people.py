from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from vlmrate.simulate.people import (
    GroupEffect,
    ItemParameters,
    PeopleParameters,
    RatedImage,
    expected_ratings,
    image_sets,
    simulate_people,
)

EMOTIONS = ("happy", "sad", "fear")
ITEM = ItemParameters("valence", 1, 9, spread=0.8, rater_sd=0.7, image_sd=0.3, noise_sd=1.0)
PARAMETERS = PeopleParameters(seed=7, raters=60, images_a_rater=12, items=(ITEM,))


def images(identities: int = 12, truth: float = 5.0) -> list[RatedImage]:
    """Every identity in every emotion, all with one truth."""
    return [
        RatedImage(
            f"p{person}_{emotion}",
            f"p{person}",
            emotion,
            {"hair": "long" if person % 2 else "short"},
            {"valence": truth},
        )
        for person, emotion in product(range(identities), EMOTIONS)
    ]


def test_every_image_is_rated_equally_often_and_nobody_rates_one_twice() -> None:
    """60 raters x 12 of 36 images: 20 ratings an image, and each rater sees each emotion and identity evenly."""
    table = simulate_people(images(), PARAMETERS)
    assert set(table["image_id"].value_counts()) == {20}
    assert not table.duplicated(["rater_id", "image_id"]).any()
    emotion = table["image_id"].str.split("_").str[1]
    assert set(table.groupby(["rater_id", emotion]).size()) == {4}
    identity = table["image_id"].str.split("_").str[0]
    assert set(table.groupby(["rater_id", identity]).size()) == {1}


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    """Simulations can be repeated to the last number."""
    first = simulate_people(images(), PARAMETERS)
    assert first.equals(simulate_people(images(), PARAMETERS))
    assert not first["valence"].equals(simulate_people(images(), replace(PARAMETERS, seed=8))["valence"])


def test_a_person_does_not_depend_on_how_many_others_there_are() -> None:
    """The first thirty of sixty people answer as the thirty alone do."""
    many = simulate_people(images(), PARAMETERS)
    few = simulate_people(images(), replace(PARAMETERS, raters=30))
    assert many.iloc[: len(few)].equals(few)


def test_what_was_planted_comes_out() -> None:
    """Spread, a group's shift and the three variances are found again within sampling error."""
    item = replace(ITEM, low=-100, high=100, groups=(GroupEffect("hair", "long", 2.0),))
    people = replace(PARAMETERS, raters=3000, items=(item,))
    shown = images(identities=12, truth=50.0)
    table = simulate_people(shown, people)
    expected = expected_ratings(shown, people)["valence"]
    longer = np.array([image.factors["hair"] == "long" for image in shown])
    assert expected[longer].mean() - expected[~longer].mean() == pytest.approx(2.0, abs=0.3)
    assert expected[~longer].mean() == pytest.approx(0.8 * 50.0, abs=0.3)
    residual = table["valence"] - table["image_id"].map(expected)
    of_rater = residual.groupby(table["rater_id"]).mean()
    assert residual.groupby(table["image_id"]).mean().abs().max() < 0.15
    # A rater's mean carries severity and a twelfth of the noise; rounding adds 1/12 to the variance of each rating.
    assert of_rater.var() == pytest.approx(0.7**2 + (1.0 + 1 / 12) / 12, rel=0.1)
    assert residual.groupby(table["rater_id"]).var().mean() == pytest.approx(1.0 + 1 / 12, rel=0.05)


def test_ratings_are_whole_and_on_the_scale() -> None:
    """However extreme the truth, an answer is one of the points of the scale."""
    values = simulate_people(images(truth=30.0), PARAMETERS)["valence"]
    assert values.dtype.kind == "i"
    assert values.between(1, 9).all()
    assert (values == 9).mean() > 0.99


def test_numbers_that_do_not_divide_are_refused() -> None:
    """Images that cannot be dealt out evenly give an error and not an unbalanced study."""
    for wrong in (replace(PARAMETERS, images_a_rater=7), replace(PARAMETERS, raters=61)):
        with pytest.raises(ValueError, match="do not divide evenly"):
            image_sets(images(), wrong)
