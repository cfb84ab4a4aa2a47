"""Templates: a prompt with names in braces, all of them known before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING

from vlmrate.errors import ProtocolError
from vlmrate.study.faults import nearest, shown
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vlmrate.study.records import Item, Scale, Stimulus

IMAGE_ID = "image_id"
NOTHING: Mapping[str, str] = MappingProxyType({})
"""What a protocol that forces no answers forces."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The place of an earlier answer to `item`."""

    item: str


@dataclass(frozen=True, slots=True)
class Forced:
    """The place of the answer to `item` that the protocol puts into the rater's mouth."""

    item: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The place of what the stimuli table says of the image in `column`."""

    column: str


Part = str | Carried | Forced | Cell


@dataclass(frozen=True, slots=True)
class Scope:
    """What a template may name: the study's items, those answered earlier or forced, the stimuli's columns."""

    items: Mapping[str, Item]
    earlier: tuple[str, ...]
    asked: tuple[str, ...]
    stimuli: tuple[Stimulus, ...]
    forced: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the stimuli table that a template may name."""
        return (IMAGE_ID, *(self.stimuli[0].factors if self.stimuli else ()))

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that would be known, as it is written between braces."""
        scales = [f"{item.name}.{part}" for item in self.items.values() for part in _scale_words(item.scale)]
        intended = [f"intended.{item.name}" for item in self.items.values() if item.intended is not None]
        forced = [f"forced.{name}" for name in self.forced]
        return (*self.earlier, *scales, *intended, *forced, *(f"stimulus.{column}" for column in self.columns))


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt to be filled in. The study's scales are already written out; answers and cells are left open."""

    file: Path
    parts: tuple[Part, ...]
    written: tuple[str, ...]
    source: bytes = field(repr=False)

    def names(self) -> tuple[str, ...]:
        """The names between braces, each once, in the order of the file."""
        return tuple(dict.fromkeys(self.written))

    @property
    def outline(self) -> str:
        """The prompt with what differs between images left in braces."""
        return "".join(_open_place(part) for part in self.parts)

    def render(self, answers: Mapping[str, str], stimulus: Stimulus, forced: Mapping[str, str] = NOTHING) -> str:
        """The prompt for one image. `answers` are the earlier answers, as they are to be spoken; `forced` those that
        the protocol puts in their place.

        Braces inside an answer or a cell stay what they are: nothing in them is filled in.
        """
        return "".join(_spoken(part, answers, stimulus, forced) for part in self.parts)


def read_template(file: Path, scope: Scope) -> Template:
    """Read a template and look up every name in it. One line end at the end of the file is no part of the prompt.

    Raises:
        ProtocolError: The file cannot be read, its braces do not match, or it names what is not there.
    """
    try:
        source = file.read_bytes()
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProtocolError(f"{shown(file)}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise ProtocolError(f"{shown(file)}: the template cannot be read: {error.strerror or error}") from error
    return _parse(file, source, text.removesuffix("\n").removesuffix("\r"), scope)


def _parse(file: Path, source: bytes, text: str, scope: Scope) -> Template:
    if not text.strip():
        raise ProtocolError(f"{shown(file)}: the template is empty; write the prompt into it")
    parts: list[Part] = []
    written: list[str] = []
    try:
        for literal, name, form, conversion in Formatter().parse(text):
            parts.append(literal)
            if name is None:
                continue
            if form or conversion:
                raise _wrong(file, name, "takes no format; write the name alone", scope)
            parts.append(_resolved(file, name, scope))
            written.append(name)
    except ValueError as error:
        advice = "a brace that is meant as such is written twice: {{ or }}"
        raise ProtocolError(f"{shown(file)}: the braces do not match ({error}); {advice}") from error
    return Template(file, tuple(part for part in parts if part != ""), tuple(written), source)


def _resolved(file: Path, name: str, scope: Scope) -> Part:
    head, dot, tail = name.partition(".")
    if not dot:
        return _carried(file, name, scope)
    if head == "intended":
        return _intended(file, name, tail, scope)
    if head == "stimulus":
        return _cell(file, name, tail, scope)
    if head == "forced":
        return _forced(file, name, tail, scope)
    if head not in scope.items:
        raise _unknown(file, name, "is not known", scope)
    return _scale_word(file, name, tail, scope)


def _carried(file: Path, name: str, scope: Scope) -> Carried:
    if name in scope.earlier:
        return Carried(name)
    if name in scope.asked:
        raise _wrong(file, name, "is asked in this step or a later one, so there is no answer to it yet", scope)
    if name in scope.items:
        raise _wrong(file, name, "is an item of the study, but this protocol does not ask it", scope)
    raise _unknown(file, name, "is not known", scope)


def _intended(file: Path, name: str, item: str, scope: Scope) -> Cell:
    if item not in scope.items:
        raise _unknown(file, name, "is not known", scope)
    column = scope.items[item].intended
    if column is None:
        raise _wrong(file, name, f"needs a right answer, and the study gives {item!r} no `intended` column", scope)
    return _cell(file, name, column, scope)


def _forced(file: Path, name: str, item: str, scope: Scope) -> Forced:
    if item in scope.forced:
        return Forced(item)
    if item in scope.items:
        raise _wrong(file, name, f"needs `forces: {{{item}: each}}`, or wrong, in protocol.yaml", scope)
    raise _unknown(file, name, "is not known", scope)


def _cell(file: Path, name: str, column: str, scope: Scope) -> Cell:
    if column not in scope.columns:
        raise _unknown(file, name, f"needs a column {column!r}, which the stimuli table lacks", scope)
    blank = next((one.image_id for one in scope.stimuli if not cell(one, column).strip()), None)
    if blank is not None:
        raise _wrong(file, name, f"cannot be filled in: image {blank!r} has nothing in column {column!r}", scope)
    return Cell(column)


def _scale_word(file: Path, name: str, word: str, scope: Scope) -> str:
    item = scope.items[name.partition(".")[0]]
    known = _scale_words(item.scale)
    if word in known:
        return known[word]
    if not isinstance(item.scale, Labels) and word in ("low_anchor", "high_anchor"):
        raise _wrong(file, name, f"is not given: the study's item {item.name!r} has no {word}; add it there", scope)
    raise _unknown(file, name, "is not known", scope)


def _scale_words(scale: Scale) -> dict[str, str]:
    """What a template may name of a scale, and the words that take its place."""
    if isinstance(scale, Labels):
        return {"options": ", ".join(scale.options), "options_reversed": ", ".join(reversed(scale.options))}
    words = {"low": str(scale.low), "high": str(scale.high)}
    anchors = {"low_anchor": scale.low_anchor, "high_anchor": scale.high_anchor}
    return words | {name: anchor for name, anchor in anchors.items() if anchor is not None}


def cell(stimulus: Stimulus, column: str) -> str:
    """What the stimuli table says of the image in `column`."""
    return stimulus.image_id if column == IMAGE_ID else stimulus.factors.get(column, "")


def _open_place(part: Part) -> str:
    if isinstance(part, Carried):
        return f"{{{part.item}}}"
    if isinstance(part, Forced):
        return f"{{forced.{part.item}}}"
    return f"{{stimulus.{part.column}}}" if isinstance(part, Cell) else part


def _spoken(part: Part, answers: Mapping[str, str], stimulus: Stimulus, forced: Mapping[str, str]) -> str:
    if isinstance(part, Carried):
        return answers[part.item]
    if isinstance(part, Forced):
        return forced[part.item]
    return cell(stimulus, part.column) if isinstance(part, Cell) else part


def _unknown(file: Path, name: str, problem: str, scope: Scope) -> ProtocolError:
    """As `_wrong`, for a name that may be a slip of the pen."""
    near = nearest(name, scope.names)
    return _wrong(file, name, f"{problem}; did you mean {{{near}}}?" if near is not None else problem, scope)


def _wrong(file: Path, name: str, problem: str, scope: Scope) -> ProtocolError:
    known = ", ".join(f"{{{known}}}" for known in scope.names)
    stop = "" if problem.endswith("?") else "."
    return ProtocolError(f"{shown(file)}: {{{name}}} {problem}{stop} Known here: {known}")
