"""Probabilities of answers must equal a brute-force sum: every spelling, every token of it, whole passes, no caches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from raters.mlx.bruteforce import START, BruteForce, agree
from raters.mlx.references import log_softmax
from vlmrate.protocol.parser import read_answers
from vlmrate.protocol.records import Question
from vlmrate.raters.mlx.options import probabilities, spellings
from vlmrate.raters.mlx.rater import MlxRater
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from vlmrate.raters.base import OptionProbabilities
    from vlmrate.raters.mlx.loading import LoadedModel

EMOTION = Item("emotion", Labels(("happy", "sad", "angry", "fear", "disgust", "neutral")))
VALENCE = Item("valence", Likert(1, 9))
AROUSAL = Item("arousal", Likert(1, 9))
PERCENT = Item("liking", Likert(0, 100))


@pytest.fixture
def scored(load: Callable[..., LoadedModel], opened: Callable[..., Image]) -> Callable[..., Any]:
    """The rater's reading of an item after a prompt, and the brute force for the same."""

    def score(name: str, prompt: str, item: Item) -> tuple[OptionProbabilities | None, BruteForce]:
        loaded, picture = load(name), opened("odd")
        rater = MlxRater(loaded, likely_prompts=[prompt, prompt + " Please."])
        reader = rater._architecture
        branch = reader.read(reader.look(picture), rater._write(prompt))
        brute = BruteForce(loaded, picture, prompt)
        return probabilities(reader, branch, spellings(item.answers, rater._encode)), brute

    return score


def test_the_toy_vocabulary_splits_labels_as_real_ones_do(load: Callable[..., LoadedModel]) -> None:
    """One label is one token, one is dis+gust, and numbers over nine are several: all that scoring must cope with."""
    tokenizer = load("gemma3").processor.tokenizer
    pieces = {
        text: tokenizer.convert_ids_to_tokens(tokenizer(text, add_special_tokens=False)["input_ids"])
        for text in ("happy", "disgust", "100")
    }
    assert pieces == {"happy": ["happy"], "disgust": ["dis", "gust"], "100": ["1", "0", "0"]}


def test_the_case_in_which_labels_are_declared_does_not_matter(scored: Callable[..., Any]) -> None:
    """A study that writes its labels with capitals gets the probabilities of the words, however they are spoken."""
    declared = Item("emotion", Labels(tuple(option.capitalize() for option in EMOTION.answers)))
    usual, _ = scored("gemma3", "What do you see?", EMOTION)
    capital, _ = scored("gemma3", "What do you see?", declared)
    assert capital.valid_mass == pytest.approx(usual.valid_mass)
    assert list(capital.probabilities.values()) == pytest.approx(list(usual.probabilities.values()))


@pytest.mark.parametrize("name", ["gemma3_window", "gemma3_4bit", "mllama", "mllama_4bit"])
@pytest.mark.parametrize("item", [EMOTION, VALENCE], ids=lambda item: item.name)
def test_probabilities_equal_the_brute_force_sum(name: str, item: Item, scored: Callable[..., Any]) -> None:
    """Labels of several tokens count whole, spelled in either case, with a space before or without."""
    found, brute = scored(name, "What is this?", item)
    agree(found, brute.masses(item))


def test_labels_of_several_tokens_are_not_judged_by_their_first(scored: Callable[..., Any]) -> None:
    """Reading only the first token would give disgust the mass of every word that begins with dis."""
    found, brute = scored("gemma3_window", "What is this?", EMOTION)
    first = {a: float(np.exp(brute.rows(())[0][brute.tokens(a)[0]])) for a in EMOTION.answers}
    assert first["disgust"] > 2 * found.probabilities["disgust"] * found.valid_mass


@pytest.mark.parametrize(("low", "high"), [(1, 10), (0, 100)])
def test_numbers_that_begin_longer_ones_share_no_mass(low: int, high: int, scored: Callable[..., Any]) -> None:
    """10 is not also 1: a number's mass is that it is said and no digit of a longer valid number follows."""
    item = Item("liking", Likert(low, high))
    found, brute = scored("gemma3_window", "How do you like it?", item)
    ways = {lead + answer: brute.tokens(lead + answer) for lead in START for answer in item.answers}
    masses = dict.fromkeys(item.answers, 0.0)
    for text, way in ways.items():
        rows = brute.rows(way)
        said = math.exp(sum(rows[i][token] for i, token in enumerate(way)))
        longer = {other[len(way)] for other in ways.values() if len(other) > len(way) and other[: len(way)] == way}
        goes_on = sum(math.exp(rows[len(way)][token]) for token in longer)
        masses[text.strip()] += said * (1 - goes_on)
    agree(found, masses)


def test_masses_of_a_long_scale_sum_to_those_of_its_beginnings(scored: Callable[..., Any]) -> None:
    """Whatever follows, something valid was said as soon as a first digit was: all masses sum to the digits' own."""
    found, brute = scored("gemma3_window", "How do you like it?", PERCENT)
    assert found.valid_mass == pytest.approx(sum(brute.of(f"{lead}{d}") for lead in START for d in range(10)), rel=1e-4)


@pytest.fixture
def judged(load: Callable[..., LoadedModel], opened: Callable[..., Image]) -> Callable[..., Any]:
    """Options read from an answer that was, let us say, `text`: by the rater, and the brute force beside it."""

    def judge(text: str, items: tuple[Item, ...], answer: Any, name: str = "gemma3_window") -> Any:
        loaded, picture = load(name), opened()
        rater = MlxRater(loaded)
        question = Question("Tell me.", items, answer)
        branch = rater._architecture.read(rater._architecture.look(picture), rater._write(question.prompt))
        tokens = tuple(rater._encode(text))
        readings = read_answers(text, items, answer)
        return rater._options(rater.architecture, branch, tokens, readings, question), BruteForce(
            loaded, picture, question.prompt
        )

    return judge


@pytest.mark.parametrize("name", ["gemma3_window", "mllama"])
def test_json_answers_are_scored_where_each_value_stands(name: str, judged: Callable[..., Any]) -> None:
    """Options of each item are read after all that was said before its own value, not at the answer's beginning."""
    text = '{"emotion": "sad", "valence": 7, "arousal": 2}'
    found, brute = judged(text, (EMOTION, VALENCE, AROUSAL), "json", name)
    places = {"emotion": '{"emotion": "', "valence": '{"emotion": "sad", "valence": '}
    assert set(found) == {"emotion", "valence", "arousal"}
    for item in (EMOTION, VALENCE):
        agree(found[item.name], brute.masses(item, before=brute.tokens(places[item.name])))


def test_json_without_a_value_gets_no_probabilities(judged: Callable[..., Any]) -> None:
    """Where an item's value has no place in the answer, nothing is made up for it."""
    found, _ = judged('{"emotion": "sad"}', (EMOTION, VALENCE), "json")
    assert set(found) == {"emotion"}


def test_a_label_within_a_sentence_is_scored_after_what_leads_to_it(judged: Callable[..., Any]) -> None:
    """A token that holds a space and the label counts with its space: only such spellings can follow there."""
    found, brute = judged("It is happy", (EMOTION,), "text")
    agree(found["emotion"], brute.masses(EMOTION, leads=(" ",), before=brute.tokens("It is")))


def test_a_leading_space_changes_no_probability(judged: Callable[..., Any]) -> None:
    """At the start of an answer the options are the same ones whether the model happened to begin with a space."""
    with_space, brute = judged(" happy", (EMOTION,), "text")
    without, _ = judged("happy", (EMOTION,), "text")
    assert with_space["emotion"] == without["emotion"]
    agree(without["emotion"], brute.masses(EMOTION))


def test_an_unreadable_answer_is_scored_at_its_beginning(judged: Callable[..., Any]) -> None:
    """What a model would have said stays known when what it said was none of the options."""
    found, brute = judged("whichever", (EMOTION,), "text")
    agree(found["emotion"], brute.masses(EMOTION))


def test_log_probabilities_survive_logits_far_apart() -> None:
    """Logits of hundreds neither overflow nor lose the likeliest."""
    from vlmrate.raters.mlx.options import log_softmax as ours

    logits = np.array([[500.0, 0.0, -500.0], [1.0, 1.0, 1.0]], dtype=np.float32)
    assert ours(logits) == pytest.approx(log_softmax(logits))
    assert ours(logits)[0] == pytest.approx([0.0, -500.0, -1000.0])
