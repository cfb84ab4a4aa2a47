"""docs/raters/fer.md: its examples are descriptions that vlmrate takes, and every key is explained."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vlmrate.raters.fer.entry import CropEntry, FerEntry, InputEntry, LabelsEntry, ScaleEntry
from vlmrate.raters.registry import find_model, models

if TYPE_CHECKING:
    from vlmrate.records import Record
    from vlmrate.study.records import Item

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "raters" / "fer.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_can_be_used_as_they_stand(tmp_path: Path, items: tuple[Item, ...]) -> None:
    """Both describe a network; the first as the shipped file does, the second answers all three items."""
    file = tmp_path / "models.yaml"
    file.write_text("".join(EXAMPLES), encoding="utf-8")
    known = {model.name: model for model in models(file)}
    assert set(known) == {"fer:mine", "fer:mine-with-affect"}
    shipped = find_model("fer:faceapi").entry
    for part in ("input", "crop", "labels"):
        assert getattr(known["fer:mine"].entry, part) == getattr(shipped, part)
    assert known["fer:mine-with-affect"].answers(items) == items


@pytest.mark.parametrize(
    ("record", "prefix"),
    [
        (InputEntry, "input."),
        (CropEntry, "crop."),
        (LabelsEntry, "labels."),
        (ScaleEntry, "scales[…]."),
        (FerEntry, ""),
    ],
)
def test_every_key_is_explained(record: type[Record], prefix: str) -> None:
    """The table has a place for each key that models.yaml may have."""
    table = PAGE[PAGE.index("| key | meaning |") : PAGE.index("## What it answers")]
    for key in record.model_fields.keys() - {"embedded", "input", "crop", "labels", "scales"}:
        assert f"`{prefix}{key}`" in table
