"""Where in a table each of a study's items is answered, found in its header."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.raters.table.rows import IMAGE_COLUMN
from vlmrate.study.csvfile import header_faults
from vlmrate.study.faults import Fault
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vlmrate.raters.table.mapping import Columns
    from vlmrate.raters.table.rows import Table
    from vlmrate.study.records import Item

_IMAGE_COLUMNS = frozenset(
    {"image", "images", "image_name", "image_path", "file", "filename", "file_name", "path", "img", "name", "picture"}
)
_COLUMNS_LISTED = 12


@dataclass(frozen=True, slots=True)
class Source:
    """Where one item is answered: in a column of answers, in columns of probabilities, or in both.

    `probabilities` maps a column to the answer it is of, None for an answer that the study does not offer. `labels`
    and `their_range` are as in `Columns`.
    """

    item: Item
    column: str | None
    labels: Mapping[str, str]
    their_range: tuple[float, float] | None
    probabilities: Mapping[str, str | None]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read for the item."""
        return (*([self.column] if self.column is not None else []), *self.probabilities)


def find_sources(
    table: Table, items: Sequence[Item], columns: Columns
) -> tuple[str, tuple[Source, ...], tuple[Fault, ...]]:
    """The column of images, the sources of all items that the table answers, and what is wrong with the header."""
    image, faults = _image_column(table, columns)
    taken = {image, columns.repeat, *(name for name in columns.columns.values() if name)}
    sources = []
    for item in items:
        source, found = _source(table, item, columns, taken)
        faults.extend(found)
        if source is not None:
            sources.append(source)
    if columns.repeat is not None:
        faults.extend(_missing(table, columns.repeat))
    if not sources and not faults:
        names = ", ".join(item.name for item in items)
        message = f"has no column of an item ({names}); say which it is with --column ITEM=COLUMN; {_listed(table)}"
        faults.append(Fault(table.file, None, None, message))
    return image, tuple(sources), tuple(faults)


def _image_column(table: Table, columns: Columns) -> tuple[str, list[Fault]]:
    name = columns.image or IMAGE_COLUMN
    if columns.image is not None or name in table.columns:
        return name, list(_missing(table, name))
    alike = [column for column in table.columns if column.casefold().replace(" ", "_") in _IMAGE_COLUMNS]
    if len(alike) == 1:
        message = f"the column is missing; if {alike[0]!r} names the images, pass --image {_quoted(alike[0])}"
    else:
        message = f"the column is missing; say which names the images with --image COLUMN; {_listed(table)}"
    return name, [Fault(table.file, None, name, message)]


def _source(
    table: Table, item: Item, columns: Columns, taken: set[str | None]
) -> tuple[Source | None, tuple[Fault, ...]]:
    said = columns.columns.get(item.name, item.name)
    if not said and item.name not in columns.probabilities:
        return None, ()
    options, faults = _probabilities(table, item, columns, taken)
    column = said if said in table.columns else None
    if column is None:
        faults = (*_no_column(table, item, columns, said or item.name), *faults)
    if column is None and not options:
        return None, faults
    ours = columns.labels.get(item.name, {})
    return Source(item, column, ours, columns.ranges.get(item.name), options), faults


def _no_column(table: Table, item: Item, columns: Columns, name: str) -> tuple[Fault, ...]:
    """What is wrong where an item has no column of answers: nothing, if nobody said that it has one."""
    by_probabilities = item.name in columns.probabilities and item.name not in columns.ranges
    if columns.columns.get(item.name) or (columns.named(item.name) and not by_probabilities):
        return _missing(table, name)
    near = next((column for column in table.columns if column.casefold() == item.name.casefold()), None)
    if near is None or columns.named(item.name):
        return ()
    leave = f"--column {item.name}= to leave the item out"
    message = f"is nearly the item {item.name}; pass --column {item.name}={_quoted(near)}, or {leave}"
    return (Fault(table.file, None, near, message),)


def _probabilities(
    table: Table, item: Item, columns: Columns, taken: set[str | None]
) -> tuple[dict[str, str | None], tuple[Fault, ...]]:
    """The columns of probabilities and what each is of; every answer of the study must have one."""
    prefix = columns.probabilities.get(item.name)
    if prefix is None:
        return {}, ()
    found = dict(_named_answers(table, item, columns, prefix, taken))
    lacking = [answer for answer in item.answers if answer not in found.values()]
    faults = [Fault(table.file, None, f"{prefix}{answer}", _lacking(item, prefix, answer)) for answer in lacking]
    if columns.off_list == "fault":
        strange = [
            column
            for column, answer in found.items()
            if answer is None and not _translated(item, columns, column, prefix)
        ]
        faults.extend(Fault(table.file, None, column, _strange(item, prefix, column)) for column in strange)
    return found, tuple(faults)


def _named_answers(
    table: Table, item: Item, columns: Columns, prefix: str, taken: set[str | None]
) -> Iterator[tuple[str, str | None]]:
    theirs = columns.labels.get(item.name, {})
    for column in table.columns:
        if column in taken or column == item.name or not column.startswith(prefix):
            continue
        rest = column.removeprefix(prefix)
        answer = theirs.get(rest, rest)
        if answer in item.answers:
            yield column, answer
        elif prefix or rest in theirs:  # without a prefix any other column would be taken for an answer
            yield column, None


def _translated(item: Item, columns: Columns, column: str, prefix: str) -> bool:
    return column.removeprefix(prefix) in columns.labels.get(item.name, {})


def _lacking(item: Item, prefix: str, answer: str) -> str:
    words = "the column is missing; every answer of the study needs one"
    if isinstance(item.scale, Labels):
        return f"{words}, so if theirs is called otherwise pass --label {item.name}.THEIRS={_quoted(answer)}"
    return f"{words} that begins with {prefix!r}"


def _strange(item: Item, prefix: str, column: str) -> str:
    rest = column.removeprefix(prefix)
    return (
        f"{rest!r} is no answer to {item.name}; say which it is with --label {item.name}.{_quoted(rest)}=OURS "
        "(nothing after = where the study does not offer it), or pass --off-list keep"
    )


def _missing(table: Table, name: str) -> tuple[Fault, ...]:
    found = header_faults(table.file, table.columns, (name,))
    return tuple(replace(fault, row=None) for fault in found if fault.column == name)


def _listed(table: Table) -> str:
    more = len(table.columns) - _COLUMNS_LISTED
    return f"the columns are {', '.join(table.columns[:_COLUMNS_LISTED])}{f' and {more:,} more' if more > 0 else ''}"


def _quoted(word: str) -> str:
    return word if word.replace("_", "").replace(".", "").isalnum() else f"'{word}'"
