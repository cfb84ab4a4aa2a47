"""Ablations at a glance: each other way of asking against the usual one, as the comparison of protocols found it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vlmrate.analysis.ablations.runs import usual_run
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.analysis.protocols import ItemProtocols, ProtocolPair


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What changed on one item, the other way minus the usual one.

    `same` is the share of images with the same label (None for numbers); `shift` the mean difference of the ratings and
    `mae` the difference in MAE against people (both None for labels).
    """

    item: str
    same: Outcome | None
    shift: Outcome | None
    mae: Outcome | None


@dataclass(frozen=True, slots=True)
class Change:
    """One rater asked in another way than usual, over the images asked in both."""

    rater: str
    usual: str
    protocol: str
    items: tuple[ItemChange, ...]


def changes(material: Material, by_protocol: tuple[ItemProtocols, ...] | Skipped) -> tuple[Change, ...] | Skipped:
    """Every rater's other protocols against its usual one; those that force answers have tables of their own."""
    if isinstance(by_protocol, Skipped):
        return by_protocol
    told = tuple(change for run in material.raters if (change := _change(material, by_protocol, run)) is not None)
    return told if told else Skipped("no rater was asked as usual and in another way")


def _change(material: Material, by_protocol: tuple[ItemProtocols, ...], run: RaterRun) -> Change | None:
    usual = usual_run(material, run.run.rater)
    if isinstance(usual, Skipped) or usual == run:
        return None
    pairs = ((item.item, _pair(item, usual, run)) for item in by_protocol)
    items = tuple(_item(name, pair, run) for name, pair in pairs if pair is not None)
    return Change(run.run.rater, usual.run.protocol, run.run.protocol, items) if items else None


def _pair(item: ItemProtocols, usual: RaterRun, other: RaterRun) -> ProtocolPair | None:
    wanted = {usual.run.protocol, other.run.protocol}
    pairs = (pair for pair in item.pairs if pair.rater == usual.run.rater and {pair.first, pair.second} == wanted)
    return next(pairs, None)


def _item(name: str, pair: ProtocolPair, other: RaterRun) -> ItemChange:
    """The pair told as other minus usual, whichever of the two came first."""
    turned = _same if pair.first == other.run.protocol else _turned
    return ItemChange(
        item=name,
        same=None if pair.labels is None else pair.labels.same,
        shift=None if pair.numbers is None else turned(pair.numbers.shift),
        mae=None if pair.numbers is None else turned(pair.numbers.mae),
    )


def _same(outcome: Outcome) -> Outcome:
    return outcome


def _turned(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Skipped):
        return outcome
    return replace(outcome, value=-outcome.value, ci_low=-outcome.ci_high, ci_high=-outcome.ci_low)
