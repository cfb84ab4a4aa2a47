"""The MLX rater: shows a vision-language model a picture, asks, and keeps how likely every answer was."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from vlmrate.errors import RaterError
from vlmrate.protocol.parser import read_answers
from vlmrate.raters.base import OptionProbabilities, Reply
from vlmrate.raters.mlx.decoding import Decoding, speak
from vlmrate.raters.mlx.options import probabilities, spellings
from vlmrate.raters.mlx.prompt import closed_at_once, thinking_variables
from vlmrate.raters.mlx.shared import LastPicture
from vlmrate.raters.mlx.thinking import Thinker, opened_reasoning
from vlmrate.study.images import open_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vlmrate.protocol.parser import Reading
    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Settings
    from vlmrate.raters.mlx.architecture import Architecture, Continuing
    from vlmrate.raters.mlx.branch import Branch
    from vlmrate.raters.mlx.decoding import Spoken, Variable
    from vlmrate.raters.mlx.gemma3 import Gemma3
    from vlmrate.raters.mlx.loading import LoadedModel
    from vlmrate.raters.mlx.mllama import Mllama
    from vlmrate.raters.mlx.prompt import PromptWriter
    from vlmrate.raters.mlx.thinking import Thought
    from vlmrate.raters.model import Fidelity, PathChoice

# Buffers go back to the system every so many pictures: at every one it costs time, never it costs memory.
_CLEAR_EVERY = 16
# The ways to write an item's answers are the same for every picture.
_SPELLINGS_KEPT = 64


class MlxRater:
    """A vision-language model on MLX.

    `fidelity` is `reference` (computes as the model's own code does) or `mlx-vlm` (as that library's generate does).
    `path` is `shared` (the picture read once for all prompts), `plain` (once a prompt) or `auto`. Raters of one loaded
    model that are given the same `last` share what they see of a picture, where their path is `shared`.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        fidelity: Fidelity = "reference",
        path: PathChoice = "auto",
        decoding: Decoding | None = None,
        likely_prompts: Sequence[str] = (),
        last: LastPicture | None = None,
    ) -> None:
        self._loaded = loaded
        self._decoding = decoding or Decoding()
        self._fidelity = fidelity
        self._variables = thinking_variables(loaded.processor, loaded.name, self._decoding)
        self._architecture, write = _architecture(loaded, fidelity, path, self._variables)
        # Whether it does so does not depend on what is asked.
        opened = opened_reasoning(write("?"), self._decoding)
        self._closes = opened is not None and not self._decoding.thinks
        self._write = write if opened is None or self._decoding.thinks else closed_at_once(write, opened[1])
        self._thinker = Thinker(self._tokenizer, loaded.stops, self._decoding, None if self._closes else opened)
        self._spelled = lru_cache(maxsize=_SPELLINGS_KEPT)(partial(spellings, tokenize=self._encode))
        if likely_prompts:
            self._architecture.plan([self._write(prompt) for prompt in likely_prompts])
        self._last = last or LastPicture()
        self._seen = 0

    @property
    def settings(self) -> Settings:
        """All that decides this rater's answers."""
        reference = self._fidelity == "reference"
        own_family = self._loaded.kind in _families()
        return {
            "kind": "mlx",
            "model_type": self._loaded.kind,
            "model_digest": self._loaded.digest,
            "quantisation": self._loaded.quantisation,
            "dtype": self._loaded.dtype,
            "fidelity": self._fidelity if own_family or not reference else "mlx-vlm, picture first",
            "path": self._architecture.path,
            "picture": "first" if reference else "as mlx-vlm places it",
            "begin_marks": "as the chat template writes them" if reference else "as mlx-vlm adds them",
            "temperature": self._decoding.temperature,
            "max_tokens_text": self._decoding.max_tokens_text,
            "max_tokens_json": self._decoding.max_tokens_json,
            **self._thinking_settings(),
            "batch_size": 1,
        }

    def _thinking_settings(self) -> Settings:
        decoding = self._decoding
        switches = ", ".join(f"{name}={value}" for name, value in self._variables.items())
        how = switches or "as the chat template writes it"
        if self._closes:
            how += "; the reasoning that it opens is ended at once"
        return {
            "thinking": "on" if decoding.thinks else "off",
            "thinking_tokens": decoding.thinking_tokens,
            "thinking_how": how,
            "thinking_marks": f"{decoding.thinking_begin} {decoding.thinking_end}",
            "thinking_cap": None if decoding.thinks else decoding.thinking_cap,
        }

    @property
    def workers(self) -> int:
        """One: the model takes a picture at a time."""
        return 1

    @property
    def loaded(self) -> LoadedModel:
        """The model itself, for those who look inside it."""
        return self._loaded

    @property
    def decoding(self) -> Decoding:
        """How its answers are spoken."""
        return self._decoding

    @property
    def architecture(self) -> Architecture:
        """How the model looks at a picture and reads a prompt."""
        return self._architecture

    def written(self, prompt: str) -> str:
        """A question's prompt as the model is sent it, in its chat format."""
        return self._write(prompt)

    def view(self, image: Path, seed: int) -> MlxView:
        """Look at an image.

        Raises:
            ImageError: The picture cannot be read or is refused.
        """
        self._seen += 1
        if self._seen % _CLEAR_EVERY == 0:
            import mlx.core as mx

            mx.clear_cache()
        return MlxView(self, self._look(image), seed)

    def _look(self, image: Path) -> Any:
        if self._architecture.path == "shared":
            return self._last.look(image, self._architecture.look)
        return self._architecture.look(open_image(image))

    def answer(self, picture: Any, question: Question, seed: int) -> Reply:
        """Answer one question about a picture that this rater's architecture has looked at."""
        start = time.perf_counter()
        asked = self._architecture.read(picture, self._write(question.prompt))
        reply = self.reply(self._architecture, asked, question, seed)
        return replace(reply, seconds=time.perf_counter() - start)

    def reply(self, architecture: Continuing, asked: Branch, question: Question, seed: int) -> Reply:
        """Answer a question whose prompt has been read, going on from there by means of `architecture`."""
        start = time.perf_counter()
        thought = self._thinker.think(architecture, asked, seed, self._decoding.most_tokens(question.answer))
        spoken = thought.answer or self._answer_after(architecture, thought, question)
        text = self._decode(spoken.tokens)
        readings = read_answers(text, question.items, question.answer)
        return Reply(
            text=text,
            sent_sha256=tokens_sha256(asked.prompt_ids),
            prompt_tokens=len(asked.prompt_ids),
            answer_tokens=thought.said + (0 if thought.answer else len(spoken.tokens)),
            seconds=time.perf_counter() - start,
            finish=spoken.finish,
            reasoning=thought.text,
            options=self._options(architecture, thought.branch, spoken.tokens, readings, question),
            reasoning_tokens=thought.tokens,
        )

    def _answer_after(self, architecture: Continuing, thought: Thought, question: Question) -> Spoken:
        return speak(
            architecture,
            thought.branch,
            stops=self._loaded.stops,
            temperature=self._decoding.temperature,
            max_tokens=self._decoding.most_tokens(question.answer),
            seed=thought.seed,
        )

    def _options(
        self,
        architecture: Continuing,
        branch: Branch,
        tokens: tuple[int, ...],
        readings: Sequence[Reading],
        question: Question,
    ) -> dict[str, OptionProbabilities]:
        """Probabilities of every item's answers, each read at the place where the model gave its own."""
        items = {item.name: item for item in question.items}
        found = {}
        for reading in readings:
            place = self._place(reading, tokens, question)
            if place is None:
                continue
            before, lead = place
            there = architecture.go_on(branch, tokens[:before]) if before else branch
            scored = probabilities(architecture, there, self._spelled(items[reading.item].answers, lead=lead))
            if scored is not None:
                found[reading.item] = scored
        return found

    def _place(self, reading: Reading, tokens: tuple[int, ...], question: Question) -> tuple[int, str] | None:
        """Number of tokens said before the answer, and the text that shares a token with it; None when it has no place.

        An unreadable answer in words still has one: the options are then read at its beginning.
        """
        if reading.span is None:
            return (0, "") if question.answer == "text" and len(question.items) == 1 else None
        start = reading.span[0]
        before = 0
        while before < len(tokens) and len(self._decode(tokens[: before + 1])) <= start:
            before += 1
        lead = self._decode(tokens)[len(self._decode(tokens[:before])) : start]
        # At the very start of an answer the options may follow a space or not, whichever of the two was said.
        return (0, "") if before == 0 and lead.isspace() else (before, lead)

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    @property
    def _tokenizer(self) -> Any:
        return getattr(self._loaded.processor, "tokenizer", self._loaded.processor)


class MlxView:
    """One picture, looked at."""

    def __init__(self, rater: MlxRater, picture: Any, seed: int) -> None:
        self._rater = rater
        self._picture = picture
        self._seed = seed
        self._asked = 0

    @property
    def picture(self) -> Any:
        """The picture as the rater's architecture looks at it."""
        return self._picture

    def ask(self, question: Question) -> Reply:
        """Answer one question about the picture."""
        self._asked += 1
        return self._rater.answer(self._picture, question, self._seed + self._asked)

    def read(self, question: Question) -> Branch:
        """Read one question about the picture and leave it unanswered."""
        return self._rater.architecture.read(self._picture, self._rater.written(question.prompt))


def _families() -> dict[str, type[Gemma3 | Mllama]]:
    """The families whose own code is followed; all others are read as mlx-vlm reads them."""
    from vlmrate.raters.mlx.gemma3 import Gemma3
    from vlmrate.raters.mlx.mllama import Mllama

    return {"gemma3": Gemma3, "mllama": Mllama}


def _architecture(
    loaded: LoadedModel, fidelity: Fidelity, path: PathChoice, variables: Mapping[str, Variable]
) -> tuple[Architecture, PromptWriter]:
    from vlmrate.raters.mlx.library import Library
    from vlmrate.raters.mlx.prompt import as_library, picture_first

    families = _families()
    family = families.get(loaded.kind)
    if path == "shared" and (family is None or fidelity == "mlx-vlm"):
        raise RaterError(
            f"--path shared needs --fidelity reference and a model of type {' or '.join(families)}, "
            f"not {loaded.kind} at fidelity {fidelity}; leave --path out"
        )
    if fidelity == "mlx-vlm":
        from mlx_vlm.utils import should_add_special_tokens

        own_marks = bool(should_add_special_tokens(loaded.kind, loaded.processor))
        write = as_library(loaded.model, loaded.processor, loaded.name, variables)
        return Library(loaded.model, loaded.processor, own_marks=own_marks), write
    write = picture_first(loaded.processor, loaded.name, variables)
    if family is None:
        return Library(loaded.model, loaded.processor, own_marks=False), write
    return family(loaded.model, loaded.processor, share=path != "plain"), write


def tokens_sha256(ids: Sequence[int]) -> str:
    """Identifies exactly what the model was sent, the tokens that stand for the picture among it."""
    return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()
