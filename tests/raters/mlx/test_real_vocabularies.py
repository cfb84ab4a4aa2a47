"""Labels in the vocabularies of Gemma 3 and Llama 3: how they split, and that they are scored whole.

The excerpts in tests/golden/vocabularies serve everywhere; the slow tests need the whole vocabularies installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from raters.mlx import folders
from raters.mlx.bruteforce import BruteForce, agree
from raters.mlx.vocabularies import INSTALL, NAMES, Name, Vocabulary, installed, stored
from vlmrate.raters.mlx.loading import load_model
from vlmrate.raters.mlx.options import probabilities, spellings
from vlmrate.raters.mlx.rater import MlxRater
from vlmrate.study.records import Item, Labels, Likert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL.Image import Image

EMOTION = Item("emotion", Labels(("happy", "sad", "angry", "fear", "disgust", "neutral")))
VALENCE = Item("valence", Likert(1, 9))
PERCENT = Item("liking", Likert(0, 100))

SPLITS: dict[Name, dict[str, list[str]]] = {
    "gemma3": {
        "happy": ["happy"], "sad": ["sad"], "angry": ["angry"], "fear": ["fear"], "disgust": ["dis", "gust"],
        "neutral": ["neutral"], "Disgust": ["Dis", "gust"], " disgust": ["▁disgust"], "7": ["7"], "10": ["1", "0"],
    },
    "llama3": {
        "happy": ["happy"], "sad": ["sad"], "angry": ["ang", "ry"], "fear": ["f", "ear"],
        "disgust": ["dis", "g", "ust"], "neutral": ["neutral"], " disgust": ["Ġdisgust"], "7": ["7"], "10": ["10"],
    },
}  # fmt: skip
PROMPT_TOKENS = [32, 41, 54]


def folder_with(vocabulary: Vocabulary, folder: Path) -> Path:
    """A small model over a vocabulary: narrow, since the vocabulary may be wide."""
    narrow = {"hidden_size": 32, "intermediate_size": 64}
    if vocabulary.name == "gemma3":
        return folders.gemma3(folder, window=20, text=narrow, tokenizer=vocabulary.tokenizer())
    return folders.mllama(folder, text=narrow, tokenizer=vocabulary.tokenizer())


def whole_or_skip(name: Name) -> Vocabulary:
    """The whole vocabulary, or the command that brings it."""
    vocabulary = installed(name)
    if vocabulary is None:
        pytest.skip(f"the vocabulary of {name} is not installed; `{INSTALL}` brings it (70 MB)")
    return vocabulary


def check_probabilities(vocabulary: Vocabulary, item: Item, folder: Path, picture: Image) -> None:
    """The rater's probabilities of an item's answers equal the brute-force sum on a small model."""
    loaded = load_model(folder_with(vocabulary, folder), reference=True)
    prompt = "What is the facial expression in this image?"
    rater = MlxRater(loaded, likely_prompts=[prompt, f"{prompt} Answer with a single word only."])
    branch = rater._architecture.read(rater._architecture.look(picture), rater._write(prompt))
    found = probabilities(rater._architecture, branch, spellings(item.answers, rater._encode))
    agree(found, BruteForce(loaded, picture, prompt).masses(item))


@pytest.mark.parametrize("name", NAMES)
def test_labels_and_digits_split_as_in_the_published_vocabularies(name: Name) -> None:
    """disgust is dis+gust in Gemma 3; angry, fear and disgust are split in Llama 3; digits are one token in both."""
    tokenizer = stored(name).tokenizer()
    assert {text: tokenizer.encode(text).tokens for text in SPLITS[name]} == SPLITS[name]
    assert all(len(tokenizer.encode(digit).tokens) == 1 for digit in VALENCE.answers)


@pytest.mark.parametrize("name", NAMES)
def test_prompts_have_32_41_and_54_tokens_in_both(name: Name, prompts: tuple[str, ...]) -> None:
    """The excerpts hold every piece of the shipped prompts, none of which falls apart into letters."""
    tokenizer = stored(name).tokenizer()
    assert [len(tokenizer.encode(prompt).tokens) for prompt in prompts] == PROMPT_TOKENS
    assert [tokenizer.decode(tokenizer.encode(prompt).ids) for prompt in prompts] == list(prompts)


@pytest.mark.parametrize("item", [EMOTION, VALENCE], ids=lambda item: item.name)
@pytest.mark.parametrize("name", NAMES)
def test_answers_are_scored_whole_over_the_excerpts(
    name: Name, item: Item, tmp_path: Path, opened: Callable[..., Image]
) -> None:
    """With the real splits of every label, in each family's own model: equal to the brute-force sum."""
    check_probabilities(stored(name), item, tmp_path / "model", opened("odd"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_excerpts_split_as_the_whole_vocabulary_does(name: Name, likely: tuple[str, ...]) -> None:
    """Every likely prompt and every spelling of every label has the same pieces, under the ids that are stored."""
    whole, excerpt = whole_or_skip(name), stored(name)
    cut, uncut = excerpt.tokenizer(), whole.tokenizer()
    forms = [lead + form for word in EMOTION.answers for form in (word, word.capitalize()) for lead in ("", " ")]
    for text in (*likely, *forms, *PERCENT.answers):
        pieces = uncut.encode(text)
        assert cut.encode(text).tokens == pieces.tokens
        assert [excerpt.pieces[piece] for piece in pieces.tokens] == pieces.ids


@pytest.mark.slow
@pytest.mark.parametrize("item", [EMOTION, VALENCE], ids=lambda item: item.name)
@pytest.mark.parametrize("name", NAMES)
def test_answers_are_scored_whole_over_the_whole_vocabularies(
    name: Name, item: Item, tmp_path: Path, opened: Callable[..., Image]
) -> None:
    """Small models over all 262,145 pieces of Gemma 3 and 128,256 of Llama 3: equal to the brute-force sum."""
    check_probabilities(whole_or_skip(name), item, tmp_path / "model", opened("odd"))
