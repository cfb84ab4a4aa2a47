"""Reasoning kept apart from the answer, where a model writes both into one text."""

from __future__ import annotations

from dataclasses import dataclass

MARKS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<thinking>", "</thinking>"), ("<thought>", "</thought>"))
"""How models mark where reasoning begins and ends. Some templates write the first mark into the prompt."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A text in two: the reasoning without its marks (None where there is none), and the answer."""

    reasoning: str | None
    answer: str


def split_reasoning(text: str, marks: tuple[tuple[str, str], ...] = MARKS) -> Parts:
    """Everything up to the last mark that ends reasoning is reasoning; what follows is the answer.

    Reasoning that was begun and not ended (the tokens allowed were spent) leaves no answer.
    """
    for begin, end in marks:
        before, ended, answer = text.rpartition(end)
        if ended:
            return Parts(before.strip().removeprefix(begin).strip(), answer.lstrip())
        if text.lstrip().startswith(begin):
            return Parts(text.lstrip().removeprefix(begin).strip(), "")
    return Parts(None, text)
