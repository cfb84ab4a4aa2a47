"""Reading a YAML file with the line of every key, so that faults can say where they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from vlmrate.study.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlText:
    """What a YAML file holds, unchecked, and the line (from 1) on which each key and list entry begins."""

    file: Path
    content: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int | None:
        """The line of `path`, or of the nearest key above it; None in an empty file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read_yaml(file: Path) -> tuple[YamlText | None, tuple[Fault, ...]]:
    """Read `file` with the safe loader; None with the fault where it is no YAML at all.

    Keys written twice are faults: YAML would silently keep the last.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None, (Fault(file, None, None, "there is no such file"),)
    except UnicodeDecodeError as error:
        return None, (Fault(file, None, None, f"is not UTF-8 text (byte {error.start}); save it as UTF-8"),)
    except OSError as error:
        return None, (Fault(file, None, None, f"cannot be read: {error.strerror or error}"),)
    return _parse(file, text)


def _parse(file: Path, text: str) -> tuple[YamlText | None, tuple[Fault, ...]]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        message = f"is not valid YAML: {' '.join(filter(None, [error.context, error.problem]))}"
        return None, (Fault(file, line, None, message),)
    except yaml.YAMLError as error:
        return None, (Fault(file, None, None, f"is not valid YAML: {' '.join(str(error).split())}"),)
    except ValueError as error:  # an impossible date, for example
        return None, (Fault(file, None, None, f"holds a value that YAML cannot read: {error}"),)
    except RecursionError:
        return None, (Fault(file, None, None, "is nested too deeply to be read"),)
    lines: dict[KeyPath, int] = {}
    twice: list[Fault] = []
    if root is not None:
        lines[()] = root.start_mark.line + 1
        for path, node in _walk(root, (), set()):
            line = node.start_mark.line + 1
            parent_is_twice = any(
                fault.column == dotted(path[:length]) for fault in twice for length in range(len(path))
            )
            if path in lines and not parent_is_twice:
                again = f"stands here a second time (first on line {lines[path]}); keep one of the two"
                twice.append(Fault(file, line, dotted(path), again))
            lines.setdefault(path, line)
    return YamlText(file, content, lines), tuple(twice)


def _walk(node: yaml.Node, path: KeyPath, seen: set[int]) -> Iterator[tuple[KeyPath, yaml.Node]]:
    """Every key and list entry below `node`; a node shared by aliases is entered once, so loops end."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key
            yield from _walk(value, below, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            yield (*path, index), entry
            yield from _walk(entry, (*path, index), seen)


def dotted(path: KeyPath) -> str | None:
    """A key path as people write it: items.valence.low, or factors.groups[2] (from 1); None for the root."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or None
