"""Small pictures: upright, anonymous, the same each time, and words where there is none."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from vlmrate.report.html import thumbnails as module
from vlmrate.report.html.thumbnails import FEW, LARGE, SMALL, thumbnails


def decoded(uri: str) -> Image.Image:
    """The picture in a data URI."""
    kind, content = uri.split(",", 1)
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_pictures_are_upright_and_tell_nothing_of_the_camera(tmp_path):
    """The orientation is carried out; EXIF, where a place and a time may stand, is left behind."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera of Ann"
    picture = Image.new("RGB", (1200, 800), "blue")
    picture.paste("red", (0, 0, 600, 800))
    picture.save(tmp_path / "a.jpg", exif=exif)
    (made,) = thumbnails([tmp_path / "a.jpg"])
    shown = decoded(made.uri)
    assert shown.size == (LARGE.side * 2 // 3, LARGE.side)
    assert "exif" not in shown.info
    above, below = (shown.convert("RGB").getpixel((60, y)) for y in (20, LARGE.side - 20))
    assert above[0] > 200 > above[2]
    assert below[2] > 200 > below[0]


def test_whatever_cannot_be_shown_has_a_reason(tmp_path):
    """No path, no file, no picture: each gets words that name no place on the disk."""
    (tmp_path / "broken.jpg").write_text("no picture")
    made = thumbnails([None, tmp_path / "gone.jpg", tmp_path / "broken.jpg"])
    assert [entry.uri for entry in made] == [None] * 3
    assert [entry.problem for entry in made] == [*["The picture is not there."] * 2, "The picture cannot be read."]


def test_a_picture_over_the_limit_of_pixels_is_not_unpacked(tmp_path, monkeypatch):
    """The limit of the study's pictures holds here too."""
    monkeypatch.setattr("vlmrate.study.images.MAX_PIXELS", 100)
    Image.new("RGB", (20, 20)).save(tmp_path / "large.png")
    assert thumbnails([tmp_path / "large.png"])[0].problem == "The picture cannot be read."


def test_bytes_are_bounded_and_the_same_each_time(tmp_path):
    """Even noise, which hardly shrinks, stays within the bytes; order and bytes do not depend on the threads."""
    rng = np.random.default_rng(1)
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path in paths:
        Image.fromarray(rng.integers(0, 255, (200, 200, 3), dtype=np.uint8)).save(path)
    made = thumbnails(paths)
    assert thumbnails(paths) == made
    assert len({entry.uri for entry in made}) == 4
    assert all(len(base64.b64decode(entry.uri.split(",")[1])) <= LARGE.most_bytes for entry in made)


@pytest.mark.parametrize(("images", "size"), [(FEW, LARGE), (FEW + 1, SMALL)])
def test_many_images_are_shown_smaller(tmp_path, monkeypatch, images, size):
    """The more images, the less room each has."""
    asked = []
    monkeypatch.setattr(module, "_thumbnail", lambda _, size: asked.append(size))
    thumbnails([None] * images)
    assert asked == [size] * images
