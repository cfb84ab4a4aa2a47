"""A model that reasons before it answers: reasoning apart from the answer, within its budget, asked for or not.

What the small models say is senseless and always the same at temperature 0, so that pieces of it serve as the marks of
reasoning.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vlmrate.analysis import AnalysisOptions
from vlmrate.analysis.data import gather
from vlmrate.analysis.thinking import Thinking, thinking
from vlmrate.errors import RaterError
from vlmrate.inference.prepare import Wishes, prepare
from vlmrate.inference.runner import run_all
from vlmrate.inference.table import load_results
from vlmrate.protocol.records import Question
from vlmrate.raters.mlx.decoding import Decoding, speak
from vlmrate.raters.mlx.loading import load_model
from vlmrate.raters.mlx.model import MlxEntry, MlxModel
from vlmrate.raters.mlx.options import probabilities, spellings
from vlmrate.raters.mlx.rater import MlxRater
from vlmrate.raters.model import Request, entry_of
from vlmrate.raters.registry import named
from vlmrate.stats import Bootstrap, Share
from vlmrate.study.images import open_image
from vlmrate.study.load import load_study
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.raters.base import Reply
    from vlmrate.raters.mlx.loading import LoadedModel

DEMO = Path(__file__).resolve().parents[3] / "configs" / "study.yaml"
BUDGET = 5
WELL = Question("How pleasant?", (Item("well", Labels(("x1x", "y2y"))),))
MODELS = ("gemma3", "qwen2_5_vl")


@pytest.fixture
def ask(load: Callable[..., LoadedModel], picture: Callable[..., Path]) -> Callable[..., Reply]:
    """Asks a small model about valence, with a budget of reasoning."""

    def asked(model: str, thinking_tokens: int = BUDGET) -> Reply:
        rater = MlxRater(load(model), decoding=Decoding(thinking_tokens=thinking_tokens, max_tokens_text=3))
        return rater.view(picture(), seed=0).ask(Question("How pleasant?", (Item("valence", Likert(1, 9)),)))

    return asked


@pytest.fixture
def pieces(load: Callable[..., LoadedModel], picture: Callable[..., Path]) -> Callable[[str], list[str]]:
    """The first 24 tokens that a small model says when asked how pleasant, each as text."""

    def said(model: str) -> list[str]:
        loaded = load(model)
        rater = MlxRater(loaded, path="plain")
        architecture = rater._architecture
        asked = architecture.read(architecture.look(open_image(picture())), rater._write(WELL.prompt))
        spoken = speak(architecture, asked, stops=loaded.stops, temperature=0.0, max_tokens=24, seed=0)
        return [rater._tokenizer.decode([token], skip_special_tokens=False) for token in spoken.tokens]

    return said


@pytest.mark.parametrize("model", MODELS)
def test_reasoning_is_kept_apart_and_ended_at_its_budget(ask: Callable[..., Reply], model: str) -> None:
    """A model that does not end its reasoning is cut at the budget and then answers: the answer holds none of it, and
    its probabilities are read after it."""
    thinking, plain = ask(model), ask(model, thinking_tokens=0)
    assert (plain.reasoning, plain.reasoning_tokens) == (None, 0)
    assert thinking.reasoning
    assert thinking.reasoning.startswith(plain.text[:1])
    assert thinking.reasoning_tokens == BUDGET
    assert BUDGET <= thinking.answer_tokens <= BUDGET + 3
    assert sum(thinking.options["valence"].probabilities.values()) == pytest.approx(1)
    assert thinking.options["valence"].probabilities != pytest.approx(plain.options["valence"].probabilities)
    assert (thinking.sent_sha256, thinking.prompt_tokens) == (plain.sent_sha256, plain.prompt_tokens)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("budget", [0, 100])
@pytest.mark.parametrize("width", [1, 2])
def test_reasoning_ends_at_its_mark_whether_it_was_asked_for_or_not(
    load: Callable[..., LoadedModel],
    picture: Callable[..., Path],
    pieces: Callable[[str], list[str]],
    model: str,
    budget: int,
    width: int,
) -> None:
    """A model that begins with the mark is let go on beyond the three tokens of an answer, up to the other mark (of one
    or two tokens); then it answers with all its tokens, and its options are scored after the mark."""
    said = pieces(model)
    start = next(n for n in range(8, 23) if said[n] not in said[:n] and said[n].strip() not in "".join(said[:n]))
    begin, end = said[0], "".join(said[start : start + width]).strip()
    decoding = Decoding(max_tokens_text=3, thinking_tokens=budget, thinking_begin=begin, thinking_end=end)
    rater = MlxRater(load(model), path="plain", decoding=decoding)
    reply = rater.view(picture(), seed=0).ask(WELL)

    assert reply.reasoning_tokens == start
    assert reply.reasoning is not None
    assert end not in reply.reasoning
    assert reply.text
    assert end not in reply.text
    assert start + width < reply.answer_tokens <= start + width + 3

    architecture = rater._architecture
    asked = architecture.read(architecture.look(open_image(picture())), rater._write(WELL.prompt))
    spoken = speak(architecture, asked, stops=frozenset(), temperature=0.0, max_tokens=start + width, seed=0)
    there = architecture.go_on(asked, (*spoken.tokens, *rater._encode("\n\n")))
    expected = probabilities(architecture, there, spellings(("x1x", "y2y"), rater._encode))
    assert expected is not None
    assert dict(reply.options["well"].probabilities) == pytest.approx(dict(expected.probabilities), abs=1e-4)


def test_reasoning_that_nobody_asked_for_ends_at_the_cap(
    load: Callable[..., LoadedModel], picture: Callable[..., Path], pieces: Callable[[str], list[str]]
) -> None:
    """Without the second mark it is ended for the model after the cap, which the settings state."""
    begin = pieces("qwen2_5_vl")[0]
    decoding = Decoding(max_tokens_text=3, thinking_begin=begin, thinking_cap=9)
    rater = MlxRater(load("qwen2_5_vl"), decoding=decoding)
    reply = rater.view(picture(), seed=0).ask(WELL)
    assert (reply.reasoning_tokens, reply.answer_tokens) == (9, 12)
    assert (rater.settings["thinking"], rater.settings["thinking_cap"]) == ("off", 9)


def test_a_model_that_ends_its_turn_without_a_mark_has_answered(
    load: Callable[..., LoadedModel], picture: Callable[..., Path], pieces: Callable[[str], list[str]]
) -> None:
    """With a budget, but no mark said and the turn ended by the model: what it said is the answer, and no thought."""
    loaded = load("qwen2_5_vl")
    rater = MlxRater(loaded, decoding=Decoding(thinking_tokens=50))
    ids = [rater._encode(piece)[0] for piece in pieces("qwen2_5_vl")]
    place = next(n for n in range(3, 23) if ids[n] not in ids[:n])
    rater._thinker._stops = frozenset({ids[place]})
    reply = rater.view(picture(), seed=0).ask(WELL)
    assert (reply.reasoning, reply.reasoning_tokens, reply.finish) == (None, 0, "stop")
    assert reply.answer_tokens == place


def with_template(folder: Path, to: Path, ending: str) -> LoadedModel:
    """A copy of a model whose prompts end with `ending` after the mark of the model's turn."""
    shutil.copytree(folder, to)
    template = to / "chat_template.jinja"
    opening = "<|im_start|>assistant{{ '\\n' }}"
    text = template.read_text(encoding="utf-8")
    assert text.count(opening) == 1
    template.write_text(text.replace(opening, opening + ending), encoding="utf-8")
    return load_model(to, reference=True)


def test_a_template_that_opens_reasoning_is_closed_where_thinking_is_off(load: Callable[..., LoadedModel]) -> None:
    """One model can be asked both ways: on, the prompt ends with the open mark; off, with the reasoning ended."""
    loaded = load("qwen3_vl_thinking")
    on = MlxRater(loaded, decoding=Decoding(thinking_tokens=4))
    off = MlxRater(loaded, decoding=Decoding())
    assert on._write("Well?").endswith("assistant\n<think>\n")
    assert off._write("Well?").endswith("assistant\n<think>\n\n</think>\n\n")
    assert (on.settings["thinking"], on.settings["thinking_tokens"]) == ("on", 4)
    assert (off.settings["thinking"], off.settings["thinking_tokens"]) == ("off", 0)
    assert on.settings["thinking_how"] == "as the chat template writes it"
    assert "ended at once" in str(off.settings["thinking_how"])


def test_reasoning_that_the_prompt_opened_ends_where_the_model_ends_it(
    model_folder: Callable[[str], Path], picture: Callable[..., Path]
) -> None:
    """A Qwen3-VL made to say its end mark in place of another token: all before it is reasoning, to the token, and
    the same model with thinking off answers without any."""
    loaded = load_model(model_folder("qwen3_vl_thinking"), reference=True)
    rater = MlxRater(loaded, decoding=Decoding(thinking_tokens=40, max_tokens_text=3))
    architecture = rater._architecture
    asked = architecture.read(architecture.look(open_image(picture())), rater._write(WELL.prompt))
    said = speak(architecture, asked, stops=loaded.stops, temperature=0.0, max_tokens=24, seed=0).tokens
    place = next(n for n in range(6, 24) if said[n] not in said[:n])
    head = loaded.model.language_model.lm_head
    (end,) = rater._encode("</think>")
    head.weight[end] = head.weight[said[place]] * 1.01

    reply = rater.view(picture(), seed=0).ask(WELL)
    assert reply.reasoning == rater._decode(said[:place]).strip()
    assert reply.reasoning_tokens == place
    assert "think>" not in reply.reasoning + reply.text
    assert reply.answer_tokens == place + 1 + 3
    off = MlxRater(loaded, decoding=Decoding(max_tokens_text=3)).view(picture(), seed=0).ask(WELL)
    assert (off.reasoning, off.reasoning_tokens) == (None, 0)


@pytest.mark.parametrize("fidelity", ["reference", "mlx-vlm"])
def test_a_template_with_a_switch_is_told_which_way(
    model_folder: Callable[[str], Path], tmp_path: Path, fidelity: str
) -> None:
    """The usual variable is set by itself; the one that models.yaml declares takes its place."""
    ending = "{% if enable_thinking %}<ON>{% else %}<OFF>{% endif %}{{ effort }}"
    loaded = with_template(model_folder("qwen2_5_vl"), tmp_path / "switch", ending)
    written = {
        budget: MlxRater(loaded, fidelity=fidelity, decoding=Decoding(thinking_tokens=budget))._write("Well?")
        for budget in (0, 4)
    }
    assert written[0].endswith("<OFF>")
    assert written[4].endswith("<ON>")
    declared = MlxRater(loaded, decoding=Decoding(template={"enable_thinking": True, "effort": "low"}))
    assert declared._write("Well?").endswith("<ON>low")
    assert declared.settings["thinking_how"] == "enable_thinking=True, effort=low"


def test_models_yaml_says_how_thinking_is_switched() -> None:
    """`thinking_template` gives the variables of each way; the budget asked for chooses between them."""
    values = {
        "repo": "someone/model",
        "decoding": {"thinking_tokens": 64, "thinking_begin": "[THINK]", "thinking_end": "[/THINK]"},
        "thinking_template": {"on": {"effort": "high"}, "off": {"effort": "none"}},
    }
    model = MlxModel("m", entry_of(named("m", values), MlxEntry), None)
    on, off = model.decoding(Request()), model.decoding(Request(thinking_tokens=0))
    assert (on.thinking_tokens, on.thinking_begin, on.template) == (64, "[THINK]", {"effort": "high"})
    assert (off.thinking_tokens, off.template) == (0, {"effort": "none"})
    with pytest.raises(RaterError, match=r"thinking_template\.off"):
        entry_of(named("m", values | {"thinking_template": {"on": {}}}), MlxEntry)


@pytest.mark.slow
def test_runs_with_and_without_thinking_are_stored_and_paired(
    model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    """One folder asked both ways about the demo's faces: both runs lie in the results with their tokens of reasoning,
    and the analysis takes them for one model with thinking on against off."""
    folder = str(model_folder("qwen3_vl_thinking"))
    for name, budget in (("on", BUDGET), ("off", 0)):
        wishes = Wishes(folder, study=DEMO, results=tmp_path / "results", thinking_tokens=budget, limit=2, name=name)
        run_all(prepare(wishes, lambda _: None))
    study = load_study(DEMO, results=tmp_path / "results")
    results = load_results(study)
    assert set(results.ratings.loc[results.ratings["rater"] == "on", "reasoning_tokens"]) == {BUDGET}
    assert set(results.ratings.loc[results.ratings["rater"] == "off", "reasoning_tokens"]) == {0}
    told = thinking(gather(study, results, AnalysisOptions(bootstrap=Bootstrap(resamples=50))))
    assert isinstance(told, Thinking)
    (pair,) = told.pairs
    assert (pair.first, pair.second) == ("on", "off")
    (off, on) = told.raters
    assert (on.lengths[0].median, on.lengths[0].spent) == (3 * BUDGET, Share(6, 6, "prompts"))
    assert (off.lengths[0].median, off.lengths[0].reasoned) == (0, Share(0, 2, "images"))
