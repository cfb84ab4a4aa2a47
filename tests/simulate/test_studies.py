"""Simulated studies hold what was planted, in the shapes that analysis reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vlmrate.inference.table import COLUMNS
from vlmrate.simulate.models import Confusion, ModelItem, ModelParameters
from vlmrate.simulate.people import GroupEffect, ItemParameters, PeopleParameters, simulate_people
from vlmrate.simulate.studies import DesignParameters, StudyParameters, design_images, simulate_study, study_of
from vlmrate.simulate.study import PEOPLE, demo_images

ROWS = {"happy": {"happy": 0.9, "sad": 0.1}, "sad": {"sad": 0.4, "happy": 0.3}}
STUDY = StudyParameters(
    seed=5,
    design=DesignParameters(
        identities_a_cell=100,
        truth={"valence": {"happy": 30.0, "sad": -30.0}},
        truth_sd=1.0,
        groups={"race": ("A", "B"), "gender": ("man", "woman")},
    ),
    people=PeopleParameters(0, 80, 100, (ItemParameters("valence", -100, 100, 1.0, 0.5, 0.3, 1.0),)),
    models=(
        ModelParameters(
            "biased",
            items=(
                ModelItem(
                    "valence",
                    gain=1.5,
                    shift=2.0,
                    effects=(GroupEffect("emotion", "sad", -4.0), GroupEffect("race", "B", 3.0)),
                    wrong_label=5.0,
                    identity_sd=0.5,
                    noise_sd=0.5,
                ),
            ),
            confusions=(
                Confusion({"happy": {"happy": 0.5, "sad": 0.5}, "sad": {"sad": 1.0}}, "race", "B"),
                Confusion(ROWS),
            ),
        ),
        ModelParameters("plain", items=(ModelItem("valence", prototypes=(-30.0, 0.0, 30.0)),), missing=0.25, repeats=2),
    ),
)


def test_tables_have_the_shapes_that_analysis_reads() -> None:
    """Stimuli, people and the long ratings table: columns, one row an image, item and repeat, invalid ones None."""
    study = simulate_study(STUDY)
    assert list(study.stimuli) == ["image_id", "path", "emotion", "identity", "race", "gender"]
    assert list(study.people) == ["rater_id", "image_id", "valence", "trial", "response_seconds"]
    assert tuple(study.ratings) == COLUMNS
    assert not study.ratings.duplicated(["rater", "repeat", "image_id", "item"]).any()
    assert len(study.stimuli) == 800
    assert study.stimuli.groupby(["race", "gender", "emotion"]).size().eq(100).all()
    assert study.stimuli.groupby("identity")["emotion"].nunique().eq(2).all()
    labels = study.ratings[study.ratings["item"] == "emotion"]
    assert (labels["value"].isna() == (labels["route"] == "invalid")).all()
    assert labels["expected"].isna().all()
    numbers = study.ratings[study.ratings["item"] == "valence"]["value"]
    assert all(isinstance(value, float) for value in numbers)
    assert study.people.groupby("image_id").size().eq(10).all()
    assert list(study.truth) == ["truth_valence", "people_valence"]


def test_models_show_what_was_planted() -> None:
    """Gain, all shifts (of an emotion, a group, a wrong label) and the SDs come out within sampling error."""
    study = simulate_study(STUDY)
    d = study.answers("biased", "valence").astype(float) - 1.5 * study.truth["people_valence"] - 2.0
    frame = study.stimuli.set_index("image_id").assign(
        d=d, wrong=study.answers("biased", "emotion") != study.factor("emotion")
    )
    cells = frame.groupby(["emotion", "race", "wrong"])["d"].mean()
    planted = {
        ("happy", "A", False): 0.0, ("happy", "A", True): 5.0, ("sad", "A", False): -4.0, ("sad", "A", True): 1.0,
        ("happy", "B", False): 3.0, ("happy", "B", True): 8.0, ("sad", "B", False): -1.0,
    }  # fmt: skip
    assert set(cells.index) == set(planted)
    for cell, value in planted.items():
        assert cells[cell] == pytest.approx(value, abs=0.35), cell
    residual = frame["d"] - frame.groupby(["emotion", "race", "wrong"])["d"].transform("mean")
    assert residual.var() == pytest.approx(0.25 + 0.25 + 1 / 12, rel=0.15)


def test_answers_follow_the_first_confusion_that_fits() -> None:
    """Each row's shares, with what it lacks of 1 as invalid answers, and a matrix of one group's own."""
    study = simulate_study(STUDY)
    told = study.stimuli.set_index("image_id").assign(answer=study.answers("biased", "emotion").fillna("invalid"))
    shares = told.groupby(["race", "emotion"])["answer"].value_counts(normalize=True)
    assert shares["A", "sad", "invalid"] == pytest.approx(0.3, abs=0.08)
    assert shares["A", "happy", "happy"] == pytest.approx(0.9, abs=0.06)
    assert shares["B", "happy", "sad"] == pytest.approx(0.5, abs=0.09)
    assert shares["B", "sad", "sad"] == 1.0


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, -0.15, 0.15), (1.0, 0.95, 1.0)])
def test_answers_to_one_identity_go_together_as_planted(share: float, low: float, high: float) -> None:
    """With a share of 1 an identity is read alike in all emotions, with 0 independently; the accuracy is the same."""
    rows = {emotion: {emotion: 0.6, other: 0.4} for emotion, other in (("happy", "sad"), ("sad", "happy"))}
    model = ModelParameters("m", confusions=(Confusion(rows),), identity_share=share)
    study = simulate_study(replace(STUDY, models=(model,)))
    right = (study.answers("m", "emotion") == study.factor("emotion")).to_numpy().reshape(-1, 2)
    assert low < np.corrcoef(right.T)[0, 1] <= high + 1e-9
    assert right.mean() == pytest.approx(0.6, abs=0.06)


def test_collapse_missing_images_and_repeats() -> None:
    """Spoken values are prototypes while weighted ones move; a quarter of images have no row in any repeat."""
    study = simulate_study(STUDY)
    rows = study.ratings[study.ratings["rater"] == "plain"]
    assert set(rows["value"]) <= {-30.0, 0.0, 30.0}
    assert rows["expected"].nunique() > 100
    assert set(rows["item"]) == {"valence"}
    per_image = rows.groupby("image_id")["repeat"].nunique()
    assert per_image.eq(2).all()
    assert len(per_image) == pytest.approx(600, abs=50)
    assert study.answers("plain", "valence").isna().sum() == 800 - len(per_image)
    assert study.answers("plain", "valence", column="expected").notna().sum() == len(per_image)


def test_the_same_parameters_make_the_same_study_and_a_seed_another() -> None:
    """Everything is drawn from the study's seed; one more model changes neither people nor the other models."""
    first, again = simulate_study(STUDY), simulate_study(STUDY)
    other, more = (
        simulate_study(replace(STUDY, seed=6)),
        simulate_study(replace(STUDY, models=(*STUDY.models, ModelParameters("third", items=(ModelItem("valence"),))))),
    )
    assert first.people.equals(again.people)
    assert first.ratings.equals(again.ratings)
    assert not first.people["valence"].equals(other.people["valence"])
    assert more.people.equals(first.people)
    pd.testing.assert_frame_equal(more.ratings.iloc[: len(first.ratings)], first.ratings)


def test_missing_ratings_are_missing_at_random() -> None:
    """A third of the people's rows go; the rest is as it was."""
    whole, thinned = simulate_study(STUDY), simulate_study(replace(STUDY, missing_ratings=1 / 3))
    assert len(thinned.people) == pytest.approx(len(whole.people) * 2 / 3, rel=0.03)
    merged = thinned.people.merge(whole.people, on=["rater_id", "image_id"], suffixes=("", "_whole"))
    assert merged["valence"].equals(merged["valence_whole"])
    assert thinned.means("valence").index.tolist() == [
        i for i in whole.means("valence").index if i in set(thinned.people["image_id"])
    ]


def test_the_demos_people_come_from_the_same_generator() -> None:
    """Given the demo's images, people and seed, a study's people are the demo's, number for number."""
    images = [image.rated() for image in demo_images()]
    parameters = StudyParameters(PEOPLE.seed, DesignParameters(1, {}), PEOPLE)
    study = study_of(images, parameters)
    assert study.people.equals(simulate_people(images, PEOPLE))
    assert study.ratings.empty
    assert "value" in study.ratings
    assert list(study.stimuli["image_id"]) == [image.image_id for image in images]


def test_without_groups_and_labels() -> None:
    """A design of emotions alone, and a model that only rates, are studies too; its labels count as right."""
    study = simulate_study(
        replace(
            STUDY,
            design=DesignParameters(100, STUDY.design.truth),
            people=replace(STUDY.people, raters=20),
            models=(ModelParameters("m", items=(ModelItem("valence", wrong_label=50.0),)),),
        )
    )
    assert list(study.stimuli) == ["image_id", "path", "emotion", "identity"]
    gap = study.answers("m", "valence").astype(float) - study.truth["people_valence"]
    assert gap.abs().max() <= 0.5


def test_parameters_that_do_not_fit_are_refused() -> None:
    """Probabilities above 1, labels without a row and groups without a matrix stop with what is wrong."""
    with pytest.raises(ValueError, match="above 1"):
        Confusion({"sad": {"sad": 0.8, "happy": 0.4}})
    images = design_images(STUDY)
    for confusion, words in (
        (Confusion({"sad": {"sad": 1.0}}), "no row for 'happy'"),
        (Confusion(ROWS, "race", "B"), "holds for p0001_happy"),
    ):
        with pytest.raises(ValueError, match=words):
            study_of(images, replace(STUDY, models=(ModelParameters("m", confusions=(confusion,)),)))
