"""study.yaml: what may stand in it, how it is read, and its JSON Schema for editors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Strict, Tag, ValidationError, model_validator

from vlmrate.records import Record
from vlmrate.study.faults import Fault
from vlmrate.study.messages import problem
from vlmrate.study.names import item_name_problem, plain_name_problem, same_file_key
from vlmrate.study.records import Factors, Item, Labels, Likert
from vlmrate.study.yamlfile import KeyPath, YamlText, dotted, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

MAX_POINTS = 1001
DEFAULT_PROTOCOL = "context-carry"


def _plain_name(name: str) -> str:
    if found := plain_name_problem(name):
        raise ValueError(f"{name!r} {found}; a plain file name is wanted")
    return name


def _item_name(name: str) -> str:
    if found := item_name_problem(name):
        raise ValueError(f"the item name {name!r} {found}")
    return name


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank; write some text or leave the key out")
    return text


def _distinct(words: tuple[str, ...]) -> tuple[str, ...]:
    folded = [word.strip().casefold() for word in words]
    twice = [word for index, word in enumerate(words) if folded[index] in folded[:index]]
    if twice:
        raise ValueError(f"{twice[0]!r} stands in the list twice (case is not told apart)")
    return words


def _distinct_files(items: dict[str, Any]) -> dict[str, Any]:
    """Items are parts of file names, and some systems take two that differ by case for one file."""
    first: dict[str, str] = {}
    for name in items:
        earlier = first.setdefault(same_file_key(name), name)
        if earlier != name:
            raise ValueError(f"{earlier!r} and {name!r} differ by case alone and would share their files; rename one")
    return items


PlainName = Annotated[str, AfterValidator(_plain_name)]
ItemName = Annotated[str, AfterValidator(_item_name)]
Text = Annotated[str, AfterValidator(_text), Field(min_length=1)]
# YAML knows lists only, so a tuple is read from one; what is inside stays strict.
Words = Annotated[tuple[Text, ...], Strict(strict=False), AfterValidator(_distinct)]


class LabelsItem(Record):
    """An item answered with one of several labels."""

    options: Annotated[Words, Field(min_length=2)] = Field(
        description="The labels, in the order in which they are offered."
    )
    intended: Text | None = Field(default=None, description="The stimuli column that holds the right answer.")

    def scale(self) -> Labels:
        """The scale as a record."""
        return Labels(self.options)


class LikertItem(Record):
    """An item answered with a whole number."""

    low: int = Field(description="The lowest number of the scale.")
    high: int = Field(description="The highest number of the scale.")
    low_anchor: Text | None = Field(default=None, description="What the lowest number means, as people saw it.")
    high_anchor: Text | None = Field(default=None, description="What the highest number means, as people saw it.")

    @model_validator(mode="after")
    def _ascending(self) -> LikertItem:
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        if self.high - self.low >= MAX_POINTS:
            raise ValueError(f"the scale from {self.low} to {self.high} has more than {MAX_POINTS:,} points")
        return self

    def scale(self) -> Likert:
        """The scale as a record."""
        return Likert(self.low, self.high, self.low_anchor, self.high_anchor)


def _kind(value: Any) -> str:
    # Without options an item is taken for a numeric one, so that a half-written item names what it lacks.
    has_options = "options" in value if isinstance(value, dict) else isinstance(value, LabelsItem)
    return "labels" if has_options else "likert"


ItemBlock = Annotated[Annotated[LabelsItem, Tag("labels")] | Annotated[LikertItem, Tag("likert")], Discriminator(_kind)]


class FactorsBlock(Record):
    """Which columns of the stimuli table play which part."""

    emotion: Text | None = Field(default=None, description="The column with the posed (intended) emotion.")
    identity: Text | None = Field(default=None, description="The column that says who is shown.")
    groups: Words = Field(default=(), description="Columns with groups to compare, such as race or gender.")

    @model_validator(mode="after")
    def _one_part_a_column(self) -> FactorsBlock:
        parts = [part for part in (self.emotion, self.identity, *self.groups) if part is not None]
        twice = [part for index, part in enumerate(parts) if part in parts[:index]]
        if twice:
            raise ValueError(f"the column {twice[0]!r} is given two parts; a column plays one")
        return self


class StudyFile(Record):
    """A rating study: what was shown, what is asked, who answered. Paths are relative to this file."""

    name: PlainName = Field(description="The study's name; its results go to a folder of this name.")
    stimuli: Text = Field(description="CSV of the pictures: image_id, path, and any factor columns.")
    ratings: Text | None = Field(
        default=None,
        description="CSV of people's ratings, plain or .gz: rater_id, image_id and a column an item; "
        "or aggregated: image_id, item, mean, sd, n.",
    )
    response_time: Text | None = Field(
        default=None,
        description="The column of people's single ratings that says how long each took, in any unit; above 0.",
    )
    simulated_people: bool = Field(
        default=False, description="True when the ratings come from a simulator and not from people."
    )
    items: Annotated[dict[ItemName, ItemBlock], Field(min_length=1), AfterValidator(_distinct_files)] = Field(
        description="The questions, each with its scale."
    )
    factors: FactorsBlock = Field(
        default=FactorsBlock(), description="Which columns of the stimuli table play which part."
    )
    protocol: Text = Field(
        default=DEFAULT_PROTOCOL, description="A shipped protocol's name, or a folder with a protocol.yaml."
    )
    results: Text = Field(default="results", description="The folder that runs are written to.")

    def item_records(self) -> tuple[Item, ...]:
        """The items in the order of the file."""
        return tuple(
            Item(name, block.scale(), block.intended if isinstance(block, LabelsItem) else None)
            for name, block in self.items.items()
        )

    def factor_records(self) -> Factors:
        """The factors as a record."""
        return Factors(self.factors.emotion, self.factors.identity, self.factors.groups)


@dataclass(frozen=True, slots=True)
class StudyDocument:
    """A study file that fits the model, and where everything stands in it."""

    file: Path
    content: StudyFile
    text: YamlText

    def fault(self, path: KeyPath, message: str) -> Fault:
        """A fault of the key at `path`."""
        return Fault(self.file, self.text.line(path), dotted(path), message)

    def resolve(self, path: str) -> Path:
        """A path of the file, seen from the folder the file lies in."""
        return self.file.parent / path


def read_study_file(file: Path) -> tuple[StudyDocument | None, tuple[Fault, ...]]:
    """Read study.yaml; the document is None where `faults` leave nothing that could be used."""
    text, faults = read_yaml(file)
    if text is None:
        return None, faults
    if text.content is None:
        empty = Fault(file, None, None, "is empty; `vlmrate init` writes a study to start from")
        return None, (*faults, empty)
    if not isinstance(text.content, dict):
        shapeless = Fault(file, text.line(()), None, "must be keys with values, such as name: pilot")
        return None, (*faults, shapeless)
    try:
        content = StudyFile.model_validate(text.content)
    except ValidationError as error:
        return None, (*faults, *_translated(text, error))
    return StudyDocument(file, content, text), faults


def _translated(text: YamlText, error: ValidationError) -> tuple[Fault, ...]:
    found = []
    for detail in error.errors(include_url=False):
        whole = detail["loc"]
        path = tuple(part for index, part in enumerate(whole) if not _is_machinery(index, part, whole))
        found.append(Fault(text.file, text.line(path), dotted(path), problem(detail, known_keys(path))))
    return tuple(found)


def _is_machinery(index: int, part: str | int, path: KeyPath) -> bool:
    """Whether pydantic put `part` into the path: the kind of an item, or its mark for a key."""
    return part == "[key]" or (index == 2 and path[0] == "items" and part in {"labels", "likert"})


def known_keys(path: KeyPath) -> tuple[str, ...]:
    """The keys that may stand where the last key of `path` stands."""
    if len(path) == 1:
        return tuple(StudyFile.model_fields)
    if path[0] == "factors":
        return tuple(FactorsBlock.model_fields)
    if path[0] == "items" and len(path) == 3:
        return (*LabelsItem.model_fields, *LikertItem.model_fields)
    return ()


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of study.yaml, for editors that complete and check while one types."""
    schema = StudyFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "vlmrate study"}


def schema_text() -> str:
    """The JSON Schema as it is written to a file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
