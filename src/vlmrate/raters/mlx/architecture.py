"""What the rater needs of a model family: look at a picture, read a prompt, go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import mlx.core as mx
    from PIL.Image import Image

    from vlmrate.raters.mlx.branch import Branch


class Continuing(Protocol):
    """What answering needs: go on from a prompt that has been read."""

    def go_on(self, branch: Branch, tokens: Sequence[int]) -> Branch:
        """The branch after `tokens` more; the one given stays as it is."""

    def score(self, branch: Branch, rows: Sequence[Sequence[int]]) -> list[mx.array]:
        """Logits after every token of every row, each row tried from the same branch: arrays (len(row), vocabulary)."""


class Architecture(Continuing, Protocol):
    """One family of vision-language models on MLX."""

    @property
    def path(self) -> str:
        """`shared` when the picture is encoded once for all prompts, `plain` when once a prompt."""

    def plan(self, prompts: Sequence[str]) -> None:
        """Say which prompts are likely, so that what they have in common is read once a picture."""

    def look(self, image: Image) -> Any:
        """Prepare one picture; the result is handed back to `read`."""

    def read(self, picture: Any, prompt: str) -> Branch:
        """Read a whole prompt about a picture, ready to answer."""
