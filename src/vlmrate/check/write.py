"""Writing what a check found: JSON, JUnit XML, Markdown with thumbnails, the history's figure, a step's summary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vlmrate.check.figure import save_history
from vlmrate.check.junit import junit_text
from vlmrate.check.markdown import markdown_text
from vlmrate.check.thumbnails import write_thumbnails
from vlmrate.errors import CheckError
from vlmrate.inference.files import write_atomically
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vlmrate.check.history import Tracked
    from vlmrate.check.outcome import Outcome
    from vlmrate.study.records import Stimulus

JSON, JUNIT, MARKDOWN = "check.json", "check.xml", "check.md"


def clear(folder: Path) -> None:
    """Remove what an earlier check wrote: a check that cannot be carried out must not leave its pass behind.

    Raises:
        CheckError: A file cannot be removed.
    """
    try:
        for name in (JSON, JUNIT, MARKDOWN):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise CheckError(f"{shown(folder)} cannot be written: {error.strerror or error}") from None


def write_outcome(
    folder: Path,
    outcome: Outcome,
    stimuli: Sequence[Stimulus],
    series: Sequence[Tracked],
    *,
    strict: bool,
    fail_undecided: bool,
    summary: str | None,
) -> tuple[Path, ...]:
    """Write every form; `summary` names the file that a step's summary is added to, None where there is none.

    Raises:
        CheckError: A file cannot be written.
    """
    most = [image.image_id for image in outcome.most_changed]
    by_id = {stimulus.image_id: stimulus for stimulus in stimuli}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        links = write_thumbnails(folder, [by_id[image_id] for image_id in most])
        figure = save_history(folder, series)
        forms = {
            JSON: outcome.model_dump_json(indent=1) + "\n",
            JUNIT: junit_text(outcome, strict=strict, fail_undecided=fail_undecided),
            MARKDOWN: markdown_text(outcome, links, figure[-1].name),
        }
        for name, text in forms.items():
            write_atomically(folder / name, text)
        if summary:
            with Path(summary).open("a", encoding="utf-8") as stream:
                stream.write(markdown_text(outcome, {}))
    except OSError as error:
        raise CheckError(f"{error.filename or shown(folder)} cannot be written: {error.strerror or error}") from None
    return (*(folder / name for name in forms), *figure)
