"""Who is drawn, and how the photograph was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]

SKIN_LEVELS: tuple[str, ...] = ("light", "medium", "dark")
HAIR_LEVELS: tuple[str, ...] = ("short", "long")

SKIN_COLOUR: dict[str, Colour] = {"light": (238, 203, 180), "medium": (203, 153, 118), "dark": (134, 92, 69)}
LIP_COLOUR: dict[str, Colour] = {"light": (196, 108, 106), "medium": (166, 84, 82), "dark": (112, 54, 56)}
HAIR_COLOURS: dict[str, tuple[Colour, ...]] = {
    "light": ((62, 44, 34), (104, 70, 44), (186, 146, 92), (140, 78, 46), (138, 136, 134)),
    "medium": ((36, 28, 26), (58, 40, 32), (88, 58, 40), (118, 112, 108)),
    "dark": ((26, 22, 22), (38, 28, 26), (54, 38, 32), (96, 92, 90)),
}
IRIS_COLOURS: tuple[Colour, ...] = ((70, 46, 30), (58, 40, 28), (84, 100, 78), (72, 96, 122))
BACKGROUNDS: tuple[Colour, ...] = (
    (214, 219, 224), (226, 221, 210), (205, 215, 208), (200, 208, 220), (224, 212, 208), (188, 194, 200)
)  # fmt: skip
SHIRTS: tuple[Colour, ...] = (
    (62, 84, 112), (120, 64, 66), (74, 100, 82), (86, 80, 92), (176, 166, 148), (52, 54, 60), (150, 124, 92)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """One person: two levels that a study may vary, and the features that make the face one's own.

    Lengths are in pixels of the 224 x 224 drawing, colours are RGB 0..255.
    """

    seed: int
    skin: str
    hair: str
    skin_colour: Colour
    lip_colour: Colour
    hair_colour: Colour
    iris_colour: Colour
    shirt_colour: Colour
    face_width: float
    face_height: float
    jaw: float
    eye_spacing: float
    eye_width: float
    eye_height: float
    eye_tilt: float
    brow_thickness: float
    brow_height: float
    brow_arch: float
    nose_length: float
    nose_width: float
    mouth_width: float
    lip_fullness: float
    hair_parting: float
    hair_volume: float
    hairline: float

    @classmethod
    def from_seed(cls, seed: int, skin: str, hair: str) -> Identity:
        """The person that belongs to `seed`; the same seed with another level is a look-alike, not the same person.

        Raises ValueError on an unknown level.
        """
        if skin not in SKIN_LEVELS or hair not in HAIR_LEVELS:
            raise ValueError(f"skin must be one of {SKIN_LEVELS} and hair of {HAIR_LEVELS}, not {skin!r}, {hair!r}")
        rng = np.random.default_rng([seed, 1])
        tone = rng.normal(0, 5) + np.array([0, 1, 1]) * rng.normal(0, 3)
        return cls(
            seed=seed,
            skin=skin,
            hair=hair,
            skin_colour=_shifted(SKIN_COLOUR[skin], tone),
            lip_colour=_shifted(LIP_COLOUR[skin], rng.normal(0, 6, 3)),
            hair_colour=_shifted(HAIR_COLOURS[skin][rng.integers(len(HAIR_COLOURS[skin]))], rng.normal(0, 4)),
            iris_colour=IRIS_COLOURS[rng.integers(len(IRIS_COLOURS)) if skin == "light" else rng.integers(2)],
            shirt_colour=SHIRTS[rng.integers(len(SHIRTS))],
            face_width=rng.uniform(60, 70),
            face_height=rng.uniform(80, 88),
            jaw=rng.uniform(2.0, 2.6),
            eye_spacing=rng.uniform(28, 32),
            eye_width=rng.uniform(15.5, 18.5),
            eye_height=rng.uniform(7.6, 9.2),
            eye_tilt=rng.uniform(-0.5, 1.5),
            brow_thickness=rng.uniform(4.2, 6.6),
            brow_height=rng.uniform(18.0, 21.0),
            brow_arch=rng.uniform(2.0, 4.5),
            nose_length=rng.uniform(30, 36),
            nose_width=rng.uniform(10.5, 14.5),
            mouth_width=rng.uniform(25, 30),
            lip_fullness=rng.uniform(0.85, 1.25),
            hair_parting=rng.uniform(-0.6, 0.6),
            hair_volume=rng.uniform(6, 12),
            hairline=rng.uniform(0.60, 0.68),
        )


@dataclass(frozen=True, slots=True)
class Photograph:
    """What differs between two pictures of one face: pose, light, camera. Lengths in pixels, turn in degrees."""

    turn: float
    shift: tuple[float, float]
    zoom: float
    yaw: float
    light: float
    exposure: float
    warmth: float
    noise: float
    background: Colour

    @classmethod
    def from_rng(cls, rng: np.random.Generator) -> Photograph:
        """Draw one photograph; sizes chosen so that the face always fills the frame."""
        return cls(
            turn=rng.normal(0, 2.5),
            shift=(rng.normal(0, 2.2), rng.normal(0, 2.2)),
            zoom=rng.uniform(1.12, 1.22),
            yaw=rng.normal(0, 2.0),
            light=rng.uniform(-1, 1),
            exposure=rng.uniform(0.92, 1.07),
            warmth=rng.normal(0, 0.015),
            noise=rng.uniform(0.8, 3.5),
            background=BACKGROUNDS[rng.integers(len(BACKGROUNDS))],
        )


def _shifted(colour: Colour, by: float | np.ndarray) -> Colour:
    red, green, blue = np.clip(np.array(colour) + by, 0, 255)
    return float(red), float(green), float(blue)
