"""A simulated study of full size in a folder, as `vlmrate analyze` meets one: tables, and a JSON file a rating.

1,440 images (3 x 2 groups, 40 identities each, six emotions), 72,000 rows by 1,000 people (valence and arousal), and
seven raters with labels and both ratings of every image.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
    for path in study.stimuli["path"]:
        (folder / path).touch()
    for rater in study.ratings["rater"].unique():
        _write_rater(folder, study, rater)


def measure(rounds: int) -> dict[str, float]:
    """Median wall and processor seconds of the command, imports and files included."""
    command = [str(Path(sys.executable).with_name("vlmrate")), "analyze", "--resamples", "2000"]
    walls, processors = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_study(folder)
        for _ in range(rounds):
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(command, cwd=folder, check=True, capture_output=True, env=os.environ | {"COLUMNS": "80"})
            walls.append(time.perf_counter() - started)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            processors.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1e6 if sys.platform == "linux" else 1e9)
    return {"processor": statistics.median(processors), "wall": statistics.median(walls), "peak": peak}


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
