"""Light and shadow on the face, and the creases that expressions draw into skin: soft masks, multiplied in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from vlmrate.simulate.faces.expression import ActionUnits
from vlmrate.simulate.faces.features import EYE_Y, MOUTH_Y
from vlmrate.simulate.faces.head import face_outline, neck_outline
from vlmrate.simulate.faces.pen import SIZE, Frame, Pen, curve

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.simulate.faces.identity import Identity

SHADOW_TINT = np.array([0.52, 0.40, 0.36])  # what full shadow leaves of red, green and blue


def shade(base: np.ndarray, person: Identity, units: ActionUnits, frame: Frame) -> np.ndarray:
    """`base` (224, 224, 3; 0..255) with the face modelled by light; float array of the same shape."""
    skin = _mask(frame, lambda pen: _skin(pen, person, units), 0.7)
    inside = _mask(frame, lambda pen: pen.polygon(face_outline(person, units, -13.0), 255), 11)
    soft = _mask(frame, lambda pen: _soft_shadows(pen, person, units), 4.5)
    creases = _mask(frame, lambda pen: _creases(pen, person, units), 1.2)
    lights = _mask(frame, lambda pen: _highlights(pen, person), 6)
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE - 0.5
    slope = 0.5 * frame.photograph.light * x + 0.25 * y
    shadow = np.clip(0.40 * (1 - inside) + 0.42 * soft + 0.78 * creases + 0.25 * slope, 0, 1) * skin
    lit = base * (1 - shadow[..., None] * (1 - SHADOW_TINT))
    glow = (lights * skin * (0.13 - 0.10 * slope))[..., None]
    blush = _mask(frame, lambda pen: _cheeks(pen, units, 170), 8)[..., None] * skin[..., None]
    return np.asarray(lit + glow * (255 - lit) + blush * np.array([6.0, -7.0, -5.0]))


def _mask(frame: Frame, paint: Callable[[Pen], None], blur: float) -> np.ndarray:
    layer = Image.new("L", (SIZE, SIZE), 0)
    paint(Pen(layer, Frame(frame.photograph, 1.0)))
    return np.asarray(layer.filter(ImageFilter.GaussianBlur(blur)), np.float32) / 255


def _skin(pen: Pen, person: Identity, units: ActionUnits) -> None:
    pen.polygon(neck_outline(person), 255)
    pen.polygon(face_outline(person, units), 255)


def _soft_shadows(pen: Pen, person: Identity, units: ActionUnits) -> None:
    for side in (-1, 1):
        pen.ellipse((side * person.eye_spacing, EYE_Y - 7), (person.eye_width + 3, 9), 120)
        pen.ellipse((side * person.nose_width * 0.55, EYE_Y + 2), (4, 9), 150)
        pen.stroke(
            np.array([[side * person.nose_width * 0.8, EYE_Y + 14], [side * person.nose_width, EYE_Y + 28]]), 4, 130
        )
    pen.ellipse((0, EYE_Y + person.nose_length + 5), (person.nose_width, 3.5), 140)
    pen.ellipse((0, MOUTH_Y + 13 + 15 * units.jaw_drop), (14, 4), 190)


def _creases(pen: Pen, person: Identity, units: ActionUnits) -> None:
    wing, tip = person.nose_width * 1.15, EYE_Y + person.nose_length
    fold = max(0.85 * units.lip_corner_puller, 0.95 * units.upper_lip_raiser, 0.35 * units.lip_stretcher)
    mouth = person.mouth_width * (1 + 0.30 * units.lip_corner_puller)
    for side in (-1, 1):
        end = (mouth + 7, MOUTH_Y - 2) if units.lip_corner_puller > 0.2 else (mouth + 2, MOUTH_Y + 4)
        line = curve(
            side * np.array([wing, (wing + end[0]) / 2 + 4, end[0]]), [tip - 5, (tip + end[1]) / 2 - 3, end[1]]
        )
        _crease(pen, line, fold, 2.6)
        under = curve(side * (person.eye_spacing + np.array([-13.0, 0, 13])), EYE_Y + np.array([9.0, 13, 9]))
        _crease(pen, under, 0.7 * units.cheek_raiser, 2.2)
        for spread in (-3.0, 1.0, 5.0):
            corner = side * (person.eye_spacing + person.eye_width + np.array([3.0, 8.0]))
            crow = np.stack([corner, EYE_Y + np.array([spread * 0.4, spread * 1.3])], 1)
            _crease(pen, crow, 0.6 * units.cheek_raiser * units.lip_corner_puller, 1.5)
        frown = np.array([[side * 5.0, EYE_Y - 20], [side * 4.0, EYE_Y - 8]])
        _crease(pen, frown, max(units.brow_lowerer - 0.2, 0.5 * units.nose_wrinkler), 2.4)
        for row in range(3):
            reach = 8.0 + 1.5 * row
            wrinkle = curve(
                side * np.array([1.5, 0.5 * reach, reach]), EYE_Y + 1 + 5.5 * row + np.array([0.0, 0.5, 4.0])
            )
            _crease(pen, wrinkle, 0.85 * units.nose_wrinkler, 2.2)
    _forehead(pen, units)
    chin = curve([-12, 0, 12], [MOUTH_Y + 21, MOUTH_Y + 16, MOUTH_Y + 21])
    _crease(pen, chin, 0.7 * units.chin_raiser, 2.5)


def _forehead(pen: Pen, units: ActionUnits) -> None:
    for row in range(2):
        y = EYE_Y - 36 - 7 * row
        centre = curve([-17, 0, 17], [y + 1.5, y - 1, y + 1.5])
        _crease(pen, centre, 0.65 * units.inner_brow_raiser, 2.0)
        for side in (-1, 1):
            flank = curve(side * np.array([20.0, 30, 40]), [y, y - 1.5, y + 2])
            _crease(pen, flank, 0.65 * units.outer_brow_raiser, 2.0)


def _crease(pen: Pen, line: np.ndarray, strength: float, width: float) -> None:
    if strength > 0.08:
        pen.stroke(line, width * (0.5 + 0.5 * strength), 255 * min(strength, 1.0))


def _highlights(pen: Pen, person: Identity) -> None:
    pen.ellipse((0, EYE_Y + person.nose_length * 0.55), (3.5, 14), 230)
    pen.ellipse((0, EYE_Y - 38), (26, 9), 150)
    _cheeks(pen, ActionUnits(), 170)


def _cheeks(pen: Pen, units: ActionUnits, level: int) -> None:
    for side in (-1, 1):
        pen.ellipse((side * 36, EYE_Y + 29 - 3 * units.cheek_raiser), (11, 8), level)
