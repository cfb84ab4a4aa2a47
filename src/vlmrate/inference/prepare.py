"""From what a person wishes to a job that can be run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.errors import StoreError, StudyError
from vlmrate.inference.plan import select
from vlmrate.inference.runner import FailAfter, Job
from vlmrate.inference.store import REPORT_FOLDER, store_for
from vlmrate.protocol.likely import likely_prompts
from vlmrate.protocol.load import load_protocol
from vlmrate.raters.registry import RaterOptions, find_model, make_rater, memory_warning
from vlmrate.study.load import find_study, load_study
from vlmrate.study.names import plain_name_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vlmrate.raters.mlx.rater import Fidelity, PathChoice


@dataclass(frozen=True, slots=True)
class Arguments:
    """A command's arguments, and the names of those that were given rather than defaulted."""

    values: Mapping[str, str | int | float | bool | list[str] | None] = field(default_factory=dict)
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asks of `vlmrate infer`; None where the study or the model decides."""

    model: str
    study: Path | None = None
    protocol: str | None = None
    fidelity: Fidelity = "reference"
    path: PathChoice = "auto"
    temperature: float | None = None
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


def prepare(wishes: Wishes, tell: Callable[[str], None]) -> Job:
    """Load study, protocol and rater, cheapest first, so that a mistake shows before a large model is read.

    `tell` is given what a person should know before a long load: that memory may not suffice.

    Raises:
        VlmrateError: Anything asked for is missing or unsuitable.
    """
    study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
    protocol = load_protocol(wishes.protocol or study.protocol, study)
    stimuli = select(study, only=wishes.only, limit=wishes.limit)
    fail_after = parse_fail_after(wishes.fail_after)
    model = find_model(wishes.model, wishes.models_file)
    name = _rater_name(wishes.name or model.name)
    options = RaterOptions(wishes.fidelity, wishes.path, model.decoding(wishes.temperature))
    scarce = memory_warning(model)
    if scarce is not None:
        tell(scarce)
    return Job(
        study=study,
        protocol=protocol,
        rater=make_rater(model, options, likely_prompts(protocol, stimuli[0])),
        rater_name=name,
        store=store_for(study, name, protocol.name),
        stimuli=stimuli,
        repeats=wishes.repeats,
        seed=wishes.seed,
        fail_after=fail_after,
        fresh=wishes.fresh,
        arguments=wishes.arguments.values,
        passed=wishes.arguments.passed,
        note=model.entry.note,
        about=model.about,
    )


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


def _rater_name(name: str) -> str:
    problem = plain_name_problem(name)
    if name == REPORT_FOLDER:
        problem = "is where reports are written"
    if problem is not None:
        raise StoreError(f"the name {name!r} {problem}; give the rater another with --as")
    return name
