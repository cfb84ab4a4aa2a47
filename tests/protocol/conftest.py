"""A study of faces in memory, and a folder for protocols of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.study.records import Factors, Item, Labels, Likert, Stimulus, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
EMOTION = Item("emotion", Labels(EMOTIONS), intended="emotion")
VALENCE = Item("valence", Likert(1, 9, "extremely negative", "extremely positive"))
AROUSAL = Item("arousal", Likert(1, 9, "not at all aroused", "highly aroused"))
ATTRACTIVENESS = Item("attractiveness", Likert(1, 7, "not at all attractive", "very attractive"))


def make_study(folder: Path, *items: Item) -> Study:
    """A study of two faces with the given items, its (unwritten) file in `folder`."""
    faces = (("one.png", "sad", "Korean"), ("two.png", "happy", "Black"))
    stimuli = tuple(Stimulus(name, folder / name, {"emotion": felt, "race": race}) for name, felt, race in faces)
    return Study(
        name="faces",
        file=folder / "study.yaml",
        stimuli=stimuli,
        items=items,
        factors=Factors(emotion="emotion", groups=("race",)),
        ratings=None,
        protocol="context-carry",
        results=folder / "results",
    )


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study that asks emotion, valence and arousal."""
    return make_study(tmp_path, EMOTION, VALENCE, AROUSAL)


@pytest.fixture
def attractiveness_study(tmp_path: Path) -> Study:
    """A study that asks nothing but attractiveness, from 1 to 7."""
    return make_study(tmp_path, ATTRACTIVENESS)


@pytest.fixture
def write_protocol(tmp_path: Path) -> Callable[[str, Mapping[str, str]], Path]:
    """Writes a protocol's files into a folder of the study."""

    def write(name: str, files: Mapping[str, str]) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / file).write_bytes(text.encode())
        return folder

    return write
