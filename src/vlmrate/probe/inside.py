"""What a model on MLX has inside: its blocks, its vision tower, and where a prompt holds picture and answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vlmrate.errors import ProbeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.raters.mlx.shared import PictureInHead


@dataclass(frozen=True, slots=True)
class Span:
    """Positions in a prompt, from `start` to before `stop`; None: to the end of all that is read and said."""

    start: int
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """A model opened up.

    `reader` reads prompts about pictures. `blocks` is the list from which the model itself takes them, so that what is
    put in their place is used; `looking` are those that look at the picture by cross-attention. `picture_token` is None
    where the picture has no tokens of its own among those of the prompt.
    """

    reader: PictureInHead
    model: Any
    blocks: list[Any]
    width: int
    vision_width: int
    looking: frozenset[int]
    picture_token: int | None

    @property
    def layers(self) -> int:
        """Number of blocks, those with cross-attention among them."""
        return len(self.blocks)

    @property
    def logits_bytes(self) -> int:
        """Size of the logits of one position, in float32."""
        return 4 * int(self.model.language_model.lm_head.weight.shape[0])

    def tokens(self, prompt: str) -> tuple[int, ...]:
        """Token ids of a prompt in the model's chat format."""
        return self.reader.tokens(prompt)

    def picture(self, ids: Sequence[int]) -> Span:
        """Where a prompt holds the picture.

        Raises:
            ProbeError: It is nowhere, or in several places.
        """
        places = [i for i, token in enumerate(ids) if token == self.picture_token]
        if not places or places[-1] - places[0] + 1 != len(places):
            raise ProbeError(
                "the prompt holds no single run of picture tokens, so there is no mean over them; leave "
                "picture-mean out of --positions"
            )
        return Span(places[0], places[-1] + 1)


def answer(ids: Sequence[int]) -> Span:
    """The answer position of a prompt: its last token, after which the model speaks."""
    return Span(len(ids) - 1, len(ids))


def inside(rater: MlxRater) -> Inside:
    """The inside of a rater's model.

    Raises:
        ProbeError: The model is of a family whose blocks vlmrate does not know.
    """
    from vlmrate.raters.mlx.gemma3 import Gemma3
    from vlmrate.raters.mlx.mllama import Mllama

    model, architecture = rater.loaded.model, rater.architecture
    if isinstance(architecture, Gemma3):
        normed = model.vision_tower.vision_model.post_layernorm
        return _opened(architecture, model, int(normed.weight.shape[0]), token=int(model.config.image_token_index))
    if isinstance(architecture, Mllama):
        looking = frozenset(map(int, model.language_model.config.cross_attention_layers))
        width = int(model.config.vision_config.vision_output_dim)
        return _opened(architecture, model, width, looking=looking)
    raise ProbeError(
        f"vlmrate looks inside models of type gemma3 and mllama at --fidelity reference, not {rater.loaded.kind} as "
        "mlx-vlm reads it; name one of them"
    )


def _opened(
    architecture: PictureInHead,
    model: Any,
    vision_width: int,
    *,
    looking: frozenset[int] = frozenset(),
    token: int | None = None,
) -> Inside:
    text = model.language_model.model
    width = int(text.norm.weight.shape[0])
    return Inside(architecture, model, text.layers, width, vision_width, looking, token)
