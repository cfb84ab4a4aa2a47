"""Which images stand for a study: some of every cell of its crossed factors, chosen by a seed."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from vlmrate.check.records import Chosen
from vlmrate.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vlmrate.study.records import Stimulus, Study

USUAL = 36
"""Images of a subset, unless the study has more cells."""
MOST_CELLS = 144
"""Cells that a subset is still made of when nobody says how many images it may have."""


def choose(study: Study, images: int | None, seed: int) -> tuple[tuple[Stimulus, ...], Chosen]:
    """A subset of a study's images, and how it was chosen.

    Cells are the crossed levels of the emotion and group factors; all cells get equally many images, as far as they
    have them. Within a cell identities that were chosen least come first, then the seed decides; the order of the
    study's table does not matter. The images are in the order of their ids.

    Raises:
        CheckError: There are more cells than images asked for.
    """
    factors = tuple(name for name in (study.factors.emotion, *study.factors.groups) if name is not None)
    cells: dict[tuple[str, ...], list[Stimulus]] = defaultdict(list)
    for stimulus in sorted(study.stimuli, key=lambda stimulus: _rank(stimulus, seed)):
        cells[tuple(stimulus.factors[factor] for factor in factors)].append(stimulus)
    wanted = _wanted(len(cells), images, factors)
    picked = _picked(cells, min(wanted, len(study.stimuli)), study.factors.identity)
    in_order = tuple(sorted(picked, key=lambda stimulus: stimulus.image_id))
    return in_order, Chosen(images=len(in_order), cells=len(cells), factors=factors, seed=seed)


def _rank(stimulus: Stimulus, seed: int) -> str:
    return hashlib.sha256(f"{seed}/{stimulus.image_id}".encode()).hexdigest()


def _wanted(cells: int, images: int | None, factors: Sequence[str]) -> int:
    if images is None and cells <= MOST_CELLS:
        return max(USUAL, cells)
    if images is None or images < cells:
        asked = f"--images {images} is" if images is not None else f"without --images at most {MOST_CELLS:,} are"
        raise CheckError(
            f"the study has {cells:,} cells ({' x '.join(factors)}) and a subset needs an image of each, but {asked} "
            f"fewer; ask for --images {cells} or more, or name fewer factors in study.yaml"
        )
    return images


def _picked(
    cells: Mapping[tuple[str, ...], Sequence[Stimulus]], wanted: int, identity: str | None
) -> tuple[Stimulus, ...]:
    left = {cell: list(cells[cell]) for cell in sorted(cells)}
    seen: Counter[str] = Counter()
    picked: list[Stimulus] = []
    while len(picked) < wanted:
        for here in left.values():
            if here and len(picked) < wanted:
                chosen = min(here, key=lambda stimulus: seen[_who(stimulus, identity)])
                here.remove(chosen)
                seen[_who(chosen, identity)] += 1
                picked.append(chosen)
    return tuple(picked)


def _who(stimulus: Stimulus, identity: str | None) -> str:
    return stimulus.factors[identity] if identity is not None else stimulus.image_id
