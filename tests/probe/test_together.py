"""Rows of a batch, of several prompts and pictures: each keeps its own answers, and what was not read ahead is read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("mlx_vlm")

from probe.one_by_one import SEED, arms_of, assert_alike, one_by_one, short
from vlmrate.probe import together
from vlmrate.probe.changes import Add, Clamp, ProjectOut
from vlmrate.probe.edited import EditedRater
from vlmrate.probe.inside import Span, inside
from vlmrate.probe.taps import Edit, tapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Stimulus, Study


def test_what_does_not_fit_into_memory_at_once_is_read_in_several_batches(
    rater: Callable[..., MlxRater], study: Study, protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for a row at a time the answers are the same as with room for all."""
    made = short(rater("gemma3"), study, protocol)
    edited, arms = EditedRater(made, protocol, "small", SEED), arms_of(64)
    at_once = edited.rate(study.stimuli[:1], arms)
    sizes = []
    whole = together.Together.__init__

    def counted(self: Any, opened: Any, rows: Any, saying: Any) -> None:
        sizes.append(len(rows))
        whole(self, opened, rows, saying)

    monkeypatch.setattr(together.Together, "__init__", counted)
    monkeypatch.setattr(together, "ROOM", 1)
    assert_alike(edited.rate(study.stimuli[:1], arms), at_once)
    assert set(sizes) == {1}


def alike_in_size(stimulus: Stimulus, folder: Path) -> list[Stimulus]:
    """Four pictures of one size and other contents, two of them the same bytes under two names."""
    made = []
    for name, turn in (("one", 0), ("two", 1), ("three", 2), ("twin", 2)):
        with Image.open(stimulus.path) as picture:
            picture.rotate(180 * (turn // 2)).point(lambda value, by=turn: (value + 60 * by) % 256).save(
                folder / f"{name}.png"
            )
        made.append(replace(stimulus, image_id=name, path=folder / f"{name}.png"))
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("name", "temperature"), [("gemma3", 0.0), ("gemma3", 0.9), ("mllama", 0.0)])
def test_pictures_that_are_read_together_keep_their_own_answers(
    name: str, temperature: float, rater: Callable[..., MlxRater], study: Study, protocol: Protocol, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The first is rated alone, three in one batch; of the same bytes too each is drawn by its own seed."""
    made, stimuli = short(rater(name), study, protocol, temperature), alike_in_size(study.stimuli[1], tmp_path)
    edited = EditedRater(made, protocol, name, SEED)
    several: list[int] = []
    whole = together.Together.__init__

    def counted(self: Any, opened: Any, rows: Any, saying: Any) -> None:
        several.append(len({id(row.picture) for row in rows}))
        whole(self, opened, rows, saying)

    monkeypatch.setattr(together.Together, "__init__", counted)
    arms = arms_of(edited.width)[2:4]
    found = edited.rate(stimuli, arms)
    assert max(several) >= 2
    assert_alike(found, one_by_one(made, stimuli, protocol, arms))
    shares = found.items["emotion"].logprob[0]
    assert np.abs(shares[0] - shares[1]).max() > 1e-4
    np.testing.assert_allclose(shares[2], shares[3], atol=1e-5)


@pytest.mark.slow
def test_pictures_in_more_tiles_than_others_are_read_apart_from_them(
    rater: Callable[..., MlxRater], study: Study, protocol: Protocol
) -> None:
    """Llama keeps more of a picture that is cut into more tiles; read after one another, all answers stay the same."""
    made, arms = short(rater("mllama"), study, protocol), arms_of(128)[1:3]
    first, *others = study.stimuli
    used = [made.view(stimulus.path, 0).picture.tensors.used for stimulus in study.stimuli]
    # The first picture is rated alone, and tells how many more are rated at once.
    stimuli = [others[0], first, others[1]] if used[0] != used[2] else study.stimuli
    assert used[0] != used[2] or used[1] != used[2]
    found = EditedRater(made, protocol, "tiles", SEED).rate(stimuli, arms)
    assert_alike(found, one_by_one(made, stimuli, protocol, arms))


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
