"""Prompts that a protocol is likely to produce, so that a rater can find what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.protocol.forced import possible_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.protocol.records import Protocol
    from vlmrate.study.records import Item, Stimulus


def likely_prompts(protocol: Protocol, stimulus: Stimulus) -> tuple[str, ...]:
    """Every step's prompt for one stimulus, with each earlier answer varied in turn while the others stay.

    What the protocol forces is varied over all that it may force on any image.
    """
    earlier: list[Item] = []
    prompts: dict[str, None] = {}
    for step in protocol.steps:
        for forced in possible_conditions(protocol):
            prompts |= dict.fromkeys(step.template.render(answers, stimulus, forced) for answers in _varied(earlier))
        earlier.extend(step.asks)
    return tuple(prompts)


def _varied(items: list[Item]) -> Iterator[dict[str, str]]:
    usual = {item.name: item.answers[0] for item in items}
    yield usual
    for item in items:
        for answer in item.answers[1:]:
            yield {**usual, item.name: answer}
