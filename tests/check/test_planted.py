"""Planted changes of a real model: regressions are caught and named, what changes nothing passes."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from check.changed_models import in_four_bits, with_noise
from check.conftest import IMAGES, REPOSITORY, write_study
from vlmrate.check.baseline import read_baseline
from vlmrate.check.gate import Against, judge, subset_of
from vlmrate.check.rerate import rerate
from vlmrate.inference.prepare import Wishes, prepare
from vlmrate.inference.runner import run
from vlmrate.inference.store import store_for

if TYPE_CHECKING:
    from check.conftest import Gate
    from vlmrate.check.outcome import Outcome
    from vlmrate.inference.job import Job
    from vlmrate.protocol.records import Question
    from vlmrate.raters.base import Rater, Reply, View

pytestmark = pytest.mark.slow


def named(outcome: Outcome) -> set[str]:
    """The rows that regressed."""
    return {row.name for row in outcome.rows if row.verdict == "regressed"}


def differing(outcome: Outcome) -> set[str]:
    """What the check says of how it was rated."""
    return {entry.what for entry in outcome.differs}


def test_an_unchanged_rater_passes_twice_in_a_row(gate: Gate) -> None:
    """The same model on the same machine: every answer is equal, and nothing about how it was rated differs."""
    for _ in range(2):
        code, outcome = gate.check()
        assert (code, outcome.verdict, outcome.mode, outcome.changed_images) == (0, "pass", "exact", 0)
        assert outcome.differs == ()


def test_another_word_in_a_prompt_is_caught(gate: Gate) -> None:
    """One word of one prompt: the probabilities of that item move, and the word is shown."""
    words = gate.folder / "one-word"
    shutil.copytree(REPOSITORY / "prompts" / "context-carry", words)
    prompt = words / "emotion.txt"
    prompt.write_text(prompt.read_text(encoding="utf-8").replace("expression", "emotion"), encoding="utf-8")
    code, outcome = gate.check(protocol="one-word")
    assert (code, outcome.verdict) == (1, "regressed")
    assert "emotion: probabilities" in named(outcome)
    (prompt_1,) = outcome.differs
    assert (prompt_1.what, "facial expression" in prompt_1.before, "facial emotion" in prompt_1.now) == (
        "prompt 1",
        True,
        True,
    )


def test_the_picture_last_is_caught(gate: Gate) -> None:
    """The picture after the words, as mlx-vlm's generate places it."""
    code, outcome = gate.check(fidelity="mlx-vlm")
    assert (code, outcome.verdict) == (1, "regressed")
    assert {"emotion: probabilities", "valence: probabilities", "arousal: probabilities"} <= named(outcome)
    assert {"fidelity", "picture"} <= differing(outcome)


def test_the_model_in_four_bits_is_caught(gate: Gate, tmp_path: Path) -> None:
    """Packed weights: what moved and the quantisation are both named."""
    code, outcome = gate.check(model=str(in_four_bits(tmp_path / "tiny")))
    assert (code, outcome.verdict) == (1, "regressed")
    assert "valence: probabilities" in named(outcome)
    assert {"model_digest", "quantisation"} <= differing(outcome)


@pytest.mark.parametrize("size", [0.02, 0.1, 0.5])
def test_noise_on_one_layer_is_caught(gate: Gate, tmp_path: Path, size: float) -> None:
    """Noise of 2 %, 10 % and 50 % of one layer's spread, though it flips few answers or none."""
    code, outcome = gate.check(model=str(with_noise(tmp_path / "tiny", size)))
    assert (code, outcome.verdict) == (1, "regressed")
    assert "arousal: probabilities" in named(outcome)
    assert "model_digest" in differing(outcome)


@pytest.mark.parametrize("size", [0.02, 0.1])
def test_a_change_too_small_to_matter_is_undecided_and_never_passed(gate: Gate, tmp_path: Path, size: float) -> None:
    """Asked whether it became worse, so few images cannot tell: undecided, and exit 3 only where that is asked for."""
    code, outcome = gate.check("statistical", model=str(with_noise(tmp_path / "tiny", size)), fail_undecided=True)
    assert (code, outcome.verdict) == (3, "undecided")


def test_one_changed_image_is_caught_and_named(gate: Gate) -> None:
    """One picture of the subset mirrored: it is named as another file, in every mode."""
    changed = read_baseline(gate.baseline).images[3].image_id
    table = gate.folder / "stimuli.csv"
    row = next(line for line in table.read_text(encoding="utf-8").splitlines() if line.startswith(f"{changed},"))
    picture = Path(row.split(",")[1])
    mirrored = gate.folder / "mirrored.jpg"
    Image.open(picture).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mirrored)
    table.write_text(table.read_text(encoding="utf-8").replace(str(picture), str(mirrored)), encoding="utf-8")
    code, outcome = gate.check("statistical")
    assert (code, outcome.verdict) == (1, "regressed")
    pictures = next(row for row in outcome.rows if row.name == "pictures")
    assert changed in pictures.finding
    assert outcome.most_changed[0].image_id == changed


def test_the_order_of_images_does_not_matter(gate: Gate) -> None:
    """The study's table backwards: the same images, the same answers."""
    write_study(gate.folder, backwards=True)
    code, outcome = gate.check()
    assert (code, outcome.verdict) == (0, "pass")


def test_another_results_folder_does_not_matter(gate: Gate, tmp_path: Path) -> None:
    """Nothing of a check depends on where results are."""
    code, outcome = gate.check(results=tmp_path / "elsewhere")
    assert (code, outcome.verdict) == (0, "pass")


def test_several_images_in_hand_do_not_matter(gate: Gate) -> None:
    """Four images looked at before the first is asked about, and their questions in turn, give the same answers."""
    outcome = _judged(gate, _FourInHand)
    assert outcome.verdict == "pass"


def test_swapped_labels_are_caught(gate: Gate) -> None:
    """A rater whose mapping of labels has happy and sad swapped is caught by its answers, and named by its kappa."""
    outcome = _judged(gate, _Swapped)
    assert outcome.verdict == "regressed"
    assert {"emotion: answers", "emotion: probabilities"} <= named(outcome)
    kappa = next(row for row in outcome.rows if row.name == "emotion: kappa")
    assert kappa.before is not None
    assert kappa.now is not None
    assert kappa.now < kappa.before - 0.2


def test_stored_ratings_are_taken_only_where_nothing_can_differ(gate: Gate) -> None:
    """With `cached` an unchanged rater is answered from its results, and a changed prompt is asked anew."""
    job = _job(gate)
    stimuli = subset_of(job.study, read_baseline(gate.baseline), "baseline")
    run(replace(job, stimuli=stimuli[:5]))
    code, outcome = gate.check(cached=True)
    assert (code, outcome.verdict, outcome.from_store) == (0, "pass", 5)
    assert outcome.ratios == {}
    _, other = gate.check(cached=True, seed=1)
    assert other.from_store == 0


def _job(gate: Gate) -> Job:
    (job,) = prepare(Wishes(model="tiny", study=gate.study, results=gate.folder / "results"), lambda _: None)
    return replace(job, store=store_for(job.study, job.rater_name, job.protocol.name))


def _judged(gate: Gate, wrap: type[_FourInHand] | type[_Swapped]) -> Outcome:
    job = _job(gate)
    baseline = read_baseline(gate.baseline)
    stimuli = subset_of(job.study, baseline, "baseline")
    rated = rerate(replace(job, rater=wrap(job.rater)), stimuli, lambda _: None, cached=False)
    assert len(rated.images) == IMAGES
    return judge(job, Against(baseline, "baseline.json"), rated, None, {})


class _FourInHand:
    """Has four images in hand at once; MLX is asked by one thread at a time, in whatever order they come."""

    def __init__(self, rater: Rater) -> None:
        self._rater = rater
        self._turn = threading.Lock()
        self.settings = rater.settings
        self.workers = 4

    def view(self, image: Path, seed: int) -> View:
        with self._turn:
            return _InTurn(self._rater.view(image, seed), self._turn)


class _InTurn:
    def __init__(self, view: View, turn: threading.Lock) -> None:
        self._view = view
        self._turn = turn

    def ask(self, question: Question) -> Reply:
        with self._turn:
            return self._view.ask(question)


class _Swapped:
    """Says happy where it means sad and the other way round."""

    def __init__(self, rater: Rater) -> None:
        self._rater = rater
        self.settings = rater.settings
        self.workers = 1

    def view(self, image: Path, seed: int) -> View:
        return _SwappedView(self._rater.view(image, seed))


class _SwappedView:
    def __init__(self, view: View) -> None:
        self._view = view

    def ask(self, question: Question) -> Reply:
        reply = self._view.ask(question)
        swap = {"happy": "sad", "sad": "happy"}
        options = {
            item: replace(told, probabilities={swap.get(k, k): p for k, p in told.probabilities.items()})
            for item, told in reply.options.items()
        }
        text = swap.get(reply.text.strip().lower(), reply.text)
        return replace(reply, text=text, options=options)
