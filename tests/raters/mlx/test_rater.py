"""The rater as a whole: what it sends, what it says, what it declares of itself."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np
import pytest
from mlx_vlm import generate
from mlx_vlm.prompt_utils import apply_chat_template

from vlmrate.errors import ImageError, RaterError
from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.records import Question
from vlmrate.raters.mlx.decoding import Decoding
from vlmrate.raters.mlx.loading import folder_digest
from vlmrate.raters.mlx.rater import MlxRater
from vlmrate.study.records import Item, Labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.protocol.conduct import Outcome
    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.base import Reply
    from vlmrate.raters.mlx.loading import LoadedModel
    from vlmrate.study.records import Stimulus

MOOD = Item("mood", Labels(("happy", "sad")))
FAMILIES = ("gemma3_window", "gemma3_4bit", "mllama", "qwen2_5_vl", "smolvlm")


@pytest.fixture
def rated(protocol: Protocol, stimulus: Stimulus, picture: Callable[..., Path]) -> Callable[..., Outcome[Reply]]:
    """Carries out the three steps with a rater on one picture."""

    def rate(rater: MlxRater, shape: str = "square", number: int = 0, seed: int = 0) -> Outcome[Reply]:
        view = rater.view(picture(shape, number), seed)
        asking = conduct(protocol, stimulus)
        try:
            question = next(asking)
            while True:
                question = asking.send(view.ask(question))
        except StopIteration as end:
            outcome: Outcome[Reply] = end.value
            return outcome

    return rate


def texts(outcome: Outcome[Reply]) -> list[str]:
    """What was said at each step."""
    return [turn.reply.text for turn in outcome.turns]


def options(outcome: Outcome[Reply]) -> list[Any]:
    """Every probability at each step."""
    return [turn.reply.options for turn in outcome.turns]


def without_marks(loaded: LoadedModel, text: str) -> str:
    """A text less the marks of the chat format, which mlx-vlm spells out where the model says them."""
    for mark in loaded.processor.tokenizer.added_tokens_decoder.values():
        text = text.replace(str(mark), "")
    return text


def ids_digest(loaded: LoadedModel, written: str) -> str:
    """What a rater that sent exactly this text records of it."""
    ids = loaded.processor.tokenizer(written, add_special_tokens=False)["input_ids"]
    return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_answers_all_three_steps_with_probabilities(
    name: str, load: Callable[..., LoadedModel], likely: tuple[str, ...], rated: Callable[..., Outcome[Reply]]
) -> None:
    """Each step has its text, its count of tokens, and a probability for every valid answer, summing to one."""
    outcome = rated(MlxRater(load(name), likely_prompts=likely))
    assert [turn.question.items[0].name for turn in outcome.turns] == ["emotion", "valence", "arousal"]
    for turn in outcome.turns:
        (item,) = turn.question.items
        found = turn.reply.options[item.name]
        assert tuple(found.probabilities) == item.answers
        assert all(p >= 0 for p in found.probabilities.values())
        assert sum(found.probabilities.values()) == pytest.approx(1.0, abs=1e-12)
        assert 0 < found.valid_mass <= 1
        assert 0 <= turn.reply.answer_tokens <= 16
        assert turn.reply.finish == ("length" if turn.reply.answer_tokens == 16 else "stop")
        assert turn.reply.seconds > 0


@pytest.mark.parametrize("shape", ["square", "odd"])
@pytest.mark.parametrize("name", ["gemma3", "gemma3_window", "mllama", "mllama_4bit"])
def test_library_fidelity_says_word_for_word_what_generate_says(
    name: str, shape: str, load: Callable[..., LoadedModel], picture: Callable[..., Path],
    rated: Callable[..., Outcome[Reply]],
) -> None:  # fmt: skip
    """At all three steps the greedy text is that of mlx_vlm.generate on mlx-vlm's own prompt."""
    loaded = load(name, reference=False)
    outcome = rated(MlxRater(loaded, fidelity="mlx-vlm"), shape)
    for turn in outcome.turns:
        written = apply_chat_template(loaded.processor, loaded.model.config, turn.question.prompt, num_images=1)
        said = generate(
            loaded.model, loaded.processor, written, image=[str(picture(shape))], max_tokens=16, temperature=0.0
        )
        assert turn.reply.text == without_marks(loaded, said.text)
        assert turn.reply.prompt_tokens == said.prompt_tokens


def test_shared_and_plain_path_give_the_same_answers(
    load: Callable[..., LoadedModel], likely: tuple[str, ...], rated: Callable[..., Outcome[Reply]]
) -> None:
    """Sharing is a saving and nothing else: texts the same, probabilities the same to six digits."""
    shared = rated(MlxRater(load("gemma3_window"), path="shared", likely_prompts=likely))
    plain = rated(MlxRater(load("gemma3_window"), path="plain", likely_prompts=likely))
    assert texts(shared) == texts(plain)
    for one, other in zip(options(shared), options(plain), strict=True):
        for item, found in one.items():
            assert dict(found.probabilities) == pytest.approx(dict(other[item].probabilities), abs=1e-6)


def test_settings_declare_all_that_decides_the_answers(
    load: Callable[..., LoadedModel], model_folder: Callable[[str], Path]
) -> None:
    """Model, digest, quantisation, arithmetic, fidelity, path and decoding are in the manifest's settings."""
    rater = MlxRater(load("gemma3_4bit"), decoding=Decoding(temperature=0.5))
    assert rater.settings == {
        "kind": "mlx",
        "model_type": "gemma3",
        "model_digest": folder_digest(model_folder("gemma3_4bit")),
        "quantisation": "4-bit, groups of 64",
        "dtype": "float32",
        "fidelity": "reference",
        "path": "shared",
        "picture": "first",
        "begin_marks": "as the chat template writes them",
        "temperature": 0.5,
        "max_tokens_text": 16,
        "max_tokens_json": 96,
        "thinking": "off",
        "thinking_tokens": 0,
        "thinking_how": "as the chat template writes it",
        "thinking_marks": "<think> </think>",
        "thinking_cap": 1024,
        "batch_size": 1,
    }


@pytest.mark.parametrize(
    ("name", "fidelity", "path", "told", "ran"),
    [
        ("gemma3", "reference", "auto", "reference", "shared"),
        ("gemma3", "reference", "plain", "reference", "plain"),
        ("gemma3", "mlx-vlm", "auto", "mlx-vlm", "plain"),
        ("mllama", "reference", "auto", "reference", "shared"),
        ("qwen2_5_vl", "reference", "auto", "mlx-vlm, picture first", "plain"),
        ("smolvlm", "mlx-vlm", "plain", "mlx-vlm", "plain"),
    ],
)
def test_settings_say_which_path_ran(
    name: str, fidelity: Any, path: Any, told: str, ran: str, load: Callable[..., LoadedModel]
) -> None:
    """Shared where the family allows it; reference fidelity only where the family's own code is followed."""
    settings = MlxRater(load(name), fidelity=fidelity, path=path).settings
    assert (settings["path"], settings["fidelity"], settings["quantisation"]) == (ran, told, "none")


@pytest.mark.parametrize(
    ("name", "fidelity", "sentence"),
    [
        ("qwen2_5_vl", "reference", "type gemma3 or mllama, not qwen2_5_vl at fidelity reference; leave --path out"),
        ("gemma3", "mlx-vlm", "type gemma3 or mllama, not gemma3 at fidelity mlx-vlm; leave --path out"),
    ],
)
def test_a_shared_path_that_cannot_be_is_refused(
    name: str, fidelity: Any, sentence: str, load: Callable[..., LoadedModel]
) -> None:
    """Asked for by name, the shared path is not quietly replaced: one sentence says what it needs."""
    with pytest.raises(RaterError, match=f"--path shared needs --fidelity reference and a model of {sentence}"):
        MlxRater(load(name), fidelity=fidelity, path="shared")


def test_the_picture_comes_first_and_one_begin_mark(load: Callable[..., LoadedModel], picture: Any) -> None:
    """At reference fidelity the tokens sent are the chat template's: one begin mark, the picture, then the words."""
    gemma, llama = load("gemma3"), load("mllama")
    block = "\n\n<start_of_image>" + 16 * "<image_soft_token>" + "<end_of_image>\n\n"
    turns = {
        "<bos><start_of_turn>user\n" + block + "Well?<end_of_turn>\n<start_of_turn>model\n": gemma,
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n<|image|>Well?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n": llama,
    }
    for written, loaded in turns.items():
        reply = MlxRater(loaded).view(picture(), 0).ask(Question("Well?", (MOOD,)))
        assert reply.sent_sha256 == ids_digest(loaded, written)


def test_library_fidelity_sends_two_begin_marks_and_the_picture_last(
    load: Callable[..., LoadedModel], picture: Any
) -> None:
    """At mlx-vlm fidelity the tokens sent are that library's: begin mark doubled, the words, then the picture."""
    gemma, llama = load("gemma3", reference=False), load("mllama", reference=False)
    block = "\n\n<start_of_image>" + 16 * "<image_soft_token>" + "<end_of_image>\n\n"
    turns = {
        "<bos><bos><start_of_turn>user\nWell?" + block + "<end_of_turn>\n<start_of_turn>model\n": gemma,
        "<|begin_of_text|><|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWell?<|image|><|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n": llama,
    }
    for written, loaded in turns.items():
        rater = MlxRater(loaded, fidelity="mlx-vlm")
        reply = rater.view(picture(), 0).ask(Question("Well?", (MOOD,)))
        assert reply.sent_sha256 == ids_digest(loaded, written)


@pytest.mark.parametrize("name", ["gemma3_window", "smolvlm"])
def test_drawn_answers_follow_the_seed(
    name: str, load: Callable[..., LoadedModel], rated: Callable[..., Outcome[Reply]]
) -> None:
    """The same seed draws the same answers, another seed others; greedy answers know no seed."""
    drawn = MlxRater(load(name), decoding=Decoding(temperature=1.5))
    assert texts(rated(drawn, seed=3)) == texts(rated(drawn, seed=3))
    assert texts(rated(drawn, seed=3)) != texts(rated(drawn, seed=4))
    greedy = MlxRater(load(name))
    assert texts(rated(greedy, seed=3)) == texts(rated(greedy, seed=4))


def test_temperature_leaves_probabilities_alone(
    load: Callable[..., LoadedModel], rated: Callable[..., Outcome[Reply]]
) -> None:
    """Probabilities are the model's own, whatever temperature its words are drawn at."""
    greedy = rated(MlxRater(load("gemma3")))
    drawn = rated(MlxRater(load("gemma3"), decoding=Decoding(temperature=0.01)), seed=5)
    assert options(drawn)[0] == options(greedy)[0]


def test_drawing_never_touches_the_global_random_state(
    load: Callable[..., LoadedModel], rated: Callable[..., Outcome[Reply]]
) -> None:
    """Another user of mlx's random numbers in the same process draws what he would have drawn, and changes nothing."""
    drawn = MlxRater(load("gemma3"), decoding=Decoding(temperature=1.5))
    mx.random.seed(1)
    before = np.array(mx.random.state[0])
    first = texts(rated(drawn, seed=9))
    assert np.array_equal(np.array(mx.random.state[0]), before)
    mx.random.seed(2)
    assert texts(rated(drawn, seed=9)) == first


def test_other_pictures_get_other_answers_from_one_rater(
    load: Callable[..., LoadedModel], likely: tuple[str, ...], rated: Callable[..., Outcome[Reply]]
) -> None:
    """A rater that has seen twenty pictures says of the first what it said at first."""
    rater = MlxRater(load("gemma3_window"), likely_prompts=likely)
    first = rated(rater)
    others = [rated(rater, number=number) for number in range(1, 20)]
    assert all(options(other)[0] != options(first)[0] for other in others)
    again = rated(rater)
    assert (texts(again), options(again)) == (texts(first), options(first))


def test_a_damaged_picture_is_refused_before_it_is_shown(load: Callable[..., LoadedModel], tmp_path: Path) -> None:
    """A file that is no picture is an ImageError that names it."""
    file = tmp_path / "face.png"
    file.write_text("no picture", encoding="utf-8")
    with pytest.raises(ImageError, match=r"face\.png"):
        MlxRater(load("gemma3")).view(file, 0)
