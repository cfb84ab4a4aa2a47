"""Loading a model folder through mlx-vlm, with what that library overlooks put right."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlmrate.errors import RaterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_READ = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BEHAVIOUR = (
    "config.json",
    "generation_config.json",
    "chat_template.jinja",
    "chat_template.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "processor_config.json",
    "preprocessor_config.json",
)
# Keys by which a file asks for Python code from the model's folder to be run: transformers' and mlx-vlm's.
_CODE_KEYS = ("auto_map", "model_file")


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory with what identifies it.

    `quantisation` is such as "4-bit, groups of 64" or "none"; `dtype` is that of the arithmetic.
    """

    model: Any
    processor: Any
    name: str
    kind: str
    digest: str
    quantisation: str
    dtype: str
    stops: frozenset[int]


def load_model(folder: Path, *, reference: bool) -> LoadedModel:
    """Load a folder of weights; with `reference`, settings that mlx-vlm misreads are put as their makers mean them.

    Raises:
        RaterError: The folder is incomplete, holds no safetensors, or mlx-vlm cannot load it.
    """
    config = _config(folder)
    _refuse_unsafe(folder)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import mlx_vlm

    overrides = _reference_settings(config, folder) if reference else {}
    try:
        model, processor = _load(mlx_vlm, folder, overrides)
    except (ValueError, TypeError, KeyError, AttributeError, OSError, RuntimeError) as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RaterError(f"mlx-vlm cannot load the model folder {folder}: {first_line}") from error
    _compute_in_float32_on_cpu(model)
    return LoadedModel(
        model=model,
        processor=processor,
        name=folder.name,
        kind=str(config.get("model_type", "unknown")),
        digest=folder_digest(folder),
        quantisation=_quantisation(config),
        dtype=_dtype(model),
        stops=_stops(model, processor),
    )


def folder_digest(folder: Path) -> str:
    """SHA-256 (hex) over the names and contents of all files that decide the model's answers."""
    whole = hashlib.sha256()
    for file in _deciding_files(folder):
        whole.update(f"{file.name}\0{_file_digest(file)}\n".encode())
    return whole.hexdigest()


def _deciding_files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.safetensors"))
    yield from (folder / name for name in _BEHAVIOUR if (folder / name).is_file())


def _file_digest(file: Path) -> str:
    # The hub's cache names large files by their SHA-256, so gigabytes need not be read again.
    stored = file.resolve().name
    if _SHA256.fullmatch(stored):
        return stored
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_READ):
            digest.update(block)
    return digest.hexdigest()


def _config(folder: Path) -> dict[str, Any]:
    if not (folder / "config.json").is_file():
        raise RaterError(f"{folder} is no model folder: it has no config.json")
    return _read_json(folder / "config.json")


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RaterError(f"{file} is not readable JSON ({error}); fetch the model again") from None
    if not isinstance(content, dict):
        raise RaterError(f"{file} does not hold named settings; fetch the model again")
    return content


def _refuse_unsafe(folder: Path) -> None:
    if not any(folder.glob("*.safetensors")):
        raise RaterError(f"{folder} holds no .safetensors weights; other formats may run code and are not loaded")
    for file in (folder / name for name in _BEHAVIOUR if name.endswith("config.json")):
        content = _read_json(file) if file.is_file() else {}
        for key in _CODE_KEYS:
            if key in content:
                raise RaterError(f"{file} asks for code of its own ({key}), which vlmrate does not run")


def _reference_settings(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What Gemma 3 needs beside its config.json for mlx-vlm to compute what the makers' code computes.

    mlx-vlm scales picture features by the root of a top-level `hidden_size` that published configurations lack, reads
    the number of picture tokens from the text part only, and knows rotary scaling under its older name only.
    """
    if config.get("model_type") != "gemma3":
        return {}
    text = dict(config.get("text_config", {}))
    if "hidden_size" not in text:
        raise RaterError(f"{folder}/config.json names no text_config.hidden_size; fetch the model again")
    text.setdefault("mm_tokens_per_image", config.get("mm_tokens_per_image", 256))
    rotary = text.get("rope_parameters", {})
    glob, local = rotary.get("full_attention", {}), rotary.get("sliding_attention", {})
    if glob.get("rope_type", "default") != "default":
        text.setdefault("rope_scaling", {"rope_type": glob["rope_type"], "factor": glob["factor"]})
    if "rope_theta" in glob:
        text.setdefault("rope_global_base_freq", glob["rope_theta"])
    if "rope_theta" in local:
        text.setdefault("rope_local_base_freq", local["rope_theta"])
    if "_sliding_window_pattern" in text:
        text.setdefault("sliding_window_pattern", text["_sliding_window_pattern"])
    return {"hidden_size": _scale_in_bfloat16(text["hidden_size"]) ** 2, "text_config": text}


def _scale_in_bfloat16(hidden_size: int) -> float:
    """The factor by which mlx-vlm multiplies embeddings: the root of the width, rounded to bfloat16.

    Picture features are divided by the root of the top-level size first; only the very same number cancels.
    """
    import mlx.core as mx

    rounded: Any = mx.array(hidden_size**0.5, mx.bfloat16).astype(mx.float32)
    return float(rounded.item())


def _load(mlx_vlm: Any, folder: Path, overrides: Mapping[str, Any]) -> tuple[Any, Any]:
    """`mlx_vlm.load`, on a folder whose config.json is as given but for `overrides`."""
    if not overrides:
        model, processor = mlx_vlm.load(str(folder))
        return model, processor
    import tempfile

    with tempfile.TemporaryDirectory(prefix="vlmrate-model-") as made:
        mended = Path(made) / folder.name
        mended.mkdir()
        for file in folder.iterdir():
            if file.is_file() and file.name != "config.json":
                (mended / file.name).symlink_to(file.resolve())
        config = {**_config(folder), **overrides}
        (mended / "config.json").write_text(json.dumps(config), encoding="utf-8")
        model, processor = mlx_vlm.load(str(mended))
        return model, processor


def _compute_in_float32_on_cpu(model: Any) -> None:
    """Half precision is emulated and slow on a processor: widen all weights there."""
    import mlx.core as mx
    from mlx.utils import tree_map

    if mx.default_device().type != mx.cpu:
        return
    half = (mx.float16, mx.bfloat16)
    model.update(tree_map(lambda a: a.astype(mx.float32) if a.dtype in half else a, model.parameters()))
    mx.eval(model.parameters())


def _dtype(model: Any) -> str:
    """The floating-point type of most of the language model; packed weights are told by their scales."""
    import mlx.core as mx
    from mlx.utils import tree_flatten

    sizes: Counter[str] = Counter()
    weights: Any = tree_flatten(model.language_model.parameters())
    for _, weight in weights:
        if mx.issubdtype(weight.dtype, mx.floating):
            sizes[str(weight.dtype)] += weight.size
    return sizes.most_common(1)[0][0].removeprefix("mlx.core.")


def _quantisation(config: Mapping[str, Any]) -> str:
    found = config.get("quantization") or config.get("quantization_config")
    if not found:
        return "none"
    if "bits" not in found:
        return str(found.get("quant_method", "unknown"))
    return f"{found['bits']}-bit, groups of {found.get('group_size', '?')}"


def _stops(model: Any, processor: Any) -> frozenset[int]:
    tokenizer = getattr(processor, "tokenizer", processor)
    declared = getattr(model.config, "eos_token_id", None)
    ids = list(declared) if isinstance(declared, (list, tuple)) else [declared]
    ids.append(tokenizer.eos_token_id)
    criteria = getattr(tokenizer, "stopping_criteria", None)
    ids.extend(getattr(criteria, "eos_token_ids", ()))
    return frozenset(int(i) for i in ids if i is not None)
