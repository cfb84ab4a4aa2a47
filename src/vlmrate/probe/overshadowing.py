"""Overshadowing: what takes a label's place when its direction is out.

The index of a rival is the rise of its log-probability over the fall of the label's own, over pictures that truly show
the label. All other labels rise with it, since probabilities sum to 1; `beyond` leaves that out by taking both against
the mean of the labels that are neither: a difference of log-probabilities is one of logits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.stats import Bootstrap, Outcome, Skipped, bootstrap_sums

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Rival:
    """A label that may take another's place.

    `rise` is the mean change of its log-probability in nats, `index` that over the fall of the other's, and `beyond`
    the same with both taken against the mean of all labels that are neither.
    """

    label: str
    rise: Outcome
    index: Outcome
    beyond: Outcome


@dataclass(frozen=True, slots=True)
class Overshadowing:
    """All rivals of a label; `largest` is the one that rose most on the other half of the identities.

    `fall` is that of the label's own log-probability, in nats.
    """

    fall: Outcome
    rivals: tuple[Rival, ...]
    largest: str


def overshadowing(
    labels: Sequence[str],
    own: str,
    choosing: np.ndarray,
    told: np.ndarray,
    identities: np.ndarray,
    bootstrap: Bootstrap,
) -> Overshadowing | Skipped:
    """What rises when a label falls, over pictures that show it: changes (pictures, labels) of log-probabilities.

    `choosing` are those of the half that names the largest rival, `told` those of the other, with their identities.
    Skipped where the fall's interval does not lie above 0: a ratio to it would say nothing.
    """
    at = labels.index(own)
    fall = _mean(-told[:, at], identities, f"fall of {own}", bootstrap)
    if isinstance(fall, Skipped):
        return fall
    if fall.ci_low <= 0:
        return Skipped(
            f"{own} does not fall when its direction is out (its interval holds 0), so nothing is in its place"
        )
    others = [i for i in range(len(labels)) if i != at]
    if not others:
        return Skipped(f"{own} is the only label")
    largest = max(others, key=lambda i: float(choosing[:, i].mean()))
    rivals = tuple(_rival(labels, at, i, told, identities, bootstrap) for i in others)
    return Overshadowing(fall, rivals, labels[largest])


def _rival(
    labels: Sequence[str], own: int, rival: int, told: np.ndarray, identities: np.ndarray, bootstrap: Bootstrap
) -> Rival:
    neither = [i for i in range(len(labels)) if i not in (own, rival)]
    name = f"{labels[rival]} over {labels[own]}"
    rest = told[:, neither].mean(axis=1) if neither else None
    return Rival(
        labels[rival],
        _mean(told[:, rival], identities, f"rise of {labels[rival]}", bootstrap),
        _ratio(told[:, rival], -told[:, own], identities, f"index of {name}", bootstrap),
        Skipped("there is no third label")
        if rest is None
        else _ratio(told[:, rival] - rest, rest - told[:, own], identities, f"index of {name}, in logits", bootstrap),
    )


def _mean(values: np.ndarray, identities: np.ndarray, name: str, bootstrap: Bootstrap) -> Outcome:
    return _ratio(values, np.ones(len(values)), identities, name, bootstrap)


def _ratio(above: np.ndarray, below: np.ndarray, identities: np.ndarray, name: str, bootstrap: Bootstrap) -> Outcome:
    """A ratio of sums; not defined in a resample where what is below is not above 0."""

    def ratio(totals: np.ndarray) -> np.ndarray:
        return np.where(totals[:, 1] > 0, totals[:, 0] / totals[:, 1], np.nan)

    return bootstrap_sums(np.column_stack([above, below]), ratio, name=name, clusters=identities, bootstrap=bootstrap)
