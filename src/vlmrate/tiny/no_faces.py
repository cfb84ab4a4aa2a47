"""Pictures that show no face: what a model must learn to be unsure about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from vlmrate.simulate.faces.drawing import render, sitting
from vlmrate.simulate.faces.identity import BACKGROUNDS, SHIRTS, SKIN_COLOUR
from vlmrate.tiny.people import random_face

if TYPE_CHECKING:
    from collections.abc import Callable

    Kind = Callable[[np.random.Generator], Image.Image]


def no_face(rng: np.random.Generator, kinds: tuple[Kind, ...]) -> Image.Image:
    """A picture that holds no face, of one of `kinds`."""
    return kinds[rng.integers(len(kinds))](rng)


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


def _scene(rng: np.random.Generator) -> Image.Image:
    """Upright boxes, roofs and round things before sky and ground: houses, trees, cars, furniture."""
    image = _enlarged(np.sort(rng.uniform(90, 255, (2, 1, 3)), axis=0)[::-1], Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    ground = int(rng.integers(120, 220))
    draw.rectangle((0, ground, 224, 224), fill=_tone(rng))
    for _ in range(int(rng.integers(1, 5))):
        left, top = int(rng.integers(-20, 160)), int(rng.integers(10, 150))
        right, bottom = left + int(rng.integers(20, 140)), top + int(rng.integers(20, 140))
        draw.rectangle((left, top, right, bottom), fill=_tone(rng))
        if rng.random() < 0.5:
            draw.polygon([(left - 8, top), ((left + right) // 2, top - 50), (right + 8, top)], fill=_tone(rng))
        _openings(draw, (left, top, right, bottom), rng)
    for _ in range(int(rng.integers(0, 4))):
        x, y, size = (int(value) for value in rng.integers((10, 20, 8), (214, 200, 50)))
        draw.ellipse((x - size, y - size, x + size, y + size), fill=_tone(rng))
    return image


def _openings(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    tone, columns, rows = _tone(rng), int(rng.integers(1, 4)), int(rng.integers(1, 4))
    for column in range(columns):
        for row in range(rows):
            x = left + (right - left) * (column + 0.25) / columns
            y = top + (bottom - top) * (row + 0.25) / rows
            draw.rectangle((x, y, x + (right - left) * 0.5 / columns, y + (bottom - top) * 0.5 / rows), fill=tone)


def _texture(rng: np.random.Generator) -> Image.Image:
    """Noise whose power falls with frequency, as in photographs of leaves, stone or clouds, in one or two tones."""
    frequency = np.hypot(np.fft.fftfreq(112)[:, None], np.fft.rfftfreq(112)[None]) + 1 / 112
    waves = rng.normal(size=(2, *frequency.shape)) / frequency ** rng.uniform(0.7, 2.0)
    field = np.fft.irfft2(waves[0] + 1j * waves[1], (112, 112))
    share = np.clip(0.5 + 0.3 * (field - field.mean()) / field.std(), 0, 1)[..., None]
    low, high = np.array(_tone(rng), float), rng.uniform(0, 255, 3)
    return _enlarged(low + (high - low) * share, Image.Resampling.BILINEAR)


def _writing(rng: np.random.Generator) -> Image.Image:
    """Lines of short strokes, dark on light or the other way round."""
    dark, light = _tone(rng), tuple(int(part) for part in rng.integers(190, 256, 3))
    paper, pen = (light, dark) if rng.random() < 0.8 else (dark, light)
    image = Image.new("RGB", (224, 224), paper)
    draw = ImageDraw.Draw(image)
    height = int(rng.integers(4, 20))
    for y in range(int(rng.integers(0, 20)), 224, int(height * rng.uniform(1.4, 2.4))):
        x = int(rng.integers(2, 30))
        while x < 215 - height:
            width = int(rng.integers(1, max(3, height // 2)))
            draw.rectangle((x, y + int(rng.integers(0, height // 2 + 1)), x + width, y + height), fill=pen)
            x += width + int(rng.integers(1, height))
    return image


def _object(rng: np.random.Generator) -> Image.Image:
    """One thing before a calm wall: round, boxy or leaf-shaped, also in the colours of skin."""
    image = Image.new("RGB", (224, 224), _near(BACKGROUNDS[rng.integers(len(BACKGROUNDS))], rng))
    draw = ImageDraw.Draw(image)
    colours = (*SKIN_COLOUR.values(), *SHIRTS)
    for _ in range(int(rng.integers(1, 4))):
        turn = np.linspace(0, 2 * np.pi, 60)
        waves = 1 + rng.uniform(0, 0.3) * np.sin(rng.integers(2, 6) * turn + rng.uniform(0, 6))
        x, y = rng.uniform(80, 144, 2)
        across, down = rng.uniform(15, 90, 2)
        outline = np.stack([x + across * waves * np.cos(turn), y + down * waves * np.sin(turn)], 1)
        draw.polygon([(float(a), float(b)) for a, b in outline], fill=_near(colours[rng.integers(len(colours))], rng))
    return image


def _tone(rng: np.random.Generator) -> tuple[int, ...]:
    grey = rng.uniform(20, 200)
    return tuple(int(part) for part in np.clip(grey + rng.normal(0, 35, 3), 0, 255))


def _near(colour: tuple[float, float, float], rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(part) for part in np.clip(np.array(colour) + rng.normal(0, 10, 3), 0, 255))


FIRST_KINDS: tuple[Kind, ...] = (_noise, _clouds, _plain, _gradient, _stripes, _shapes, _cut_up)
ALL_KINDS: tuple[Kind, ...] = (*FIRST_KINDS, _scene, _texture, _writing, _object)
