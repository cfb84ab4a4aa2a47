"""What capturing adds to a rating run, what memory a large capture takes, and what a sweep of interventions costs.

The demo study's pictures are rated in three steps, by turns as they are and with every array captured (the three
answer positions, the mean over picture tokens, the vision tower's output) and stored; in one process, in CPU time where
the CPU computes. The sweep (`--sweep`) adds 9 doses of the direction of one emotion in 4 blocks and rates the demo
study in all 36 arms; the first of its pictures are also rated the plain way, an arm after another in the rater's taps.
Run it from the repository: `python benchmarks/probe.py --help`.
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
from vlmrate.probe.arms import Arm, Placed
from vlmrate.probe.capture import capture
from vlmrate.probe.changes import Add
from vlmrate.probe.direction import CapturedDirections
from vlmrate.probe.edited import EditedRater
from vlmrate.probe.inside import Span, answer, inside
from vlmrate.probe.pictures import PictureRows, looked_at_anew, step_name
from vlmrate.probe.records import POSITIONS, ArrayAbout, CaptureAbout
from vlmrate.probe.store import Row, open_capture, writing
from vlmrate.probe.taps import Edit, tapped
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

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.mlx.rater import MlxRater
    from vlmrate.study.records import Stimulus, Study

TARGET = 1.15
DOSES = (-8, -4, -2, -1, 0, 1, 2, 4, 8)
BLOCKS = 4
PLAIN = 2
SWEEP_SECONDS = 180
LARGE = (1440, 34, 2560)
LIMIT_BYTES = 10**9


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--images", type=int, help="of the study's pictures [60; of a sweep all 144]")
    parser.add_argument("--sweep", action="store_true", help="interventions in place of captures")
    wishes = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores; seconds are {_clock()[1]}")
    if wishes.sweep:
        print(f"{wishes.model}: {_sweep(wishes.model, wishes.images)}")
        return
    wishes.images = wishes.images or 60
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


def _sweep(model: str, images: int | None) -> str:
    study = load_study(configs_folder() / "study.yaml")
    protocol = load_protocol("context-carry", study)
    stimuli = study.stimuli[:images]
    request = Request(items=study.items, likely_prompts=likely_prompts(protocol, stimuli[0]))
    (rater,) = find_model(model).make([request])
    edited, arms = EditedRater(rater, protocol, model), _arms(rater, study, protocol, model)
    clock = _clock()[0]
    edited.rate(stimuli[:1], arms)  # the first time finds nothing loaded
    begun = clock()
    _plain(rater, protocol, stimuli[:PLAIN], arms)
    plain, begun = clock() - begun, clock()
    edited.rate(stimuli[:PLAIN], arms)
    batched, before = clock() - begun, _most_memory()
    begun, elapsed = clock(), time.perf_counter()
    found = edited.rate(stimuli, arms)
    seconds, elapsed = clock() - begun, time.perf_counter() - elapsed
    said = len(set(map(tuple, found.items["valence"].given)))
    return (
        f"{PLAIN} images in {len(arms)} arms {plain:.1f} s the plain way, {batched:.1f} s in batches, ratio "
        f"{plain / batched:.1f}; {len(stimuli)} images {seconds:.0f} s ({elapsed:.0f} s elapsed), {said} arms that "
        f"differ in what is said, at most {_most_memory() / 2**20:.0f} MiB resident ({before / 2**20:.0f} after "
        f"{PLAIN}); {'reached' if seconds < SWEEP_SECONDS else 'MISSED'}: the target is under {SWEEP_SECONDS} s"
    )


def _arms(rater: MlxRater, study: Study, protocol: Protocol, model: str) -> list[Arm]:
    """Doses of the direction of happy, from the first two identities, in units of its length, block by block."""
    steps = tuple(range(len(protocol.steps)))
    rows = PictureRows(study.name, model, rater, protocol, study.stimuli[:12], steps, ("answer",))
    with tempfile.TemporaryDirectory() as scratch:
        capture(rows, Path(scratch) / "small.safetensors")
        directions = CapturedDirections(open_capture(Path(scratch) / "small.safetensors"), study)
        found = {
            (block, step_name(step)): directions.direction("happy", block, step_name(step))
            for block in range(BLOCKS)
            for step in protocol.steps
        }
    return [
        Arm(
            f"block {block}, dose {dose}",
            tuple(
                Placed(Add(block, one.unit, dose * one.gap), step) for (at, step), one in found.items() if at == block
            ),
        )
        for block in range(BLOCKS)
        for dose in DOSES
    ]


def _plain(rater: MlxRater, protocol: Protocol, stimuli: Sequence[Stimulus], arms: Sequence[Arm]) -> None:
    """Every arm by itself: the rater is asked while it is tapped."""
    opened = inside(rater)
    for stimulus in stimuli:
        view = rater.view(stimulus.path, picture_seed(0, 1, stimulus.image_id))
        for arm in arms:
            asking = conduct(protocol, stimulus)
            question = next(asking)
            for number, step in enumerate(protocol.steps):
                at = Span(len(opened.tokens(rater.written(question.prompt))) - 1)
                edits = [Edit(placed.change, at) for placed in arm.changes if placed.step == step_name(step)]
                with tapped(opened, edits=edits):
                    reply = rater.answer(view.picture, question, number)
                if number + 1 < len(protocol.steps):
                    question = asking.send(reply)


def _rated(rows: PictureRows, stimulus: Stimulus, *, tap: bool) -> Row:
    """One picture in three steps, with all that can be captured or nothing."""
    view = looked_at_anew(rows.rater, stimulus, picture_seed(0, 1, stimulus.image_id))
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
    most = _most_memory()
    return (
        f"{file.stat().st_size / 2**20:.0f} MiB on disk in {written:.1f} s elapsed, at most {most / 2**20:.0f} MiB "
        f"resident, {'reached' if most < LIMIT_BYTES else 'MISSED'}: the target is under 1 GB"
    )


def _most_memory() -> int:
    """The most memory in bytes that was ever resident in this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


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
