"""Making a baseline of a job, and the job's present setting."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vlmrate import machine
from vlmrate.check.explain import Setting
from vlmrate.check.metrics import TOLD, metrics_of
from vlmrate.check.records import Baseline
from vlmrate.check.truth import truth_of
from vlmrate.protocol.native import NATIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.check.records import Chosen, Limits
    from vlmrate.check.rerate import Rerated
    from vlmrate.inference.job import Job
    from vlmrate.study.records import Stimulus

Value = TypeVar("Value", str, str | int | float | bool | None)


def setting_now(job: Job) -> Setting:
    """How the job rates, here and now."""
    wordless = job.protocol.name == NATIVE
    settings = {name: _placeless(value) for name, value in job.recipe.settings.items()}
    return Setting(
        recipe=job.recipe.model_copy(update={"settings": settings}),
        about={name: _placeless(value) for name, value in job.about.items()},
        prompts=() if wordless else tuple(step.template.outline for step in job.protocol.steps),
        versions=machine.versions(),
        machine=_machine(),
    )


def _machine() -> dict[str, str | int]:
    """The machine; of Linux without its release, which decides no answer and changes every month."""
    about = machine.machine()
    system = str(about["system"])
    return about | {"system": "Linux" if system.startswith("Linux ") else system}


def _placeless(value: Value) -> Value:
    """A setting without the folder or the server's address in it: a baseline goes where neither means anything."""
    if not isinstance(value, str):
        return value
    if "://" in value:
        return "an address"
    return Path(value).name if Path(value).is_absolute() else value


def make_baseline(
    job: Job, stimuli: Sequence[Stimulus], rated: Rerated, chosen: Chosen, limits: Limits, model: str | None
) -> Baseline:
    """The baseline of a subset as it was just rated."""
    items = [item.name for step in job.protocol.steps for item in step.asks]
    truth = truth_of(job.study, stimuli, items)
    now = setting_now(job)
    return Baseline(
        digest="",
        study=job.study.name,
        rater=job.rater_name,
        protocol=job.protocol.name,
        model=model,
        created=datetime.now(UTC).date().isoformat(),
        recipe=now.recipe,
        about=dict(now.about),
        prompts=now.prompts,
        versions=dict(now.versions),
        machine=dict(now.machine),
        memory_mib=rated.memory_mib,
        scales={item.name: item.answers for step in job.protocol.steps for item in step.asks},
        truth_sha256=truth.digest,
        chosen=chosen,
        limits=limits,
        bootstrap=TOLD,
        metrics=metrics_of(rated.images, truth),
        images=rated.images,
    )
