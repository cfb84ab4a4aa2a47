"""Concept files: the shipped ones are balanced, a faulty one is refused where it is wrong."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from vlmrate.errors import ProbeError
from vlmrate.probe.concepts import read_concepts

EMOTIONS = ["happy", "sad", "angry", "fear", "disgust", "neutral"]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_shipped_files_hold_as_much_of_every_emotion(language: str) -> None:
    """Six emotions, eight words and eight sentences each, none twice, found without a path to them."""
    texts = read_concepts(Path(f"concepts/{language}.yaml"))
    assert list(dict.fromkeys(text.concept for text in texts)) == EMOTIONS
    assert set(Counter(text.row.rpartition("-")[0] for text in texts).values()) == {8}
    assert len(texts) == 96
    assert texts[0].row == "happy-word-01"


def test_sentences_do_not_name_the_emotion() -> None:
    """A sentence that held its emotion's word would make sentences a copy of words."""
    texts = read_concepts(Path("concepts/en.yaml"))
    words = {text.text for text in texts if "-word-" in text.row}
    for text in texts:
        if "-sentence-" in text.row:
            assert not words & set(text.text.lower().replace(",", "").rstrip(".").split()), text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("language: en\n", "key concepts: Field required"),
        ("language: en\nconcepts: {happy: {words: [glad]}}\n", "key concepts"),
        ("language: en\nconcepts: {happy: {words: [glad]}, sad: {}}\n", "key concepts.sad: has neither words nor"),
        ("language: en\nconcepts: {happy: {words: [glad]}, sad: {words: [glad]}}\n", "both happy-word-01 and sad-word"),
        ("language: en\nconcepts: {happy: {words: [glad]}, sad: {words: [' ']}}\n", "sad-word-01 is blank"),
        ("language: en\nconcepts: {happy: {words: [glad]}, a/b: {words: [x]}}\n", "'a/b' has a slash"),
        ("language: en\nconcepts: {happy: {words: [1]}, sad: {words: [x]}}\n", "key concepts.happy.words.0"),
        ("language: en\nconcepts: {happy: {word: [a]}, sad: {words: [x]}}\n", "key concepts.happy.word"),
        ("language: [", "is not valid YAML"),
    ],
)
def test_a_faulty_file_is_refused_where_it_is_wrong(content: str, words: str, tmp_path: Path) -> None:
    """The file, the key and what is wrong with it, in one sentence."""
    file = tmp_path / "mine.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ProbeError, match=words) as refused:
        read_concepts(file)
    assert "mine.yaml" in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(ProbeError, match=r"none\.yaml: there is no such file"):
        read_concepts(tmp_path / "none.yaml")


def test_the_shipped_groups_are_those_of_the_demo_study() -> None:
    """Every level of every group of the study file that is used where none is given, sixteen texts each."""
    from vlmrate.resources import configs_folder
    from vlmrate.study.load import load_study

    study = load_study(configs_folder() / "study.yaml")
    counts = Counter(text.concept for text in read_concepts(Path("concepts/groups-en.yaml")))
    levels = {f"{group}={stimulus.factors[group]}" for stimulus in study.stimuli for group in study.factors.groups}
    assert counts == dict.fromkeys(levels, 16)
