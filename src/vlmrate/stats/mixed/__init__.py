"""Linear mixed models with random intercepts: fitted, tested, compared and shown as lme4's users know them.

>>> from vlmrate.stats.mixed import fit_mixed_model
"""

from __future__ import annotations

from vlmrate.stats.mixed.fit import fit_mixed_model
from vlmrate.stats.mixed.interaction import interaction_contrasts
from vlmrate.stats.mixed.likelihood import likelihood_ratio_test
from vlmrate.stats.mixed.model import MixedModelFit

__all__ = ["MixedModelFit", "fit_mixed_model", "interaction_contrasts", "likelihood_ratio_test"]
