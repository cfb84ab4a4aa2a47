"""The shared path must compute what mlx-vlm computes, and two-way attention what it says: equal to whole passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from raters.mlx.references import log_softmax, stepped, whole
from vlmrate.raters.mlx.gemma3 import Gemma3
from vlmrate.raters.mlx.library import Library
from vlmrate.raters.mlx.mllama import Mllama
from vlmrate.raters.mlx.prompt import picture_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from vlmrate.raters.mlx.loading import LoadedModel
    from vlmrate.raters.mlx.shared import PictureInHead

WITHIN = 1e-4
GEMMAS = ("gemma3", "gemma3_window", "gemma3_4bit")
MLLAMAS = ("mllama", "mllama_4bit")
ANSWER_LENGTH = 4

Written = list[str]


def architecture(
    loaded: LoadedModel, written: Written | None = None, *, share: bool = True, two_way: bool = False
) -> Any:
    """The family's own way to read, causal as mlx-vlm's generate unless told otherwise; planned for `written`."""
    made: PictureInHead
    if loaded.kind == "gemma3":
        attention = "two-way" if two_way else "causal"
        made = Gemma3(loaded.model, loaded.processor, share=share, attention=attention)
    else:
        made = Mllama(loaded.model, loaded.processor, share=share)
    if written is not None:
        made.plan(written)
    return made


@pytest.fixture
def write(prompts: tuple[str, ...], likely: tuple[str, ...]) -> Callable[[LoadedModel], tuple[Written, Written]]:
    """The three prompts, and all likely ones, in the model's chat format with the picture first."""

    def written(loaded: LoadedModel) -> tuple[Written, Written]:
        one = picture_first(loaded.processor, loaded.name)
        return [one(prompt) for prompt in prompts], [one(prompt) for prompt in likely]

    return written


@pytest.mark.parametrize("shape", ["square", "wide", "large", "odd"])
@pytest.mark.parametrize("name", [*GEMMAS, *MLLAMAS])
def test_shared_path_says_what_generate_step_says(
    name: str, shape: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Same ids, every log-probability within 1e-4 and the same likeliest token, at all three steps."""
    loaded, picture = load(name), opened(shape)
    written, likely = write(loaded)
    reader = architecture(loaded, likely)
    looked = reader.look(picture)
    for prompt in written:
        branch = reader.read(looked, prompt)
        ids, _, (expected, *_) = stepped(loaded, picture, prompt, 1)
        assert list(branch.prompt_ids) == ids
        found = log_softmax(branch.logits)
        assert np.abs(found - expected).max() < WITHIN
        assert found.argmax() == expected.argmax()
        assert np.ptp(found) > 5, "flat probabilities would agree whatever was computed"


@pytest.mark.parametrize(("shape", "tiles"), [("square", 1), ("wide", 2), ("large", 4)])
def test_pictures_use_one_two_and_four_tiles(
    shape: str, tiles: int, load: Callable[..., LoadedModel], opened: Callable[..., Image]
) -> None:
    """The pictures above exercise padded and full tile masks."""
    assert architecture(load("mllama")).look(opened(shape)).tensors.used == tiles


def test_the_head_holds_the_picture_and_the_window_wraps_in_it(load: Callable[..., LoadedModel], write: Any) -> None:
    """All likely prompts share a head with the whole picture in it, longer than the small window."""
    loaded = load("gemma3_window")
    reader = architecture(loaded, write(loaded)[1])
    picture = loaded.model.config.image_token_index
    assert reader._planned.count(picture) == 16
    assert len(reader._planned) > loaded.model.config.text_config.sliding_window


@pytest.mark.parametrize("name", GEMMAS)
def test_several_answer_tokens_follow_generate_step(
    name: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Four tokens of mlx-vlm's own greedy answer, read one at a time: the log-probabilities before each agree."""
    loaded, picture = load(name), opened()
    written, likely = write(loaded)
    reader = architecture(loaded, likely)
    looked = reader.look(picture)
    for prompt in written:
        _, tokens, expected = stepped(loaded, picture, prompt, ANSWER_LENGTH)
        branch = reader.read(looked, prompt)
        for token, row in zip(tokens, expected, strict=True):
            assert np.abs(log_softmax(branch.logits) - row).max() < WITHIN
            branch = reader.go_on(branch, [token])


@pytest.mark.parametrize("shape", ["square", "wide", "large"])
@pytest.mark.parametrize("name", MLLAMAS)
def test_answer_tokens_keep_the_tile_mask(
    name: str, shape: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Four tokens more, read one at a time, equal the whole of prompt and answer read anew with its tile mask."""
    loaded, picture = load(name), opened(shape)
    written, likely = write(loaded)
    reader = architecture(loaded, likely)
    branch = reader.read(reader.look(picture), written[2])
    said: list[int] = []
    for _ in range(ANSWER_LENGTH):
        said.append(int(log_softmax(branch.logits).argmax()))
        branch = reader.go_on(branch, said[-1:])
        expected = whole(loaded, picture, written[2], said)[-1]
        assert np.abs(log_softmax(branch.logits) - expected).max() < WITHIN


@pytest.mark.parametrize("name", [*GEMMAS, *MLLAMAS])
def test_rows_tried_together_equal_rows_read_in_turn(
    name: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Continuations of several lengths scored at once give the logits of each alone; the branch stays as it was."""
    loaded = load(name)
    written, likely = write(loaded)
    reader = architecture(loaded, likely)
    branch = reader.read(reader.look(opened("wide")), written[1])
    rows = [(11, 12), (40,), (13, 14, 15), (41,), (11, 16)]
    before = np.array(reader.go_on(branch, [20]).logits)
    for row, logits in zip(rows, reader.score(branch, rows), strict=True):
        assert logits.shape[0] == len(row)
        for i in range(len(row)):
            expected = reader.go_on(branch, row[: i + 1]).logits
            assert np.abs(log_softmax(logits[i]) - log_softmax(expected)).max() < WITHIN
    assert np.array_equal(np.array(reader.go_on(branch, [20]).logits), before)


@pytest.mark.parametrize("name", [*GEMMAS, *MLLAMAS])
def test_reading_again_changes_nothing(
    name: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """A prompt read a second time, after another prompt and its answer, gives the same logits to the bit."""
    loaded = load(name)
    written, likely = write(loaded)
    reader = architecture(loaded, likely)
    looked = reader.look(opened())
    first = np.array(reader.read(looked, written[0]).logits)
    reader.go_on(reader.read(looked, written[2]), [30, 31])
    assert np.array_equal(np.array(reader.read(looked, written[0]).logits), first)


@pytest.mark.parametrize("name", ["gemma3_window", "mllama"])
def test_a_second_picture_is_seen_afresh(
    name: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Nothing of the first picture stays: the second gets other answers, those of a reader that saw it alone."""
    loaded = load(name)
    written, likely = write(loaded)
    reader, fresh = architecture(loaded, likely), architecture(loaded, likely)
    first = [log_softmax(reader.read(reader.look(opened("square", 0)), prompt).logits) for prompt in written]
    after, alone = reader.look(opened("square", 1)), fresh.look(opened("square", 1))
    for prompt, other in zip(written, first, strict=True):
        second = log_softmax(reader.read(after, prompt).logits)
        assert np.abs(second - other).max() > 0.1
        assert np.array_equal(second, log_softmax(fresh.read(alone, prompt).logits))


@pytest.mark.parametrize("two_way", [False, True])
@pytest.mark.parametrize("name", ["gemma3", "gemma3_window", "mllama"])
def test_sharing_changes_nothing(
    name: str, two_way: bool, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Every prompt read anew, split at the picture's end, gives what prompts on a shared head give."""
    loaded = load(name)
    written, likely = write(loaded)
    shared = architecture(loaded, likely, two_way=two_way)
    plain = architecture(loaded, share=False, two_way=two_way)
    assert (shared.path, plain.path) == ("shared", "plain")
    seen_once, seen_anew = shared.look(opened("odd")), plain.look(opened("odd"))
    for prompt in written:
        once, anew = shared.read(seen_once, prompt), plain.read(seen_anew, prompt)
        assert np.abs(log_softmax(once.logits) - log_softmax(anew.logits)).max() < WITHIN


def test_a_prompt_that_was_not_foreseen_is_read_all_the_same(
    load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Another beginning than the planned one costs its own head and is answered as generate_step answers."""
    loaded, picture = load("gemma3_window"), opened()
    reader = architecture(loaded, write(loaded)[1])
    prompt = picture_first(loaded.processor, loaded.name)("Is this sad or angry?").replace("user", "neutral user")
    branch = reader.read(reader.look(picture), prompt)
    _, _, (expected,) = stepped(loaded, picture, prompt, 1)
    assert np.abs(log_softmax(branch.logits) - expected).max() < WITHIN


@pytest.mark.parametrize("name", GEMMAS)
def test_the_whole_pass_is_a_fair_reference(
    name: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """With causal masks written out pair by pair, one pass without caches equals mlx-vlm's generation."""
    loaded, picture = load(name), opened()
    for prompt in write(loaded)[0]:
        _, tokens, expected = stepped(loaded, picture, prompt, ANSWER_LENGTH)
        found = whole(loaded, picture, prompt, tokens[:-1])
        assert np.abs(found - expected).max() < WITHIN


@pytest.mark.parametrize("name", GEMMAS)
def test_two_way_attention_equals_masks_written_out(
    name: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Picture tokens that see each other beyond a wrapped window: prompt and answer equal one pass with dense masks."""
    loaded, picture = load(name), opened("odd")
    written, likely = write(loaded)
    reader = architecture(loaded, likely, two_way=True)
    looked = reader.look(picture)
    said = [25, 26, 27]
    for prompt in written:
        branch = reader.read(looked, prompt)
        expected = whole(loaded, picture, prompt, said, two_way=True)
        for token, row in zip([*said, None], expected, strict=True):
            assert np.abs(log_softmax(branch.logits) - row).max() < WITHIN
            branch = reader.go_on(branch, [token]) if token is not None else branch


@pytest.mark.parametrize("name", ["gemma3", "gemma3_window"])
def test_two_way_attention_is_another_model_than_causal(
    name: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """The two differ visibly, so that the tests above tell them apart."""
    loaded = load(name)
    written, likely = write(loaded)
    found = []
    for two_way in (False, True):
        reader = architecture(loaded, likely, two_way=two_way)
        found.append(log_softmax(reader.read(reader.look(opened()), written[0]).logits))
    assert np.abs(found[0] - found[1]).max() > 100 * WITHIN


@pytest.mark.parametrize("shape", ["square", "odd"])
@pytest.mark.parametrize(
    ("name", "own_marks"),
    [("gemma3_window", False), ("gemma3_window", True), ("mllama", True), ("qwen2_5_vl", False), ("smolvlm", False)],
)
def test_plain_library_path_says_what_generate_step_says(
    name: str, own_marks: bool, shape: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Any model mlx-vlm can load, with the begin marks asked for: at all three steps, four answer tokens each."""
    loaded, picture = load(name), opened(shape)
    reader = Library(loaded.model, loaded.processor, own_marks=own_marks)
    for prompt in write(loaded)[0]:
        ids, tokens, expected = stepped(loaded, picture, prompt, ANSWER_LENGTH, own_marks=own_marks)
        branch = reader.read(reader.look(picture), prompt)
        assert list(branch.prompt_ids) == ids
        for token, row in zip(tokens, expected, strict=True):
            assert np.abs(log_softmax(branch.logits) - row).max() < WITHIN
            branch = reader.go_on(branch, [token])


@pytest.mark.parametrize("name", ["gemma3_window", "mllama", "qwen2_5_vl", "smolvlm"])
def test_plain_library_path_tries_rows_without_touching_the_branch(
    name: str, load: Callable[..., LoadedModel], opened: Callable[..., Image], write: Any
) -> None:
    """Scored rows equal the same tokens read in turn, before and after others were tried."""
    loaded = load(name)
    reader = Library(loaded.model, loaded.processor, own_marks=False)
    branch = reader.read(reader.look(opened()), write(loaded)[0][1])
    rows = [(11, 12, 13), (40,), (11, 14)]
    for row, logits in zip(rows, reader.score(branch, rows), strict=True):
        for i in range(len(row)):
            expected = log_softmax(reader.go_on(branch, row[: i + 1]).logits)
            assert np.abs(log_softmax(logits[i]) - expected).max() < WITHIN
