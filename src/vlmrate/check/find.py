"""Which baseline is meant, and where the outcome of a check goes, before any model is loaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.check.baseline import FOLDER, baseline_file, read_baseline
from vlmrate.errors import CheckError
from vlmrate.inference.prepare import usable_rater_name
from vlmrate.inference.store import REPORT_FOLDER
from vlmrate.protocol.native import NATIVE
from vlmrate.raters.registry import find_model
from vlmrate.study.faults import shown
from vlmrate.study.load import find_study, load_study

if TYPE_CHECKING:
    from vlmrate.inference.prepare import Wishes
    from vlmrate.study.records import Study


@dataclass(frozen=True, slots=True)
class Place:
    """A study, the baseline's file, and the wishes with the model named.

    `model` is what was named after --model, None for a folder; `output` is where outcomes are usually written.
    """

    study: Study
    wishes: Wishes
    file: Path
    model: str | None
    output: Path


def place_of(wishes: Wishes, baseline: Path | None, *, update: bool) -> Place:
    """Find the baseline; where no model is named, its file says which one it is of.

    Raises:
        VlmrateError: The study or the model is not there, or it is not clear which baseline is meant.
    """
    study = load_study(find_study(wishes.study, Path.cwd()), results=wishes.results)
    if not wishes.model:
        if update:
            raise CheckError("--update needs the model to make a baseline of; name it with --model")
        baseline = baseline or _only_one(study)
        wishes = _as_baseline_says(wishes, baseline)
    model = find_model(wishes.model, wishes.models_file)
    rater = usable_rater_name(wishes.name or model.rater_name)
    protocol = NATIVE if model.native else Path(wishes.protocol or study.protocol).name
    output = study.results / study.name / REPORT_FOLDER / "check" / f"{rater}-{protocol}"
    named = None if Path(wishes.model).expanduser().is_dir() else wishes.model
    return Place(study, wishes, baseline or baseline_file(study, rater, protocol), named, output)


def _only_one(study: Study) -> Path:
    found = sorted(FOLDER.glob(f"{study.name}-*.json"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise CheckError(
            f"there is no baseline of the study {study.name} in {FOLDER}; make one with "
            "`vlmrate check --update --model NAME`, or name one with --baseline"
        )
    names = ", ".join(file.name for file in found)
    raise CheckError(
        f"{FOLDER} has several baselines of the study {study.name} ({names}); name a --model or a --baseline"
    )


def _as_baseline_says(wishes: Wishes, file: Path) -> Wishes:
    baseline = read_baseline(file)
    if baseline.model is None:
        raise CheckError(f"{shown(file)} is of a model folder and does not say where that lies; name it with --model")
    return replace(wishes, model=baseline.model, name=wishes.name or baseline.rater)
