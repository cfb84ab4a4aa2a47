"""What stands after `--from`: RATER, RATER/PROTOCOL, and after a colon the items taken from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.analysis.derivations import lineage, unsound
from vlmrate.analysis.others import is_person
from vlmrate.errors import RaterError
from vlmrate.inference.derivation import Source
from vlmrate.study.faults import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.analysis.data import Material, RaterRun
    from vlmrate.study.records import Item


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rater and the items taken from it; `named` tells that they were asked for by name."""

    rater: RaterRun
    items: tuple[Item, ...]
    named: bool

    @property
    def name(self) -> str:
        """The rater and its protocol."""
        return f"{self.rater.run.rater}/{self.rater.run.protocol}"

    def source(self, items: Sequence[Item]) -> Source:
        """The record of it, for the items that were used."""
        run = self.rater.run
        return Source(
            rater=run.rater,
            protocol=run.protocol,
            items=tuple(item.name for item in items),
            recipe_sha256=run.recipe_sha256,
            values_sha256=run.values_sha256,
        )


def choose(material: Material, text: str, made: str) -> Chosen:
    """The rater and items that `text` names, to make the rater `made` of.

    Raises:
        RaterError: There is no such rater or item, the rater has several protocols and none is named, or it cannot
            serve as a source.
    """
    found = _find(material, text)
    name, colon, listed = (text, "", "") if found else text.rpartition(":")
    found = found or _find(material, name)
    if not found:
        raise RaterError(_unknown(material, name if colon else text))
    if len(found) > 1:
        several = " or ".join(f"{rater.run.rater}/{rater.run.protocol}" for rater in found)
        raise RaterError(f"--from {text}: {name} was asked under several protocols; name one: {several}")
    (rater,) = found
    _refuse_unsuitable(material, rater, made)
    return Chosen(rater, _items(material, rater, text, listed if colon else None), named=bool(colon))


def _find(material: Material, name: str) -> list[RaterRun]:
    rater, slash, protocol = name.partition("/")
    return [
        entry
        for entry in material.raters
        if entry.run.rater == rater and (not slash or entry.run.protocol == protocol) and entry.run.rated
    ]


def _unknown(material: Material, name: str) -> str:
    known = list(dict.fromkeys(rater.run.rater for rater in material.raters if rater.run.rated))
    if not known:
        return f"--from {name}: no rater has rated the study yet; run `vlmrate infer --model NAME` first"
    return f"--from {name}: no rater of that name has rated the study; {did_you_mean(name, known)}"


def _refuse_unsuitable(material: Material, rater: RaterRun, made: str) -> None:
    if rater.run.rater == made:
        raise RaterError(f"--from {made}: a rater cannot be made of itself; give the new one another name with --as")
    if any(one.run.rater == made for one in lineage(material, rater)):
        raise RaterError(
            f"--from {rater.run.rater}: it was itself made of {made}, which cannot be made of it in turn; give the new "
            "one another name with --as"
        )
    if is_person(rater.run):
        raise RaterError(
            f"--from {rater.run.rater}: one person's ratings cannot be made into another rater, which would be held "
            "against a mean that they are part of"
        )
    wrong = unsound(material, rater)
    if wrong is not None:
        raise RaterError(f"--from {rater.run.rater}: it cannot serve as a source: {wrong.reason}")


def _items(material: Material, rater: RaterRun, text: str, listed: str | None) -> tuple[Item, ...]:
    answered = tuple(item for item in material.study.items if rater in material.asked(item))
    if listed is None:
        return answered
    wanted = [word.strip() for word in listed.split(",")]
    known = [item.name for item in answered]
    for word in wanted:
        if word not in known:
            raise RaterError(
                f"--from {text}: {rater.run.rater} did not answer an item {word!r}; it answered {', '.join(known)}"
            )
    if len(set(wanted)) < len(wanted):
        raise RaterError(f"--from {text} names an item twice; name each once")
    return tuple(item for item in answered if item.name in wanted)
