"""The pictures the tiny model learns from: drawn faces with what is true of them, and pictures of no face."""

from __future__ import annotations

import io
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from vlmrate.simulate.faces.drawing import render, sitting
from vlmrate.tiny.no_faces import ALL_KINDS, FIRST_KINDS, no_face
from vlmrate.tiny.people import random_face

if TYPE_CHECKING:
    from vlmrate.simulate.faces import Expression, Identity
    from vlmrate.tiny.no_faces import Kind

MODEL_SIZE = 112
BLOCK = 250
AUGMENTED_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Picture:
    """One training picture: who shows what, and the movements drawn. All None or empty where there is no face."""

    identity: Identity | None
    expression: Expression | None
    units: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Mixture:
    """What a set of training pictures is made of: the share of pictures of no face, and their kinds.

    `stream` keeps the random numbers of one mixture apart from those of another.
    """

    no_face_share: float
    kinds: tuple[Kind, ...]
    stream: int


FACES = Mixture(0.09, FIRST_KINDS, stream=11)
DOUBT = Mixture(0.30, ALL_KINDS, stream=12)


def training_pictures(
    count: int, seed: int, processes: int = 2, mixture: Mixture = FACES
) -> tuple[list[Picture], np.ndarray]:
    """`count` pictures and their pixels (count, 112, 112, 3) uint8; blocks are seeded, so processes do not matter."""
    sizes = [min(BLOCK, count - start) for start in range(0, count, BLOCK)]
    blocks = [(seed, number, size, mixture) for number, size in enumerate(sizes)]
    with get_context("fork").Pool(processes) as pool:
        drawn = pool.map(_block, blocks, chunksize=1)
    return [picture for pictures, _ in drawn for picture in pictures], np.concatenate([pixels for _, pixels in drawn])


def to_model_size(image: Image.Image) -> np.ndarray:
    """The pixels the model's processor makes of a picture, before it scales them to -1..1."""
    return np.asarray(image.convert("RGB").resize((MODEL_SIZE, MODEL_SIZE), Image.Resampling.BILINEAR))


def _block(job: tuple[int, int, int, Mixture]) -> tuple[list[Picture], np.ndarray]:
    seed, number, count, mixture = job
    rng = np.random.default_rng([seed, mixture.stream, number])
    pictures, pixels = [], np.empty((count, MODEL_SIZE, MODEL_SIZE, 3), np.uint8)
    for row in range(count):
        picture, image = _one(rng, mixture)
        pictures.append(picture)
        pixels[row] = to_model_size(_roughened(image, rng) if rng.random() < AUGMENTED_SHARE else image)
    return pictures, pixels


def _one(rng: np.random.Generator, mixture: Mixture) -> tuple[Picture, Image.Image]:
    if rng.random() < mixture.no_face_share:
        return Picture(None, None), no_face(rng, mixture.kinds)
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
