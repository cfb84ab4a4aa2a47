"""`draw_face`: from a person, an expression and the number of a photograph to a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from vlmrate.simulate.faces.expression import ActionUnits, Expression, action_units
from vlmrate.simulate.faces.features import draw_brow, draw_eye, draw_mouth, draw_nose
from vlmrate.simulate.faces.head import draw_body, draw_hair_before, draw_hair_behind, draw_skull
from vlmrate.simulate.faces.identity import Identity, Photograph
from vlmrate.simulate.faces.pen import SIZE, Frame, Pen, ink
from vlmrate.simulate.faces.shading import shade

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def draw_face(identity: Identity, expression: Expression, photograph: int = 0, supersampling: int = 3) -> Image.Image:
    """A 224 x 224 RGB picture of one person showing one expression; the same arguments give the same pixels.

    `photograph` numbers the pictures taken of a face: pose, light, background and camera noise differ
    between them, as do the details of the expression. `supersampling` (1 or more) is the factor at which
    edges are drawn before they are averaged down; 2 is quicker and hardly rougher.
    """
    rng = np.random.default_rng([identity.seed, 2, photograph])
    shot, units = sitting(expression, rng)
    return render(identity, units, shot, rng, supersampling)


def sitting(expression: Expression, rng: np.random.Generator) -> tuple[Photograph, ActionUnits]:
    """How one photograph is taken and which movements it shows, drawn from `rng`."""
    shot = Photograph.from_rng(rng)
    return shot, action_units(expression, rng)


def render(
    identity: Identity, units: ActionUnits, shot: Photograph, rng: np.random.Generator, supersampling: int = 3
) -> Image.Image:
    """The picture of given action units under a given photograph; `rng` is used for strands of hair and noise."""
    frame = Frame(shot, supersampling)
    base = np.asarray(_head(identity, units, frame), np.float32)
    shaded = shade(base, identity, units, frame)
    picture = Image.fromarray(np.clip(shaded, 0, 255).astype(np.uint8))
    for layer in (_features(identity, units, frame), _hair(identity, frame)):
        picture.paste(layer, (0, 0), layer)
    return _exposed(picture, shot, rng)


def _head(identity: Identity, units: ActionUnits, frame: Frame) -> Image.Image:
    side = int(SIZE * frame.scale)
    layer = Image.new("RGB", (side, side), ink(frame.photograph.background))
    pen = Pen(layer, frame)
    draw_hair_behind(pen, identity)
    draw_body(pen, identity)
    draw_skull(pen, identity, units)
    return layer.reduce(int(frame.scale))


def _features(identity: Identity, units: ActionUnits, frame: Frame) -> Image.Image:
    layer = _clear_layer(frame, identity.skin_colour)
    pen = Pen(layer, frame)
    for side in (-1, 1):
        draw_eye(pen, identity, units, side, frame.photograph.yaw)
        draw_brow(pen, identity, units, side, frame.photograph.yaw)
    draw_nose(pen, identity, units, 1.3 * frame.photograph.yaw)
    draw_mouth(pen, identity, units, 1.1 * frame.photograph.yaw)
    return layer.reduce(int(frame.scale))


def _hair(identity: Identity, frame: Frame) -> Image.Image:
    layer = _clear_layer(frame, identity.hair_colour)
    draw_hair_before(Pen(layer, frame), identity, np.random.default_rng([identity.seed, 3]))
    return layer.reduce(int(frame.scale))


def _clear_layer(frame: Frame, colour: ArrayLike) -> Image.Image:
    side = int(SIZE * frame.scale)
    return Image.new("RGBA", (side, side), (*ink(colour), 0))


def _exposed(picture: Image.Image, shot: Photograph, rng: np.random.Generator) -> Image.Image:
    gains = shot.exposure * np.array([1 + shot.warmth, 1.0, 1 - shot.warmth])
    values = np.asarray(picture, np.float32) * gains.astype(np.float32)
    grain = rng.standard_normal((SIZE, SIZE, 1), np.float32) * shot.noise
    return Image.fromarray(np.clip(values + grain, 0, 255).astype(np.uint8))
