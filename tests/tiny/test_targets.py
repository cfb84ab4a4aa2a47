"""What the model is taught: crowds' answers that follow the face, the label said before, and nothing on no face."""

from __future__ import annotations

import numpy as np
import pytest

from vlmrate.simulate.faces import EMOTIONS, Expression
from vlmrate.tiny.data import MODEL_SIZE, to_model_size, training_pictures
from vlmrate.tiny.no_faces import ALL_KINDS
from vlmrate.tiny.people import HELD_OUT, random_face
from vlmrate.tiny.targets import POINTS, arousal_target, emotion_target, spread, valence_target

SMILE = Expression("happy", 0.6)


def test_targets_are_shares() -> None:
    """Every target is positive and sums to one."""
    for target in (emotion_target(SMILE), valence_target(SMILE, "happy"), arousal_target(SMILE, "happy", 7)):
        assert target.sum() == pytest.approx(1)
        assert (target > 0).all()


def test_wrong_label_pulls_ratings_towards_itself() -> None:
    """A smile called sad is to be rated less pleasant, one called happy as it is."""
    right, wrong, unasked = (valence_target(SMILE, label) @ POINTS for label in ("happy", "sad", None))
    assert wrong < right - 0.5
    assert right == pytest.approx(unasked)


def test_exaggerated_valence_raises_arousal() -> None:
    """Whoever rated a smile 9 is to find it more aroused than who rated it 6."""
    strong, weak = (arousal_target(SMILE, "happy", valence) @ POINTS for valence in (9, 6))
    assert strong > weak


def test_no_face_teaches_doubt() -> None:
    """Without a face all labels are alike and no point of a scale stands out."""
    assert np.ptp(emotion_target(None)) == pytest.approx(0)
    assert valence_target(None, "happy").max() < 0.2
    assert arousal_target(None, "happy", 9).max() < 0.2


def test_spread_peaks_at_its_centre_and_holds_to_the_scale() -> None:
    """A centre past the end counts as the end."""
    assert int(spread(3.1, 0.7).argmax()) + 1 == 3
    assert spread(12.0, 0.7) == pytest.approx(spread(9.0, 0.7))


def test_pictures_do_not_depend_on_processes() -> None:
    """One process or two draw the same training pictures from the same seed."""
    one, other = (training_pictures(12, 5, processes) for processes in (1, 2))
    assert one[0] == other[0]
    assert (one[1] == other[1]).all()


def test_training_people_are_below_the_held_out_seeds() -> None:
    """Identity seeds of training and evaluation cannot meet."""
    rng = np.random.default_rng(0)
    assert max(random_face(rng)[0].seed for _ in range(200)) < HELD_OUT
    assert min(random_face(rng, HELD_OUT)[0].seed for _ in range(200)) >= HELD_OUT


def test_faces_drawn_at_random_cover_all_emotions() -> None:
    """Every emotion comes up about equally often."""
    rng = np.random.default_rng(1)
    drawn = [random_face(rng)[1].emotion for _ in range(600)]
    assert {emotion for emotion in EMOTIONS if drawn.count(emotion) > 60} == set(EMOTIONS)


@pytest.mark.parametrize("number", range(len(ALL_KINDS)))
def test_pictures_of_no_face_fit_the_model(number: int) -> None:
    """Each kind can be drawn and brought to the model's size."""
    image = ALL_KINDS[number](np.random.default_rng(2))
    assert to_model_size(image).shape == (MODEL_SIZE, MODEL_SIZE, 3)
