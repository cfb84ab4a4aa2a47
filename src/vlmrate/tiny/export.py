"""From what transformers saves to one folder that unmodified mlx-vlm and transformers both load.

`python -m vlmrate.tiny.export SAVED OUT`. transformers 5 and mlx-vlm 0.7 disagree in names: mlx-vlm reads
the top-level `hidden_size` (without it image features are scaled wrongly), `rope_scaling` and the two rope
base frequencies (without them positions are wrong), and weights below `vision_tower.vision_model`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load_file, save_file

from vlmrate.tiny.tokenizer import train_tokenizer, write_processor

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def export_model(saved: Path, out: Path, tokenizer: Tokenizer) -> None:
    """Write `out` (config, fp16 weights, tokenizer, chat template, processor files) from `saved`."""
    write_processor(out, tokenizer)
    config = shared_config(json.loads((saved / "config.json").read_text(encoding="utf-8")))
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    weights = load_file(str(saved / "model.safetensors"))
    halved = {_mlx_name(name): weight.astype(np.float16) for name, weight in sorted(weights.items())}
    save_file(halved, str(out / "model.safetensors"), metadata={"format": "pt"})
    (out / "model.safetensors").chmod(0o644)


def shared_config(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with every key that mlx-vlm needs beside those of transformers.

    Types noted for the parts are left out: a model that was loaded before it was saved has them, a new one has not.
    """
    text, vision = (_without_dtype(config[part]) for part in ("text_config", "vision_config"))
    rope = text["rope_parameters"]
    text["mm_tokens_per_image"] = config["mm_tokens_per_image"]
    text["sliding_window_pattern"] = text.get("_sliding_window_pattern", text.get("sliding_window_pattern"))
    text["rope_global_base_freq"] = rope["full_attention"]["rope_theta"]
    text["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    text["rope_scaling"] = {"factor": rope["full_attention"]["factor"], "rope_type": "linear"}
    parts = {"text_config": text, "vision_config": vision}
    return {**config, **parts, "hidden_size": text["hidden_size"], "vocab_size": text["vocab_size"]}


def _without_dtype(part: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != "dtype"}


def _mlx_name(name: str) -> str:
    if name.startswith("vision_tower.") and "vision_model." not in name:
        return name.replace("vision_tower.", "vision_tower.vision_model.", 1)
    return name


if __name__ == "__main__":
    export_model(Path(sys.argv[1]), Path(sys.argv[2]), train_tokenizer())
