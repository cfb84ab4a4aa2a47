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
    from vlmrate.probe.sweep import Swept


def directions_told(swept: Swept) -> tuple[DirectionSteering, ...]:
    """Every direction at all layers, with p corrected over all of them."""
    return _corrected(_Told(swept).directions())


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What a sweep's answers say of the second half of the identities."""

    swept: Swept

    def directions(self) -> tuple[DirectionSteering, ...]:
        """Every direction, all its layers."""
        names = dict.fromkeys(one.name for one in self.swept.sweep.steered)
        return tuple(self._direction(name) for name in names)

    def _direction(self, name: str) -> DirectionSteering:
        numbers = [i for i, one in enumerate(self.swept.sweep.steered) if one.name == name]
        best = max(numbers, key=self._reach)
        return DirectionSteering(name, self.swept.sweep.steered[best].layer, tuple(self._layer(i) for i in numbers))

    def _reach(self, number: int) -> float:
        """How far one unit of dose moves the rating that moves most, as a share of its scale, on the first half.

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
        own = slopes(self._values(reading, self.swept.sweep.places[number])[self._linear], self._linear_doses)
        own = own[self.swept.halves.tuned & np.isfinite(own)]
        return float(own.mean()) if len(own) else np.nan

    def _extent(self, reading: Reading) -> float:
        scale = self.swept.answers.items[reading.item].item.scale
        return 1.0 if isinstance(scale, Labels) else float(scale.high - scale.low)

    @property
    def _readings(self) -> tuple[Reading, ...]:
        made: list[Reading] = []
        for name, one in self.swept.answers.items.items():
            if isinstance(one.item.scale, Labels):
                made.extend(Reading(name, "probability", label) for label in one.item.answers)
            else:
                made.extend((Reading(name, "expected"), Reading(name, "spoken")))
        return tuple(made)

    @property
    def _linear(self) -> list[int]:
        return list(self.swept.sweep.doses.linear_places)

    @property
    def _linear_doses(self) -> list[float]:
        return [self.swept.sweep.doses.all[i] for i in self._linear]

    def _values(self, reading: Reading, arms: np.ndarray) -> np.ndarray:
        """A reading in some arms (*arms.shape, pictures)."""
        return np.asarray(read(self.swept.answers.items[reading.item], reading)[arms])

    def _layer(self, number: int) -> LayerSteering:
        one, places = self.swept.sweep.steered[number], self.swept.sweep.places[number]
        return LayerSteering(
            layer=one.layer,
            lengths=tuple(StepLength(step, direction.gap) for step, direction in one.at.items()),
            responses=tuple(self._response(reading, number) for reading in self._readings),
            no_answer=tuple(
                entry
                for name, answered in self.swept.answers.items.items()
                for entry in self._no_answer(name, answered, places)
            ),
            labels=tuple(
                self._labels_at(name, answered, dose, int(arm))
                for name, answered in self.swept.answers.items.items()
                if isinstance(answered.item.scale, Labels)
                for dose, arm in zip(self.swept.sweep.doses.all, places, strict=True)
                if dose != 0
            ),
        )

    def _response(self, reading: Reading, number: int) -> Response:
        told, doses = self.swept.halves.told, self.swept.sweep.doses.all
        identities = self.swept.halves.identities[told]
        values = self._values(reading, self.swept.sweep.places[number])[:, told]
        random = self._values(reading, self.swept.sweep.random[number])[:, :, told]
        own = slopes(values[self._linear], self._linear_doses)
        rises = not self._tuned_slope(reading, number) < 0
        return Response(
            reading=reading,
            doses=dose_points(values, doses, identities, self.swept.bootstrap),
            random=random_spans(random, self._linear_doses),
            slope=slope_beside(own, slopes(random, self._linear_doses), identities, self.swept.bootstrap),
            monotony=None
            if reading.kind == "probability"
            else monotony(values, doses, rises=rises, identities=identities, bootstrap=self.swept.bootstrap),
        )

    def _no_answer(self, name: str, answered: ItemAnswers, places: np.ndarray) -> list[NoAnswer]:
        told, doses = self.swept.halves.told, self.swept.sweep.doses.all
        lacking = (answered.given[places][:, told] < 0).astype(np.float64)
        names = [f"share without a valid answer at dose {dose:g}" for dose in doses]
        shares = means(lacking, self.swept.halves.identities[told], self.swept.bootstrap, names)
        return [NoAnswer(name, dose, share) for dose, share in zip(doses, shares, strict=True)]

    def _labels_at(self, name: str, answered: ItemAnswers, dose: float, arm: int) -> LabelsAt:
        before, after = answered.given[0, self.swept.halves.told], answered.given[arm, self.swept.halves.told]
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
