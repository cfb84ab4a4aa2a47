"""What models.yaml says of a network that recognises facial expressions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, Strict, model_validator

from vlmrate.records import Record

if TYPE_CHECKING:
    from typing import Self

Channels = Literal["rgb", "bgr", "gray"]


def same_word(word: str) -> str:
    """A label or an item's name as it is compared: case and blanks around it do not count."""
    return word.strip().casefold()


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError(f"the lower end ({ends[0]:g}) must be below the upper ({ends[1]:g})")
    return ends


# YAML knows lists only, so a tuple is read from one; what is inside stays strict.
Words = Annotated[tuple[str, ...], Strict(strict=False), Field(min_length=1)]
Numbers = Annotated[tuple[float, ...], Strict(strict=False), Field(min_length=1, max_length=3)]
Ends = Annotated[tuple[float, float], Strict(strict=False), AfterValidator(_ascending)]


class InputEntry(Record):
    """The picture as the network takes it: a square of `size` pixels a side, as 32-bit floats.

    A channel's 0 to 255 becomes the range of `pixels`; then `mean` is subtracted and the rest divided by `std` (one
    number, or one a channel). `name` is the input's, to be sure of it; a network with several inputs is not taken.
    """

    name: str | None = None
    size: int = Field(ge=1, le=4096)
    channels: Channels = "rgb"
    pixels: Ends = (0.0, 1.0)
    mean: Numbers = (0.0,)
    std: Numbers = (1.0,)
    layout: Literal["NCHW", "NHWC"] = "NCHW"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for key, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) not in (1, self.depth):
                raise ValueError(f"{key} has {len(numbers)} numbers; give one, or one for each channel ({self.depth})")
        if any(number <= 0 for number in self.std):
            raise ValueError("std must be above 0")
        return self

    @property
    def depth(self) -> int:
        """Number of channels."""
        return 1 if self.channels == "gray" else 3

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """One picture's shape, in the order of `layout`."""
        if self.layout == "NCHW":
            return (1, self.depth, self.size, self.size)
        return (1, self.size, self.size, self.depth)


class CropEntry(Record):
    """How the face is found and cut out.

    `haar` takes the largest face that OpenCV's cascade finds (`scale_factor` between the sizes tried, as many
    `neighbours` as must agree, none under `smallest`, a share of the picture's shorter side); `none` takes the whole
    picture. `margin` is added on every side, as a share of the face's width and height; `square` fills the shorter
    side up with black; `resize` is how the cut-out is brought to the input's size.
    """

    detector: Literal["haar", "none"] = "haar"
    scale_factor: float = Field(default=1.1, gt=1.0, le=2.0)
    neighbours: int = Field(default=3, ge=0)
    smallest: float = Field(default=0.12, ge=0.0, le=1.0)
    margin: float = Field(default=0.0, gt=-0.5, le=2.0)
    square: bool = True
    resize: Literal["linear", "area"] = "linear"


class LabelsEntry(Record):
    """Where the expressions stand: one number each, in the order of `names`, from place `first` of an output on.

    Where `output` names none, it is the network's first.
    Each has one or more names by which it is known to a study. `off_list` is what becomes of an image whose likeliest
    expression the study does not offer: `invalid`, or `renormalise` (the likeliest of those that it offers).
    """

    output: str | None = None
    first: int = Field(default=0, ge=0)
    names: Annotated[tuple[Words, ...], Strict(strict=False), Field(min_length=2)]
    are: Literal["logits", "probabilities"] = "logits"
    off_list: Literal["invalid", "renormalise"] = "invalid"

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        counts = Counter(same_word(name) for names in self.names for name in names)
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} stands twice in names (case is not told apart)")
        return self


class ScaleEntry(Record):
    """A number that the network gives (valence, arousal): where it stands, its range, and the items it answers.

    Where `output` names none, it is the network's first.
    """

    items: Words
    output: str | None = None
    index: int = Field(default=0, ge=0)
    range: Ends = (-1.0, 1.0)


class FerEntry(Record):
    """One network of models.yaml.

    `onnx` is its file (relative to models.yaml), `embedded` the network that travels with vlmrate: exactly one of
    them. `sha256` is checked where it is given. `fetch` says where the file is to be had, `family`, `parameters`
    and `note` are for people.
    """

    onnx: str | None = None
    embedded: Literal["faceapi"] | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    input: InputEntry
    crop: CropEntry = CropEntry()
    labels: LabelsEntry | None = None
    scales: Annotated[tuple[ScaleEntry, ...], Strict(strict=False)] = ()
    family: str | None = None
    parameters: str | None = None
    fetch: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.onnx is None) == (self.embedded is None):
            raise ValueError("give exactly one of onnx and embedded")
        if self.labels is None and not self.scales:
            raise ValueError("give labels, scales or both: what the network's outputs mean")
        return self
