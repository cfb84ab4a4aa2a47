"""A contact sheet: a row a feature, with the pictures that activate it most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.errors import StoreError
from vlmrate.study.faults import shown
from vlmrate.study.images import open_image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL import Image

    from vlmrate.probe.sparse.features import Feature
    from vlmrate.study.records import Study

SIDE = 96
"""Pixels of a picture's longer side."""
MOST_ROWS = 60
"""Features one sheet shows."""
_GAP = 6
_LABEL = 150
_SIZE = 13


def save_sheet(features: Sequence[Feature], study: Study, file: Path) -> int:
    """Draw the top pictures of features into a PNG file, and return how many features it shows.

    Raises:
        ImageError: A picture of the study cannot be read, or is refused.
        StoreError: The file cannot be written.
    """
    shown_features = [feature for feature in features if feature.top][:MOST_ROWS]
    sheet = _drawn(shown_features, {stimulus.image_id: stimulus.path for stimulus in study.stimuli})
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(file, format="PNG", optimize=True)
    except OSError as error:
        raise StoreError(f"{shown(file)} cannot be written: {error.strerror or error}") from error
    return len(shown_features)


def _drawn(features: Sequence[Feature], paths: dict[str, Path]) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    columns = max((len(feature.top) for feature in features), default=1)
    width = _LABEL + columns * (SIDE + _GAP) + _GAP
    sheet = Image.new("RGB", (width, max(1, len(features)) * (SIDE + _GAP) + _GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_SIZE)
    for row, feature in enumerate(features):
        top = _GAP + row * (SIDE + _GAP)
        draw.multiline_text((_GAP, top), _label(feature), fill="black", font=font, spacing=3)
        for column, name in enumerate(feature.top):
            picture = open_image(paths[name], at_least=SIDE)
            picture.thumbnail((SIDE, SIDE))
            sheet.paste(picture, (_LABEL + column * (SIDE + _GAP), top))
    return sheet


def _label(feature: Feature) -> str:
    """The feature's number, in how many pictures it is active, and what it is enriched for, in a few short lines."""
    classes = [f"{one.factor}: {one.level}"[:20] for one in feature.enriched][:3]
    return "\n".join([f"feature {feature.number}", f"{feature.images} images", *classes])
