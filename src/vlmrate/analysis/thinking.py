"""Raters that think before they answer: how long, what it changes, and whether it takes as long as people take.

Everything rests on what the raters' settings say of thinking and on the tokens of reasoning that they tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.analysis.thinking_pairs import ThinkingPair, thinking_pairs
from vlmrate.analysis.thinking_traces import RaterTraces, rater_traces
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material

NOBODY_THOUGHT = Skipped("no rater reasoned before it answered")
NO_PAIR = Skipped(
    "no rater was asked both with and without thinking and otherwise alike (`vlmrate infer --thinking-tokens 0 --as "
    "NAME` asks one again)"
)


@dataclass(frozen=True, slots=True)
class Thinking:
    """Lengths of reasoning rater by rater, and every two runs of one model that differ in thinking alone."""

    raters: tuple[RaterTraces, ...] | Skipped
    pairs: tuple[ThinkingPair, ...] | Skipped


def thinking(material: Material) -> Thinking | Skipped:
    """All that can be said of thinking; Skipped where no rater thought and none was asked with and without."""
    traces, pairs = rater_traces(material), thinking_pairs(material)
    thought = any(length.reasoned.numerator for rater in traces for length in rater.lengths)
    if not thought and not pairs:
        return NOBODY_THOUGHT
    told = Skipped("the raters do not tell the length of their reasoning")
    return Thinking(traces or told, pairs or NO_PAIR)
