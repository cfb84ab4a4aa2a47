"""Answers put down: options by number, what could not be read, and numbers that were moved onto the scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vlmrate.probe.arms import UNCHANGED, joined_items
from vlmrate.probe.sheet import Sheet
from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.base import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vlmrate.probe.arms import Answers
    from vlmrate.study.records import Study


def answers(study: Study, texts: Mapping[str, str]) -> Answers:
    """What is put down about one picture where these texts were said, by item."""
    protocol = load_protocol("context-carry", study)
    sheet = Sheet(protocol, (UNCHANGED,), study.stimuli[:1])
    asking: Any = conduct(protocol, study.stimuli[0])
    question = next(asking)
    while True:
        (item,) = question.items
        try:
            question = asking.send(Reply(texts[item.name], "", 1, 1, 0.0, "stop"))
        except StopIteration as done:
            sheet.put(0, 0, done.value)
            return sheet.answers()


@pytest.mark.parametrize(
    ("said", "given", "clamped"),
    [("3", "3", False), ("3333333333", "9", True), ("2.5", "3", True), ("none", "", False)],
)
def test_a_number_that_was_moved_onto_the_scale_is_kept_apart(small, said: str, given: str, *, clamped: bool) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """It counts as the scale's end, and is told from one that was said as it stands."""
    made = answers(small.study(4), {"emotion": "happy", "valence": said, "arousal": "5"})
    valence = made.items["valence"]
    assert valence.given.tolist() == [[valence.item.answers.index(given) if given else -1]]
    assert valence.clamped.tolist() == [[clamped]]
    assert not made.items["arousal"].clamped.any()
    assert joined_items([made, made], axis=0)["valence"].clamped.tolist() == [[clamped], [clamped]]
    assert joined_items([made, made], axis=1)["valence"].clamped.tolist() == [[clamped, clamped]]
