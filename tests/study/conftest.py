"""A small real study on disk, which tests spoil in one place at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

STUDY = """\
name: small
stimuli: stimuli.csv
ratings: ratings.csv
items:
  emotion: {options: [happy, sad], intended: emotion}
  valence: {low: 1, high: 9, low_anchor: bad, high_anchor: good}
factors: {emotion: emotion, identity: who, groups: [hair]}
protocol: context-carry
"""
STIMULI = """\
image_id,path,emotion,who,hair
a_happy,images/a_happy.png,happy,a,short
a_sad,images/a_sad.png,sad,a,short
b_happy,images/b_happy.png,happy,b,long
b_sad,images/b_sad.png,sad,b,long
"""
RATINGS = """\
rater_id,image_id,emotion,valence,seconds
r1,a_happy,happy,8,1.5
r1,a_sad,sad,2,1.0
r2,a_happy,happy,7,2.5
r2,b_sad,happy,,0.5
"""


@dataclass(frozen=True, slots=True)
class StudyOnDisk:
    """A study's folder; the files can be written anew with something replaced."""

    folder: Path

    @property
    def file(self) -> Path:
        """The study file."""
        return self.folder / "study.yaml"

    def spoil(self, name: str, old: str, new: str) -> Path:
        """Replace `old`, which must be there, in one file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise ValueError(f"{old!r} is not in {name}")
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path


@pytest.fixture
def small(tmp_path: Path) -> StudyOnDisk:
    """Four pictures, two identities, two raters; no fault in it."""
    (tmp_path / "images").mkdir()
    for number, name in enumerate(("a_happy", "a_sad", "b_happy", "b_sad")):
        Image.new("RGB", (8, 6), (40 * number, 90, 120)).save(tmp_path / "images" / f"{name}.png")
    for name, text in (("study.yaml", STUDY), ("stimuli.csv", STIMULI), ("ratings.csv", RATINGS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return StudyOnDisk(tmp_path)
