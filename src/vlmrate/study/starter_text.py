"""The study.yaml that `vlmrate init` writes, with a comment on every section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")

_TEXT = """\
# yaml-language-server: $schema=study.schema.json
# A rating study. Paths are relative to this file; `vlmrate validate` checks it and prints the design.

# The name of the study; results go to a folder of this name.
name: {name}

# The pictures: a CSV with image_id, path, and a column a factor.
stimuli: stimuli.csv

# What people answered: a CSV (plain or .gz) with rater_id, image_id and a column an item,
# or already aggregated with image_id, item, mean, sd, n. Take the # away once you have it.
# ratings: human_ratings.csv

# What is asked, each with its scale: either the labels to choose from, or a scale from low to high
# with the wording of its ends as people saw it. `intended` names the column with the right answer.
items:
  emotion:
    options: {options}
{intended}  valence: {{low: 1, high: 9, low_anchor: extremely negative, high_anchor: extremely positive}}
  arousal: {{low: 1, high: 9, low_anchor: not at all aroused, high_anchor: highly aroused}}

# Which columns of the pictures' table are the posed emotion, the person shown, and groups to compare.
{factors}
# How a rater is asked: a protocol that comes with vlmrate, or a folder of your own.
protocol: context-carry

# Where runs are written.
results: results
"""


def study_text(name: str, levels: Mapping[str, Sequence[str]]) -> str:
    """study.yaml for a study whose stimuli table has these factor columns, each with its levels.

    A column `emotion` is the intended answer and the emotion factor, `identity` the person; all others are groups.
    """
    emotions = levels.get("emotion", ())
    return _TEXT.format(
        name=_written(name),
        options=_written(list(emotion_options(emotions))),
        intended="    intended: emotion\n" if emotions else "    # intended: emotion\n",
        factors=_factors(list(levels)),
    )


def emotion_options(levels: Sequence[str]) -> tuple[str, ...]:
    """The six emotions where the levels are among them; else the levels, those of the six first and in their order.

    A single level makes no choice, so then the six are offered beside it.
    """
    if set(levels) <= set(EMOTIONS):
        return EMOTIONS
    if len(levels) == 1:
        return (*(emotion for emotion in EMOTIONS if emotion != levels[0].casefold()), levels[0])
    rank = {emotion: place for place, emotion in enumerate(EMOTIONS)}
    return tuple(sorted(levels, key=lambda level: (rank.get(level.casefold(), len(rank)), level)))


def _factors(columns: Sequence[str]) -> str:
    groups = [column for column in columns if column not in {"emotion", "identity"}]
    if not columns:
        return "# factors: {emotion: emotion, identity: identity, groups: [gender]}\n"
    parts = [f"  {part}: {part}" if part in columns else f"  # {part}: {part}" for part in ("emotion", "identity")]
    grouped = f"  groups: {_written(groups)}" if groups else "  # groups: [gender]"
    return "\n".join(["factors:", *parts, grouped]) + "\n"


def _written(value: str | list[str]) -> str:
    """A value as YAML on one line, quoted where YAML would take it for something else (no, 1, 2024-01-01)."""
    flow = yaml.safe_dump([value], default_flow_style=True, width=10**6, allow_unicode=True)
    return flow.strip()[1:-1]
