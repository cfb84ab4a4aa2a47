"""Drawn faces: the same arguments give the same pixels, and every argument can be seen in them."""

from __future__ import annotations

import numpy as np
import pytest

from vlmrate.simulate.faces import (
    EMOTIONS,
    HAIR_LEVELS,
    SKIN_LEVELS,
    Expression,
    Identity,
    action_units,
    draw_face,
    label_distribution,
    true_arousal,
    true_valence,
)

INTENSITIES = np.linspace(0, 1, 101)


def pixels(identity: Identity, expression: Expression, photograph: int = 0) -> np.ndarray:
    """The drawing as numbers, shape (224, 224, 3)."""
    return np.asarray(draw_face(identity, expression, photograph), float)


def middle_of_cheeks(picture: np.ndarray) -> float:
    """Mean brightness of two patches of plain skin."""
    return float(np.concatenate([picture[125:150, 62:82], picture[125:150, 142:162]]).mean())


@pytest.fixture(scope="module")
def person() -> Identity:
    """Someone to draw."""
    return Identity.from_seed(4, "medium", "short")


def test_same_arguments_give_the_same_pixels(person: Identity) -> None:
    """Drawing twice gives one picture, 224 x 224 in RGB."""
    first, second = (draw_face(person, Expression("fear", 0.7), 3) for _ in range(2))
    assert first.size == (224, 224)
    assert first.mode == "RGB"
    assert first.tobytes() == second.tobytes()


def test_photographs_of_one_face_differ_a_little(person: Identity) -> None:
    """Another photograph moves and lights the face anew; it does not make another picture of it."""
    one, other = (pixels(person, Expression("happy", 0.7), number) for number in (0, 1))
    assert 1 < np.abs(one - other).mean() < 60


def test_identity_stays_across_emotions() -> None:
    """One seed is one person: features do not depend on what is expressed, and two seeds are two people."""
    same = Identity.from_seed(8, "light", "long")
    assert same == Identity.from_seed(8, "light", "long")
    assert same != Identity.from_seed(9, "light", "long")


def test_levels_change_only_what_they_name() -> None:
    """Another skin or hair level leaves the shape of the face as it is: a study varies one thing at a time."""
    faces = [Identity.from_seed(8, skin, hair) for skin in SKIN_LEVELS for hair in HAIR_LEVELS]
    assert len({(face.face_width, face.eye_spacing, face.mouth_width, face.brow_thickness) for face in faces}) == 1


def test_skin_levels_are_ordered_in_brightness() -> None:
    """Light cheeks are brighter than medium ones and those brighter than dark ones, for every person tried."""
    for seed in range(5):
        faces = [Identity.from_seed(seed, skin, "short") for skin in SKIN_LEVELS]
        light, medium, dark = (middle_of_cheeks(pixels(face, Expression("neutral", 0.6))) for face in faces)
        assert light > medium + 15 > dark + 30


def test_hair_levels_differ_beside_the_neck() -> None:
    """Long hair covers what lies beside the neck, short hair leaves the background there."""
    short, long = (pixels(Identity.from_seed(6, "light", hair), Expression("neutral", 0.5)) for hair in HAIR_LEVELS)
    assert np.abs(short[165:190, 30:50] - long[165:190, 30:50]).mean() > 25


@pytest.mark.parametrize("emotion", [emotion for emotion in EMOTIONS if emotion != "neutral"])
def test_stronger_expressions_leave_the_resting_face_further(person: Identity, emotion: str) -> None:
    """The change of eyes, brows and mouth grows with intensity."""
    rest, mild, strong = (pixels(person, Expression(emotion, intensity)) for intensity in (0.0, 0.4, 1.0))
    change = [np.abs(picture - rest)[60:200, 40:184].mean() for picture in (mild, strong)]
    assert 0.5 < change[0] < change[1]


@pytest.mark.parametrize("skin", SKIN_LEVELS)
def test_expressions_are_as_visible_on_every_skin(skin: str) -> None:
    """At full intensity an expression changes the face, relative to its brightness, on dark skin as on light."""
    person = Identity.from_seed(12, skin, "short")
    rest = pixels(person, Expression("sad", 0.0))
    changes = [
        np.abs(pixels(person, Expression(emotion, 1.0)) - rest)[60:200, 40:184].mean() / middle_of_cheeks(rest)
        for emotion in ("happy", "sad", "angry", "fear", "disgust")
    ]
    assert min(changes) > 0.02


def test_calm_neutral_faces_have_heavy_lids() -> None:
    """Alertness, the intensity of neutral, opens the eyes: arousal can be read from a neutral face."""
    rng = np.random.default_rng(0)
    calm, awake = (action_units(Expression("neutral", alert), rng) for alert in (0.0, 1.0))
    assert calm.eyes_closing > 0.3 > awake.eyes_closing
    assert awake.upper_lid_raiser > 0.3 > calm.upper_lid_raiser


@pytest.mark.parametrize("truth", [true_valence, true_arousal])
def test_every_point_of_the_scale_is_the_right_answer_somewhere(truth: object) -> None:
    """Rounded truth takes each of 1..9 and nothing else, for valence and for arousal."""
    values = [truth(Expression(emotion, float(t))) for emotion in EMOTIONS for t in INTENSITIES]  # type: ignore[operator]
    assert {round(value) for value in values} == set(range(1, 10))
    assert min(values) >= 1
    assert max(values) <= 9


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_truth_moves_one_way_with_intensity(emotion: str) -> None:
    """Valence moves away from neutral and arousal upwards, never back."""
    valence = np.array([true_valence(Expression(emotion, float(t))) for t in INTENSITIES])
    arousal = np.array([true_arousal(Expression(emotion, float(t))) for t in INTENSITIES])
    assert (np.diff(np.abs(valence - 5)) >= 0).all()
    assert (np.diff(arousal) >= 0).all()


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_crowd_names_clear_expressions_and_overlooks_faint_ones(emotion: str) -> None:
    """Shares sum to one; the right label leads when clear, neutral when faint."""
    faint, clear = (label_distribution(Expression(emotion, intensity)) for intensity in (0.1, 0.8))
    assert faint.sum() == pytest.approx(1)
    assert clear.sum() == pytest.approx(1)
    assert EMOTIONS[int(clear.argmax())] == emotion
    assert EMOTIONS[int(faint.argmax())] == "neutral"


def test_nonsense_is_refused() -> None:
    """Unknown levels and emotions and intensities off 0..1 raise ValueError."""
    with pytest.raises(ValueError, match="unknown emotion"):
        Expression("bored", 0.5)
    with pytest.raises(ValueError, match="intensity"):
        Expression("happy", 1.2)
    with pytest.raises(ValueError, match="skin"):
        Identity.from_seed(1, "green", "short")
