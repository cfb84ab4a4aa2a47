"""Eyes, brows, nose and mouth, moved by the action units. Coordinates: face pixels, y down, 0 in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.simulate.faces.pen import Pen, curve, mixed

if TYPE_CHECKING:
    from vlmrate.simulate.faces.expression import ActionUnits
    from vlmrate.simulate.faces.identity import Identity

EYE_Y = -13.0
MOUTH_Y = 45.0
LASH = (30, 20, 18)
SCLERA = (246, 243, 238)
MOUTH_INSIDE = (66, 18, 22)
TEETH = (246, 242, 232)
TONGUE = (178, 84, 84)


def lid_height(person: Identity, units: ActionUnits) -> tuple[float, float]:
    """How far the upper lid rises above, and the lower lid falls below, the line between the eye's corners."""
    upper = 1 + 0.75 * units.upper_lid_raiser - 0.25 * units.lid_tightener - 0.15 * units.cheek_raiser
    lower = 1 + 0.35 * units.upper_lid_raiser - 0.75 * units.lid_tightener - 0.65 * units.cheek_raiser
    upper = upper - 1.05 * units.eyes_closing - 0.25 * units.nose_wrinkler
    return person.eye_height * max(upper, 0.12), 0.55 * person.eye_height * max(lower, 0.1)


def draw_eye(pen: Pen, person: Identity, units: ActionUnits, side: int, shift: float) -> None:
    """One almond-shaped eye (`side` -1 or 1), its iris cut by the lids, with lashes and the fold of the lid."""
    centre = side * person.eye_spacing + shift
    upper, lower = lid_height(person, units)
    t = np.linspace(-1, 1, 25)
    x = centre + person.eye_width * t * side
    line = EYE_Y - person.eye_tilt * t
    top, bottom = line - upper * (1 - np.abs(t) ** 2.2), line + lower * (1 - np.abs(t) ** 2)
    lid, rim = np.stack([x, top], 1), np.stack([x, bottom], 1)
    pen.polygon(np.concatenate([lid, rim[::-1]]), SCLERA)
    _draw_iris(pen, person, (centre, EYE_Y - 0.8), (x * side, top, bottom), side)
    pen.stroke(lid, 1.2 + 1.6 * (1 - t**2) + 0.5 * (t + 1), LASH)
    pen.stroke(rim, 0.9, mixed(person.skin_colour, (60, 20, 15), 0.55))
    fold = np.stack([x, line - (upper * 1.15 + 4.2) * (1 - np.abs(t) ** 2.6) + 0.8], 1)
    pen.stroke(fold[2:-1], 1.1, mixed(person.skin_colour, (50, 15, 10), 0.42))


def _draw_iris(
    pen: Pen, person: Identity, centre: tuple[float, float], lids: tuple[np.ndarray, np.ndarray, np.ndarray], side: int
) -> None:
    across, top, bottom = lids
    turn = np.linspace(0, 2 * np.pi, 40)
    for radius, colour in ((6.9, mixed(person.iris_colour, 0, 0.45)), (6.0, person.iris_colour), (3.1, (14, 10, 10))):
        x = centre[0] + radius * np.cos(turn)
        inside = np.argsort(across)
        high = np.interp(x * side, across[inside], top[inside])
        low = np.interp(x * side, across[inside], bottom[inside])
        y = np.clip(centre[1] + radius * np.sin(turn), high, low)
        pen.polygon(np.stack([x, y], 1), colour)
    glint = float(np.interp(centre[0] * side, np.sort(across), top[np.argsort(across)])) + 3.4
    if glint < centre[1] + 1:
        pen.ellipse((centre[0] + 2.2, max(glint, centre[1] - 2.4)), (1.5, 1.5), (255, 255, 255))


def draw_brow(pen: Pen, person: Identity, units: ActionUnits, side: int, shift: float) -> None:
    """One brow: its inner end, middle and outer end each follow their own muscles."""
    width = person.eye_width
    centre = side * person.eye_spacing + shift
    base = EYE_Y - person.brow_height
    pull = 3.5 * units.brow_lowerer
    inner = base + 1.5 - 10.0 * units.inner_brow_raiser + 10.5 * units.brow_lowerer + 4 * units.nose_wrinkler
    middle = base - person.brow_arch - 3.5 * units.inner_brow_raiser - 7.5 * units.outer_brow_raiser
    middle = middle + 5.5 * units.brow_lowerer + 2 * units.nose_wrinkler + 2 * units.eyes_closing
    outer = base + 2.0 - 7.5 * units.outer_brow_raiser - 0.5 * units.brow_lowerer + 2.5 * units.inner_brow_raiser
    outer = outer + 2.0 * units.eyes_closing
    xs = centre + side * np.array([-width * 0.95 - pull, -width * 0.1, width * 1.25])
    line = curve(xs, [inner, middle, outer])
    taper = person.brow_thickness * np.interp(np.linspace(0, 1, len(line)), [0, 0.15, 0.55, 1], [0.75, 1.0, 0.9, 0.25])
    pen.stroke(line, taper, brow_colour(person))


def brow_colour(person: Identity) -> np.ndarray:
    """The hair's colour, darkened until it stands out from the skin, fair hair included."""
    return mixed(mixed(person.hair_colour, person.skin_colour, 0.05), (18, 10, 8), 0.5)


def draw_nose(pen: Pen, person: Identity, units: ActionUnits, shift: float) -> None:
    """Nostrils and the wings of the nose; its bridge is left to the shading."""
    tip = EYE_Y + person.nose_length - 3.0 * units.nose_wrinkler
    width = person.nose_width * (1 + 0.14 * units.nose_wrinkler + 0.08 * units.lip_corner_puller)
    dark = mixed(person.skin_colour, (50, 12, 8), 0.55)
    for side in (-1, 1):
        wing = curve(
            shift + side * np.array([width * 0.82, width * 1.08, width * 0.95, width * 0.55]),
            np.array([tip - 8.5, tip - 4.0, tip + 1.0, tip + 1.6]),
        )
        pen.stroke(wing, np.linspace(0.6, 1.8, len(wing)), dark)
        pen.ellipse((shift + side * width * 0.42, tip + 1.0), (width * 0.24, 1.6), mixed(dark, 0, 0.4))
    under = curve(shift + np.array([-0.3, 0, 0.3]) * width, np.array([tip + 2.0, tip + 3.2, tip + 2.0]))
    pen.stroke(under, 1.2, dark)


def draw_mouth(pen: Pen, person: Identity, units: ActionUnits, shift: float) -> None:
    """Both lips and, where they part, teeth, tongue and the dark between."""
    x = np.linspace(-1, 1, 41)
    middle, gap_up, gap_down = mouth_lines(units, x)
    half = person.mouth_width * (
        1
        + 0.30 * units.lip_corner_puller
        + 0.22 * units.lip_stretcher
        - 0.22 * units.lip_tightener
        - 0.08 * units.jaw_drop
    )
    across = shift * 0.8 + half * x
    top, bottom = middle - gap_up, middle + gap_down
    thin = 1 - 0.6 * units.lip_tightener - 0.15 * units.lip_corner_puller
    full = person.lip_fullness * max(thin, 0.3) * (1 - x**2) ** 0.75
    bow = 1 - 0.28 * np.exp(-((x / 0.16) ** 2))
    squared = 1.0 + 0.3 * units.upper_lip_raiser * np.exp(-(((np.abs(x) - 0.5) / 0.25) ** 2))
    upper_lip = top - 5.6 * full * bow * squared
    lower_lip = bottom + 7.2 * full * (1 - 0.2 * units.chin_raiser)
    lip = np.asarray(person.lip_colour)
    line = mixed(lip, (40, 6, 8), 0.62)
    if float((gap_up + gap_down).max()) > 1.2:
        pen.polygon(_band(across, top, bottom), MOUTH_INSIDE)
        _draw_teeth(pen, units, across, top, bottom)
    pen.polygon(_band(across, upper_lip, top + 0.4), mixed(lip, 0, 0.10))
    pen.polygon(_band(across, bottom - 0.4, lower_lip), lip)
    taper = 1.0 + 1.3 * (1 - x**2)
    pen.stroke(np.stack([across, top], 1), taper, line)
    pen.stroke(np.stack([across, bottom], 1), taper * 0.8, line)
    for end in (0, -1):
        pen.ellipse((float(across[end]), float(middle[end])), (1.7, 1.5), line)


def mouth_lines(units: ActionUnits, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The line where the lips meet, and how far each lip stands off it, over `x` from -1 to 1."""
    lift = 13.0 * units.lip_corner_puller - 11.0 * units.lip_corner_depressor - 3.5 * units.lip_stretcher
    lift = lift - 2.0 * units.upper_lip_raiser
    raised = 3.0 * units.chin_raiser + 3.0 * units.upper_lip_raiser
    middle = MOUTH_Y + 0.4 * lift - lift * np.abs(x) ** 1.8 - raised * np.exp(-((x / 0.6) ** 2))
    opening = (1 - x**2) ** 0.7
    gap_up = (2.5 * units.lips_part + 4.0 * units.jaw_drop + 6.5 * _above(units.upper_lip_raiser, 0.2)) * opening
    gap_down = (
        7.5 * units.lips_part * (0.35 + 0.65 * min(units.lip_corner_puller, 1)) + 15.0 * units.jaw_drop
    ) * opening
    return middle, gap_up, gap_down


def _draw_teeth(pen: Pen, units: ActionUnits, across: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> None:
    inner = slice(3, -3)
    depth = np.minimum(bottom - top, 6.5 + 2.0 * units.lip_corner_puller)[inner]
    pen.polygon(_band(across[inner], top[inner], top[inner] + 0.92 * depth), TEETH)
    if units.jaw_drop > 0.3:
        low = slice(9, -9)
        pen.polygon(_band(across[low], bottom[low] - 5.0 * units.jaw_drop, bottom[low]), TONGUE)


def _band(x: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    return np.concatenate([np.stack([x, upper], 1), np.stack([x, lower], 1)[::-1]])


def _above(value: float, start: float) -> float:
    return max(value - start, 0.0) / (1 - start)
