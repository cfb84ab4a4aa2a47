"""A small study of drawn faces with its baseline, made once, and checks against it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vlmrate.check.baseline import read_baseline
from vlmrate.check.compare import changes as changes_of
from vlmrate.check.gate import subset_of
from vlmrate.check.material import Material
from vlmrate.check.outcome import Outcome
from vlmrate.check.records import Baseline, Limits, RatedAnswer
from vlmrate.check.truth import truth_of
from vlmrate.cli.check_job import Request, check_rater
from vlmrate.inference.prepare import Wishes
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from vlmrate.check.verdict import Mode
    from vlmrate.study.records import Study

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = 12
Answering = Callable[[str, RatedAnswer], RatedAnswer]
"""What becomes of an answer to an image."""

STUDY = """\
name: small
stimuli: stimuli.csv
ratings: {data}/human_ratings.csv.gz
simulated_people: true
items:
  emotion: {{options: [happy, sad, angry, fear, disgust, neutral], intended: emotion}}
  valence: {{low: 1, high: 9, low_anchor: extremely negative, high_anchor: extremely positive}}
  arousal: {{low: 1, high: 9, low_anchor: not at all aroused, high_anchor: highly aroused}}
factors: {{emotion: emotion, identity: identity}}
protocol: context-carry
results: results
"""


@dataclass(frozen=True, slots=True)
class Gate:
    """A study's folder, its baseline, and where a check of it writes."""

    folder: Path
    baseline: Path
    output: Path

    @property
    def study(self) -> Path:
        return self.folder / "study.yaml"

    def request(self, **wishes: object) -> Request:
        asked = Wishes(model="tiny", study=self.study, results=self.folder / "results")
        return Request(replace(asked, **wishes), baseline=self.baseline, output=self.output)  # type: ignore[arg-type]

    def check(
        self,
        mode: Mode | None = None,
        *,
        strict: bool = False,
        fail_undecided: bool = False,
        cached: bool = False,
        **wishes: object,
    ) -> tuple[int, Outcome]:
        """Check as the command does; the exit code and check.json."""
        request = replace(
            self.request(**wishes), mode=mode, strict=strict, fail_undecided=fail_undecided, cached=cached
        )
        code = check_rater(request, update=False, history=False)
        return code, Outcome.model_validate_json((self.output / "check.json").read_bytes())


def write_study(folder: Path, *, backwards: bool = False) -> None:
    """The demo's pictures and people as a study of their own, without groups, so that twelve images do."""
    data = REPOSITORY / "data" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    header, *rows = (data / "stimuli.csv").read_text(encoding="utf-8").splitlines()
    rows = [row.replace(",images/", f",{data}/images/") for row in (rows[::-1] if backwards else rows)]
    (folder / "stimuli.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY.format(data=data), encoding="utf-8")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with the baseline of the embedded model, made on this machine."""
    folder = tmp_path_factory.mktemp("gate")
    write_study(folder)
    gate = Gate(folder, folder / "baseline.json", folder / "out")
    assert check_rater(replace(gate.request(), images=IMAGES), update=True, history=False) == 0
    return folder


@pytest.fixture
def gate(made: Path, tmp_path: Path) -> Gate:
    """A copy of the study with its baseline, to be changed at will."""
    for name in ("study.yaml", "stimuli.csv", "baseline.json"):
        shutil.copy(made / name, tmp_path / name)
    return Gate(tmp_path, tmp_path / "baseline.json", tmp_path / "out")


@pytest.fixture(scope="session")
def baseline() -> Baseline:
    """The baseline of the embedded model that lies in the repository."""
    return read_baseline(REPOSITORY / "data" / "baseline" / "demo-tiny-context-carry.json")


@pytest.fixture(scope="session")
def demo() -> Study:
    """The demo study."""
    return load_study(REPOSITORY / "configs" / "study.yaml")


@dataclass(frozen=True, slots=True)
class Rerating:
    """The repository's baseline rated again, with answers changed at will."""

    baseline: Baseline
    study: Study

    def material(self, *changes: Answering, same_place: bool = True, allow: dict[str, float] | None = None) -> Material:
        """Baseline and a rating in which each change is made to every answer."""
        images = self.baseline.images
        now = tuple(
            image.model_copy(update={"answers": tuple(_changed(image.image_id, a, changes) for a in image.answers)})
            for image in images
        )
        return Material(
            before=images,
            now=now,
            changes=changes_of(images, now),
            truth=truth_of(self.study, subset_of(self.study, self.baseline, "baseline"), list(self.baseline.scales)),
            limits=Limits(allow=allow or {}),
            same_place=same_place,
        )


def _changed(image_id: str, answer: RatedAnswer, changes: tuple[Answering, ...]) -> RatedAnswer:
    for change in changes:
        answer = change(image_id, answer)
    return answer


@pytest.fixture(scope="session")
def rerating(baseline: Baseline, demo: Study) -> Rerating:
    """What makes ratings with answers changed by hand."""
    return Rerating(baseline, demo)
