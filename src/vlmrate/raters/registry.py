"""Which raters there are: models.yaml, a model folder, or an import by name; made only when used."""

from __future__ import annotations

import difflib
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import Field, ValidationError, model_validator

from vlmrate.errors import RaterError
from vlmrate.machine import memory_bytes
from vlmrate.raters.mlx.decoding import Decoding
from vlmrate.records import Record
from vlmrate.resources import configs_folder, embedded_model_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from vlmrate.raters.base import Rater
    from vlmrate.raters.mlx.rater import Fidelity, PathChoice


_USUAL_REVISION = "main"


class DecodingEntry(Record):
    """How a model's answers are spoken, where it differs from the usual (vlmrate.raters.mlx.decoding)."""

    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    max_tokens_text: int = Field(default=16, ge=1)
    max_tokens_json: int = Field(default=96, ge=1)
    thinking_tokens: int = Field(default=0, ge=0, description="Most tokens of reasoning before an answer; 0: none")
    thinking_end: str = "</think>"


class ModelEntry(Record):
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

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum((self.repo is not None, self.path is not None, self.embedded)) != 1:
            raise ValueError("give exactly one of repo, path and embedded")
        return self


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be asked for by name; `folder` is None while its weights are not on this machine."""

    name: str
    entry: ModelEntry
    folder: Path | None

    @property
    def source(self) -> str:
        """Where the model comes from, for people."""
        return self.entry.repo or self.entry.path or "travels with vlmrate"

    @property
    def about(self) -> dict[str, str]:
        """What is known of the model beside what decides its answers; `revision` is the hub's commit."""
        commit = self.folder.name if self.entry.repo and self.folder else None
        known = {
            "model": self.source,
            "revision": commit,
            "family": self.entry.family,
            "parameters": self.entry.parameters,
        }
        return {name: value for name, value in known.items() if value is not None}

    def decoding(self, temperature: float | None = None) -> Decoding:
        """How the model's answers are spoken: as models.yaml says, at another temperature if one is given."""
        usual = self.entry.decoding
        return Decoding(
            temperature=usual.temperature if temperature is None else temperature,
            max_tokens_text=usual.max_tokens_text,
            max_tokens_json=usual.max_tokens_json,
            thinking_tokens=usual.thinking_tokens,
            thinking_end=usual.thinking_end,
        )


# The picture, the prompt's cache and the system need room beside the weights.
_BESIDE_WEIGHTS = 3 * 2**30


@dataclass(frozen=True, slots=True)
class RaterOptions:
    """What a person may choose about how an MLX model is asked."""

    fidelity: Fidelity = "reference"
    path: PathChoice = "auto"
    decoding: Decoding = field(default_factory=Decoding)


def models(file: Path | None = None) -> tuple[Model, ...]:
    """All models of models.yaml (`file`, or the shipped one), in its order.

    Raises:
        RaterError: The file cannot be read or has a mistake; the message names the model and the key.
    """
    file = file or configs_folder() / "models.yaml"
    return tuple(_located(name, entry, file) for name, entry in _entries(file).items())


def find_model(name: str, file: Path | None = None) -> Model:
    """The model called `name` in models.yaml, or the folder of that path.

    Raises:
        RaterError: There is neither.
    """
    known = {model.name: model for model in models(file)}
    if name in known:
        return known[name]
    folder = Path(name).expanduser().resolve()
    if folder.is_dir():
        return Model(folder.name, ModelEntry(path=str(folder)), folder)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise RaterError(
        f"there is no model called {name!r}{hint}; models.yaml knows {', '.join(known)}, "
        "and the path of a model folder will do as well"
    )


def make_rater(model: Model, options: RaterOptions, likely_prompts: Sequence[str]) -> Rater:
    """Load a model and make it a rater; `likely_prompts` are read for what they have in common.

    Raises:
        RaterError: mlx cannot run here, the weights are missing, or the model is unsuitable.
    """
    folder = _weights(model)
    _require_mlx()
    from vlmrate.raters.mlx.loading import load_model
    from vlmrate.raters.mlx.rater import MlxRater

    return MlxRater(
        load_model(folder, reference=options.fidelity == "reference"),
        fidelity=options.fidelity,
        path=options.path,
        decoding=options.decoding,
        likely_prompts=likely_prompts,
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


def _require_mlx() -> None:
    problem = mlx_problem()
    if problem:
        raise RaterError(problem)


def _entries(file: Path) -> dict[str, ModelEntry]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RaterError(f"{file} cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise RaterError(f"{file} must map names to models, such as `gemma3: {{repo: …}}`")
    return {str(name): _entry(str(name), values, file) for name, values in document.items()}


def _entry(name: str, values: object, file: Path) -> ModelEntry:
    try:
        return ModelEntry.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise RaterError(f"{file}: model {name}{', key ' + key if key else ''}: {first['msg']}") from None


def _located(name: str, entry: ModelEntry, file: Path) -> Model:
    if entry.embedded:
        folder = embedded_model_folder()
    elif entry.path is not None:
        folder = file.parent / Path(entry.path).expanduser()
    else:
        return Model(name, entry, _hub_snapshot(entry))
    return Model(name, entry, folder if folder.is_dir() else None)


def _hub_snapshot(entry: ModelEntry) -> Path | None:
    """The folder of a model in the hub's cache on this machine, found without any network."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    folder = cache / f"models--{str(entry.repo).replace('/', '--')}"
    named = folder / "refs" / entry.revision
    commit = named.read_text(encoding="utf-8").strip() if named.is_file() else entry.revision
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


def missing_weights(model: Model) -> str:
    """What to do about a model whose weights are not on this machine."""
    if model.entry.repo is None:
        return f"the folder of model {model.name} ({model.source}) is not there; correct its path in models.yaml"
    size = f", about {model.entry.download}" if model.entry.download else ""
    return (
        f"the weights of {model.name} ({model.entry.repo}{size}) are not on this machine, or not whole; fetch "
        f"them once with `{download_command(model)}` and run the same command again"
    )


def download_command(model: Model) -> str:
    """The command that fetches a model's weights from the hub."""
    revision = "" if model.entry.revision == _USUAL_REVISION else f" --revision {model.entry.revision}"
    return f"hf download {model.entry.repo}{revision}"


def memory_warning(model: Model) -> str | None:
    """What to say before a model is loaded that will hardly fit; None when it will, or is not here."""
    if model.folder is None:
        return None
    weights = sum(file.stat().st_size for file in model.folder.glob("*.safetensors"))
    needed, there = weights * _room() + _BESIDE_WEIGHTS, memory_bytes()
    if there is None or needed <= there:
        return None
    return (
        f"{model.name} needs about {needed / 2**30:.0f} GiB of memory and this machine has {there / 2**30:.0f} GiB: it "
        "will swap and be very slow, or be ended by the system; close other programs or take a smaller model"
    )


def _room() -> float:
    """Memory a byte of weights takes: on a processor half precision is widened to float32."""
    return 1.0 if sys.platform == "darwin" else 2.0


def _weights(model: Model) -> Path:
    if model.folder is None:
        raise RaterError(missing_weights(model))
    return model.folder
