"""What a sweep's answers say, direction by direction and layer by layer, of the half of identities it is told of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.probe.responses import dose_points, means, monotony, random_spans, slope_beside, slopes
from vlmrate.probe.steered import (
    DirectionSteering,
    LabelsAt,
    LayerSteering,
    Moved,
    NoAnswer,
    Reading,
    Response,
    StepLength,
)
from vlmrate.stats import Family, Share, holm
from vlmrate.study.records import Labels

if TYPE_CHECKING:
    from vlmrate.probe.arms import ItemAnswers
    from vlmrate.probe.sweep import Half, Swept


def directions_told(swept: Swept) -> tuple[DirectionSteering, ...]:
    """Every direction at all layers, with p corrected over all of them."""
    return _corrected(_Told(swept).directions())


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What a sweep's answers say: the layer chosen on one half of the identities, all else told of the other."""

    swept: Swept

    def directions(self) -> tuple[DirectionSteering, ...]:
        """Every direction, all its layers."""
        steered = self.swept.told.sweep.steered
        made = []
        for name in dict.fromkeys(one.name for one in steered):
            numbers = [i for i, one in enumerate(steered) if one.name == name]
            best = max(numbers, key=self._reach)
            made.append(DirectionSteering(name, steered[best].layer, tuple(self._layer(i) for i in numbers)))
        return tuple(made)

    def _reach(self, number: int) -> float:
        """How far one unit of dose moves the rating that moves most, as a share of its scale, on the half to choose on.

        Expected ratings where the model gives its own probabilities, else spoken ones, else probabilities of labels.
        """
        for kind in ("expected", "spoken", "probability"):
            moved = [
                abs(self._tuned_slope(reading, number)) / self._extent(reading)
                for reading in self._readings
                if reading.kind == kind
            ]
            if moved and not np.isnan(moved).all():
                return float(np.nanmax(moved))
        return 0.0

    def _tuned_slope(self, reading: Reading, number: int) -> float:
        half = self.swept.tuned
        own = _in_line(half, _values(half, reading, half.sweep.places[number]))
        own = own[np.isfinite(own)]
        return float(own.mean()) if len(own) else np.nan

    def _extent(self, reading: Reading) -> float:
        scale = self.swept.told.answers.items[reading.item].item.scale
        return 1.0 if isinstance(scale, Labels) else float(scale.high - scale.low)

    @property
    def _readings(self) -> tuple[Reading, ...]:
        made: list[Reading] = []
        for name, one in self.swept.told.answers.items.items():
            if isinstance(one.item.scale, Labels):
                made.extend(Reading(name, "probability", label) for label in one.item.answers)
            else:
                made.extend((Reading(name, "expected"), Reading(name, "spoken")))
        return tuple(made)

    def _layer(self, number: int) -> LayerSteering:
        half = self.swept.told
        one, places, items = half.sweep.steered[number], half.sweep.places[number], half.answers.items
        return LayerSteering(
            layer=one.layer,
            lengths=tuple(StepLength(step, direction.gap) for step, direction in one.at.items()),
            responses=tuple(self._response(reading, number) for reading in self._readings),
            no_answer=tuple(entry for name in items for entry in self._no_answer(name, places)),
            labels=tuple(
                _labels_at(name, answered, dose, int(arm))
                for name, answered in items.items()
                if isinstance(answered.item.scale, Labels)
                for dose, arm in zip(half.sweep.doses.all, places, strict=True)
                if dose != 0
            ),
        )

    def _response(self, reading: Reading, number: int) -> Response:
        half, bootstrap = self.swept.told, self.swept.bootstrap
        doses, identities = half.sweep.doses, half.identities
        values = _values(half, reading, half.sweep.places[number])
        random = _values(half, reading, half.sweep.random[number])
        rises = not self._tuned_slope(reading, number) < 0
        return Response(
            reading=reading,
            doses=dose_points(values, doses.all, identities, bootstrap),
            random=random_spans(random, doses.in_line),
            slope=slope_beside(_in_line(half, values), slopes(random, doses.in_line), identities, bootstrap),
            monotony=None
            if reading.kind == "probability"
            else monotony(values, doses.all, rises=rises, identities=identities, bootstrap=bootstrap),
        )

    def _no_answer(self, name: str, places: np.ndarray) -> list[NoAnswer]:
        half, bootstrap = self.swept.told, self.swept.bootstrap
        answered, doses = half.answers.items[name], half.sweep.doses.all
        lacking = (answered.given[places] < 0).astype(np.float64)
        names = [f"share without a valid answer at dose {dose:g}" for dose in doses]
        shares = means(lacking, half.identities, bootstrap, names)
        names = [f"probability of valid answers at dose {dose:g}" for dose in doses]
        masses = means(answered.valid_mass[places], half.identities, bootstrap, names)
        names = [f"share clamped at dose {dose:g}" for dose in doses]
        clamped = means(answered.clamped[places].astype(np.float64), half.identities, bootstrap, names)
        return [NoAnswer(name, *told) for told in zip(doses, shares, masses, clamped, strict=True)]


def _in_line(half: Half, values: np.ndarray) -> np.ndarray:
    """Every picture's slope over the linear range, of values at all of the sweep's doses (doses, pictures)."""
    doses = half.sweep.doses
    return slopes(values[list(doses.linear_places)], doses.in_line)


def _values(half: Half, reading: Reading, arms: np.ndarray) -> np.ndarray:
    """A reading in some arms (*arms.shape, pictures)."""
    return np.asarray(read(half.answers.items[reading.item], reading)[arms])


def _labels_at(name: str, answered: ItemAnswers, dose: float, arm: int) -> LabelsAt:
    before, after = answered.given[0], answered.given[arm]
    options = (*answered.item.answers, None)  # the last for -1, no valid answer
    pairs, counts = np.unique(np.column_stack([before, after])[before != after], axis=0, return_counts=True)
    moves = [
        Moved(options[source], options[target], int(images))
        for (source, target), images in zip(pairs, counts, strict=True)
    ]
    changed = Share(int((before != after).sum()), len(before), "pictures")
    return LabelsAt(name, dose, changed, tuple(sorted(moves, key=lambda moved: -moved.images)))


def read(answered: ItemAnswers, reading: Reading) -> np.ndarray:
    """A reading of an item's answers (arms, pictures), NaN where there is none."""
    if reading.kind == "expected":
        return answered.expected
    if reading.kind == "spoken":
        return answered.spoken
    return np.asarray(answered.probability[:, :, answered.item.answers.index(str(reading.label))])


def _corrected(directions: tuple[DirectionSteering, ...]) -> tuple[DirectionSteering, ...]:
    """With p by Holm, over all directions, layers and readings of a kind."""
    tests: dict[str, dict[str, float]] = {}
    for told in directions:
        for layer in told.layers:
            for response in layer.responses:
                if response.slope.p is not None:
                    key = _key(told, layer, response)
                    tests.setdefault(response.reading.kind, {})[key] = response.slope.p
    held = {
        adjusted.test: adjusted.p_adjusted
        for kind, of_kind in tests.items()
        for adjusted in holm(Family.of(f"slopes: {kind}", of_kind))
    }

    def corrected(told: DirectionSteering, layer: LayerSteering) -> LayerSteering:
        return replace(
            layer,
            responses=tuple(
                replace(response, slope=replace(response.slope, p_holm=held.get(_key(told, layer, response))))
                for response in layer.responses
            ),
        )

    return tuple(replace(told, layers=tuple(corrected(told, layer) for layer in told.layers)) for told in directions)


def _key(told: DirectionSteering, layer: LayerSteering, response: Response) -> str:
    return f"{told.direction} | {layer.layer} | {response.reading}"
