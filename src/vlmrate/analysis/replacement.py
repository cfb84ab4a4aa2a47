"""May a rater stand in for a person? Three questions, since none of them answers it alone.

- *Alternative-annotator test*: is the rater nearer to the other people than the person whose place it would take?
- *Equivalence*: is its bias so small that it does not matter, over all images and in each emotion? A rater may be
  nearer to people than a noisy person is, and still shift the mean of all its answers.
- *In a person's place*: what happens to r and to the error, on the same images and against the same others?
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pandas as pd

from vlmrate import stats
from vlmrate.analysis.asked import ALL, NO_TEST, asked
from vlmrate.analysis.data import NO_PEOPLE
from vlmrate.analysis.others import is_person
from vlmrate.analysis.singles import ONE_OF_THEM, numbered_singles
from vlmrate.stats import Adjusted, Alignment, Equivalence, Estimate, InPlace, Outcome, Share, Skipped
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vlmrate.analysis.data import Material, RaterRun, ScaleRatings
    from vlmrate.analysis.singles import NumberedSingles
    from vlmrate.study.records import Item

ALPHA = 0.05
STEPS_OF_RANGE = 16
"""The margin of equivalence, unless one is stated, is the scale's range over this: half a point on 1 to 9."""
MIN_UNITS = 30
"""Images a person must share with the rater and others to be tested, as the test's authors advise."""
RMSE: Alignment = "rmse"
ACCURACY: Alignment = "accuracy"
NO_MEANS = Skipped("labels have no mean that could be biased")

Standing: TypeAlias = Literal["within", "beyond", "undecided", "not known"]
"""Of a bias: shown to lie within the margin, its interval all outside of it, neither, or there is no bias to judge."""
Verdict: TypeAlias = Literal["yes", "biased", "not shown", "no", "unknown"]
"""May the rater stand in for a person?

- yes: it passes the test, and its bias is shown to lie within the margin over all images and in every emotion.
- biased: it passes, but its bias lies beyond the margin somewhere, or is not shown to lie within it.
- not shown: it fails, though persons are not shown to be nearer by more than epsilon on average; it lacks power.
- no: it fails, and on average persons are nearer by more than epsilon.
- unknown: the test could not be made.
"""


@dataclass(frozen=True, slots=True)
class Margin:
    """The largest mean difference from people that would not matter, in scale points, and where it comes from."""

    points: float
    source: str


@dataclass(frozen=True, slots=True)
class StandIn:
    """The alternative-annotator test: `won` of the tested persons are beaten, and the rater passes from half on.

    `advantage` is the share of images where the rater is at least as near to the others as the person, mean over
    persons, `lead` that less the share where the person is at least as near as the rater. `untested` persons share
    fewer than `min_units` images with the rater and others.
    """

    passes: bool
    won: Share
    advantage: Outcome
    lead: Outcome
    untested: int
    min_units: int
    epsilon: float
    q: float


@dataclass(frozen=True, slots=True)
class BiasWithin:
    """The bias over all images or in one emotion, held against the margin; `holm` corrects over the item's family."""

    emotion: str
    tost: Equivalence | Skipped
    holm: Adjusted | Skipped
    standing: Standing


@dataclass(frozen=True, slots=True)
class RaterReplacement:
    """One rater in the place of a person; the first entry of `equivalence` is over all images."""

    rater: str
    verdict: Verdict
    stand_in: StandIn | Skipped
    equivalence: tuple[BiasWithin, ...] | Skipped
    in_place: InPlace | Skipped

    def emotions(self, standing: Standing) -> tuple[str, ...]:
        """The emotions (and "all images") whose bias stands so beside the margin."""
        found = () if isinstance(self.equivalence, Skipped) else self.equivalence
        return tuple(bias.emotion for bias in found if bias.standing == standing)


@dataclass(frozen=True, slots=True)
class AlwaysTheSame:
    """A rater that gives every image the one answer nearest to people's mean (of labels: their most frequent one).

    Being near to others rewards the middle. Whoever passes the test no better than this rater has shown nothing by it.
    """

    answer: str
    stand_in: StandIn


@dataclass(frozen=True, slots=True)
class ItemReplacement:
    """All raters on one item; `family_size` tests of equivalence are corrected together."""

    item: str
    margin: Margin | Skipped
    always_the_same: AlwaysTheSame | Skipped
    family: str
    family_size: int
    raters: tuple[RaterReplacement, ...] | Skipped


def replacements(material: Material) -> tuple[ItemReplacement, ...] | Skipped:
    """The three questions for each item that people rated."""
    if material.study.ratings is None:
        return NO_PEOPLE
    rated = [item for item in material.study.items if material.without_people(item) is None]
    return tuple(_item(material, item) for item in rated)


def _item(material: Material, item: Item) -> ItemReplacement:
    name = f"equivalence of the bias in {item.name}, overall and per emotion, all raters"
    margin, raters = _margin(material, item), asked(material, item)
    if isinstance(raters, Skipped):
        return ItemReplacement(item.name, margin, raters, name, 0, raters)
    singles = numbered_singles(material, item)
    told, size = _corrected(name, [_rater(material, rater, item, singles, margin) for rater in raters])
    return ItemReplacement(item.name, margin, _always_the_same(material, item, singles), name, size, told)


def _margin(material: Material, item: Item) -> Margin | Skipped:
    if not isinstance(item.scale, Likert):
        return NO_MEANS
    if material.options.margin is not None:
        return Margin(material.options.margin, "as stated for this analysis")
    low, high = item.scale.low, item.scale.high
    return Margin((high - low) / STEPS_OF_RANGE, f"vlmrate's default, a sixteenth of the range from {low} to {high}")


def _rater(
    material: Material, rater: RaterRun, item: Item, singles: NumberedSingles | Skipped, margin: Margin | Skipped
) -> RaterReplacement:
    if is_person(rater.run):
        singles = ONE_OF_THEM
    if isinstance(margin, Skipped):
        stand_in = _stand_in(material, singles, material.answers(rater, item), ACCURACY)
        return RaterReplacement(rater.name, "unknown", stand_in, NO_MEANS, NO_MEANS)
    given = material.scale(rater, item)
    return RaterReplacement(
        rater=rater.name,
        verdict="unknown",
        stand_in=_stand_in(material, singles, given.spoken, RMSE),
        equivalence=tuple(_equivalences(material, given, margin)),
        in_place=singles if isinstance(singles, Skipped) else _in_place(material, singles, given),
    )


def _stand_in(
    material: Material, singles: NumberedSingles | Skipped, answers: pd.Series[Any], alignment: Alignment
) -> StandIn | Skipped:
    if isinstance(singles, Skipped):
        return singles
    told = stats.alt_test(
        singles.image,
        singles.person,
        singles.value,
        singles.of(answers),
        alignment=alignment,
        epsilon=material.options.epsilon,
        q=ALPHA,
        min_units=MIN_UNITS,
        clusters=singles.clusters,
        bootstrap=material.bootstrap,
    )
    if isinstance(told, Skipped):
        return told
    won = Share(sum(person.wins for person in told.raters), len(told.raters), "persons tested")
    return StandIn(
        told.passes, won, told.advantage, told.lead, len(told.too_few_units), MIN_UNITS, told.epsilon, told.q
    )


def _always_the_same(material: Material, item: Item, singles: NumberedSingles | Skipped) -> AlwaysTheSame | Skipped:
    if isinstance(singles, Skipped):
        return singles
    if isinstance(item.scale, Likert):
        answer, alignment = float(round(singles.value.mean())), RMSE
    else:
        answer, alignment = singles.value.mode().iloc[0], ACCURACY
    everywhere = pd.Series([answer] * len(singles.images), index=singles.images)
    told = _stand_in(material, singles, everywhere, alignment)
    words = f"{answer:g}" if isinstance(answer, float) else str(answer)
    return told if isinstance(told, Skipped) else AlwaysTheSame(words, told)


def _in_place(material: Material, singles: NumberedSingles, given: ScaleRatings) -> InPlace | Skipped:
    return stats.in_place_of_person(
        singles.image, singles.person, singles.value, singles.of(given.spoken), bootstrap=material.bootstrap
    )


def _equivalences(material: Material, given: ScaleRatings, margin: Margin) -> Iterator[BiasWithin]:
    yield _equivalence(ALL, given.value, given, margin)
    if given.emotion is not None:
        for emotion in material.images.emotions:
            inside = given.value[given.emotion == emotion]
            if len(inside):
                yield _equivalence(emotion, inside, given, margin)


def _equivalence(name: str, inside: pd.Series[float], given: ScaleRatings, margin: Margin) -> BiasWithin:
    images = inside.index
    told = stats.tost(inside, given.people[images], margin.points, alpha=ALPHA, clusters=given.clusters[images])
    return BiasWithin(name, told, NO_TEST, "undecided")


def _corrected(name: str, raters: Sequence[RaterReplacement]) -> tuple[tuple[RaterReplacement, ...], int]:
    """The raters with corrected tests and verdicts, and the number of tests."""
    tests = {
        (entry.rater, bias.emotion): bias.tost.p_value
        for entry in raters
        if not isinstance(entry.equivalence, Skipped)
        for bias in entry.equivalence
        if not isinstance(bias.tost, Skipped)
    }
    family = stats.Family.of(name, {_test(*key): p for key, p in tests.items()})
    holm = {adjusted.test: adjusted for adjusted in stats.holm(family)}
    return tuple(_judged(entry, holm) for entry in raters), family.size


def _test(rater: str, emotion: str) -> str:
    return f"{rater}, {emotion}"


def _judged(entry: RaterReplacement, holm: dict[str, Adjusted]) -> RaterReplacement:
    """The rater with its corrected tests, and the verdict they come to."""
    if not isinstance(entry.equivalence, Skipped):
        biases = tuple(_stands(bias, holm.get(_test(entry.rater, bias.emotion))) for bias in entry.equivalence)
        entry = replace(entry, equivalence=biases)
    return replace(entry, verdict=_verdict(entry))


def _stands(bias: BiasWithin, holm: Adjusted | None) -> BiasWithin:
    if isinstance(bias.tost, Skipped):
        return replace(bias, standing="not known")
    if holm is None:
        return bias
    if holm.p_adjusted <= bias.tost.alpha:
        return replace(bias, holm=holm, standing="within")
    return replace(bias, holm=holm, standing="beyond" if _is_beyond(bias.tost) else "undecided")


def _is_beyond(tost: Equivalence) -> bool:
    low, high = tost.margin
    seen = tost.difference
    return isinstance(seen, Estimate) and (seen.ci_low > high or seen.ci_high < low)


def _verdict(entry: RaterReplacement) -> Verdict:
    if isinstance(entry.stand_in, Skipped):
        return "unknown"
    if not entry.stand_in.passes:
        lead = entry.stand_in.lead
        return "no" if isinstance(lead, Estimate) and lead.ci_high < -entry.stand_in.epsilon else "not shown"
    free = isinstance(entry.equivalence, Skipped) or all(
        bias.standing in {"within", "not known"} for bias in entry.equivalence
    )
    return "yes" if free else "biased"
