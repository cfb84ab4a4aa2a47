"""A capture of pictures and of texts: what is stored is what is inside while the rater rates, and a run goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("mlx_vlm")

from vlmrate.errors import ProbeError, StoreError
from vlmrate.inference.asking import picture_seed
from vlmrate.probe.capture import capture
from vlmrate.probe.concepts import Text
from vlmrate.probe.inside import answer, inside
from vlmrate.probe.pictures import PictureRows, find_steps, step_name
from vlmrate.probe.store import open_capture
from vlmrate.probe.taps import tapped
from vlmrate.probe.texts import TextRows
from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.mlx.decoding import Decoding
from vlmrate.raters.mlx.rater import MlxRater

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.base import Reply
    from vlmrate.study.records import Study

FAMILIES = ("gemma3", "gemma3_4bit", "mllama", "mllama_4bit")


@pytest.fixture
def rows(rater: Callable[..., MlxRater], study: Study, protocol: Protocol) -> Callable[..., PictureRows]:
    """Makes what is captured of a small model by name."""

    def make(name: str = "gemma3", **others: Any) -> PictureRows:
        usual = PictureRows("faces", name, rater(name), protocol, study.stimuli, (0, 1, 2), ("answer",))
        return replace(usual, **others)

    return make


def replies(rater: MlxRater, protocol: Protocol, stimulus: Any, seed: int) -> list[Reply]:
    """A rating run's replies on one picture."""
    view, asking, said = rater.view(stimulus.path, seed), conduct(protocol, stimulus), []
    question = next(asking)
    try:
        while True:
            said.append(view.ask(question))
            question = asking.send(said[-1])
    except StopIteration:
        return said


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_stored_is_what_is_inside_at_the_answer(
    name: str, rows: Callable[..., PictureRows], tmp_path: Path
) -> None:
    """Every step's prompt is the one of a rating run, and the array is the residual stream at its last token."""
    source = rows(name)
    file = tmp_path / "capture.safetensors"
    ended = capture(source, file)
    assert (ended.total, ended.made, ended.already, ended.failed) == (3, 3, 0, ())
    stored = open_capture(file, model_digest=source.rater.loaded.digest)
    for number, stimulus in enumerate(source.stimuli):
        said = replies(source.rater, source.protocol, stimulus, picture_seed(0, 1, stimulus.image_id))
        for step, reply in zip(("emotion", "valence", "arousal"), said, strict=True):
            assert stored.prompts(f"answer/{step}")[number] == reply.sent_sha256
    opened, stimulus = inside(source.rater), source.stimuli[1]
    question = next(conduct(source.protocol, stimulus))
    ids = opened.tokens(source.rater.written(question.prompt))
    with tapped(opened, watch={"here": answer(ids)}) as taps:
        source.rater.view(stimulus.path, 0).read(question)
    np.testing.assert_allclose(stored.array("answer/emotion")[1], taps.residuals("here"), rtol=1e-3, atol=1e-6)
    assert stored.array("answer/emotion").shape == (3, opened.layers, opened.width)


def test_later_steps_carry_the_answers_drawn_in_a_run_of_the_same_seed(
    rows: Callable[..., PictureRows], rater: Callable[..., MlxRater], tmp_path: Path
) -> None:
    """Above temperature 0 too: the prompts are those of `infer` with that seed, and others with another."""
    hot = MlxRater(rater("gemma3").loaded, decoding=Decoding(temperature=1.0))
    source = rows(rater=hot, steps=(2,), seed=5)
    capture(source, tmp_path / "five.safetensors")
    capture(replace(source, seed=6), tmp_path / "six.safetensors")
    five, six = (open_capture(tmp_path / f"{name}.safetensors").prompts("answer/arousal") for name in ("five", "six"))
    for number, stimulus in enumerate(source.stimuli):
        said = replies(hot, source.protocol, stimulus, picture_seed(5, 1, stimulus.image_id))
        assert five[number] == said[2].sent_sha256
    assert five != six


@pytest.mark.parametrize("steps", [(0,), (2,)])
def test_the_picture_s_own_positions_do_not_depend_on_the_step(
    steps: tuple[int, ...], rows: Callable[..., PictureRows], tmp_path: Path
) -> None:
    """The mean over picture tokens and the vision tower's output are the same whichever step's answer is read."""
    everything = rows(steps=steps, positions=("answer", "picture-mean", "vision"))
    alone = rows(positions=("picture-mean", "vision"))
    capture(everything, tmp_path / "a.safetensors")
    capture(alone, tmp_path / "b.safetensors")
    first, second = (open_capture(tmp_path / f"{name}.safetensors") for name in "ab")
    for name in ("picture-mean", "vision"):
        np.testing.assert_array_equal(first.array(name), second.array(name))
        assert np.abs(first.array(name)[0] - first.array(name)[1]).max() > 1e-3
    assert [array.name for array in second.about.arrays] == ["picture-mean", "vision"]
    assert second.about.arrays[1].layers == 1


@pytest.mark.parametrize(("name", "positions"), [("gemma3", ("answer", "picture-mean", "vision")),
                                                 ("mllama", ("answer", "vision"))])  # fmt: skip
def test_a_picture_of_the_same_bytes_is_read_again(
    rows: Callable[..., PictureRows], study: Study, name: str, positions: Any
) -> None:
    """What is kept of the picture before, which a rating run shares, would leave nothing to be captured."""
    twin = replace(study.stimuli[0], image_id="twin")
    made = rows(name, stimuli=(study.stimuli[0], twin), steps=(0,), positions=positions)
    made.rater.view(study.stimuli[0].path, 0).ask(next(conduct(made.protocol, twin)))
    one, other = made.row(0), made.row(1)
    assert list(one.values) == list(other.values)
    for array, values in one.values.items():
        np.testing.assert_array_equal(values, other.values[array])


def test_a_model_without_picture_tokens_has_no_mean_over_them(rows: Callable[..., PictureRows]) -> None:
    """Llama looks at the picture by cross-attention; the vision tower's output it has."""
    with pytest.raises(ProbeError, match="picture-mean is for models whose prompt holds the picture's tokens"):
        _ = rows("mllama", positions=("picture-mean",)).about
    assert rows("mllama", positions=("vision",)).about.arrays[0].width == 192


def test_a_run_goes_on_where_it_was_ended(
    rows: Callable[..., PictureRows], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an interruption in the third picture two are there; the end is the same as in one go, byte for byte."""
    source, file = rows(steps=(0,)), tmp_path / "capture.safetensors"
    look, seen = MlxRater.view, []

    def interrupted(self: MlxRater, image: Path, seed: int) -> Any:
        seen.append(image)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return look(self, image, seed)

    with monkeypatch.context() as patched:
        patched.setattr(MlxRater, "view", interrupted)
        with pytest.raises(KeyboardInterrupt):
            capture(source, file)
    ended = capture(source, file)
    assert (ended.already, ended.made) == (2, 1)
    again = capture(source, file)
    assert (again.already, again.made) == (3, 0)
    capture(source, tmp_path / "whole.safetensors")
    assert file.read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


def test_a_picture_that_cannot_be_read_ends_only_itself(
    rows: Callable[..., PictureRows], study: Study, tmp_path: Path
) -> None:
    """It is told with its reason, left out, and captured by the same call once it is mended."""
    spoilt = tmp_path / "spoilt.png"
    spoilt.write_bytes(b"no picture")
    stimuli = (study.stimuli[0], replace(study.stimuli[1], path=spoilt), study.stimuli[2])
    source, file = rows(stimuli=stimuli, steps=(0,)), tmp_path / "capture.safetensors"
    ended = capture(source, file)
    assert [failed.row for failed in ended.failed] == ["face1"]
    assert "is not a picture" in ended.failed[0].message
    assert open_capture(file).missing == ("face1",)
    spoilt.write_bytes(study.stimuli[1].path.read_bytes())
    assert capture(source, file).made == 1
    assert open_capture(file).ids == ("face0", "face1", "face2")


def test_a_picture_that_changed_is_not_mixed_in(rows: Callable[..., PictureRows], study: Study, tmp_path: Path) -> None:
    """Under an id that was captured there must be the same picture, byte for byte."""
    copy = tmp_path / "copy.png"
    copy.write_bytes(study.stimuli[0].path.read_bytes())
    source = rows(stimuli=(replace(study.stimuli[0], path=copy),), steps=(0,))
    capture(source, tmp_path / "capture.safetensors")
    copy.write_bytes(study.stimuli[1].path.read_bytes())
    with pytest.raises(StoreError, match="captured from another face0"):
        capture(source, tmp_path / "capture.safetensors")


def test_a_protocol_that_stops_leaves_a_later_step_without_a_prompt(
    rows: Callable[..., PictureRows], protocol: Protocol, tmp_path: Path
) -> None:
    """A model that answers nonsense under on_invalid: stop fails at the later step and not at the first."""
    strict = replace(protocol, on_invalid="stop")
    first = capture(rows(protocol=strict, steps=(0,)), tmp_path / "first.safetensors")
    assert not first.failed
    later = capture(rows(protocol=strict, steps=(2,)), tmp_path / "later.safetensors")
    assert later.failed
    assert all("the protocol stopped at an answer that could not be read" in failed.message for failed in later.failed)


def test_steps_are_found_by_what_they_ask(protocol: Protocol, study: Study) -> None:
    """By any of their items, in the protocol's order; one prompt that asks all is one step."""
    assert find_steps(protocol, ("arousal", "emotion")) == (0, 2)
    assert find_steps(protocol, ()) == (0, 1, 2)
    single = load_protocol("single-shot", study)
    assert find_steps(single, ("valence",)) == (0,)
    assert step_name(single.steps[0]) == "emotion+valence+arousal"
    with pytest.raises(ProbeError, match="asks no such item, but emotion, valence, arousal"):
        find_steps(protocol, ("beauty",))


@pytest.mark.parametrize("name", ["gemma3", "mllama_4bit"])
def test_texts_are_captured_with_their_concepts(name: str, rater: Callable[..., MlxRater], tmp_path: Path) -> None:
    """One row a text, at the last token of its own turn; different texts differ, and no picture is looked at."""
    texts = (Text("happy-word-01", "happy", "happy"), Text("sad-word-01", "sad", "sad"))
    file = tmp_path / "text.safetensors"
    assert capture(TextRows(name, rater(name), texts), file).made == 2
    stored = open_capture(file)
    assert stored.about.source == "texts"
    assert stored.about.concepts == ("happy", "sad")
    assert len(set(stored.prompts("answer"))) == 2
    opened = inside(rater(name))
    assert stored.array("answer").shape == (2, opened.layers, opened.width)
    assert np.abs(stored.array("answer")[0] - stored.array("answer")[1]).max() > 1e-3
    other = (replace(texts[0], text="glad"), texts[1])
    with pytest.raises(StoreError, match="captured from another happy-word-01"):
        capture(TextRows(name, rater(name), other), file)
