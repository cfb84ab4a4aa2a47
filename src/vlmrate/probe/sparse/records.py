"""What a dictionary file says of itself, and what a file of key names says of somebody else's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from vlmrate.records import Record

if TYPE_CHECKING:
    from typing import Self

FORMAT = "vlmrate-dictionary/1"

Kind = Literal["top-k", "jumprelu"]
Sides = Literal["width x size", "size x width"]


class DictionaryAbout(Record):
    """Where in which model a dictionary belongs, and how its features are made.

    `array` and `layer` are those of a capture; `width` is that of the residual stream and `size` the number of
    features. Of kind `top-k` the `k` largest features of a row are kept, of kind `jumprelu` each above its threshold.
    `centred` says whether the decoder's bias is taken off a row before it is encoded. `made` tells how it was made.
    """

    model: str | None = None
    model_digest: str
    array: str
    layer: int = Field(ge=0)
    width: int = Field(ge=1)
    size: int = Field(ge=1)
    kind: Kind
    k: int | None = Field(default=None, ge=1)
    centred: bool
    made: dict[str, str | int | float | bool | None] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        _refuse_unfit_k(self.kind, self.k)
        if self.k is not None and self.k > self.size:
            raise ValueError(f"{self.k} features of {self.size} cannot be kept")
        return self


class TensorKeys(Record):
    """The names that the tensors of a dictionary have in a file of somebody else's; a threshold for jumprelu alone."""

    encoder: str
    encoder_bias: str
    decoder: str
    decoder_bias: str
    threshold: str | None = None

    @property
    def by_part(self) -> dict[str, str]:
        """The names that there are, by the part they name."""
        return {part: key for part, key in self.model_dump().items() if key is not None}


class DictionaryKeys(Record):
    """A file of key names: the kind of dictionary, its tensors' names, which side of them is which, its convention.

    `centred` says whether those who made it take the decoder's bias off a row before they encode it.
    """

    kind: Kind
    tensors: TensorKeys
    encoder: Sides
    decoder: Sides
    centred: bool
    k: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        _refuse_unfit_k(self.kind, self.k)
        if (self.kind == "jumprelu") != (self.tensors.threshold is not None):
            raise ValueError("tensors.threshold names the thresholds of a jumprelu, and of no other kind")
        return self


def _refuse_unfit_k(kind: Kind, k: int | None) -> None:
    if (kind == "top-k") != (k is not None):
        raise ValueError("k is how many features a top-k keeps, and no other kind has it")
