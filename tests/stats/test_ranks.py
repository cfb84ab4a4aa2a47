"""Mid-ranks within resamples."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from vlmrate.stats._ranks import midranks

drawn = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), min_size=1, max_size=12)


@settings(deadline=None)
@given(drawn)
def test_ranks_are_those_of_the_resample_written_out(units: list[tuple[int, int]]) -> None:
    """A unit's rank is what rankdata gives it in the sample with every unit repeated as often as drawn."""
    values, times = (np.array(column) for column in zip(*units, strict=True))
    ours = midranks(values.astype(float), times[None, :].astype(float))[0]
    written_out = rankdata(np.repeat(values, times))
    np.testing.assert_allclose(np.repeat(ours, times), written_out)
