"""Models on MLX by name: those of models.yaml and model folders, and what of them is on this machine."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from vlmrate.errors import RaterError
from vlmrate.machine import memory_bytes
from vlmrate.raters.mlx.decoding import Decoding, Variable
from vlmrate.raters.model import Model, Request, entry_of
from vlmrate.records import Record
from vlmrate.resources import embedded_model_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.raters.model import Named

_USUAL_REVISION = "main"
# The picture, the prompt's cache and the system need room beside the weights.
_BESIDE_WEIGHTS = 3 * 2**30


class DecodingEntry(Record):
    """How a model's answers are spoken, where it differs from the usual (vlmrate.raters.mlx.decoding)."""

    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    max_tokens_text: int = Field(default=16, ge=1)
    max_tokens_json: int = Field(default=96, ge=1)
    thinking_tokens: int = Field(default=0, ge=0, description="Most tokens of reasoning before an answer; 0: none")
    thinking_begin: str = Field(default="<think>", min_length=1)
    thinking_end: str = Field(default="</think>", min_length=1)
    thinking_cap: int = Field(
        default=1024, ge=1, description="Most tokens of reasoning that begins though thinking is off"
    )


class ThinkingTemplate(Record):
    """Variables of a model's chat template that switch its thinking `on` and `off`."""

    on: dict[str, Variable]
    off: dict[str, Variable]


class MlxEntry(Record):
    """One model of models.yaml.

    `repo` names it on the Hugging Face hub, `path` a folder on this machine (relative to the file), `embedded` the
    model that travels with vlmrate: exactly one of them. `family`, `parameters`, `quantisation`, `download` (its size)
    and `note` are for people; what the model's own files say of its quantisation is what the manifest records.
    """

    repo: str | None = None
    revision: str = _USUAL_REVISION
    path: str | None = None
    embedded: bool = False
    family: str | None = None
    parameters: str | None = None
    quantisation: str | None = None
    download: str | None = None
    note: str | None = None
    decoding: DecodingEntry = DecodingEntry()
    thinking_template: ThinkingTemplate | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum((self.repo is not None, self.path is not None, self.embedded)) != 1:
            raise ValueError("give exactly one of repo, path and embedded")
        return self


def mlx_model(asked: Named) -> MlxModel:
    """A model of models.yaml, or the folder of that path.

    Raises:
        RaterError: The entry has a mistake.
    """
    if asked.values is None and asked.file is None:
        folder = Path(asked.name).expanduser().resolve()
        return MlxModel(folder.name, MlxEntry(path=str(folder)), folder)
    entry = entry_of(asked, MlxEntry)
    return MlxModel(asked.name, entry, _located(entry, asked.file))


class MlxModel(Model):
    """A vision-language model on MLX; `folder` is None while its weights are not on this machine."""

    def __init__(self, name: str, entry: MlxEntry, folder: Path | None) -> None:
        super().__init__(name)
        self.entry = entry
        self.folder = folder

    @property
    def kind(self) -> str:
        """mlx."""
        return "mlx"

    @property
    def source(self) -> str:
        """The hub's repository, the folder, or that it travels along."""
        return self.entry.repo or self.entry.path or "travels with vlmrate"

    @property
    def about(self) -> Mapping[str, str]:
        """Name, family, parameters; `revision` is the hub's commit."""
        commit = self.folder.name if self.entry.repo and self.folder else None
        known = {
            "model": self.source,
            "revision": commit,
            "family": self.entry.family,
            "parameters": self.entry.parameters,
        }
        return {name: value for name, value in known.items() if value is not None}

    @property
    def temperature(self) -> float:
        """As models.yaml says."""
        return self.entry.decoding.temperature

    @property
    def note(self) -> str | None:
        """As models.yaml says."""
        return self.entry.note

    @property
    def size(self) -> str:
        """As models.yaml says."""
        return self.entry.parameters or ""

    @property
    def quantisation(self) -> str:
        """As models.yaml says."""
        return self.entry.quantisation or ""

    def missing(self) -> str | None:
        """What to do about weights that are not on this machine, or about mlx that cannot run here."""
        return mlx_problem() if self.folder is not None else self.missing_weights()

    def missing_weights(self) -> str | None:
        """What to do about weights that are not on this machine; None where they are."""
        if self.folder is not None:
            return None
        if self.entry.repo is None:
            return f"the folder of model {self.name} ({self.source}) is not there; correct its path in models.yaml"
        size = f", about {self.entry.download}" if self.entry.download else ""
        return (
            f"the weights of {self.name} ({self.entry.repo}{size}) are not on this machine, or not whole; fetch "
            f"them once with `{self.download_command()}` and run the same command again"
        )

    def remedy(self) -> str | None:
        """The command that fetches missing weights."""
        return None if self.folder is not None or self.entry.repo is None else self.download_command()

    def download_command(self) -> str:
        """The command that fetches the weights from the hub."""
        revision = "" if self.entry.revision == _USUAL_REVISION else f" --revision {self.entry.revision}"
        return f"hf download {self.entry.repo}{revision}"

    def weights_bytes(self) -> int:
        """Size of the weights on this machine."""
        return 0 if self.folder is None else sum(file.stat().st_size for file in self.folder.glob("*.safetensors"))

    def warning(self) -> str | None:
        """That the model will hardly fit into memory; None when it will, or is not here."""
        needed, there = self.weights_bytes() * _room() + _BESIDE_WEIGHTS, memory_bytes()
        if self.folder is None or there is None or needed <= there:
            return None
        return (
            f"{self.name} needs about {needed / 2**30:.0f} GiB of memory and this machine has {there / 2**30:.0f} GiB: "
            "it will swap and be very slow, or be ended by the system; close other programs or take a smaller model"
        )

    def make(self, requests: Sequence[Request]) -> tuple[MlxRater, ...]:
        """Load the model once and make it a rater a request; they share what they see of a picture.

        Raises:
            RaterError: mlx cannot run here, the weights are missing, the model is unsuitable, or a request is.
        """
        for request in requests:
            self._refuse_unknown(request, ("fidelity", "path", "temperature", "thinking_tokens"))
        if (problem := self.missing_weights() or mlx_problem()) is not None or self.folder is None:
            raise RaterError(problem or "the weights are missing")
        from vlmrate.raters.mlx.loading import load_model
        from vlmrate.raters.mlx.rater import MlxRater
        from vlmrate.raters.mlx.shared import LastPicture

        fidelity = requests[0].fidelity or "reference"
        loaded, last = load_model(self.folder, reference=fidelity == "reference"), LastPicture()
        return tuple(
            MlxRater(
                loaded,
                fidelity=fidelity,
                path=request.path or "auto",
                decoding=self.decoding(request),
                likely_prompts=request.likely_prompts,
                last=last,
            )
            for request in requests
        )

    def decoding(self, request: Request) -> Decoding:
        """How answers are spoken: as models.yaml says, but for what the request names."""
        usual = self.entry.decoding
        thinking = usual.thinking_tokens if request.thinking_tokens is None else request.thinking_tokens
        switch = self.entry.thinking_template
        return Decoding(
            temperature=usual.temperature if request.temperature is None else request.temperature,
            max_tokens_text=usual.max_tokens_text,
            max_tokens_json=usual.max_tokens_json,
            thinking_tokens=thinking,
            thinking_begin=usual.thinking_begin,
            thinking_end=usual.thinking_end,
            thinking_cap=usual.thinking_cap,
            template=None if switch is None else switch.on if thinking else switch.off,
        )


def mlx_problem() -> str | None:
    """Why mlx cannot run on this machine, in one sentence; None when it can."""
    try:
        import mlx.core  # noqa: F401
        import mlx_vlm  # noqa: F401
    except ImportError as error:
        return (
            f"the MLX rater cannot run here ({error}); it needs macOS 14 or newer on Apple silicon, or Linux with "
            "glibc 2.35 or newer, and `pip install vlmrate` there brings mlx and mlx-vlm along"
        )
    return None


def _located(entry: MlxEntry, file: Path | None) -> Path | None:
    if entry.embedded:
        folder = embedded_model_folder()
    elif entry.path is not None:
        beside = file.parent if file is not None else Path()
        folder = beside / Path(entry.path).expanduser()
    else:
        return _hub_snapshot(entry)
    return folder if folder.is_dir() else None


def _hub_snapshot(entry: MlxEntry) -> Path | None:
    """The folder of a model in the hub's cache on this machine, found without any network."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    folder = cache / f"models--{str(entry.repo).replace('/', '--')}"
    at = folder / "refs" / entry.revision
    commit = at.read_text(encoding="utf-8").strip() if at.is_file() else entry.revision
    snapshot = folder / "snapshots" / commit
    return snapshot if _is_complete(snapshot) else None


def _is_complete(folder: Path) -> bool:
    """Whether all files of weights are there, not only the small ones of a download cut short."""
    index = folder / "model.safetensors.index.json"
    if not (folder / "config.json").is_file():
        return False
    if not index.is_file():
        return any(folder.glob("*.safetensors"))
    try:
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (json.JSONDecodeError, KeyError, AttributeError, UnicodeDecodeError):
        return False
    return all((folder / shard).is_file() for shard in shards)


def _room() -> float:
    """Memory a byte of weights takes: on a processor half precision is widened to float32."""
    return 1.0 if sys.platform == "darwin" else 2.0
