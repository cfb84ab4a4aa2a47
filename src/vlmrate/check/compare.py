"""The same images rated twice: which answers flipped, and how far the probabilities moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.check.records import RatedAnswer, RatedImage

SAME = 1e-4
"""Total variation up to which probabilities are equal: what is left of rounding, and of another order of summing in
32 bits, is a hundred times smaller."""


@dataclass(frozen=True, slots=True)
class Flip:
    """An answer that is another now; None could not be read."""

    item: str
    before: int | float | str | None
    now: int | float | str | None


@dataclass(frozen=True, slots=True)
class ImageChange:
    """One image then and now: flipped answers, and the total variation of each item's probabilities, in [0, 1].

    `shifts` has no entry for an item whose probabilities are not known on both sides. `replaced` says that the file is
    not the one that the baseline was made of.
    """

    image_id: str
    replaced: bool
    flips: tuple[Flip, ...]
    shifts: Mapping[str, float]

    @property
    def size(self) -> tuple[int, float]:
        """How much it changed, to order images by: flips first, then the largest shift."""
        return len(self.flips), max(self.shifts.values(), default=0.0)

    @property
    def changed(self) -> bool:
        """Whether anything about its answers is another."""
        return bool(self.flips) or self.size[1] > SAME


def changes(before: Sequence[RatedImage], now: Sequence[RatedImage]) -> tuple[ImageChange, ...]:
    """One entry an image, in the order of the baseline; `now` holds the same images in the same order."""
    return tuple(_change(old, new) for old, new in zip(before, now, strict=True))


def _change(old: RatedImage, new: RatedImage) -> ImageChange:
    names = dict.fromkeys(answer.item for answer in (*old.answers, *new.answers))
    pairs = {name: (old.answer(name), new.answer(name)) for name in names}
    shifts = {name: shift for name, pair in pairs.items() if (shift := total_variation(*pair)) is not None}
    return ImageChange(
        image_id=old.image_id,
        replaced=old.sha256 != new.sha256,
        flips=tuple(
            Flip(name, _value(a), _value(b))
            for name, (a, b) in pairs.items()
            if _value(a) != _value(b) and not _tied(a, b)
        ),
        shifts=shifts,
    )


def _value(answer: RatedAnswer | None) -> int | float | str | None:
    return None if answer is None else answer.value


def _tied(old: RatedAnswer | None, new: RatedAnswer | None) -> bool:
    """Whether both answers were as likely as each other and still are: either may be spoken then."""
    shift = total_variation(old, new)
    if old is None or new is None or old.probabilities is None or shift is None or shift > SAME:
        return False
    before, now = (old.probabilities.get(str(answer.value)) for answer in (old, new))
    return before is not None and now is not None and abs(before - now) <= 2 * SAME


def total_variation(old: RatedAnswer | None, new: RatedAnswer | None) -> float | None:
    """Half the summed differences of the probabilities, in [0, 1]; None where either side does not know them.

    >>> from vlmrate.check.records import RatedAnswer
    >>> a = RatedAnswer(item="mood", value="sad", route="exact", probabilities={"sad": 0.7, "glad": 0.3})
    >>> b = RatedAnswer(item="mood", value="sad", route="exact", probabilities={"sad": 0.6, "glad": 0.4})
    >>> round(total_variation(a, b), 6)
    0.1
    """
    if old is None or new is None or old.probabilities is None or new.probabilities is None:
        return None
    p, q = old.probabilities, new.probabilities
    return sum(abs(p.get(option, 0.0) - q.get(option, 0.0)) for option in {*p, *q}) / 2
