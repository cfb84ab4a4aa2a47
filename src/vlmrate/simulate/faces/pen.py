"""Drawing in face coordinates: pixels of a 224 x 224 picture, moved and turned as the photograph says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from vlmrate.simulate.faces.identity import Photograph

SIZE = 224
CENTRE = np.array([112.0, 116.0])


@dataclass(frozen=True, slots=True)
class Frame:
    """How face coordinates (origin in the middle of the face, y down) become pixels of a layer."""

    photograph: Photograph
    scale: float

    def place(self, points: np.ndarray) -> list[tuple[float, float]]:
        """Pixels of `points`, shape (n, 2)."""
        angle = math.radians(self.photograph.turn)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        placed = (points @ turn.T * self.photograph.zoom + CENTRE + np.array(self.photograph.shift)) * self.scale
        return [(float(x), float(y)) for x, y in placed]


class Pen:
    """Draws on one layer; a layer of mode "L" takes ints as fill, others colours."""

    def __init__(self, layer: Image.Image, frame: Frame) -> None:
        self._draw = ImageDraw.Draw(layer)
        self._frame = frame

    def polygon(self, points: np.ndarray, fill: ArrayLike) -> None:
        """A filled polygon through `points`, shape (n, 2)."""
        self._draw.polygon(self._frame.place(points), fill=int(fill) if isinstance(fill, int | float) else ink(fill))

    def ellipse(self, centre: tuple[float, float], radii: tuple[float, float], fill: ArrayLike) -> None:
        """A filled ellipse."""
        turn = np.linspace(0, 2 * np.pi, 40)
        self.polygon(np.stack([centre[0] + radii[0] * np.cos(turn), centre[1] + radii[1] * np.sin(turn)], 1), fill)

    def stroke(self, points: np.ndarray, widths: np.ndarray | float, fill: ArrayLike) -> None:
        """A line through `points`; its width (one for all, or one a point) may taper."""
        along = np.gradient(points, axis=0)
        across = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(np.linalg.norm(along, axis=1), 1e-6)[:, None]
        half = (np.broadcast_to(np.asarray(widths, float), len(points)) / 2)[:, None] * across
        self.polygon(np.concatenate([points + half, (points - half)[::-1]]), fill)


def ink(colour: ArrayLike) -> tuple[int, ...]:
    """A colour as Pillow wants it: whole numbers."""
    return tuple(round(float(part)) for part in np.asarray(colour))


def mixed(colour: ArrayLike, other: ArrayLike, share: float) -> np.ndarray:
    """`colour` with `share` of `other` in it."""
    return (1 - share) * np.asarray(colour, float) + share * np.asarray(other, float)


def curve(xs: ArrayLike, ys: ArrayLike, n: int = 24) -> np.ndarray:
    """A smooth line through a few points (the polynomial through all of them), shape (n, 2)."""
    knots_x, knots_y = np.asarray(xs, float), np.asarray(ys, float)
    knots = np.linspace(0, 1, len(knots_x))
    t = np.linspace(0, 1, n)
    degree = len(knots) - 1
    return np.stack([np.polyval(np.polyfit(knots, values, degree), t) for values in (knots_x, knots_y)], 1)
