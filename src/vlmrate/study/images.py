"""Opening pictures safely, and their digests."""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from vlmrate.errors import ImageError
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from PIL import Image

MAX_PIXELS = 50_000_000
"""Pictures with more are refused before they are decoded: a small file can unpack to gigabytes."""

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
"""What is tried (phone pictures in MPO open as JPEG), and nothing that Pillow hands to other programs (EPS)."""

UNREADABLE_SUFFIXES = frozenset({".heic", ".heif", ".avif", ".jxl", ".raw", ".dng"})
"""Pictures all the same, named when they are left out."""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"})

# What Pillow's decoders are seen to raise on damaged files.
_DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, OverflowError, MemoryError,
    struct.error, zlib.error,
)  # fmt: skip
_opening = threading.Lock()


def open_image(path: Path, *, at_least: int | None = None) -> Image.Image:
    """The picture as 8-bit RGB, turned upright as its EXIF orientation says.

    Transparent parts are laid on white. Phone pictures that carry a second view (MPO) give the first. Where only a
    small picture is needed, `at_least` pixels a side, a JPEG is decoded at an eighth, a quarter or half of its size.

    Raises:
        ImageError: There is no such file, it is no picture or a damaged one, it has more than `MAX_PIXELS`
            pixels, several frames, or more than 8 bits a channel.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if not path.is_file():
        raise ImageError(f"{shown(path)}: there is no such picture")
    try:
        with _opened(path) as picture:
            _refuse_unsuitable(path, picture)
            if at_least is not None:
                picture.draft(None, (at_least, at_least))
            upright = ImageOps.exif_transpose(picture)
            return _on_white(upright) if upright.has_transparency_data else upright.convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(f"{shown(path)}: is over the limit of {MAX_PIXELS:,} pixels; make it smaller") from None
    except UnidentifiedImageError:
        raise ImageError(f"{shown(path)}: is not a picture (readable are {', '.join(FORMATS)})") from None
    except _DECODING_ERRORS as error:
        raise ImageError(f"{shown(path)}: is damaged and cannot be read ({error})") from None


def image_digest(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex.

    Raises:
        ImageError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageError(f"{shown(path)}: cannot be read: {error.strerror or error}") from None


def image_problems(paths: Iterable[Path]) -> dict[Path, str]:
    """What is wrong with each picture that cannot be opened, by path. Every picture is decoded, some at a time."""
    distinct = list(dict.fromkeys(paths))
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        found = zip(distinct, pool.map(_problem, distinct), strict=True)
        return {path: problem for path, problem in found if problem is not None}


def _problem(path: Path) -> str | None:
    try:
        open_image(path)
    except ImageError as error:
        return str(error)
    return None


def _opened(path: Path) -> Image.Image:
    """Read the header alone; Pillow's own warning on large pictures becomes an error."""
    from PIL import Image

    with _opening, warnings.catch_warnings():  # the lock because warning filters belong to the whole process
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(path, formats=FORMATS)


def _refuse_unsuitable(path: Path, picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        size = f"{width:,} x {height:,} pixels"
        raise ImageError(f"{shown(path)}: has {size}, over the limit of {MAX_PIXELS:,} in all; make it smaller")
    frames = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
    if frames > 1:
        raise ImageError(f"{shown(path)}: holds {frames} frames; a stimulus is a still picture, so save one of them")
    if picture.mode.startswith(("I", "F")):
        raise ImageError(f"{shown(path)}: has more than 8 bits a channel ({picture.mode}); save it with 8 bits")


def _on_white(picture: Image.Image) -> Image.Image:
    from PIL import Image

    transparent = picture.convert("RGBA")
    white = Image.new("RGBA", transparent.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, transparent).convert("RGB")
