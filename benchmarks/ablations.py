"""What one run of several ways of asking saves over separate runs, and whether its memory stays flat.

The grid is that of docs/ablations.md: four protocols at two temperatures, and the protocols that force answers or
change the words. Each picture is rated by raters that were made together, and by raters that were made apart, by turns
and in one process; both give the same answers. Run it from the repository: `python benchmarks/ablations.py --help`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import memory

from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.forced import conditions
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.resources import configs_folder
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.base import Rater
    from vlmrate.study.records import Stimulus, Study

ROOT = Path(__file__).resolve().parents[1]
GRIDS = {
    "four protocols, temperatures 0 and 0.7": (
        ("context-carry", "single-shot", "independent", "oracle-carry"),
        (0.0, 0.7),
    ),
    "six protocols with forced answers, temperature 0": (
        ("context-carry", "oracle-carry", "false-label", "anchor", "option-order", "reworded"),
        (0.0,),
    ),
}
WARM_UP = 20
# A vision tower and a text model of the 4B model's widths, few layers deep.
TEXT = {"hidden_size": 2560, "intermediate_size": 10240, "num_attention_heads": 8, "num_key_value_heads": 4,
        "head_dim": 256, "query_pre_attn_scalar": 256}  # fmt: skip
VISION = {"hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16}

Way = tuple["Protocol", "Rater"]


def main() -> None:
    """Measure and tell."""
    wishes = _wishes()
    study = load_study(configs_folder() / "study.yaml")
    blas = "OpenBLAS preloaded" if "openblas" in os.environ.get("LD_PRELOAD", "") else "no BLAS preloaded"
    print(f"{platform.platform()}, {os.cpu_count()} cores, {blas}; seconds are CPU time where the CPU computes")
    with tempfile.TemporaryDirectory() as scratch:
        models = {"tiny": "tiny"}
        if wishes.wide:
            models[f"Gemma 3 of 4B widths, {wishes.pixels} px"] = str(_wide_folder(Path(scratch) / "wide", wishes))
        for told, name in models.items():
            grids = GRIDS if name == "tiny" else dict(list(GRIDS.items())[:1])
            for grid, (protocols, temperatures) in grids.items():
                ways = [(load_protocol(one, study), degrees) for one in protocols for degrees in temperatures]
                images = wishes.images if name == "tiny" else wishes.wide
                print(f"{told}; {grid}; {images} images:\n  {_contest(name, ways, study, images)}", flush=True)
        print(f"tiny, memory over {wishes.memory} images:\n  {_memory(study, wishes.memory)}")


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=11, help="images that the embedded model rates in both ways")
    parser.add_argument("--wide", type=int, default=3, help="images of the first grid for the wide model; 0: none")
    parser.add_argument("--pixels", type=int, default=448, help="side of the wide model's picture")
    parser.add_argument("--vision-layers", type=int, default=3)
    parser.add_argument("--text-layers", type=int, default=4)
    parser.add_argument("--memory", type=int, default=100, help="images rated for the measure of memory")
    return parser.parse_args()


def _contest(name: str, ways: Sequence[tuple[Protocol, float]], study: Study, images: int) -> str:
    together = _made(name, ways, study)
    apart = [_made(name, [way], study)[0] for way in ways]
    times: tuple[list[float], list[float]] = ([], [])
    for stimulus in study.stimuli[: images + 1]:
        answers = []
        for raters, taken in zip((together, apart), times, strict=True):
            start = _clock()
            answers.append([_rate(rater, protocol, stimulus) for protocol, rater in raters])
            taken.append(_clock() - start)
        if answers[0] != answers[1]:
            raise SystemExit(f"{stimulus.image_id}: the two ways gave different answers")
    one, other = (statistics.median(taken[1:]) for taken in times)
    ranges = [f"{min(taken[1:]):.4g} to {max(taken[1:]):.4g}" for taken in times]
    told = f"one run {one:.4g} s an image ({ranges[0]}); separate runs {other:.4g} s ({ranges[1]})"
    return f"{told}; ratio {other / one:.2f}"


def _made(name: str, ways: Sequence[tuple[Protocol, float]], study: Study) -> list[Way]:
    requests = [
        Request(likely_prompts=likely_prompts(protocol, study.stimuli[0]), temperature=degrees)
        for protocol, degrees in ways
    ]
    raters = find_model(name).make(requests)
    return [(protocol, rater) for (protocol, _), rater in zip(ways, raters, strict=True)]


def _rate(rater: Rater, protocol: Protocol, stimulus: Stimulus) -> list[str]:
    """All that is said of one picture under one protocol, every forced answer in turn."""
    said = []
    for number, forced in enumerate(conditions(protocol, stimulus)):
        view, asking = rater.view(stimulus.path, seed=number), conduct(protocol, stimulus, forced)
        try:
            question = next(asking)
            while True:
                reply = view.ask(question)
                said.append(
                    f"{reply.text} {sorted((i, tuple(o.probabilities.items())) for i, o in reply.options.items())}"
                )
                question = asking.send(reply)
        except StopIteration:
            continue
    return said


def _memory(study: Study, images: int) -> str:
    """Memory of mlx and of the process after each picture of the first grid: the level, and the slope once warm."""
    import mlx.core as mx

    protocols, temperatures = next(iter(GRIDS.values()))
    ways = _made("tiny", [(load_protocol(one, study), degrees) for one in protocols for degrees in temperatures], study)
    sizes: dict[str, list[int]] = {"resident": [], "active": []}
    for i in range(images):
        for protocol, rater in ways:
            _rate(rater, protocol, study.stimuli[i % len(study.stimuli)])
        sizes["resident"].append(memory.resident())
        sizes["active"].append(mx.get_active_memory())
    return memory.course(sizes, WARM_UP)


def _clock() -> float:
    import mlx.core as mx

    return time.process_time() if mx.default_device().type == mx.cpu else time.perf_counter()


def _wide_folder(folder: Path, wishes: argparse.Namespace) -> Path:
    sys.path.insert(0, str(ROOT / "tests"))
    from raters.mlx import folders, vocabularies

    side, layers = wishes.pixels // 14 // 4, wishes.text_layers
    return folders.gemma3(
        folder,
        window=1024,
        picture_tokens=side * side,
        text=TEXT | {"num_hidden_layers": layers, "sliding_window_pattern": min(6, layers)},
        vision=VISION | {"num_hidden_layers": wishes.vision_layers, "image_size": side * 4 * 14},
        tokenizer=vocabularies.stored("gemma3").tokenizer(),
    )


if __name__ == "__main__":
    main()
