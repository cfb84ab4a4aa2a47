"""Any model that mlx-vlm can load, read as that library's `generate` reads it: the picture encoded for every prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vlmrate.raters.mlx.branch import Branch, fork

if TYPE_CHECKING:
    from collections.abc import Sequence

    import mlx.core as mx
    from PIL.Image import Image

_NO_KEYWORDS = ("input_ids", "pixel_values", "attention_mask")


class Library:
    """A model through mlx-vlm's own preparation of inputs; `own_marks` lets the tokenizer add its begin mark again."""

    path = "plain"

    def __init__(self, model: Any, processor: Any, *, own_marks: bool) -> None:
        self._model = model
        self._processor = processor
        self._own_marks = own_marks

    def plan(self, prompts: Sequence[str]) -> None:
        """Nothing is shared between prompts on this path."""

    def look(self, image: Image) -> Image:
        """The picture itself: it is prepared anew for every prompt."""
        return image

    def read(self, picture: Image, prompt: str) -> Branch:
        """Read a whole prompt about a picture in one pass."""
        import mlx.core as mx
        from mlx_vlm.models.cache import make_prompt_cache

        inputs = self._inputs(picture, prompt)
        ids, pixels, mask = inputs["input_ids"], inputs.get("pixel_values"), inputs.get("attention_mask")
        extra = {name: value for name, value in inputs.items() if name not in _NO_KEYWORDS}
        embedded = self._model.get_input_embeddings(ids, pixels, mask=mask, **extra)
        keywords = {name: value for name, value in embedded.to_dict().items() if value is not None}
        cache = make_prompt_cache(self._model.language_model)
        out = self._model.language_model(ids, cache=cache, **(extra | keywords))
        return Branch(cache, out.logits[0, -1].astype(mx.float32), tuple(ids[0].tolist()), _carry(out))

    def _inputs(self, picture: Image, prompt: str) -> dict[str, Any]:
        inputs = self._prepare(picture, prompt)
        tokenizer = getattr(self._processor, "tokenizer", self._processor)
        doubled = inputs["input_ids"][0, :2].tolist() == [tokenizer.bos_token_id] * 2
        if self._own_marks or not doubled:
            return inputs
        # Some processors add their begin mark even when told not to: leave the written one out for them.
        return self._prepare(picture, prompt.removeprefix(tokenizer.bos_token))

    def _prepare(self, picture: Image, prompt: str) -> dict[str, Any]:
        from mlx_vlm.utils import prepare_inputs

        inputs: dict[str, Any] = prepare_inputs(
            self._processor,
            images=[picture],
            prompts=prompt,
            image_token_index=getattr(self._model.config, "image_token_index", None),
            add_special_tokens=self._own_marks,
        )
        return inputs

    def go_on(self, branch: Branch, tokens: Sequence[int]) -> Branch:
        """Read tokens more."""
        import mlx.core as mx

        cache = fork(branch.cache)
        out = self._model.language_model(mx.array([list(tokens)]), cache=cache, **branch.carry)
        read = (*branch.prompt_ids, *tokens)
        return Branch(cache, out.logits[0, -1].astype(mx.float32), read, _carry(out))

    def score(self, branch: Branch, rows: Sequence[Sequence[int]]) -> list[mx.array]:
        """Logits after every token of every row; a row at a time, since not every cache can be repeated."""
        import mlx.core as mx

        return [
            self._model.language_model(mx.array([list(row)]), cache=fork(branch.cache), **branch.carry)
            .logits[0]
            .astype(mx.float32)
            for row in rows
        ]


def _carry(out: Any) -> dict[str, Any]:
    """What mlx-vlm passes on to the next token of models with cross-attention or an encoder."""
    for name in ("cross_attention_states", "encoder_outputs"):
        if getattr(out, name, None) is not None:
            return {name: getattr(out, name)}
    return {}
