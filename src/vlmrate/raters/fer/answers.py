"""What a network's outputs say about a study's items. Pure: numbers in, answers out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.errors import AskError, RaterError
from vlmrate.protocol.parser import Given
from vlmrate.raters.base import OptionProbabilities
from vlmrate.raters.fer.entry import same_word
from vlmrate.study.records import Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vlmrate.raters.fer.entry import FerEntry, LabelsEntry, ScaleEntry
    from vlmrate.study.records import Item

    Outputs = Mapping[str | None, NDArray[np.float32]]

_FEWEST_OPTIONS = 2
"""Options of an item that the network must know: with one it could give one answer only."""


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """The item that the network's expressions answer; `places` are those of its options, None where it knows none."""

    item: Item
    entry: LabelsEntry
    places: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class ScalePlan:
    """An item on a scale, and where the network gives it."""

    item: Item
    scale: Likert
    entry: ScaleEntry


@dataclass(frozen=True, slots=True)
class Plan:
    """Which of a study's items the network answers, and from what."""

    label: LabelPlan | None
    scales: tuple[ScalePlan, ...]

    def items(self, study: Sequence[Item]) -> tuple[Item, ...]:
        """The items answered, in the study's order."""
        planned = {plan.item.name for plan in (*self.scales, *([self.label] if self.label else ()))}
        return tuple(item for item in study if item.name in planned)


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers by item, how likely each label was, and all of it in a few words."""

    given: dict[str, Given] = field(default_factory=dict)
    options: dict[str, OptionProbabilities] = field(default_factory=dict)
    words: tuple[str, ...] = ()


def plan_answers(name: str, entry: FerEntry, items: Sequence[Item]) -> Plan:
    """Which items the network called `name` answers.

    Labels answer one item, of which they know two options at least: one with a right answer before others, and the one
    of which they know most. Numbers answer the items on a scale that bear one of their names.

    Raises:
        RaterError: It answers none, or two options of an item are the same expression to it.
    """
    label = _label_plan(name, entry.labels, items) if entry.labels is not None else None
    scales = tuple(_scale_plans(entry, items))
    if label is None and not scales:
        knows = [names[0] for names in entry.labels.names] if entry.labels else []
        knows += [scale.items[0] for scale in entry.scales]
        raise RaterError(
            f"{name} answers none of the study's items ({', '.join(item.name for item in items)}); it knows "
            f"{', '.join(knows)}: give it other names in models.yaml, or rename the study's options or items"
        )
    return Plan(label, scales)


def _label_plan(name: str, entry: LabelsEntry, items: Sequence[Item]) -> LabelPlan | None:
    places = {same_word(word): place for place, words in enumerate(entry.names) for word in words}
    plans = [
        LabelPlan(item, entry, {option: places.get(same_word(option)) for option in item.scale.options})
        for item in items
        if isinstance(item.scale, Labels)
    ]
    fit = [plan for plan in plans if len(_known(plan)) >= _FEWEST_OPTIONS]
    if not fit:
        return None
    best = max(fit, key=lambda plan: (plan.item.intended is not None, len(_known(plan))))
    _refuse_same(name, best)
    return best


def _known(plan: LabelPlan) -> dict[str, int]:
    return {option: place for option, place in plan.places.items() if place is not None}


def _refuse_same(name: str, plan: LabelPlan) -> None:
    options: dict[int, str] = {}
    for option, place in _known(plan).items():
        if place in options:
            raise RaterError(
                f"{name} cannot tell {options[place]!r} from {option!r}, two options of {plan.item.name}: models.yaml "
                "gives both names to one output; take one of them out there"
            )
        options[place] = option


def _scale_plans(entry: FerEntry, items: Sequence[Item]) -> list[ScalePlan]:
    by_name = {same_word(word): scale for scale in entry.scales for word in scale.items}
    return [
        ScalePlan(item, item.scale, by_name[same_word(item.name)])
        for item in items
        if isinstance(item.scale, Likert) and same_word(item.name) in by_name
    ]


def no_face(plan: Plan) -> Answers:
    """The answers where no face was found: none, and why."""
    planned = [*([plan.label] if plan.label else ()), *plan.scales]
    return Answers({each.item.name: Given(None, "no-face") for each in planned}, words=("no face found",))


def read_outputs(plan: Plan, outputs: Outputs) -> Answers:
    """The answers to all items planned.

    Raises:
        AskError: An output is not a finite number.
    """
    label = _read_label(plan.label, outputs) if plan.label is not None else Answers()
    given, words = dict(label.given), list(label.words)
    for scale in plan.scales:
        said = _finite(outputs[scale.entry.output][scale.entry.index : scale.entry.index + 1])[0]
        given[scale.item.name] = rescaled(float(said), scale.entry.range, scale.scale)
        words.append(f"{scale.item.name} {said:.3f}")
    return Answers(given, label.options, tuple(words))


def _read_label(plan: LabelPlan, outputs: Outputs) -> Answers:
    entry, name = plan.entry, plan.item.name
    numbers = _finite(outputs[entry.output][entry.first : entry.first + len(entry.names)])
    shares = softmax(numbers) if entry.are == "logits" else numbers
    top = int(np.argmax(shares))
    chances = {option: 0.0 if place is None else float(shares[place]) for option, place in plan.places.items()}
    mass = sum(chances.values())
    options = {option: chance / mass for option, chance in chances.items()} if mass > 0 else None
    on_list = top in plan.places.values() or (entry.off_list == "renormalise" and options is not None)
    given = Given(max(chances, key=chances.__getitem__)) if on_list else Given(None, "off-list")
    known = {name: OptionProbabilities(options, min(mass, 1.0))} if options is not None else {}
    return Answers({name: given}, known, (entry.names[top][0],))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities from logits."""
    odds = np.exp(logits - logits.max())
    shares: NDArray[np.float64] = odds / odds.sum()
    return shares


def rescaled(said: float, ends: tuple[float, float], scale: Likert) -> Given:
    """A number between `ends` brought to an item's scale, not rounded; what lies beyond it is moved to its end."""
    value = scale.brought_here(said, ends)
    kept = scale.held(value)
    return Given(kept, clamped_from=None if kept == value else value)


def _finite(numbers: NDArray[np.float32]) -> NDArray[np.float64]:
    if not np.isfinite(numbers).all():
        raise AskError("the network gave something that is not a finite number for this picture")
    return numbers.astype(np.float64)
