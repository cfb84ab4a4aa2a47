"""Rows of a batch: what was not read ahead comes as from the model in the row's own taps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("mlx_vlm")

from vlmrate.probe import together
from vlmrate.probe.changes import Add, Clamp, ProjectOut
from vlmrate.probe.inside import Span, inside
from vlmrate.probe.taps import Edit, tapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Study


@pytest.mark.parametrize("name", ["gemma3", "mllama"])
def test_what_was_not_read_ahead_is_read_a_row_at_a_time(
    name: str, rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """Tokens that a row did not say, and options tried after them, come as from the model in the row's own taps."""
    made = rater(name)
    opened, picture = inside(made), made.view(study.stimuli[1].path, 0).picture
    written = made.written(protocol.steps[0].template.render({}, study.stimuli[1]))
    ids = opened.tokens(written)
    one, other = np.random.default_rng(0).normal(size=(2, opened.width))
    changes = [(Add(1, one, 3.0),), (Clamp(0, other, 2.0), ProjectOut(2, one))]
    rows = [together.Changed(picture, ids, changed) for changed in changes]
    (batch,) = together.together(opened, rows, together.Saying(frozenset(), 1))
    for row, changed in enumerate(changes):
        with tapped(opened, edits=[Edit(change, Span(len(ids) - 1)) for change in changed]):
            asked = made.architecture.read(picture, written)
            further = made.architecture.go_on(asked, [5, 7])
            last = made.architecture.go_on(further, [6])
            tried = made.architecture.score(further, [[5], [6, 7]])
        found = batch.go_on(batch.asked(row), [5, 7])
        assert found.prompt_ids == further.prompt_ids
        for read, plain in (
            (batch.asked(row).logits, asked.logits),
            (found.logits, further.logits),
            (batch.go_on(found, [6]).logits, last.logits),
            *zip(batch.score(found, [[5], [6, 7]]), tried, strict=True),
        ):
            np.testing.assert_allclose(np.array(read), np.array(plain), atol=1e-5)
