"""What sharing one look saves, and whether memory stays flat: the MLX rater against three calls of mlx-vlm's generate.

Both ways rate the demo study's pictures in the same three steps, in one process and by turns. Speed is measured on a
Gemma 3 of the 4B model's widths with few layers and random weights, and on the embedded model; memory over many
pictures on the smaller one. Run it from the repository: `python benchmarks/inference.py --help`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import memory

from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.mlx.decoding import Decoding
from vlmrate.raters.mlx.loading import load_model
from vlmrate.raters.mlx.rater import MlxRater
from vlmrate.resources import configs_folder, embedded_model_folder
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.loading import LoadedModel
    from vlmrate.study.records import Stimulus

ROOT = Path(__file__).resolve().parents[1]
ANSWER_AND_END = Decoding(max_tokens_text=2)
TARGET = 2.5
WARM_UP = 50

# Gemma 3 4B has 27 vision and 34 text layers of these widths.
TEXT_WIDTHS = {
    "hidden_size": 2560, "intermediate_size": 10240, "num_attention_heads": 8, "num_key_value_heads": 4,
    "head_dim": 256, "query_pre_attn_scalar": 256,
}  # fmt: skip
VISION_WIDTHS = {"hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16}


@dataclass(frozen=True, slots=True)
class Contest:
    """Seconds an image of both ways, one entry a repeat."""

    shared: list[float]
    apart: list[float]

    @property
    def ratio(self) -> float:
        """How many times longer three calls take, by the medians."""
        return statistics.median(self.apart) / statistics.median(self.shared)

    def __str__(self) -> str:
        ways = {"shared": self.shared, "three calls": self.apart}
        told = [
            f"{way} {statistics.median(times):.4g} s ({min(times):.4g} to {max(times):.4g})"
            for way, times in ways.items()
        ]
        return f"{'; '.join(told)}; ratio {self.ratio:.2f}"


def _told(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.4g} s ({min(seconds):.4g} to {max(seconds):.4g})"


def main() -> None:
    """Measure and tell."""
    wishes = _wishes()
    study = load_study(configs_folder() / "study.yaml")
    protocol = load_protocol("context-carry", study)
    clock, clock_name = _clock()
    print(f"{platform.platform()}, {os.cpu_count()} cores; {_arithmetic()}; seconds are {clock_name}")
    with tempfile.TemporaryDirectory() as scratch:
        wide = load_model(_wide_folder(Path(scratch) / "wide", wishes), reference=True)
        small = load_model(_small_folder(Path(scratch)), reference=True)
    layers = f"{wishes.vision_layers} vision and {wishes.text_layers} text layers"
    print(f"Gemma 3 of 4B widths, {layers}, {wishes.pixels} px, float32, {wishes.repeats} repeats:", flush=True)
    contest = _contest(wide, protocol, study.stimuli, wishes.repeats, clock)
    print(f"  {contest}; {'reached' if contest.ratio >= TARGET else 'MISSED'}: the target is {TARGET} or better")
    del wide
    print(f"{small.name} model, {wishes.small_repeats} repeats:", flush=True)
    print(f"  {_contest(small, protocol, study.stimuli, wishes.small_repeats, clock)}")
    print(f"{small.name} model, {wishes.images} images one after the other:")
    print(f"  {_memory(small, protocol, study.stimuli, wishes.images)}")


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    slow = _slow()
    parser.add_argument(
        "--pixels", type=int, default=448 if slow else 896, help="side of the picture; the model has 896"
    )
    parser.add_argument("--vision-layers", type=int, default=1 if slow else 3)
    parser.add_argument("--text-layers", type=int, default=1 if slow else 4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--small-repeats", type=int, default=21)
    parser.add_argument("--images", type=int, default=300)
    return parser.parse_args()


def _contest(
    loaded: LoadedModel, protocol: Protocol, stimuli: Sequence[Stimulus], repeats: int, clock: Callable[[], float]
) -> Contest:
    """Both ways by turns, after one round to warm up; three calls are given the prompts that the rater was asked."""
    rater = MlxRater(loaded, decoding=ANSWER_AND_END, likely_prompts=likely_prompts(protocol, stimuli[0]))
    contest = Contest([], [])
    for stimulus in stimuli[: repeats + 1]:
        start = clock()
        prompts = _rate(rater, protocol, stimulus)
        middle = clock()
        _three_calls(loaded, prompts, stimulus)
        contest.shared.append(middle - start)
        contest.apart.append(clock() - middle)
    return Contest(contest.shared[1:], contest.apart[1:])


def _rate(rater: MlxRater, protocol: Protocol, stimulus: Stimulus) -> list[str]:
    """One picture in three steps, with the probabilities of every answer; the prompts that were asked."""
    view = rater.view(stimulus.path, seed=0)
    asking = conduct(protocol, stimulus)
    prompts = []
    try:
        question = next(asking)
        while True:
            prompts.append(question.prompt)
            question = asking.send(view.ask(question))
    except StopIteration:
        return prompts


def _three_calls(loaded: LoadedModel, prompts: Sequence[str], stimulus: Stimulus) -> None:
    """What a script over mlx-vlm does: its own prompt, one call a question, the answer and its end."""
    from mlx_vlm import generate
    from mlx_vlm.prompt_utils import apply_chat_template

    for prompt in prompts:
        written = apply_chat_template(loaded.processor, loaded.model.config, prompt, num_images=1)
        limit = ANSWER_AND_END.max_tokens_text
        generate(loaded.model, loaded.processor, written, [str(stimulus.path)], max_tokens=limit, temperature=0.0)


def _memory(loaded: LoadedModel, protocol: Protocol, stimuli: Sequence[Stimulus], images: int) -> str:
    """Resident and mlx's active memory after each picture: the level, and the slope once warm."""
    import mlx.core as mx

    rater = MlxRater(loaded, likely_prompts=likely_prompts(protocol, stimuli[0]))
    sizes: dict[str, list[int]] = {"resident": [], "active": []}
    for i in range(images):
        _rate(rater, protocol, stimuli[i % len(stimuli)])
        sizes["resident"].append(memory.resident())
        sizes["active"].append(mx.get_active_memory())
    return memory.course(sizes, WARM_UP if images > 2 * WARM_UP else 0)


def _clock() -> tuple[Callable[[], float], str]:
    """CPU time where the CPU computes; elapsed time where a GPU does, since the CPU then only waits."""
    return (time.process_time, "CPU time") if _on_cpu() else (time.perf_counter, "elapsed time")


def _on_cpu() -> bool:
    import mlx.core as mx

    return mx.default_device().type == mx.cpu


def _slow() -> bool:
    """Whether matrices go through the reference BLAS that mlx's Linux wheel links."""
    return _on_cpu() and sys.platform == "linux" and "openblas" not in os.environ.get("LD_PRELOAD", "")


def _arithmetic() -> str:
    """What multiplies matrices."""
    if _slow():
        return "mlx on the CPU with its wheel's reference BLAS (benchmarks/README.md says how to preload OpenBLAS)"
    if sys.platform == "linux" and _on_cpu():
        return f"mlx on the CPU, OpenBLAS preloaded, threads: {os.environ.get('OPENBLAS_NUM_THREADS', 'all')}"
    return f"mlx on {'the CPU' if _on_cpu() else 'the GPU'}"


def _wide_folder(folder: Path, wishes: argparse.Namespace) -> Path:
    """A Gemma 3 of real widths; 4 x 4 patches become one token and at most every sixth layer is global, as there."""
    sys.path.insert(0, str(ROOT / "tests"))
    from raters.mlx import folders, vocabularies

    side, layers = wishes.pixels // 14 // 4, wishes.text_layers
    return folders.gemma3(
        folder,
        window=1024,
        picture_tokens=side * side,
        text=TEXT_WIDTHS | {"num_hidden_layers": layers, "sliding_window_pattern": min(6, layers)},
        vision=VISION_WIDTHS | {"num_hidden_layers": wishes.vision_layers, "image_size": side * 4 * 14},
        # Prompts and labels split as in the real vocabulary, of which the rest is left out.
        tokenizer=vocabularies.stored("gemma3").tokenizer(),
    )


def _small_folder(scratch: Path) -> Path:
    """The embedded model; where it has not been made, one with random weights."""
    folder = embedded_model_folder()
    if (folder / "config.json").is_file():
        return folder
    from raters.mlx import folders

    return folders.gemma3(scratch / "random")


if __name__ == "__main__":
    main()
