"""A server's answer as JSON: only what is used of it, everything else ignored."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class _Heard(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class TokenChance(_Heard):
    """A token that might have been said, and how likely it was."""

    token: str
    logprob: float
    written: tuple[int, ...] | None = Field(default=None, alias="bytes")

    @property
    def content(self) -> bytes:
        """The token's bytes."""
        try:
            return self.token.encode() if self.written is None else bytes(self.written)
        except ValueError:
            return self.token.encode(errors="replace")


class Token(TokenChance):
    """A token that was said, with the likeliest ones at its place (it may be among them or not)."""

    top_logprobs: tuple[TokenChance, ...] | None = None


class _Logprobs(_Heard):
    content: tuple[Token, ...] | None = None


class Message(_Heard):
    """What was said."""

    content: Any = None
    refusal: str | None = None
    reasoning_content: Any = None
    reasoning: Any = None

    @property
    def text(self) -> str:
        """The words, whether they come as one text or in parts."""
        if isinstance(self.content, list):
            return "".join(str(part.get("text") or "") for part in self.content if isinstance(part, dict))
        return self.content if isinstance(self.content, str) else ""

    @property
    def thought(self) -> str | None:
        """Reasoning that the server keeps apart, under either of its names."""
        for thought in (self.reasoning_content, self.reasoning):
            if isinstance(thought, str) and thought:
                return thought
        return None


class Choice(_Heard):
    """One answer."""

    message: Message
    finish_reason: str | None = None
    logprobs: Any = None

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens said with their log-probabilities; none where the server gives none that can be read."""
        try:
            return _Logprobs.model_validate(self.logprobs).content or () if self.logprobs else ()
        except ValidationError:
            return ()


class _Details(_Heard):
    reasoning_tokens: int | None = None


class Usage(_Heard):
    """Tokens that the server counted."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    completion_tokens_details: _Details | None = None

    @property
    def reasoning_tokens(self) -> int | None:
        """Those of the tokens said that were reasoning; None where the server does not tell."""
        return self.completion_tokens_details.reasoning_tokens if self.completion_tokens_details else None


class Completion(_Heard):
    """The answer to one request."""

    choices: tuple[Choice, ...] = Field(min_length=1)
    usage: Usage | None = None


class _Listed(_Heard):
    id: str


class ModelList(_Heard):
    """What a server lists at /models."""

    data: tuple[_Listed, ...] = ()
