"""What was found inside the models of a study, by analysis: what the commands store and the report shows."""

from __future__ import annotations

from dataclasses import dataclass, fields

from vlmrate.probe.bias import BiasOutcome  # noqa: TC001
from vlmrate.probe.directed import DirectionsOutcome  # noqa: TC001
from vlmrate.probe.separability import ArrayOutcome  # noqa: TC001  readers resolve annotations


@dataclass(frozen=True, slots=True)
class Found:
    """What was found inside models, a field a command; empty where the command has not run."""

    separability: tuple[ArrayOutcome, ...] = ()
    directions: tuple[DirectionsOutcome, ...] = ()
    bias: tuple[BiasOutcome, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no command has run."""
        return not any(getattr(self, field.name) for field in fields(self))
