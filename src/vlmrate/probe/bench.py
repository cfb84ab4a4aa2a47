"""What an intervention is tried on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from vlmrate.probe.arms import Editable
    from vlmrate.probe.direction import Directions
    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Stimulus, Study


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """A model, pictures of a study to be rated, their capture, and directions by the identities learnt from."""

    model: Editable
    study: Study
    stimuli: Sequence[Stimulus]
    capture: Capture
    taken: Callable[[Collection[str]], Directions]
