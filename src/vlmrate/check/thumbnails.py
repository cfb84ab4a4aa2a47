"""Small copies of the images that changed, beside the Markdown that shows them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vlmrate.errors import ImageError
from vlmrate.study.images import open_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vlmrate.study.records import Stimulus

SIDE = 96
"""Pixels of a thumbnail's longer side."""
FOLDER = "images"


def write_thumbnails(folder: Path, stimuli: Sequence[Stimulus]) -> Mapping[str, str]:
    """Write a thumbnail of each image that can be read; their links, relative to `folder`, by image_id.

    They hold nothing of what the camera wrote. Thumbnails of an earlier check are removed. Names of files are made of
    digests: ids may hold signs that end a link.
    """
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.jpg"):
        old.unlink()
    links = {}
    for stimulus in stimuli:
        name = f"{hashlib.sha256(stimulus.image_id.encode()).hexdigest()[:16]}.jpg"
        try:
            picture = open_image(stimulus.path, at_least=2 * SIDE)
        except ImageError:
            continue
        picture.thumbnail((SIDE, SIDE))
        picture.save(target / name, "JPEG", quality=75)
        links[stimulus.image_id] = f"{FOLDER}/{name}"
    return links
