"""The head without its features: background, shoulders, neck, ears, the face's outline, and the hair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.simulate.faces.pen import Pen, curve, mixed

if TYPE_CHECKING:
    from vlmrate.simulate.faces.expression import ActionUnits
    from vlmrate.simulate.faces.identity import Identity

EAR_Y = -4.0
HAIR_LENGTH = 205.0
NECK = 0.53  # half the width of the neck, in half widths of the face


def face_outline(person: Identity, units: ActionUnits, grow: float = 0.0) -> np.ndarray:
    """The closed line around the face, shape (n, 2); a dropped jaw makes it longer."""
    turn = np.linspace(0, 2 * np.pi, 120)
    below = np.sin(turn) > 0
    height = np.where(below, person.face_height + 7 * units.jaw_drop, person.face_height) + grow
    squareness = np.where(below, 2 / person.jaw, 1.0)
    width = (person.face_width + grow) * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** squareness
    narrowing = 1 - 0.10 * np.clip(np.sin(turn), 0, 1)
    return np.stack([width * narrowing, height * np.sin(turn)], 1)


def draw_body(pen: Pen, person: Identity) -> None:
    """Shoulders and neck."""
    x = np.linspace(-1, 1, 60)
    shoulders = np.stack([125 * x, 88 + 30 * np.abs(x) ** 2.2 - 12 * np.exp(-((x / 0.25) ** 2))], 1)
    pen.polygon(np.concatenate([shoulders, [[140, 160], [-140, 160]]]), person.shirt_colour)
    half = person.face_width * NECK
    pen.polygon(neck_outline(person), mixed(person.skin_colour, (60, 20, 10), 0.16))
    collar = mixed(person.shirt_colour, (255, 255, 255), 0.18)
    for side in (-1, 1):
        edge = np.array([[side * half * 1.1, 88.0], [side * half * 0.6, 103], [0, 114]])
        pen.stroke(edge, 4.0, collar)


def neck_outline(person: Identity) -> np.ndarray:
    """The neck down to the collar, shape (n, 2)."""
    half = person.face_width * NECK
    return np.array([[-half, 50], [half, 50], [half * 1.05, 92], [0, 112], [-half * 1.05, 92]])


def draw_skull(pen: Pen, person: Identity, units: ActionUnits) -> None:
    """Ears and face."""
    for side in (-1, 1):
        ear = side * (person.face_width - 1.0)
        pen.ellipse((ear, EAR_Y + 4), (8.5, 15), mixed(person.skin_colour, (90, 30, 20), 0.12))
        pen.ellipse((ear + side * 1.5, EAR_Y + 4), (4.5, 10), mixed(person.skin_colour, (90, 30, 20), 0.30))
    pen.polygon(face_outline(person, units), person.skin_colour)


def draw_hair_behind(pen: Pen, person: Identity) -> None:
    """What of the hair lies behind the face: a fall to the shoulders, or the rim of a short cut."""
    if person.hair == "short":
        pen.polygon(_rim(person), person.hair_colour)
    else:
        pen.polygon(_fall(person), mixed(person.hair_colour, 0, 0.18))


def _rim(person: Identity) -> np.ndarray:
    turn = np.linspace(np.pi, 2 * np.pi, 50)
    width, height = person.face_width + 4, person.face_height + person.hair_volume
    top = np.stack([width * np.cos(turn), height * np.sin(turn)], 1)
    return np.concatenate([top, [[width - 2, 4], [-width + 2, 4]]])


def _fall(person: Identity) -> np.ndarray:
    y = np.linspace(0, 1, 40)
    top = -person.face_height - person.hair_volume
    crown = np.clip(y / 0.44, 0, 1)
    half = (person.face_width + 7 + person.hair_volume * 0.6) * np.sqrt(1 - (1 - crown) ** 2)
    half = half + 8 * np.sin(np.clip(y - 0.44, 0, 1) * 4.5)
    down = top + y * HAIR_LENGTH
    return np.concatenate([np.stack([half, down], 1), np.stack([-half, down], 1)[::-1]])


def draw_hair_before(pen: Pen, person: Identity, rng: np.random.Generator) -> None:
    """Hair over the forehead and temples, with a parting and a few strands of lighter and darker tone."""
    sides = 1.0 if person.hair == "long" else 0.62
    x = -np.cos(np.linspace(0, np.pi, 60))
    crown = np.sqrt(np.maximum(1 - x**2, 0)) ** 0.9
    outer = np.stack(
        [(person.face_width + 5) * x, EAR_Y - 12 - (person.face_height + person.hair_volume - 16) * crown], 1
    )
    inner = hairline(person, x, sides)
    pen.polygon(np.concatenate([outer, inner[::-1]]), person.hair_colour)
    if person.hair == "long":
        _draw_locks(pen, person)
    _draw_strands(pen, person, outer, inner, rng)


def hairline(person: Identity, x: np.ndarray, sides: float) -> np.ndarray:
    """The lower edge of the hair on the forehead, for `x` from -1 to 1 across the face."""
    top = -person.face_height * person.hairline
    parting = 9 * np.exp(-(((x - person.hair_parting) / 0.22) ** 2))
    temple = (20 + 34 * sides) * np.abs(x) ** 7
    return np.stack([(person.face_width + 3) * x, top - parting + 8 * x**2 + temple], 1)


def _draw_locks(pen: Pen, person: Identity) -> None:
    for side in (-1, 1):
        width = person.face_width
        outside = curve([width + 3, width + 11, width + 13, width + 4], [-24, 20, 72, 112])
        inside = curve([width - 6, width - 1, width - 1, width - 5], [112, 66, 20, -26])
        pen.polygon(np.concatenate([outside, inside]) * [side, 1], person.hair_colour)


def _draw_strands(pen: Pen, person: Identity, outer: np.ndarray, inner: np.ndarray, rng: np.random.Generator) -> None:
    for index in rng.integers(4, len(outer) - 4, 22):
        other = int(np.clip(index + rng.integers(-3, 4), 0, len(inner) - 1))
        start = mixed(outer[index], inner[index], rng.uniform(0.05, 0.4))
        end = mixed(outer[other], inner[other], rng.uniform(0.6, 0.97))
        bend = (start + end) / 2 + rng.normal(0, 2.0, 2)
        tone = mixed(person.hair_colour, (255, 235, 215) if rng.random() < 0.5 else (0, 0, 0), rng.uniform(0.04, 0.13))
        pen.stroke(np.array([start, bend, end]), np.array([0.4, 1.8, 0.3]), tone)
