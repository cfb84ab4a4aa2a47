"""What docs/protocols.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from vlmrate.protocol.conduct import CARRY_LIMIT
from vlmrate.protocol.load import load_protocol, shipped
from vlmrate.protocol.parser import Route, SpokenRoute, read_answer
from vlmrate.protocol.prose import READ_LIMIT
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vlmrate.study.records import Study

PAGE = (Path(__file__).parents[2] / "docs" / "protocols.md").read_text(encoding="utf-8")
ITEMS = {
    "emotion": Item("emotion", Labels(("happy", "sad", "angry", "fear", "disgust", "neutral"))),
    "valence": Item("valence", Likert(1, 9)),
}
EXAMPLES = re.findall(r"^\| `(.+)` \| (emotion|valence) \| (.*?) ?\| (\w+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("answer", "item", "value", "route"), EXAMPLES)
def test_examples_of_answers(answer: str, item: str, value: str, route: str) -> None:
    """Each row of the table of examples is read as the page says."""
    reading = read_answer(answer, ITEMS[item])
    assert ("" if reading.value is None else str(reading.value), reading.route) == (value, route)


def test_every_route_is_explained_and_shown() -> None:
    """The page explains each way of reading; the table of examples was found and shows all but the fence."""
    for route in get_args(Route):
        assert f"\n| `{route}` | " in PAGE
    assert {route for *_, route in EXAMPLES} == set(get_args(SpokenRoute)) - {"fence"}


def test_own_protocol(attractiveness_study: Study, write_protocol: Callable[[str, Mapping[str, str]], Path]) -> None:
    """The folder that the page has its reader write loads, and sends the prompt that the page shows."""
    files = dict(re.findall(r"^`looks/([\w.]+)`\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    write_protocol("looks", files)
    sent = re.search(r"The rater is sent:\n\n```text\n(.*?)\n```", PAGE)
    (step,) = load_protocol("looks", attractiveness_study).steps
    assert sent is not None
    assert step.template.render({}, attractiveness_study.stimuli[0]) == sent[1]


def test_shipped_protocols_and_limits_are_named() -> None:
    """The page lists every shipped protocol, and states the limits that the code has."""
    for name in shipped():
        assert f"\n| `{name}` | " in PAGE
    assert f"at most {CARRY_LIMIT} characters" in PAGE
    assert f"first {READ_LIMIT:,} characters" in PAGE
