"""A simulated study of full size in a folder, as `vlmrate analyze` meets one: tables, pictures, a JSON file a rating.

1,440 images of 1,024 pixels (3 x 2 groups, 40 identities each, six emotions), 72,000 rows by 1,000 people (valence and
arousal), and seven raters with labels and both ratings of every image.

    python benchmarks/whole_study.py [ROUNDS]

times the analysis with its tables alone, and with every format, the commands being run one after the other.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from vlmrate.inference.records import Answer, AskedStep, Manifest, Rating, Recipe, RunRecord
from vlmrate.inference.store import Store
from vlmrate.simulate.models import Confusion, ModelItem, ModelParameters
from vlmrate.simulate.people import GroupEffect, ItemParameters, PeopleParameters
from vlmrate.simulate.studies import DesignParameters, SimulatedStudy, StudyParameters, simulate_study

TRUTH = {
    "valence": {"happy": 7.5, "sad": 3.2, "angry": 2.8, "fear": 3.2, "disgust": 2.7, "neutral": 5.0},
    "arousal": {"happy": 6.2, "sad": 4.6, "angry": 6.3, "fear": 6.4, "disgust": 5.8, "neutral": 3.8},
}
LABELS = tuple(TRUTH["valence"])
POINTS = tuple(str(point) for point in range(1, 10))
SCALES = {"emotion": LABELS, "valence": POINTS, "arousal": POINTS}
RATERS = 7
SIDE, DISTINCT = 1024, 24
"""Pixels of a picture's side, and how many pictures are drawn: they are given to the images by turns."""
TABLES = (("analyze", "--tables-only"),)
ALL = (("analyze", "--also", "latex,docx"),)
"""Both together write every format that there is."""
NOT_SENT = "0" * 64
STUDY = """\
name: full
stimuli: stimuli.csv
ratings: ratings.csv.gz
simulated_people: true
items:
  emotion: {options: [happy, sad, angry, fear, disgust, neutral], intended: emotion}
  valence: {low: 1, high: 9}
  arousal: {low: 1, high: 9}
factors: {emotion: emotion, identity: identity, groups: [race, gender]}
protocol: context-carry
results: results
"""


def write_study(folder: Path) -> None:
    """Make the whole study in a folder."""
    study = simulate_study(_parameters())
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    study.stimuli.to_csv(folder / "stimuli.csv", index=False)
    study.people.to_csv(folder / "ratings.csv.gz", index=False)
    (folder / "images").mkdir()
    pictures = [_picture(np.random.default_rng(seed)) for seed in range(DISTINCT)]
    for number, path in enumerate(study.stimuli["path"]):
        pictures[number % DISTINCT].save(folder / path, "JPEG", quality=90)
    for rater in study.ratings["rater"].unique():
        _write_rater(folder, study, rater)


@dataclass(frozen=True, slots=True)
class Cost:
    """What some commands took together: seconds, and the most memory at one time of all their processes, in GB."""

    wall: float
    processor: float
    peak: float


def measure(rounds: int) -> dict[str, float]:
    """Median seconds of the analysis with its tables, imports and files included, and its peak memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder)
        cost = median([timed(folder, TABLES) for _ in range(rounds)])
    return {"processor": cost.processor, "wall": cost.wall, "peak": cost.peak}


def timed(folder: Path, commands: tuple[tuple[str, ...], ...]) -> Cost:
    """Run commands of vlmrate one after the other."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    peak = max(_run(folder, command) for command in commands)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak)


def median(costs: list[Cost]) -> Cost:
    """The median of each figure, of memory the most."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.processor for cost in costs),
        max(cost.peak for cost in costs),
    )


def main(rounds: int) -> None:
    """Print what the analysis takes with its tables alone, and with every format."""
    print(f"{os.cpu_count()} cores, load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder)
        for words, commands in (("tables alone", TABLES), ("every format", ALL)):
            cost = median([timed(folder, commands) for _ in range(rounds)])
            load = os.getloadavg()[0]
            print(f"{words}: wall {cost.wall:.1f} s, processor {cost.processor:.1f} s, ", end="")
            print(f"peak {cost.peak:.2f} GB; load at the end {load:.1f}")
        page = folder / "results" / "full" / "report" / "report.html"
        print(f"report.html: {page.stat().st_size / 1e6:.1f} MB")


def _run(folder: Path, command: tuple[str, ...]) -> float:
    """The most memory, in GB, that a command and the processes it starts hold at one time, looked at often."""
    environment = os.environ | {"COLUMNS": "80"}
    whole = [sys.executable, "-m", "vlmrate", *command]
    process = subprocess.Popen(whole, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    seen = [0.0]

    def watch() -> None:
        while process.poll() is None:
            seen.append(_held(process.pid))
            time.sleep(0.25)

    watcher = threading.Thread(target=watch)
    watcher.start()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"vlmrate {' '.join(command)} failed")
    return max(seen)


def _held(root: int) -> float:
    """GB resident in a process and its descendants; what they share is counted for each."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    family = {root}
    for _ in range(4):  # generations
        family |= {pid for pid, parent, _ in rows if parent in family}
    return sum(size for pid, _, size in rows if pid in family) * 1024 / 1e9


def _picture(rng: np.random.Generator) -> Image.Image:
    """Noise of all sizes, the coarse stronger than the fine as in photographs."""
    total = np.full((SIDE, SIDE, 3), 128.0)
    for octave in range(2, 11):
        side = 2**octave
        for channel in range(3):
            noise = Image.fromarray((40 * (4 / side) ** 0.9 * rng.normal(size=(side, side))).astype(np.float32))
            total[..., channel] += np.asarray(noise.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8))


def _parameters() -> StudyParameters:
    items = (
        ItemParameters("valence", 1, 9, 0.75, 0.67, 0.3, 1.1),
        ItemParameters("arousal", 1, 9, 0.55, 0.83, 0.2, 1.7),
    )
    return StudyParameters(
        seed=20,
        design=DesignParameters(40, TRUTH, 0.5, {"race": ("A", "B", "C"), "gender": ("man", "woman")}),
        people=PeopleParameters(seed=20, raters=1000, images_a_rater=72, items=items),
        models=tuple(_model(number) for number in range(RATERS)),
    )


def _model(number: int) -> ModelParameters:
    right = 0.6 + 0.05 * number
    rows = {label: {other: right if other == label else (1 - right) / 5 for other in LABELS} for label in LABELS}
    effects = (GroupEffect("emotion", "fear", -1.0), GroupEffect("race", "B", 0.3))
    items = tuple(ModelItem(item, 1.5, 0.1 * number, effects, 0.5, 0.3, 0.6) for item in TRUTH)
    return ModelParameters(f"rater{number + 1}", items, (Confusion(rows),))


def _write_rater(folder: Path, study: SimulatedStudy, rater: str) -> None:
    recipe = Recipe(protocol_digest=NOT_SENT, seed=0, settings={"kind": "simulated", "temperature": 0.0})
    store = Store(folder / "results" / "full" / rater / "context-carry")
    store.open()
    answers = {item: study.answers(rater, item) for item in SCALES}
    for image in study.stimuli["image_id"]:
        given = {item: of_item[image] for item, of_item in answers.items()}
        steps = tuple(_step(item, value if item == "emotion" else int(value)) for item, value in given.items())
        store.write(
            Rating(
                image_id=image,
                image_sha256=NOT_SENT,
                rater=rater,
                protocol="context-carry",
                repeat=1,
                run="1",
                made_with=recipe.digest,
                stopped=False,
                steps=steps,
            )
        )
    store.write_manifest(_manifest(rater, recipe, len(study.stimuli)))


def _step(item: str, value: str | int) -> AskedStep:
    options = SCALES[item]
    probabilities = {option: 0.84 if option == str(value) else 0.16 / (len(options) - 1) for option in options}
    answer = Answer(item=item, value=value, route="exact", probabilities=probabilities, valid_mass=0.99)
    return AskedStep(
        prompt=f"A question about {item}, with as many words as one has that names its scale and both of its ends.",
        sent_sha256=NOT_SENT,
        text=str(value),
        reasoning=None,
        finish="stop",
        prompt_tokens=70,
        answer_tokens=1,
        seconds=1.0,
        attempts=1,
        answers=(answer,),
    )


def _manifest(rater: str, recipe: Recipe, images: int) -> Manifest:
    run = RunRecord(
        id="1",
        started="",
        finished="",
        status="finished",
        arguments={},
        passed=(),
        planned=images,
        already_rated=0,
        rated=images,
        failed=0,
        invalid_answers=0,
        seconds=0.0,
        versions={},
        machine={},
        git_revision=None,
    )
    return Manifest(
        study="full",
        study_sha256=NOT_SENT,
        rater=rater,
        protocol="context-carry",
        recipe=recipe,
        scales=SCALES,
        about={"parameters": "0"},
        runs=(run,),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
