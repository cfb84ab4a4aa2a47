"""Reasoning and answer in one text are told apart."""

from __future__ import annotations

import pytest

from vlmrate.raters.reasoning import Parts, split_reasoning


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("7", Parts(None, "7")),
        ("<think>The mouth curves.</think>\n\nhappy", Parts("The mouth curves.", "happy")),
        ("The mouth curves.</think>happy", Parts("The mouth curves.", "happy")),
        ("<think>one</think><think>two</think>7", Parts("one</think><think>two", "7")),
        ("<think>and so on, and", Parts("and so on, and", "")),
        ("[THINK]hm[/THINK]sad", Parts("hm", "sad")),
        ("<think></think>sad", Parts("", "sad")),
        ("I think it is 7", Parts(None, "I think it is 7")),
    ],
)
def test_reasoning_is_split_from_the_answer(text: str, parts: Parts) -> None:
    """Marks may stand in the text or be begun by the prompt; reasoning cut short leaves no answer."""
    assert split_reasoning(text) == parts
