"""Twenty-four images of eight identities: labels and ratings of a model and of people, and few resamples."""

from __future__ import annotations

import numpy as np

from vlmrate.stats import Bootstrap

RNG = np.random.default_rng(0)
FEW = Bootstrap(resamples=30)
LABELS = ["happy", "sad", "angry"]
TRUTH = np.tile(np.array(LABELS), 8)
ANSWERS = np.where(RNG.random(24) < 0.6, TRUTH, "sad")
IDENTITY = np.repeat(np.arange(8), 3)
HUMAN = RNG.normal(5, 1.5, 24)
MODEL = HUMAN + RNG.normal(0, 1, 24)
UNITS, RATERS = np.repeat(np.arange(8), 3), np.tile(list("abc"), 8)
