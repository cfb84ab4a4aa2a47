"""The pictures the tiny model learns from: drawn faces with what is true of them, and pictures of no face."""

from __future__ import annotations

import io
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from vlmrate.simulate.faces import EMOTIONS, HAIR_LEVELS, SKIN_LEVELS, Expression, Identity
from vlmrate.simulate.faces.drawing import render, sitting

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL_SIZE = 112
BLOCK = 250
NO_FACE_SHARE = 0.09
AUGMENTED_SHARE = 0.4
HELD_OUT = 1_000_000_000  # identity seeds from here on are never drawn for training


@dataclass(frozen=True, slots=True)
class Picture:
    """One training picture: who shows what, and the movements drawn. All None or empty where there is no face."""

    identity: Identity | None
    expression: Expression | None
    units: tuple[float, ...] = ()


def random_face(rng: np.random.Generator, first_seed: int = 0) -> tuple[Identity, Expression]:
    """A person and an expression, every level and emotion alike often, intensity uniform (neutral: alertness)."""
    identity = Identity.from_seed(
        first_seed + int(rng.integers(HELD_OUT)), SKIN_LEVELS[rng.integers(3)], HAIR_LEVELS[rng.integers(2)]
    )
    emotion = EMOTIONS[rng.integers(len(EMOTIONS))]
    low = 0.0 if emotion == "neutral" else 0.05
    return identity, Expression(emotion, float(rng.uniform(low, 1.0)))


def training_pictures(count: int, seed: int, processes: int = 2) -> tuple[list[Picture], np.ndarray]:
    """`count` pictures and their pixels (count, 112, 112, 3) uint8; blocks are seeded, so processes do not matter."""
    blocks = [(seed, number, min(BLOCK, count - number * BLOCK)) for number in range(-(-count // BLOCK))]
    with get_context("fork").Pool(processes) as pool:
        drawn = pool.map(_block, blocks, chunksize=1)
    return [picture for pictures, _ in drawn for picture in pictures], np.concatenate([pixels for _, pixels in drawn])


def to_model_size(image: Image.Image) -> np.ndarray:
    """The pixels the model's processor makes of a picture, before it scales them to -1..1."""
    return np.asarray(image.convert("RGB").resize((MODEL_SIZE, MODEL_SIZE), Image.Resampling.BILINEAR))


def _block(job: tuple[int, int, int]) -> tuple[list[Picture], np.ndarray]:
    seed, number, count = job
    rng = np.random.default_rng([seed, 11, number])
    pictures, pixels = [], np.empty((count, MODEL_SIZE, MODEL_SIZE, 3), np.uint8)
    for row in range(count):
        picture, image = _one(rng)
        pictures.append(picture)
        pixels[row] = to_model_size(_roughened(image, rng) if rng.random() < AUGMENTED_SHARE else image)
    return pictures, pixels


def _one(rng: np.random.Generator) -> tuple[Picture, Image.Image]:
    if rng.random() < NO_FACE_SHARE:
        return Picture(None, None), no_face(rng)
    identity, expression = random_face(rng)
    shot, units = sitting(expression, rng)
    image = render(identity, units, shot, rng, supersampling=2 + int(rng.integers(2)))
    return Picture(identity, expression, tuple(float(value) for value in units.as_array())), image


def _roughened(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A copy as bad cameras and web sites make them: compressed, blurred, shrunk, or without colour."""
    kind = rng.integers(8)
    if kind <= 2:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(35, 95)))
        return Image.open(file).convert("RGB")
    if kind <= 4:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.8)))
    if kind <= 6:
        side = int(rng.integers(90, 200))
        return image.resize((side, side), Image.Resampling.BICUBIC)
    return image.convert("L").convert("RGB")


def no_face(rng: np.random.Generator) -> Image.Image:
    """A picture that holds no face: noise, plain colour, gradients, stripes, shapes, or a face cut to pieces."""
    return NO_FACES[rng.integers(len(NO_FACES))](rng)


def _noise(rng: np.random.Generator) -> Image.Image:
    side = int(rng.choice([14, 28, 56, 112, 224]))
    channels = 3 if rng.random() < 0.6 else 1
    values = np.clip(rng.normal(rng.uniform(60, 200), rng.uniform(20, 90), (side, side, channels)), 0, 255)
    return _enlarged(np.broadcast_to(values, (side, side, 3)), Image.Resampling.NEAREST)


def _clouds(rng: np.random.Generator) -> Image.Image:
    side = int(rng.integers(3, 12))
    return _enlarged(rng.uniform(0, 255, (side, side, 3)), Image.Resampling.BICUBIC)


def _plain(rng: np.random.Generator) -> Image.Image:
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.7 else np.full(3, rng.uniform(0, 255))
    return _enlarged(np.broadcast_to(colour, (8, 8, 3)) + rng.normal(0, rng.uniform(0, 6), (8, 8, 1)))


def _gradient(rng: np.random.Generator) -> Image.Image:
    return _enlarged(rng.uniform(0, 255, (2, 2, 3)), Image.Resampling.BILINEAR)


def _stripes(rng: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[0:224, 0:224]
    angle, period = rng.uniform(0, np.pi), rng.uniform(8, 60)
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
    wave = np.sign(wave) if rng.random() < 0.5 else wave
    low, high = rng.uniform(0, 255, (2, 3))
    return _enlarged(low + (high - low) * (wave[..., None] + 1) / 2)


def _shapes(rng: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (224, 224), tuple(int(part) for part in rng.integers(0, 256, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 16))):
        points = [tuple(point) for point in rng.integers(-20, 244, (int(rng.integers(3, 6)), 2)).tolist()]
        colour = tuple(int(part) for part in rng.integers(0, 256, 3))
        if rng.random() < 0.5:
            draw.polygon(points, fill=colour)
        else:
            (left, top), side = points[0], int(rng.integers(8, 110))
            draw.ellipse((left, top, left + side, top + side * rng.uniform(0.4, 1.4)), fill=colour)
    return image


def _cut_up(rng: np.random.Generator) -> Image.Image:
    identity, expression = random_face(rng)
    shot, units = sitting(expression, rng)
    pixels = np.asarray(render(identity, units, shot, rng, supersampling=2))
    parts = int(rng.choice([4, 7, 8]))
    side = 224 // parts
    tiles = pixels.reshape(parts, side, parts, side, 3).swapaxes(1, 2).reshape(parts * parts, side, side, 3)
    mixed = tiles[rng.permutation(parts * parts)].reshape(parts, parts, side, side, 3)
    return Image.fromarray(mixed.swapaxes(1, 2).reshape(224, 224, 3))


def _enlarged(values: np.ndarray, how: Image.Resampling = Image.Resampling.NEAREST) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).resize((224, 224), how)


NO_FACES: tuple[Callable[[np.random.Generator], Image.Image], ...] = (
    _noise, _clouds, _plain, _gradient, _stripes, _shapes, _cut_up
)  # fmt: skip
