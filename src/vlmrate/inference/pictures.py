"""Which picture a rating is of, also where the pictures are not on this machine and nobody has to look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.errors import ImageError
from vlmrate.protocol.native import DERIVED
from vlmrate.study.images import image_digest

if TYPE_CHECKING:
    from pathlib import Path


def digest_if_there(picture: Path) -> str:
    """SHA-256 (hex) of a picture; "" where it is not on this machine, perhaps because it must not be passed on."""
    try:
        return image_digest(picture)
    except ImageError:
        return ""


def digest_for(protocol: str, picture: Path) -> str:
    """SHA-256 (hex) of a picture, which only ratings made of other ratings can do without: "" there.

    Raises:
        ImageError: A rater that looks at the picture is to rate it, and it cannot be read.
    """
    return digest_if_there(picture) if protocol == DERIVED else image_digest(picture)


def is_other_picture(on_record: str, now: str) -> bool:
    """Whether two digests are of different pictures; where one is not known nothing speaks for that."""
    return bool(on_record and now) and on_record != now
