"""What was answered in arms, put down picture by picture: log-probabilities of options and what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.arms import Answers, ItemAnswers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.probe.arms import Arm
    from vlmrate.protocol.conduct import Outcome
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.base import OptionProbabilities, Reply
    from vlmrate.study.records import Item, Stimulus

_LEAST = float(np.finfo(np.float64).tiny)
"""What a probability that has underflowed is taken for, so that its logarithm is a number (-708.4)."""


class Sheet:
    """Answers as they come in."""

    def __init__(self, protocol: Protocol, arms: Sequence[Arm], stimuli: Sequence[Stimulus]) -> None:
        self._arms = tuple(arm.name for arm in arms)
        self._pictures = tuple(stimulus.image_id for stimulus in stimuli)
        shape = len(self._arms), len(self._pictures)
        self._items = {
            item.name: ItemAnswers(
                item, np.full((*shape, len(item.answers)), np.nan), np.full(shape, -1), np.zeros(shape, dtype=bool)
            )
            for step in protocol.steps
            for item in step.asks
        }
        self.invalid = 0
        """Answers so far that could not be read."""

    def put(self, arm: int, picture: int, outcome: Outcome[Reply]) -> None:
        """Put down how the protocol went in an arm about a picture, both by number."""
        for turn in outcome.turns:
            for reading in turn.readings:
                answers = self._items[reading.item]
                spoken = str(reading.value)
                if reading.value is not None and spoken in answers.item.answers:
                    answers.given[arm, picture] = answers.item.answers.index(spoken)
                    answers.clamped[arm, picture] = reading.clamped_from is not None
                else:
                    self.invalid += 1
                options = turn.reply.options.get(reading.item)
                if options is not None:
                    answers.logprob[arm, picture] = _logarithms(options, answers.item)

    def answers(self) -> Answers:
        """All of them."""
        return Answers(self._arms, self._pictures, self._items)


def _logarithms(options: OptionProbabilities, item: Item) -> np.ndarray:
    """Log-probability of every option as the rater had it, before it was set in relation to all options."""
    mass = np.array([options.probabilities[answer] for answer in item.answers]) * options.valid_mass
    return np.asarray(np.log(np.maximum(mass, _LEAST)))
