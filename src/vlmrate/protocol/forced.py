"""Answers put into a rater's mouth: which ones, for one image.

A protocol that forces answers shows what a carried answer does to the next one. What is forced does not depend on the
run: the same image is always told the same wrong label.
"""

from __future__ import annotations

import hashlib
from itertools import product
from typing import TYPE_CHECKING

from vlmrate.protocol.template import cell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.protocol.records import Force, Protocol
    from vlmrate.study.records import Item, Stimulus


def conditions(protocol: Protocol, stimulus: Stimulus) -> tuple[Mapping[str, str], ...]:
    """What is forced on one image, by item: an entry a time that it is asked; one empty entry where nothing is."""
    return _crossed(protocol, [_forced(force, stimulus) for force in protocol.forces])


def possible_conditions(protocol: Protocol) -> tuple[Mapping[str, str], ...]:
    """What may be forced on any image."""
    return _crossed(protocol, [force.item.answers for force in protocol.forces])


def _crossed(protocol: Protocol, answers: list[tuple[str, ...]]) -> tuple[Mapping[str, str], ...]:
    names = [force.item.name for force in protocol.forces]
    return tuple(dict(zip(names, chosen, strict=True)) for chosen in product(*answers))


def _forced(force: Force, stimulus: Stimulus) -> tuple[str, ...]:
    return force.item.answers if force.how == "each" else (wrong_label(force.item, stimulus),)


def wrong_label(item: Item, stimulus: Stimulus) -> str:
    """One of an item's options other than the intended one.

    The SHA-256 of "item/image_id" chooses it, its first eight bytes modulo the number of wrong options: over many
    images each wrong option comes up about equally often.
    """
    wrong = [option for option in item.answers if option != cell(stimulus, item.intended or "")]
    drawn = hashlib.sha256(f"{item.name}/{stimulus.image_id}".encode()).digest()
    return wrong[int.from_bytes(drawn[:8]) % len(wrong)]
