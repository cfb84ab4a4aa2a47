"""A model that reasons before it answers: reasoning apart from the answer, within its budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.protocol.records import Question
from vlmrate.raters.mlx.decoding import Decoding
from vlmrate.raters.mlx.rater import MlxRater
from vlmrate.study.records import Item, Likert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.raters.base import Reply
    from vlmrate.raters.mlx.loading import LoadedModel

BUDGET = 5


@pytest.fixture
def ask(load: Callable[..., LoadedModel], picture: Callable[..., Path]) -> Callable[..., Reply]:
    """Asks a small model about valence, with a budget of reasoning."""

    def asked(model: str, thinking_tokens: int = BUDGET) -> Reply:
        rater = MlxRater(load(model), decoding=Decoding(thinking_tokens=thinking_tokens, max_tokens_text=3))
        return rater.view(picture(), seed=0).ask(Question("How pleasant?", (Item("valence", Likert(1, 9)),)))

    return asked


@pytest.mark.parametrize("model", ["gemma3", "qwen2_5_vl"])
def test_reasoning_is_kept_apart_and_ended_at_its_budget(ask: Callable[..., Reply], model: str) -> None:
    """A model that does not end its reasoning is cut at the budget and then answers: the answer holds none of it, and
    its probabilities are read after it."""
    thinking, plain = ask(model), ask(model, thinking_tokens=0)
    assert plain.reasoning is None
    assert thinking.reasoning
    assert thinking.reasoning.startswith(plain.text[:1])
    assert BUDGET <= thinking.answer_tokens <= BUDGET + 3
    assert sum(thinking.options["valence"].probabilities.values()) == pytest.approx(1)
    assert thinking.options["valence"].probabilities != pytest.approx(plain.options["valence"].probabilities)
    assert (thinking.sent_sha256, thinking.prompt_tokens) == (plain.sent_sha256, plain.prompt_tokens)
