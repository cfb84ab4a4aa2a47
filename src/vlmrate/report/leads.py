"""The sentences each part of the report begins with: what it answers, and how to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.report.opening import opening
from vlmrate.report.table import Part

if TYPE_CHECKING:
    from vlmrate.analysis import Analysis

NETWORK = (
    "Directions, probes and features are statistics of a network, not feelings. That something can be told from a "
    "layer does not say that the answers rest on it: correlation is not cause where no intervention was made."
)

WHAT_IT_ANSWERS = {
    Part.PEOPLE: (
        "How far do people agree with one another? No rater can be asked to agree with people better than their own "
        "ratings allow.",
    ),
    Part.CLASSIFICATION: (
        "How often does a rater give the intended label, and which one does it give instead? An answer that could not "
        "be read is an error.",
    ),
    Part.AGREEMENT: (
        "How closely do a rater's numbers follow the mean of people? Most of a high correlation may come from the "
        "emotions alone: r within emotion leaves them out.",
    ),
    Part.BIAS: ("In which emotions does a rater rate above or below people?",),
    Part.GROUPS: (
        "Does a rater differ from people more for some of the people shown than for others? An effect of the group on "
        "the rater alone is no bias: people may see it too.",
    ),
    Part.SPREAD: ("Does a rater tell images of one emotion apart, or does it answer each emotion with one number?",),
    Part.REPLACEMENT: ("Could a rater take a person's place in such a study?",),
    Part.COMPARISON: ("Which rater is better than which, and by how much?",),
    Part.PUBLISHED: ("Values printed by a published study beside those computed here.",),
    Part.INSIDE: ("What inside a model carries its answers, and does changing that change them?", NETWORK),
    Part.RUNS: ("What was asked of each rater, what came back, and how it was read.",),
}


def lead(analysis: Analysis, part: Part) -> tuple[str, ...]:
    """The first sentences of a part; the summary's say what was compared."""
    return opening(analysis) if part is Part.SUMMARY else WHAT_IT_ANSWERS[part]
