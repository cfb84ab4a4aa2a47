"""What capturing adds to a rating run, and what memory a large capture takes.

The demo study's pictures are rated in three steps, by turns as they are and with every array captured (the three
answer positions, the mean over picture tokens, the vision tower's output) and stored; in one process, in CPU time where
the CPU computes. Run it from the repository: `python benchmarks/probe.py --help`.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.inference.asking import picture_seed
from vlmrate.probe.inside import answer, inside
from vlmrate.probe.pictures import PictureRows, step_name
from vlmrate.probe.records import POSITIONS, ArrayAbout, CaptureAbout
from vlmrate.probe.store import Row, open_capture, writing
from vlmrate.probe.taps import tapped
from vlmrate.protocol.conduct import conduct
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.mlx.rater import tokens_sha256
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.resources import configs_folder
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vlmrate.study.records import Stimulus

TARGET = 1.15
LARGE = (1440, 34, 2560)
LIMIT_BYTES = 10**9


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--images", type=int, default=60)
    wishes = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores; seconds are {_clock()[1]}")
    with tempfile.TemporaryDirectory() as scratch:
        # First, since the most memory that there ever was is what the system tells.
        print(f"{' x '.join(map(str, LARGE))} synthetic numbers: {_memory(Path(scratch) / 'large.safetensors')}")
        print(f"{wishes.model}, {wishes.images} images: {_cost(wishes, Path(scratch) / 'capture.safetensors')}")


def _cost(wishes: argparse.Namespace, file: Path) -> str:
    study = load_study(configs_folder() / "study.yaml")
    protocol = load_protocol("context-carry", study)
    stimuli = study.stimuli[: wishes.images + 1]
    request = Request(items=study.items, likely_prompts=likely_prompts(protocol, stimuli[0]))
    (rater,) = find_model(wishes.model).make([request])
    rows = PictureRows(study.name, wishes.model, rater, protocol, stimuli, (0, 1, 2), POSITIONS)
    clock, plain, captured = _clock()[0], [], []
    with writing(file, rows.about) as writer:
        for number, stimulus in enumerate(stimuli):
            # By turns also in which way goes first, since the second finds the picture's file in the cache.
            for tap in (False, True) if number % 2 else (True, False):
                begun = clock()
                row = _rated(rows, stimulus, tap=tap)
                if tap:
                    writer.write(number, row)
                (captured if tap else plain).append(clock() - begun)
    ratio = sum(captured[1:]) / sum(plain[1:])
    return (
        f"rated {_told(plain[1:])}, rated and captured {_told(captured[1:])}; ratio of the sums {ratio:.3f}, "
        f"{'reached' if ratio <= TARGET else 'MISSED'}: the target is {TARGET} or less"
    )


def _rated(rows: PictureRows, stimulus: Stimulus, *, tap: bool) -> Row:
    """One picture in three steps, with all that can be captured or nothing."""
    view = rows.rater.view(stimulus.path, picture_seed(0, 1, stimulus.image_id))
    opened, asking = inside(rows.rater), conduct(rows.protocol, stimulus)
    values: dict[str, np.ndarray] = {}
    prompts: dict[str, bytes] = {}
    question = next(asking)
    for number, step in enumerate(rows.protocol.steps):
        if tap:
            ids = opened.tokens(rows.rater.written(question.prompt))
            watch = {f"answer/{step_name(step)}": answer(ids)}
            watch |= {"picture-mean": opened.picture(ids)} if number == 0 else {}
            with tapped(opened, watch=watch, vision=number == 0) as taps:
                reply = view.ask(question)
            values |= {name: taps.residuals(name) for name in watch}
            values |= {"vision": taps.pooled()[None]} if number == 0 else {}
            prompts |= dict.fromkeys(watch, bytes.fromhex(tokens_sha256(ids)))
        else:
            reply = view.ask(question)
        if number + 1 < len(rows.protocol.steps):
            question = asking.send(reply)
    return Row(values, prompts, bytes(32))


def _memory(file: Path) -> str:
    count, layers, width = LARGE
    array = ArrayAbout(position="answer", step="emotion", layers=layers, width=width)
    about = CaptureAbout(
        source="images", model="synthetic", model_digest="0", arrays=(array,), rows=tuple(f"p{i}" for i in range(count))
    )
    numbers = np.random.default_rng(0).normal(size=(layers, width)).astype(np.float32)
    begun = time.perf_counter()
    with writing(file, about) as writer:
        for number in range(count):
            writer.write(number, Row({array.name: numbers}, {array.name: bytes(32)}, bytes(32)))
    written = time.perf_counter() - begun
    open_capture(file).layer(array.name, layers // 2)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return (
        f"{file.stat().st_size / 2**20:.0f} MiB on disk in {written:.1f} s elapsed, at most {most / 2**20:.0f} MiB "
        f"resident, {'reached' if most < LIMIT_BYTES else 'MISSED'}: the target is under 1 GB"
    )


def _told(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.4g} s ({min(seconds):.4g} to {max(seconds):.4g})"


def _clock() -> tuple[Callable[[], float], str]:
    """CPU time where the CPU computes; elapsed time where a GPU does, since the CPU then only waits."""
    import mlx.core as mx

    if mx.default_device().type == mx.cpu:
        return time.process_time, "CPU time"
    return time.perf_counter, "elapsed time"


if __name__ == "__main__":
    main()
