"""The request as it is sent: everything but the picture is written anew for each question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.errors import RaterError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Settings
    from vlmrate.raters.server.entry import Body, ServerEntry, ThinkingEntry

_PICTURE = "\x00picture\x00"
_WHERE_IT_GOES = json.dumps(_PICTURE)[1:-1].encode()
_SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class Wording:
    """How one rater words its requests; `thinking` are the fields that switch reasoning, `spare` tokens for it."""

    entry: ServerEntry
    model: str
    temperature: float | None
    thinking_tokens: int | None
    thinking: Body
    spare: int

    def body(self, question: Question, picture: bytes, seed: int) -> bytes:
        """The request's body: one user turn, the picture before the words; `picture` is its data URI."""
        head, tail = json.dumps(self._fields(question, seed)).encode().split(_WHERE_IT_GOES)
        return b"".join((head, picture, tail))

    @property
    def settings(self) -> Settings:
        """All that decides the answers, but for the server's address."""
        entry = self.entry
        return {
            "model": self.model,
            "picture": "first",
            "picture_detail": entry.picture.detail,
            "picture_format": f"jpeg {entry.picture.quality}"
            if entry.picture.format == "jpeg"
            else entry.picture.format,
            "picture_max_side": entry.picture.max_side,
            "system": entry.system,
            "temperature": self.temperature,
            "max_tokens_text": entry.max_tokens_text + self.spare,
            "max_tokens_json": entry.max_tokens_json + self.spare,
            "max_tokens_field": entry.max_tokens_field,
            "thinking": "default" if self.thinking_tokens is None else "on" if self.thinking_tokens else "off",
            "thinking_tokens": self.thinking_tokens,
            "thinking_fields": _as_text(self.thinking),
            "extra_fields": _as_text(entry.extra),
            "top_logprobs": entry.top_logprobs,
            "seeds": "of run, image, repeat and step, modulo 2^31" if entry.send_seed else "not sent",
        }

    def _fields(self, question: Question, seed: int) -> Body:
        entry = self.entry
        most = entry.max_tokens_json if question.answer == "json" else entry.max_tokens_text
        fields: Body = {
            "model": self.model,
            "messages": self._messages(question),
            entry.max_tokens_field: most + self.spare,
        }
        if self.temperature is not None:
            fields["temperature"] = self.temperature
        if entry.send_seed:
            fields["seed"] = seed % _SEEDS
        if entry.top_logprobs:
            fields |= {"logprobs": True, "top_logprobs": entry.top_logprobs}
        return merged(fields, merged(entry.extra, self.thinking))

    def _messages(self, question: Question) -> list[JsonValue]:
        picture: Body = {"url": _PICTURE}
        if self.entry.picture.detail is not None:
            picture["detail"] = self.entry.picture.detail
        content: list[JsonValue] = [
            {"type": "image_url", "image_url": picture},
            {"type": "text", "text": question.prompt},
        ]
        system: list[JsonValue] = [{"role": "system", "content": self.entry.system}] if self.entry.system else []
        return [*system, {"role": "user", "content": content}]


def thinking_fields(name: str, thinking: ThinkingEntry | None, tokens: int | None) -> Body:
    """The fields that switch reasoning off (0 tokens) or on with a budget; none where nothing is asked (None).

    Raises:
        RaterError: models.yaml does not say how it is switched.
    """
    if tokens is None:
        return {}
    switch = None if thinking is None else thinking.switch_on if tokens else thinking.switch_off
    if thinking is None or switch is None:
        how = "on" if tokens else "off"
        raise RaterError(
            f"models.yaml does not say how the reasoning of {name} is switched {how} (key thinking.switch_{how}); "
            "add it there, or leave --thinking-tokens out"
        )
    if not tokens or thinking.budget_field is None:
        return switch
    budget: JsonValue = tokens
    for part in reversed(thinking.budget_field.split(".")):
        budget = {part: budget}
    return merged(switch, budget) if isinstance(budget, dict) else switch


def merged(first: Body, second: Body) -> Body:
    """Both together; where both have an object under one name, these are merged, else the second counts."""
    together = dict(first)
    for name, value in second.items():
        mine = together.get(name)
        together[name] = merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return together


def _as_text(fields: Body) -> str | None:
    return json.dumps(fields, sort_keys=True) if fields else None
