from __future__ import annotations

import hashlib
import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from vlmrate.errors import ImageError
from vlmrate.study.images import MAX_PIXELS, image_digest, image_problems, open_image

if TYPE_CHECKING:
    from pathlib import Path


def huge_png(path: Path, width: int, height: int) -> Path:
    """A PNG of a few bytes whose header claims a size; there is no such picture behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    return path


def test_a_picture_is_turned_upright(tmp_path: Path) -> None:
    """EXIF orientation 6 (camera on its side) is applied: width and height change places, as people saw it."""
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(path, exif=exif)
    assert open_image(path).size == (20, 40)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGB"])
def test_every_usual_kind_of_picture_becomes_rgb(tmp_path: Path, mode: str) -> None:
    """Grey, palette and CMYK pictures all come out as RGB of the same size."""
    path = tmp_path / "picture.tiff"
    Image.new(mode, (5, 4)).save(path)
    opened = open_image(path)
    assert (opened.mode, opened.size) == ("RGB", (5, 4))


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    """What is behind a transparent part is white, not whatever colour lies hidden under it."""
    path = tmp_path / "clear.png"
    Image.new("RGBA", (2, 2), (10, 20, 30, 0)).save(path)
    assert open_image(path).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(10_000, 5_001), (12_000, 10_000), (40_000, 40_000)])
def test_a_picture_over_the_pixel_limit_is_refused_before_decoding(tmp_path: Path, size: tuple[int, int]) -> None:
    """Just over our limit, over Pillow's warning and over Pillow's error: always the same refusal, no warning."""
    assert size[0] * size[1] > MAX_PIXELS
    with pytest.raises(ImageError, match="over the limit of 50,000,000"):
        open_image(huge_png(tmp_path / "huge.png", *size))


def test_a_moving_picture_is_refused(tmp_path: Path) -> None:
    """Nobody knows which frame people rated, so an animation is no stimulus."""
    path = tmp_path / "moving.gif"
    frames = [Image.new("L", (4, 4), shade) for shade in (0, 100, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match="3 frames"):
        open_image(path)


def test_a_phone_picture_with_a_second_view_is_opened(tmp_path: Path) -> None:
    """MPO files, as phones write them under .jpg, give their first picture."""
    path = tmp_path / "phone.jpg"
    Image.new("RGB", (6, 4), (255, 0, 0)).save(
        path, format="MPO", save_all=True, append_images=[Image.new("RGB", (6, 4))]
    )
    assert open_image(path).size == (6, 4)


def test_sixteen_bits_are_refused_rather_than_clipped(tmp_path: Path) -> None:
    """Converting 16-bit grey to RGB would turn all but the darkest parts white without a word."""
    path = tmp_path / "deep.png"
    Image.new("I;16", (4, 4), 30_000).save(path)
    with pytest.raises(ImageError, match="more than 8 bits"):
        open_image(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tiff"])
def test_a_cut_off_or_scrambled_picture_gives_an_image_error(tmp_path: Path, suffix: str) -> None:
    """Wherever a file is cut or spoilt, it is opened or refused with an ImageError, and nothing else is raised."""
    whole = tmp_path / f"whole.{suffix}"
    noise = Image.effect_noise((48, 48), 80).convert("RGB")
    noise.save(whole)
    content = whole.read_bytes()
    spoilt = tmp_path / f"spoilt.{suffix}"
    refused = 0
    for step in range(1, 40):
        place = len(content) * step // 40
        for broken in (content[:place], content[:place] + b"\xff\x00\xaa" + content[place + 3 :]):
            spoilt.write_bytes(broken)
            refused += spoilt in image_problems([spoilt])
    assert refused >= 20


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    """Text, a folder and a missing file are each refused with their path."""
    text = tmp_path / "text.jpg"
    text.write_text("no picture", encoding="utf-8")
    with pytest.raises(ImageError, match=r"text\.jpg: is not a picture"):
        open_image(text)
    for path in (tmp_path, tmp_path / "none.jpg"):
        with pytest.raises(ImageError, match="no such picture"):
            open_image(path)


def test_the_digest_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    """The digest is that of the file as it is, and a missing file is an ImageError."""
    path = tmp_path / "x.bin"
    path.write_bytes(b"abc" * 1000)
    assert image_digest(path) == hashlib.sha256(b"abc" * 1000).hexdigest()
    with pytest.raises(ImageError):
        image_digest(tmp_path / "none")


def test_problems_are_found_for_the_bad_pictures_alone(tmp_path: Path) -> None:
    """Of many pictures those that cannot be opened are named, the others not."""
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.new("RGB", (3, 3)).save(good)
    bad.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert list(image_problems([good, bad, good])) == [bad]


def test_a_small_picture_of_a_jpeg_is_no_smaller_than_asked(tmp_path):
    """A photograph of which little is needed is decoded at a part of its size; its shape and orientation stay."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1600, 800), "red").save(tmp_path / "a.jpg", exif=exif)
    assert open_image(tmp_path / "a.jpg", at_least=200).size == (200, 400)
    assert open_image(tmp_path / "a.jpg").size == (800, 1600)
