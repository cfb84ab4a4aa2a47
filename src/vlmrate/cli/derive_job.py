"""What `vlmrate derive` shows: what is made of what, what is missing, and where it lies."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vlmrate.derive.prepare import prepare, store
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from vlmrate.derive.prepare import Prepared, Wishes
    from vlmrate.inference.job import Finished


def derive_rater(wishes: Wishes, *, as_json: bool) -> int:
    """Make and store the rater and return the exit code: 0 done, 1 some images failed."""
    console = Console(highlight=False, stderr=as_json)
    prepared = prepare(wishes)
    _announce(console, prepared)
    finished = store(prepared)
    _conclude(console, prepared, finished)
    if as_json:
        sys.stdout.write(json.dumps(_summary(prepared, finished), indent=2) + "\n")
    return 1 if finished.progress.failed else 0


def _announce(console: Console, prepared: Prepared) -> None:
    job, record = prepared.job, prepared.made.derivation
    sources = "; ".join(f"{source.name} ({', '.join(source.items)})" for source in record.sources)
    what = f"[bold]{escape(job.rater_name)}[/] ({record.method}) is made of {escape(sources or 'ratings by people')}"
    console.print(f"{what}, for {len(job.stimuli):,} images of study {escape(job.study.name)}", soft_wrap=True)
    if record.held_out is not None:
        folds = len(set(record.folds.values()))
        alone = "" if record.held_out == "identity" else "; the study names no identities, so that folds are by image"
        console.print(f"  fitted in {folds:,} folds of whole {_plural(record.held_out)}{alone}", soft_wrap=True)
    if "knows" in job.about:
        console.print(f"  it knows {escape(job.about['knows'])}", soft_wrap=True)
    for note in prepared.notes:
        console.print(f"Note: {escape(note)}.", soft_wrap=True)


def _plural(held_out: str) -> str:
    return "identities" if held_out == "identity" else "images"


def _conclude(console: Console, prepared: Prepared, finished: Finished) -> None:
    folder, progress = escape(shown(prepared.job.store.folder)), finished.progress
    if finished.set_aside is not None:
        console.print(f"Earlier ratings are now in {escape(shown(finished.set_aside))}.", soft_wrap=True)
    if progress.already_rated == progress.total:
        console.print(f"Nothing to do: all {progress.total:,} ratings are in {folder}.", soft_wrap=True)
        return
    console.print(
        f"{progress.rated:,} ratings made, {progress.already_rated:,} were there already; {progress.failed:,} failed, "
        f"{progress.invalid_answers:,} answers are missing.",
        soft_wrap=True,
    )
    console.print(f"Ratings are in {folder}; derivation.json there says what they were made of.", soft_wrap=True)


def _summary(prepared: Prepared, finished: Finished) -> dict[str, str | int | list[str]]:
    job, progress = prepared.job, finished.progress
    return {
        "status": finished.status,
        "study": job.study.name,
        "rater": job.rater_name,
        "protocol": job.protocol.name,
        "method": prepared.made.derivation.method,
        "sources": [source.name for source in prepared.made.derivation.sources],
        "folder": str(job.store.folder),
        "total": progress.total,
        "already_rated": progress.already_rated,
        "rated": progress.rated,
        "failed": progress.failed,
        "missing_answers": progress.invalid_answers,
        "notes": list(prepared.notes),
    }
