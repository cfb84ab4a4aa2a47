"""The fingerprint of a protocol: one hash of all that decides what is asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vlmrate.protocol.records import Force
    from vlmrate.protocol.template import Template
    from vlmrate.study.records import Item


def protocol_digest(
    file: bytes,
    templates: Sequence[tuple[str, Template]],
    asked: Iterable[str],
    items: Iterable[Item],
    forces: Iterable[Force] = (),
) -> str:
    """SHA-256, in hex, of protocol.yaml, of every template by name, and of the scales of the items in play.

    In play are items that are asked, and items that a template names. The place of the folder and other items of
    the study do not count. Each piece is preceded by its length, so that no two protocols run to the same bytes.
    """
    written = {name for _, template in templates for name in template.names()}
    # A wrong label is one that is not intended, so the column with the right one counts as if a template named it.
    written |= {f"intended.{force.item.name}" for force in forces if force.how == "wrong"}
    in_play = set(asked) | {_item_named(name) for name in written}
    pieces = [file]
    for name, template in templates:
        pieces += [name.encode(), template.source]
    pieces += [_canonical(item, written) for item in sorted(items, key=lambda item: item.name) if item.name in in_play]
    hashed = hashlib.sha256()
    for piece in pieces:
        hashed.update(len(piece).to_bytes(8, "big") + piece)
    return hashed.hexdigest()


def _item_named(name: str) -> str:
    head, _, tail = name.partition(".")
    return tail if head in ("intended", "forced") else head


def _canonical(item: Item, written: set[str]) -> bytes:
    """An item's name, its scale, and its column of right answers if a template names it, as JSON in one form."""
    facts: dict[str, object] = {"name": item.name, "scale": asdict(item.scale)}
    if f"intended.{item.name}" in written:
        facts["intended"] = item.intended
    return json.dumps(facts, sort_keys=True).encode()
