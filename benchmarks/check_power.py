"""How often `vlmrate check` in mode `statistical` raises a false alarm, and how often it sees a change, by simulation.

`python benchmarks/check_power.py` prints the table of docs/ci.md in a quarter of an hour on a free core; the same seeds
give the same numbers. Its raters
and people are simulated: a rater right on 90 % of six labels, and two scales from 1 to 9 on which it lies about 0.7
points off people's means.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.check.compare import changes
from vlmrate.check.material import Material
from vlmrate.check.metrics import name_of
from vlmrate.check.records import Limits, Metric, RatedAnswer, RatedImage
from vlmrate.check.statistical import statistical_rows
from vlmrate.check.truth import FloatArray, Truth, labels_given, numbers_given
from vlmrate.check.verdict import Verdict, gravest
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from vlmrate.check.metrics import Kind

LABELS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
SIZES = (18, 36, 72, 144)
ITEMS = (Item("emotion", Labels(LABELS), "emotion"), Item("valence", Likert(1, 9)), Item("arousal", Likert(1, 9)))
RIGHT, OFF = 0.9, 0.7


@dataclass(frozen=True, slots=True)
class Chance:
    """What comes by chance alone: the chance of an answer to flip, the mean total variation of its probabilities."""

    flip: float = 0.01
    shift: float = 0.005


AT_THE_LIMIT = Chance(0.02, 0.02 / math.log(20))
"""As much as the check grants to chance: 2 % of answers flip, 5 % of images shift by more than .02."""


@dataclass(frozen=True, slots=True)
class Said:
    """Answers of a rater before they are rounded to the scale: labels by number, scales as numbers."""

    labels: np.ndarray[tuple[int], np.dtype[np.int64]]
    scales: dict[str, FloatArray]


Change = Callable[[Said, np.ndarray[tuple[int], np.dtype[np.int64]], np.random.Generator], Said]


def worse_labels(share: float) -> Change:
    """This share of the right labels turns wrong."""

    def change(said: Said, truth: np.ndarray[tuple[int], np.dtype[np.int64]], rng: np.random.Generator) -> Said:
        hit = (said.labels == truth) & (rng.random(len(truth)) < share)
        return Said(np.where(hit, (said.labels + rng.integers(1, 6, len(truth))) % 6, said.labels), said.scales)

    return change


def biased(points: float) -> Change:
    """Valence is rated higher by so many points."""
    return lambda said, _, __: Said(said.labels, {**said.scales, "valence": said.scales["valence"] + points})


def noisier(sd: float) -> Change:
    """Valence is rated with normal noise of this SD on top."""

    def change(said: Said, truth: np.ndarray[tuple[int], np.dtype[np.int64]], rng: np.random.Generator) -> Said:
        noise = rng.normal(0, sd, len(truth))
        return Said(said.labels, {**said.scales, "valence": said.scales["valence"] + noise})

    return change


CHANGES: dict[str, Change] = {
    "right labels lost: 10 %": worse_labels(0.1),
    "right labels lost: 20 %": worse_labels(0.2),
    "right labels lost: 40 %": worse_labels(0.4),
    "valence higher by 0.25": biased(0.25),
    "valence higher by 0.5": biased(0.5),
    "valence higher by 1": biased(1.0),
    "noise on valence, SD 0.5": noisier(0.5),
    "noise on valence, SD 1": noisier(1.0),
    "noise on valence, SD 2": noisier(2.0),
}


def nothing(said: Said, *_: object) -> Said:
    """The same rater."""
    return said


def main() -> None:
    """Command line: simulate and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unchanged", type=int, default=1000, help="checks a cell of the unchanged rater")
    parser.add_argument("--checks", type=int, default=400, help="checks a cell of a changed rater")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    start = time.perf_counter()
    print("| change | " + " | ".join(f"{size} images" for size in options.sizes) + " |")
    print("|---|" + "---|" * len(options.sizes))
    for name, chance in (("nothing but chance", Chance()), ("nothing but chance, at its limit", AT_THE_LIMIT)):
        if options.unchanged:
            cells = [_cell(nothing, size, options.unchanged, chance) for size in options.sizes]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
    for name, change in CHANGES.items():
        if options.checks:
            cells = [_cell(change, size, options.checks, Chance()) for size in options.sizes]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print(f"\n{time.perf_counter() - start:.0f} s")


def _cell(change: Change, size: int, checks: int, chance: Chance) -> str:
    """Shares of checks that were `regressed`, and `regressed` or `changed`, in %."""
    found = Counter(verdict_of(change, size, seed, chance) for seed in range(checks))
    regressed, changed = 100 * found["regressed"] / checks, 100 * found["changed"] / checks
    return f"{regressed:.1f} ({regressed + changed:.1f})"


def verdict_of(change: Change, size: int, seed: int, chance: Chance) -> Verdict:
    """The verdict of one simulated check."""
    rng = np.random.default_rng([seed, size])
    truth = np.arange(size) % 6
    people = {item: np.clip(rng.normal(5, 2, size), 1, 9) for item in ("valence", "arousal")}
    right = rng.random(size) < RIGHT
    said = Said(
        np.where(right, truth, (truth + rng.integers(1, 6, size)) % 6),
        {item: mean + rng.normal(0, OFF, size) for item, mean in people.items()},
    )
    shifts = np.minimum(rng.exponential(chance.shift, (size, 3)), 0.5)
    before = _images(said, None, rng, np.zeros((size, 3)))
    now = _images(change(said, truth, rng), chance.flip, rng, shifts)
    groups = {
        f"{factor}={level}": np.arange(size) // step % levels == level
        for factor, step, levels in (("emotion", 1, 6), ("group", 6, 3))
        for level in range(levels)
    }
    material = _Quick(
        before=before,
        now=now,
        changes=changes(before, now),
        truth=Truth(ITEMS, {"emotion": tuple(LABELS[i] for i in truth)}, people, groups, tuple(map(str, range(size)))),
        limits=Limits(),
        same_place=False,
    )
    return gravest(statistical_rows(material))


class _Quick(Material):
    """A material whose metrics have no intervals, for those decide nothing in this mode and take most of the time."""

    @cached_property
    def metrics_before(self) -> Mapping[str, Metric]:
        """The baseline's metrics by name."""
        return dict(_values(self.before, self.truth))

    @cached_property
    def metrics_now(self) -> Mapping[str, Metric]:
        """Today's metrics by name."""
        return dict(_values(self.now, self.truth))


def _values(images: Sequence[RatedImage], truth: Truth) -> Iterator[tuple[str, Metric]]:
    labels = zip(labels_given(images, "emotion"), truth.labels["emotion"], strict=True)
    yield _metric("emotion", "kappa", sum(given == label for given, label in labels) / len(images))
    for item, people in truth.means.items():
        given = numbers_given(images, item)
        yield _metric(item, "r", float(np.corrcoef(given, people)[0, 1]))
        yield _metric(item, "mae", float(np.abs(given - people).mean()))
        yield _metric(item, "bias", float((given - people).mean()))
        for level, here in truth.groups.items():
            yield _metric(item, "bias", float((given - people)[here].mean()), level)


def _metric(item: str, kind: Kind, value: float, level: str | None = None) -> tuple[str, Metric]:
    name = name_of(item, kind, level)
    return name, Metric(
        name=name, item=item, kind=kind, level=level, value=value, low=value, high=value, n=0, method=""
    )


def _images(said: Said, flip: float | None, rng: np.random.Generator, shifts: FloatArray) -> tuple[RatedImage, ...]:
    labels = said.labels
    scales = {item: np.clip(np.rint(values), 1, 9) for item, values in said.scales.items()}
    if flip is not None:
        labels = np.where(rng.random(len(labels)) < flip, rng.integers(0, 6, len(labels)), labels)
        scales = {
            item: np.clip(values + rng.choice([-1, 1], len(values)) * (rng.random(len(values)) < flip), 1, 9)
            for item, values in scales.items()
        }
    return tuple(
        RatedImage(
            image_id=f"{i:04d}",
            sha256="",
            seconds=0.0,
            answers=(
                _answer("emotion", LABELS[labels[i]], shifts[i, 0]),
                _answer("valence", int(scales["valence"][i]), shifts[i, 1]),
                _answer("arousal", int(scales["arousal"][i]), shifts[i, 2]),
            ),
        )
        for i in range(len(labels))
    )


def _answer(item: str, value: int | str, shift: float) -> RatedAnswer:
    """An answer whose probabilities lie `shift` apart from those of an answer without one."""
    return RatedAnswer(item=item, value=value, route="exact", probabilities={"a": 0.5 + shift, "b": 0.5 - shift})


if __name__ == "__main__":
    main()
