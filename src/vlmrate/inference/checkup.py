"""What a study needs of a machine, and whether it is there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from packaging.requirements import Requirement

from vlmrate.errors import VlmrateError
from vlmrate.machine import machine, versions
from vlmrate.raters.mlx.model import MlxModel, mlx_problem
from vlmrate.raters.registry import find_model, models
from vlmrate.study.faults import shown
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vlmrate.raters.model import Model

Verdict = Literal["ok", "note", "missing"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `ok`, a `note` that does not stop anything, or `missing`."""

    name: str
    verdict: Verdict
    finding: str


def check_up(study: Path | None, cwd: Path, model: str | None) -> tuple[Check, ...]:
    """Platform, packages, memory, weights and study, each with what was found.

    Raises:
        RaterError: `model` names no model.
    """
    asked = (find_model(model),) if model else models()
    checks = [_platform(), *_packages(), _mlx()]
    checks.extend(check for one in asked for check in _ready(one, needed=model is not None))
    return (*checks, _study(study, cwd))


def _platform() -> Check:
    about = machine()
    finding = f"{about['system']}, {about['chip']}, {about['cores']} cores, {about.get('memory_gib', '?')} GiB memory"
    return Check("machine", "ok", finding)


def _packages() -> Iterator[Check]:
    found = versions()
    yield Check("versions", "ok", ", ".join(f"{name} {version}" for name, version in found.items()))
    for line in metadata.requires("vlmrate") or ():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        problem = _unmet(requirement)
        if problem:
            yield Check("package", "missing", problem)


def _unmet(requirement: Requirement) -> str | None:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is not installed; pip install '{requirement.name}{requirement.specifier}'"
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{requirement.name} {version} is installed, vlmrate needs {requirement.specifier}"
    return None


def _mlx() -> Check:
    problem = mlx_problem()
    if problem:
        return Check("mlx", "note", problem)
    import mlx.core as mx

    device = mx.default_device().type
    if device == mx.gpu:
        return Check("mlx", "ok", "runs on the graphics processor (Metal)")
    compiler = "" if shutil.which("g++") or shutil.which("clang++") else "; without a C++ compiler it is slower still"
    return Check("mlx", "note", f"runs on the processor: fine for tiny, slow for published models{compiler}")


def _ready(model: Model, *, needed: bool) -> Iterator[Check]:
    name = f"model {model.name}"
    missing = model.missing()
    if missing is not None:
        remedy = model.remedy()
        short = missing if needed or remedy is None else f"missing; {remedy}"
        yield Check(name, "missing" if needed else "note", short)
        return
    size = f"{model.weights_bytes() / 1e6:,.1f} MB of weights" if isinstance(model, MlxModel) else model.source
    yield Check(name, "ok", size)
    warning = model.warning()
    if warning is not None:
        yield Check(name, "note", warning)


def _study(option: Path | None, cwd: Path) -> Check:
    try:
        study = load_study(find_study(option, cwd))
    except VlmrateError as error:
        return Check("study", "missing" if option else "note", str(error))
    people = "no human ratings" if study.ratings is None else f"ratings of {', '.join(study.ratings.items)} by people"
    return Check("study", "ok", f"{study.name}: {len(study.stimuli):,} images, {people} ({shown(study.file)})")
