"""Concept files: words and sentences for every emotion, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from vlmrate.errors import ProbeError
from vlmrate.records import Record
from vlmrate.resources import configs_folder
from vlmrate.study.faults import shown
from vlmrate.study.names import plain_name_problem
from vlmrate.study.yamlfile import read_yaml

if TYPE_CHECKING:
    from pathlib import Path


class Concept(Record):
    """What stands for one concept."""

    words: list[str] = Field(default_factory=list)
    sentences: list[str] = Field(default_factory=list)


class ConceptFile(Record):
    """A language (a tag such as en or ko), and its concepts by name."""

    language: str = Field(min_length=1)
    concepts: dict[str, Concept] = Field(min_length=2)


@dataclass(frozen=True, slots=True)
class Text:
    """One word or sentence. `row` is its id: happy-word-01, happy-sentence-01."""

    row: str
    concept: str
    text: str


def read_concepts(file: Path) -> tuple[Text, ...]:
    """Every text of a concept file, in its order; a relative name is also looked for among those shipped.

    Raises:
        ProbeError: There is no such file, or something in it is wrong.
    """
    file = _located(file)
    read, faults = read_yaml(file)
    if read is None or faults:
        raise ProbeError(str(faults[0]))
    try:
        content = ConceptFile.model_validate(read.content)
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ProbeError(f"{shown(file)}{', key ' + key if key else ''}: {first['msg']}") from None
    texts = tuple(text for name, concept in content.concepts.items() for text in _texts(file, name, concept))
    _refuse_twice(file, texts)
    return texts


def _located(file: Path) -> Path:
    if file.exists() or file.is_absolute() or ".." in file.parts:
        return file
    shipped = configs_folder() / file
    return shipped if shipped.exists() else file


def _texts(file: Path, name: str, concept: Concept) -> list[Text]:
    if (problem := plain_name_problem(name)) is not None:
        raise ProbeError(f"{shown(file)}: the concept {name!r} {problem}")
    if not concept.words and not concept.sentences:
        raise ProbeError(f"{shown(file)}, key concepts.{name}: has neither words nor sentences; give it some")
    groups = {"word": concept.words, "sentence": concept.sentences}
    return [
        Text(f"{name}-{kind}-{number:02}", name, text.strip())
        for kind, group in groups.items()
        for number, text in enumerate(group, start=1)
    ]


def _refuse_twice(file: Path, texts: tuple[Text, ...]) -> None:
    seen: dict[str, Text] = {}
    for text in texts:
        if not text.text:
            raise ProbeError(f"{shown(file)}: {text.row} is blank; write it, or take it out")
        if (before := seen.setdefault(text.text, text)) is not text:
            raise ProbeError(f"{shown(file)}: {text.text!r} is both {before.row} and {text.row}; leave it once")
