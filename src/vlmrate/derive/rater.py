"""A derived rater as a run asks it: it gives the values that were made for an image."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.protocol.parser import Given
from vlmrate.raters.base import OptionProbabilities, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Settings

_NOTHING_SENT = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Answers:
    """All that is given for one image: values and probabilities by item, and in words what they come from."""

    values: Mapping[str, str | float | None]
    known: Mapping[str, OptionProbabilities]
    words: str

    def ask(self, question: Question) -> Reply:
        """Every item's value, at no cost."""
        given = {item.name: _given(self.values.get(item.name)) for item in question.items}
        return Reply(
            text=self.words,
            sent_sha256=_NOTHING_SENT,
            prompt_tokens=0,
            answer_tokens=0,
            seconds=0.0,
            finish="given",
            options=self.known,
            given=given,
        )


def _given(value: str | float | None) -> Given:
    return Given(None, "invalid") if value is None else Given(value)


@dataclass(frozen=True, slots=True)
class DerivedRater:
    """Answers by the picture's file."""

    settings: Settings
    by_file: Mapping[Path, Answers]

    @property
    def workers(self) -> int:
        """One after another: there is nothing to wait for."""
        return 1

    def view(self, image: Path, seed: int) -> Answers:  # noqa: ARG002  every rater is given a seed
        """What was made for the image."""
        return self.by_file[image]
