"""The stream of a model that is being changed: unchanged it is what is captured, changed it is the change's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from vlmrate.errors import ProbeError
from vlmrate.probe.arms import UNCHANGED, Arm, Placed, Readable
from vlmrate.probe.changes import Add, ProjectOut
from vlmrate.probe.edited import EditedRater
from vlmrate.probe.pictures import PictureRows
from vlmrate.probe.removal import changed_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Study


def test_a_changed_stream_is_read_where_it_is_changed_and_after(
    rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """At both steps as captured; after the edited block by arithmetic; after later ones something else."""
    made, stimuli = rater("gemma3"), study.stimuli[1:2]
    edited = EditedRater(made, protocol, "gemma3")
    assert isinstance(edited, Readable)
    row = PictureRows("faces", "gemma3", made, protocol, stimuli, (0, 1), ("answer",)).row(0)
    last = edited.layers - 1
    for step in ("emotion", "valence"):
        found = edited.stream_in(stimuli, [UNCHANGED], step, last)
        np.testing.assert_allclose(found[0, 0], row.values[f"answer/{step}"][last], rtol=1e-5, atol=1e-5)
    unit = np.random.default_rng(0).normal(size=edited.width)
    plain = row.values["answer/emotion"][last - 1][None].astype(np.float64)
    arm = Arm("out", (Placed(ProjectOut(last - 1, unit), "emotion"), Placed(Add(last - 1, unit, 5.0), "valence")))
    (unchanged, at_once) = edited.stream_in(stimuli, [UNCHANGED, arm], "emotion", last - 1)
    np.testing.assert_allclose(unchanged, plain, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(at_once, changed_by(plain, arm, "emotion"), rtol=1e-4, atol=1e-4)
    later = edited.stream_in(stimuli, [arm], "emotion", last)
    assert np.abs(later[0, 0] - row.values["answer/emotion"][last]).max() > 1e-4


def test_where_nothing_is_read_it_is_refused(rater: Callable[..., MlxRater], study: Study, protocol: Protocol) -> None:
    """A block, step or place that there is not."""
    edited = EditedRater(rater("gemma3"), protocol, "gemma3")
    for arm, step, layer in (
        (UNCHANGED, "emotion", 99),
        (UNCHANGED, "beauty", 0),
        (Arm("seen", (), "picture"), "emotion", 0),
    ):
        with pytest.raises(ProbeError, match="the stream is read at the answer of a step"):
            edited.stream_in(study.stimuli[:1], [arm], step, layer)
