"""Taps: what they read is what the blocks made, what they change is changed exactly, and they are gone afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("mlx_vlm")

import mlx.core as mx
from mlx_vlm.models.base import create_attention_mask
from mlx_vlm.models.cache import make_prompt_cache

from vlmrate.errors import ProbeError
from vlmrate.probe.changes import Add, Clamp, ProjectOut
from vlmrate.probe.inside import Inside, Span, answer, inside
from vlmrate.probe.taps import Edit, tapped, unread
from vlmrate.raters.mlx.branch import fork
from vlmrate.study.images import open_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.probe.changes import Change
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Study

FAMILIES = ("gemma3", "gemma3_4bit", "mllama", "mllama_4bit")


class Asked:
    """One small model, one picture, the first question's prompt."""

    def __init__(self, rater: MlxRater, study: Study, protocol: Protocol, picture: int = 0) -> None:
        self.rater = rater
        self.inside: Inside = inside(rater)
        self.written = rater.written(protocol.steps[0].template.render({}, study.stimuli[0]))
        self.ids = self.inside.tokens(self.written)
        self.picture: Any = rater.architecture.look(open_image(study.stimuli[picture].path))

    def read(self, picture: Any = None) -> mx.array:
        """The logits after the prompt."""
        return self.rater.architecture.read(picture or self.picture, self.written).logits

    def residuals(self, span: Span, *edits: Any) -> np.ndarray:
        """The residual stream (layers, width) at a span, the picture read anew, as edited."""
        with tapped(self.inside, watch={"here": span}, edits=edits) as taps:
            self.read(unread(self.picture))
        return taps.residuals("here")


@pytest.fixture
def asked(rater: Callable[..., MlxRater], study: Study, protocol: Protocol) -> Callable[..., Asked]:
    """Makes such a question of a model by name."""
    return lambda name, path="auto", picture=0: Asked(rater(name, path), study, protocol, picture)


def vector(asked: Asked, seed: int = 0) -> np.ndarray:
    """A vector as wide as the residual stream."""
    return np.random.default_rng(seed).normal(size=asked.inside.width).astype(np.float32)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_tap_that_adds_nothing_changes_no_bit(name: str, asked: Callable[..., Asked]) -> None:
    """The logits are the same bytes with no tap, with a tap that reads, and with one that adds at alpha 0."""
    one = asked(name)
    plain = np.array(one.read(unread(one.picture)))
    nothing = [Edit(Add(layer, vector(one), alpha=0.0), Span(0)) for layer in range(one.inside.layers)]
    with tapped(one.inside, watch={"a": answer(one.ids)}, edits=nothing, vision=True):
        read = np.array(one.read(unread(one.picture)))
    assert read.tobytes() == plain.tobytes()


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_added_shifts_the_residual_by_exactly_that(name: str, asked: Callable[..., Asked]) -> None:
    """After the edited block the residual is the former plus v to the bit; blocks before it are as they were."""
    one = asked(name)
    added, layer, at = vector(one), 1, answer(one.ids)
    before, after = one.residuals(at), one.residuals(at, Edit(Add(layer, added, alpha=2.0), at))
    assert after[:layer].tobytes() == before[:layer].tobytes()
    assert after[layer].tobytes() == (before[layer] + 2 * added).tobytes()
    assert np.abs(after[layer + 1] - before[layer + 1]).max() > 0.1


@pytest.mark.parametrize("name", FAMILIES)
def test_other_positions_before_the_edited_one_stay_as_they_were(name: str, asked: Callable[..., Asked]) -> None:
    """An edit at the answer position touches no bit at the position before it, in any block."""
    one = asked(name)
    last, neighbour = answer(one.ids), Span(len(one.ids) - 2, len(one.ids) - 1)
    edit = Edit(Add(0, vector(one)), last)
    assert one.residuals(neighbour, edit).tobytes() == one.residuals(neighbour).tobytes()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_direction_projected_out_is_gone(name: str, asked: Callable[..., Asked]) -> None:
    """The residual after that block has nothing along the direction, and everything across it."""
    one = asked(name)
    direction, at = vector(one), answer(one.ids)
    unit = direction / np.linalg.norm(direction)
    before, after = one.residuals(at)[1], one.residuals(at, Edit(ProjectOut(1, direction), at))[1]
    assert abs(before @ unit) > 1e-3
    assert after @ unit == pytest.approx(0.0, abs=1e-5)
    np.testing.assert_allclose(after, before - (before @ unit) * unit, atol=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_clamped_lies_as_far_along_as_was_set(name: str, asked: Callable[..., Asked]) -> None:
    """The residual after that block lies 3 unit lengths along the direction, and everything across it stays."""
    one = asked(name)
    direction, at = vector(one), answer(one.ids)
    unit = direction / np.linalg.norm(direction)
    before, after = one.residuals(at)[1], one.residuals(at, Edit(Clamp(1, direction, 3.0), at))[1]
    assert after @ unit == pytest.approx(3.0, abs=1e-5)
    np.testing.assert_allclose(after, before + (3 - before @ unit) * unit, atol=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_of_prompts_read_at_once_each_has_its_own_edits(name: str, asked: Callable[..., Asked]) -> None:
    """Three prompts in a pass of six rows: the second's two are moved, the others are what they are unmoved."""
    one = asked(name)
    language, head = one.inside.model.language_model, one.rater.architecture.read(one.picture, one.written)
    rows = mx.array([[5], [6]] * 3)
    edit = Edit(Add(1, vector(one)), Span(len(one.ids)), row=1)
    plain = np.array(language.model(rows, cache=fork(head.cache, rows=6)))
    with tapped(one.inside, edits=[edit], rows=3):
        edited = np.array(language.model(rows, cache=fork(head.cache, rows=6)))
    assert edited[[0, 1, 4, 5]].tobytes() == plain[[0, 1, 4, 5]].tobytes()
    assert np.abs(edited[2:4] - plain[2:4]).max(axis=(1, 2)).min() > 0.01


def test_a_capture_of_gemma3_is_a_manual_forward(asked: Callable[..., Asked]) -> None:
    """Read in two passes through taps, it is what the blocks give in one pass written out here, answer and picture."""
    one = asked("gemma3")
    text, span = one.inside.model.language_model.model, one.inside.picture(one.ids)
    ids, length = mx.array([one.ids]), len(one.ids)
    features = one.rater.architecture._features(one.picture)
    embedded = np.array(text.embed_tokens(ids)) * float(mx.array(text.config.hidden_size**0.5, mx.bfloat16).item())
    embedded[0, span.start : span.stop] = np.array(features[0])
    row, column = np.indices((length, length))
    pictured = (row >= span.start) & (row < span.stop) & (column >= span.start) & (column < span.stop)
    hidden, by_hand = mx.array(embedded), []
    for i, block in enumerate(text.layers):
        local = (i + 1) % text.sliding_window_pattern != 0
        seen = (column <= row) & (row - column < text.window_size) if local else column <= row
        hidden = block(hidden, mx.array((seen | pictured)[None, None]), None)
        by_hand.append(np.array(hidden[0]))
    made = np.stack(by_hand)
    np.testing.assert_allclose(one.residuals(answer(one.ids)), made[:, -1], atol=2e-5)
    np.testing.assert_allclose(one.residuals(span), made[:, span.start : span.stop].mean(axis=1), atol=2e-5)


@pytest.mark.parametrize("name", ["mllama", "mllama_4bit"])
@pytest.mark.parametrize("picture", [0, 2])
def test_a_capture_of_mllama_is_a_manual_forward(name: str, picture: int, asked: Callable[..., Asked]) -> None:
    """Every block counts, those with cross-attention among them, which see the tiles in use and no padding."""
    one = asked(name, picture=picture)
    model, text = one.inside.model, one.inside.model.language_model.model
    tiles = one.picture.tensors
    seen = model.vision_tower(
        pixel_values=tiles.pixels, aspect_ratio_ids=tiles.aspect_ratio_ids, aspect_ratio_mask=tiles.aspect_ratio_mask
    )[0]
    states = model.multi_modal_projector(seen).reshape(1, -1, one.inside.width)
    shown = np.arange(len(one.ids)) >= one.ids.index(model.config.image_token_index)
    padding = np.arange(states.shape[1]) >= states.shape[1] // tiles.most * tiles.used
    # As in the makers' code, words before the picture's mark attend to everything and then leave out the MLP.
    hide = mx.array(np.where(shown[:, None] & padding, -1e9, 0.0).astype(np.float32)[None, None])
    rows = mx.array(shown[None, None, :, None])
    hidden, by_hand = text.embed_tokens(mx.array([one.ids])), []
    mask = create_attention_mask(hidden, [None])
    for i, block in enumerate(text.layers):
        if i in one.inside.looking:
            looks = {"cross_attention_states": states, "attention_mask": hide, "full_text_row_masked_out_mask": rows}
            hidden = block(hidden, **looks)
        else:
            hidden = block(hidden, mask=mask)
        by_hand.append(np.array(hidden[0, -1]))
    assert one.inside.layers == 6
    assert one.inside.looking == {1, 4}
    np.testing.assert_allclose(one.residuals(answer(one.ids)), np.stack(by_hand), atol=2e-5)


@pytest.mark.parametrize("name", ["gemma3", "mllama"])
def test_the_shared_and_the_plain_path_show_the_same(name: str, asked: Callable[..., Asked]) -> None:
    """Sharing what prompts have in common is a saving and nothing else, inside the model too."""
    shared, plain = asked(name, "shared"), asked(name, "plain")
    np.testing.assert_allclose(shared.residuals(answer(shared.ids)), plain.residuals(answer(plain.ids)), atol=2e-5)


@pytest.mark.parametrize("name", ["gemma3", "mllama"])
def test_the_pooled_output_of_the_vision_tower_is_its_mean(name: str, asked: Callable[..., Asked]) -> None:
    """It is the mean over the picture's patches; of Llama's tiles only those in use count."""
    one = asked(name, picture=1)
    with tapped(one.inside, vision=True) as taps:
        one.read()
    tiles, tower = one.picture.tensors, one.inside.model.vision_tower
    if name == "gemma3":
        by_hand = np.array(tower(tiles.transpose(0, 2, 3, 1))[0])[0].mean(axis=0)
    else:
        made = tower(
            pixel_values=tiles.pixels,
            aspect_ratio_ids=tiles.aspect_ratio_ids,
            aspect_ratio_mask=tiles.aspect_ratio_mask,
        )
        assert 0 < tiles.used < tiles.most
        by_hand = np.array(made)[0, 0, : tiles.used].mean(axis=(0, 1))
    assert taps.pooled().shape == (one.inside.vision_width,)
    np.testing.assert_allclose(taps.pooled(), by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["gemma3", "mllama"])
def test_taps_are_gone_afterwards_also_after_an_exception(name: str, asked: Callable[..., Asked]) -> None:
    """The very same objects stand where they stood, in the same order, and the logits are the same bytes."""
    one = asked(name)
    blocks, tower, children = list(one.inside.blocks), one.inside.model["vision_tower"], list(one.inside.model)
    plain = np.array(one.read(unread(one.picture)))
    with tapped(one.inside, vision=True):
        assert all(now is not before for now, before in zip(one.inside.blocks, blocks, strict=True))
    with (
        pytest.raises(ValueError, match=r"Indices must be integral|too many values to unpack"),
        tapped(one.inside, edits=[Edit(Add(0, vector(one)), Span(0))], vision=True),
    ):
        one.inside.model.language_model(mx.zeros((1, 2, 3, 4)))
    assert all(now is before for now, before in zip(one.inside.blocks, blocks, strict=True))
    assert one.inside.model["vision_tower"] is tower
    assert list(one.inside.model) == children
    assert np.array(one.read(unread(one.picture))).tobytes() == plain.tobytes()


def test_an_edit_from_a_position_on_also_meets_what_is_said(asked: Callable[..., Asked]) -> None:
    """A span without an end covers the tokens read after the prompt, one that ends does not."""
    one = asked("gemma3")
    added, begin = vector(one), len(one.ids) - 1
    after = {}
    for stop in (begin + 1, None):
        edit = Edit(Add(0, added), Span(begin, stop))
        with tapped(one.inside, watch={"said": Span(begin + 1, begin + 2)}, edits=[edit]) as taps:
            branch = one.rater.architecture.read(one.picture, one.written)
            one.rater.architecture.go_on(branch, [5])
        after[stop] = taps.residuals("said")[0]
    assert after[None].tobytes() == (after[begin + 1] + added).tobytes()


def test_an_edit_in_a_head_that_was_read_before_is_no_silent_nothing(asked: Callable[..., Asked]) -> None:
    """At the picture's tokens an edit needs the picture unread; with the head kept it is refused."""
    one = asked("gemma3")
    plain = np.array(one.read())
    edit = Edit(Add(0, vector(one)), one.inside.picture(one.ids))
    with pytest.raises(ProbeError, match="was never made"), tapped(one.inside, edits=[edit]):
        one.read()
    with tapped(one.inside, edits=[edit]):
        changed = np.array(one.read(unread(one.picture)))
    assert np.abs(changed - plain).max() > 1e-3
    assert np.array(one.read()).tobytes() == plain.tobytes()


def test_what_was_not_read_is_not_given(asked: Callable[..., Asked]) -> None:
    """Positions behind the prompt, and a tower that saw nothing, are told in a sentence."""
    one = asked("gemma3")
    one.read()
    with tapped(one.inside, watch={"far": Span(500, 501)}, vision=True) as taps:
        one.read()
    with pytest.raises(ProbeError, match="positions 500 to 500 were not read"):
        taps.residuals("far")
    with pytest.raises(ProbeError, match="saw no picture"):
        taps.pooled()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Add(99, np.ones(64)), "there is no block 99: the model has 3"),
        (Add(0, np.ones(32)), "a vector of 32 numbers does not fit a residual stream of width 64"),
        (Add(0, np.full(64, np.nan)), "finite"),
        (Add(0, np.ones(64), alpha=np.inf), "finite"),
        (ProjectOut(0, np.zeros(64)), "a length above 0"),
        (Clamp(0, np.zeros(64), 1.0), "a length above 0"),
        (Clamp(0, np.ones(64), np.nan), "a finite number, not nan"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(change: Change, words: str, asked: Callable[..., Asked]) -> None:
    """Another layer, width, or no direction: one sentence, and nothing is tapped."""
    one = asked("gemma3")
    blocks = list(one.inside.blocks)
    with pytest.raises(ProbeError, match=words), tapped(one.inside, edits=[Edit(change, Span(0))]):
        pass
    assert one.inside.blocks == blocks


def test_texts_pass_the_blocks_that_look_at_pictures_by(asked: Callable[..., Asked]) -> None:
    """Without a picture Llama's cross-attention blocks hand on what they are given, as its makers' code does."""
    one = asked("mllama")
    ids = one.inside.tokens("happy sad")
    language = one.inside.model.language_model
    with tapped(one.inside, watch={"a": answer(ids)}, picture=False) as taps:
        language.model(mx.array([ids]), cache=make_prompt_cache(language))
    read = taps.residuals("a")
    hidden = language.model.embed_tokens(mx.array([ids]))
    mask = create_attention_mask(hidden, [None])
    for layer, block in enumerate(language.model.layers):
        hidden = hidden if layer in one.inside.looking else block(hidden, mask=mask)
        np.testing.assert_allclose(read[layer], np.array(hidden[0, -1]), atol=2e-5)


def test_a_family_whose_blocks_are_not_known_is_refused(rater: Callable[..., MlxRater]) -> None:
    """Other models are rated, but not looked into."""
    with pytest.raises(ProbeError, match="gemma3 and mllama at --fidelity reference, not smolvlm"):
        inside(rater("smolvlm"))
