"""From wishes to jobs: a job for every protocol at every temperature, and mistakes said before a model is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vlmrate.errors import RaterError, StoreError, StudyError, VlmrateError
from vlmrate.inference import prepare as module
from vlmrate.inference.prepare import Wishes, parse_temperatures, prepare
from vlmrate.raters.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.raters.base import Rater
    from vlmrate.raters.model import Request
    from vlmrate.study.records import Study


class Recording(Model):
    """A model whose raters answer from a script; it keeps what it was asked to make."""

    kind = "scripted"
    source = "here"
    temperature = 0.7

    def __init__(self, scripted: type) -> None:
        super().__init__("some:model")
        self.made: list[tuple[Request, ...]] = []
        self._scripted = scripted

    def make(self, requests: Sequence[Request]) -> tuple[Rater, ...]:
        self.made.append(tuple(requests))
        return tuple(self._scripted(temperature=request.temperature or 0.0) for request in requests)


@pytest.fixture
def model(scripted: type, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """The model that every name finds."""
    made = Recording(scripted)
    monkeypatch.setattr(module, "find_model", lambda *_: made)
    return made


def jobs(study: Study, **wishes: object) -> list[tuple[str, str, object]]:
    """Rater, protocol and temperature of every job."""
    made = prepare(Wishes(model="some:model", study=study.file, **wishes), lambda _: None)  # type: ignore[arg-type]
    return [(job.rater_name, job.protocol.name, job.rater.settings["temperature"]) for job in made]


def test_every_protocol_is_asked_at_every_temperature(study: Study, model: Recording) -> None:
    """Two by two: four jobs, protocol by protocol; the model's own temperature (0.7) goes unnamed, others are named."""
    assert jobs(study, protocol="context-carry, independent", temperature="0,0.7") == [
        ("model-t0", "context-carry", 0.0),
        ("model", "context-carry", 0.7),
        ("model-t0", "independent", 0.0),
        ("model", "independent", 0.7),
    ]


def test_the_model_is_made_once_for_the_whole_grid(study: Study, model: Recording) -> None:
    """All raters are made together, so that they can share what they see; each is told its own likely prompts."""
    jobs(study, protocol="context-carry,single-shot", temperature="0,1.5", repeats=3)
    (requests,) = model.made
    assert [request.temperature for request in requests] == [0.0, 1.5, 0.0, 1.5]
    assert requests[0].likely_prompts == requests[1].likely_prompts != requests[2].likely_prompts
    assert all(len(request.items) == 3 for request in requests)


def test_one_temperature_leaves_the_name_alone(study: Study, model: Recording) -> None:
    """A name tells temperatures apart only where there are several; --as replaces the model's part of it."""
    assert jobs(study, temperature="0") == [("model", "context-carry", 0.0)]
    assert [name for name, *_ in jobs(study, temperature="0.7,1.2", name="mine")] == ["mine", "mine-t1.2"]


def test_what_is_left_out_is_the_studys_and_the_models(study: Study, model: Recording) -> None:
    """No protocol: the study's; no temperature: the model decides."""
    assert [entry[:2] for entry in jobs(study)] == [("model", "context-carry")]
    assert model.made[0][0].temperature is None


def test_every_job_has_the_same_images_repeats_and_seed(study: Study, model: Recording) -> None:
    """What is asked for holds in the whole grid, and each job has a folder of its own."""
    wishes = Wishes(
        model="some:model", study=study.file, protocol="context-carry,anchor", repeats=2, seed=4, only=("a_*",), limit=1
    )
    made = prepare(wishes, lambda _: None)
    assert {(job.repeats, job.seed, tuple(s.image_id for s in job.stimuli)) for job in made} == {(2, 4, ("a_happy",))}
    assert len({job.store.folder for job in made}) == 2


@pytest.mark.parametrize(
    ("wishes", "error", "said"),
    [
        ({"protocol": "context-carry,"}, StudyError, "empty place between its commas"),
        ({"protocol": "independent,independent"}, StudyError, "names the same twice"),
        ({"protocol": "context-carry,single-shto"}, VlmrateError, "did you mean 'single-shot'?"),
        ({"temperature": "0,0.0"}, StudyError, "one temperature twice"),
        ({"temperature": "0,2.5"}, StudyError, "'2.5' is no number from 0 to 2"),
        ({"temperature": "0;1"}, StudyError, "is no number"),
        ({"name": "a/b", "temperature": "0,1"}, StoreError, "give the rater another with --as"),
        ({"name": "report"}, StoreError, "is where reports are written"),
        ({"max_cost": 1.0}, RaterError, "--max-cost needs prices"),
    ],
)
def test_a_mistake_is_said_before_the_model_is_made(
    study: Study, model: Recording, wishes: dict[str, object], error: type[VlmrateError], said: str
) -> None:
    """Lists that cannot be read, unknown protocols and unusable names stop the run while nothing is loaded."""
    with pytest.raises(error, match=said.replace("?", r"\?")):
        jobs(study, **wishes)
    assert model.made == []


@pytest.mark.parametrize(
    ("text", "found"), [(None, (None,)), ("0", (0.0,)), ("0, .7 ,2", (0.0, 0.7, 2.0)), ("1.", (1.0,))]
)
def test_temperatures_are_read(text: str | None, found: tuple[float | None, ...]) -> None:
    """Numbers with commas between, in their order."""
    assert parse_temperatures(text) == found


@pytest.mark.parametrize(
    ("folder", "said"), [("imported", "was imported"), ("derived", "was derived"), ("native", "answers by itself")]
)
def test_a_name_that_a_rater_of_another_kind_has_is_refused(
    study: Study, model: Recording, folder: str, said: str
) -> None:
    """While nothing is loaded; what was set aside takes no name, and another protocol of the same rater is no clash."""
    taken = study.results / study.name / "mine"
    for name in ("context-carry", f"{folder}~1"):
        (taken / name).mkdir(parents=True)
        (taken / name / "manifest.json").write_text("{}", encoding="utf-8")
    assert len(jobs(study, name="mine", protocol="context-carry,independent")) == 2
    (taken / f"{folder}~1").rename(taken / folder)
    model.made.clear()
    with pytest.raises(StoreError, match=f"there is a rater called mine already, which {said} "):
        jobs(study, name="mine")
    assert model.made == []
