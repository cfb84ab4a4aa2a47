"""From what a person wishes to a job that can be run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import RaterError, StoreError, StudyError
from vlmrate.inference.job import FailAfter, Job
from vlmrate.inference.plan import select
from vlmrate.inference.store import REPORT_FOLDER, refuse_taken_name, store_for
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.protocol.native import native_protocol
from vlmrate.raters.model import Request
from vlmrate.raters.registry import find_model
from vlmrate.study.load import find_study, load_study
from vlmrate.study.names import plain_name_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vlmrate.protocol.records import Protocol
    from vlmrate.raters.model import Fidelity, Model, PathChoice
    from vlmrate.study.records import Stimulus, Study

HOTTEST = 2.0
"""The highest temperature that can be asked for."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """A command's arguments, and the names of those that were given rather than defaulted."""

    values: Mapping[str, str | int | float | bool | list[str] | None] = field(default_factory=dict)
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asks of `vlmrate infer`; None where the study or the model decides.

    `protocol` and `temperature` may name several, with a comma between: every protocol is then asked at every
    temperature.
    """

    model: str
    study: Path | None = None
    protocol: str | None = None
    fidelity: Fidelity | None = None
    path: PathChoice | None = None
    temperature: str | None = None
    thinking_tokens: int | None = None
    url: str | None = None
    parallel: int | None = None
    max_cost: float | None = None
    seed: int = 0
    repeats: int = 1
    limit: int | None = None
    only: tuple[str, ...] = ()
    fail_after: str | None = None
    fresh: bool = False
    name: str | None = None
    results: Path | None = None
    models_file: Path | None = None
    arguments: Arguments = field(default_factory=Arguments)


def prepare(wishes: Wishes, tell: Callable[[str], None]) -> tuple[Job, ...]:
    """Load study, protocols and rater, cheapest first, so that a mistake shows before a large model is read.

    One job for every protocol and temperature. `tell` is given what a person should know before a long load: that
    memory may not suffice.

    Raises:
        VlmrateError: Anything asked for is missing or unsuitable.
    """
    study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
    model = find_model(wishes.model, wishes.models_file)
    protocols = _protocols(wishes, model, study)
    stimuli = select(study, only=wishes.only, limit=wishes.limit)
    fail_after = parse_fail_after(wishes.fail_after)
    temperatures = parse_temperatures(wishes.temperature)
    if wishes.max_cost is not None and not model.priced:
        raise RaterError(f"--max-cost needs prices, and models.yaml has none for {model.name}; add them there")
    warning = model.warning()
    if warning is not None:
        tell(warning)
    ways = [(protocol, temperature) for protocol in protocols for temperature in temperatures]
    names = [_rater_name(wishes, model, temperature, several=len(temperatures) > 1) for _, temperature in ways]
    for (protocol, _), name in zip(ways, names, strict=True):
        refuse_taken_name(study, name, protocol.name)
    raters = model.make([_request(wishes, study, protocol, stimuli[0], degrees) for protocol, degrees in ways])
    return tuple(
        Job(
            study=study,
            protocol=protocol,
            rater=rater,
            rater_name=name,
            store=store_for(study, name, protocol.name),
            stimuli=stimuli,
            repeats=wishes.repeats,
            seed=wishes.seed,
            fail_after=fail_after,
            max_cost=wishes.max_cost,
            fresh=wishes.fresh,
            arguments=wishes.arguments.values,
            passed=wishes.arguments.passed,
            note=model.note,
            about=model.about,
        )
        for (protocol, _), name, rater in zip(ways, names, raters, strict=True)
    )


def _protocols(wishes: Wishes, model: Model, study: Study) -> tuple[Protocol, ...]:
    if model.native:
        if wishes.protocol is not None:
            raise RaterError(f"{model.name} answers by itself and is not asked in words; leave --protocol out")
        return (native_protocol(model.answers(study.items)),)
    names = _listed(wishes.protocol, "--protocol") if wishes.protocol is not None else [study.protocol]
    return tuple(load_protocol(name, study) for name in names)


def _request(
    wishes: Wishes, study: Study, protocol: Protocol, stimulus: Stimulus, temperature: float | None
) -> Request:
    return Request(
        items=study.items,
        likely_prompts=likely_prompts(protocol, stimulus),
        fidelity=wishes.fidelity,
        path=wishes.path,
        temperature=temperature,
        thinking_tokens=wishes.thinking_tokens,
        parallel=wishes.parallel,
        url=wishes.url,
    )


def parse_temperatures(text: str | None) -> tuple[float | None, ...]:
    """Read "0,0.7" as two temperatures; (None,) where none is given.

    Raises:
        StudyError: One of them is no number from 0 to 2, or stands there twice.
    """
    if text is None:
        return (None,)
    found = []
    for word in _listed(text, "--temperature"):
        if re.fullmatch(r"\d+(\.\d*)?|\.\d+", word) is None or float(word) > HOTTEST:
            raise StudyError(f"--temperature {text!r}: {word!r} is no number from 0 to {HOTTEST:g}")
        found.append(float(word))
    if len(set(found)) < len(found):
        raise StudyError(f"--temperature {text!r} names one temperature twice; name each once")
    return tuple(found)


def _listed(text: str, option: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise StudyError(f"{option} {text!r} has an empty place between its commas; name one or more")
    if len(set(words)) < len(words):
        raise StudyError(f"{option} {text!r} names the same twice; name each once")
    return words


def parse_fail_after(text: str | None) -> FailAfter:
    """Read "10" as a count of images and "5%" as a share of those asked for.

    Raises:
        StudyError: The text is neither.
    """
    if text is None:
        return FailAfter()
    found = re.fullmatch(r"(\d+(?:\.\d+)?)%|([1-9]\d*)", text.strip())
    if found is None:
        raise StudyError(f"--fail-after {text!r} is neither a number of images (10) nor a share of them (5%)")
    share, count = found.groups()
    return FailAfter(share=float(share) / 100) if share is not None else FailAfter(count=int(count))


def _rater_name(wishes: Wishes, model: Model, temperature: float | None, *, several: bool) -> str:
    """The name that ratings are stored under; of several temperatures all but the model's own are in it."""
    name = wishes.name or model.rater_name
    if several and temperature is not None and temperature != model.temperature:
        name = f"{name}-t{temperature:g}"
    return usable_rater_name(name)


def usable_rater_name(name: str) -> str:
    """The name, if ratings can be stored under it.

    Raises:
        StoreError: They cannot.
    """
    problem = plain_name_problem(name)
    if name == REPORT_FOLDER:
        problem = "is where reports are written"
    if problem is not None:
        raise StoreError(f"the name {name!r} {problem}; give the rater another with --as")
    return name
