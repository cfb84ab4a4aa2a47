"""A picture as it is sent: a data URI, made once for all the questions about it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlmrate.errors import ImageError
from vlmrate.study.faults import shown
from vlmrate.study.images import open_image

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

PictureFormat = Literal["png", "jpeg", "as is"]

_BEGINNINGS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}
"""Formats that servers read, by the first bytes of a file."""


@dataclass(frozen=True, slots=True)
class Packing:
    """How pictures are sent: `max_side` in pixels (None: as large as they are), `quality` from 1 to 100 of JPEGs."""

    format: PictureFormat = "png"
    quality: int = 95
    max_side: int | None = None

    def data_uri(self, path: Path) -> bytes:
        """The picture as a data URI.

        Raises:
            ImageError: It cannot be read, is refused, or cannot be sent as it is.
        """
        picture = open_image(path)
        kind, content = _as_is(path) if self.format == "as is" else (self.format, self._encoded(picture))
        return b"data:image/" + kind.encode() + b";base64," + base64.b64encode(content)

    def _encoded(self, picture: Image.Image) -> bytes:
        from PIL import Image

        if self.max_side is not None and max(picture.size) > self.max_side:
            picture.thumbnail((self.max_side, self.max_side), Image.Resampling.BICUBIC)
        content = io.BytesIO()
        if self.format == "jpeg":
            picture.save(content, "JPEG", quality=self.quality, subsampling=0)
        else:
            picture.save(content, "PNG", compress_level=3)
        return content.getvalue()


def _as_is(path: Path) -> tuple[str, bytes]:
    content = path.read_bytes()
    for beginning, kind in _BEGINNINGS.items():
        if content.startswith(beginning):
            return kind, content
    raise ImageError(
        f"{shown(path)}: cannot be sent as it is (servers read PNG, JPEG, GIF and WebP); set picture: {{format: png}}"
    )
