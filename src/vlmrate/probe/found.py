"""What was found inside the models of a study, by analysis: what the commands store and the report shows."""

from __future__ import annotations

from dataclasses import dataclass, fields

from vlmrate.probe.angles import BiasOutcome  # noqa: TC001

# Readers of files resolve the annotations when they run.
from vlmrate.probe.axes import Axes  # noqa: TC001
from vlmrate.probe.causal import CausalOutcome  # noqa: TC001
from vlmrate.probe.compare import CompareOutcome  # noqa: TC001
from vlmrate.probe.debias import DebiasOutcome  # noqa: TC001
from vlmrate.probe.directed import DirectionsOutcome  # noqa: TC001
from vlmrate.probe.separability import ArrayOutcome  # noqa: TC001
from vlmrate.probe.sparse.features import FeaturesOutcome  # noqa: TC001
from vlmrate.probe.sparse.sizes import SizesOutcome  # noqa: TC001
from vlmrate.probe.steered import SteerOutcome  # noqa: TC001


@dataclass(frozen=True, slots=True)
class Found:
    """What was found inside models, a field a command; empty where the command has not run."""

    separability: tuple[ArrayOutcome, ...] = ()
    directions: tuple[DirectionsOutcome, ...] = ()
    axis: tuple[Axes, ...] = ()
    bias: tuple[BiasOutcome, ...] = ()
    causal: tuple[CausalOutcome, ...] = ()
    steer: tuple[SteerOutcome, ...] = ()
    debias: tuple[DebiasOutcome, ...] = ()
    compare: tuple[CompareOutcome, ...] = ()
    features: tuple[FeaturesOutcome, ...] = ()
    features_sizes: tuple[SizesOutcome, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no command has run."""
        return not any(getattr(self, field.name) for field in fields(self))
