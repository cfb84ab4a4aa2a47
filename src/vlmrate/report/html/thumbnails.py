"""Small pictures for the gallery, each within the page as a data URI."""

from __future__ import annotations

import base64
import io
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vlmrate.errors import ImageError
from vlmrate.study.images import open_image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL import Image

FEW = 500
"""Images up to which there is room for larger pictures."""
QUALITIES = (72, 50, 30, 15)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a thumbnail may be: pixels of its longer side, and bytes."""

    side: int
    most_bytes: int


LARGE, SMALL = Size(192, 7_500), Size(128, 4_000)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture as a data URI, or why there is none."""

    uri: str | None
    problem: str | None


def thumbnails(paths: Sequence[Path | None]) -> tuple[Thumbnail, ...]:
    """A thumbnail of each picture, in their order; None is a picture that nobody knows the place of.

    They are upright, hold nothing of what the camera wrote (place, time), and the same picture gives the same bytes.
    """
    size = LARGE if len(paths) <= FEW else SMALL
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        return tuple(pool.map(partial(_thumbnail, size=size), paths))


def _thumbnail(path: Path | None, size: Size) -> Thumbnail:
    if path is None or not path.is_file():
        return Thumbnail(None, "The picture is not there.")
    try:
        picture = open_image(path, at_least=2 * size.side)
    except ImageError:
        return Thumbnail(None, "The picture cannot be read.")
    picture.thumbnail((size.side, size.side), reducing_gap=2.0)
    return Thumbnail(f"data:image/webp;base64,{base64.b64encode(_encoded(picture, size)).decode()}", None)


def _encoded(picture: Image.Image, size: Size) -> bytes:
    """As good a picture as the bytes allow; one that is all noise becomes smaller as well."""
    for quality in QUALITIES:
        target = io.BytesIO()
        picture.save(target, "WEBP", quality=quality, method=4)
        if target.tell() <= size.most_bytes:
            return target.getvalue()
    return _encoded(picture.reduce(2), size)
