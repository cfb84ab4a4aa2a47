"""A run's folder: results/<study>/<rater>/<protocol>/ with a manifest, one JSON an image, and a list of failures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from vlmrate.errors import StoreError
from vlmrate.inference.derivation import Derivation
from vlmrate.inference.files import append_line, remove_temporaries, write_atomically
from vlmrate.inference.records import Failure, Manifest, Rating, Recipe
from vlmrate.protocol.native import DERIVED, IMPORTED, NATIVE
from vlmrate.study.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vlmrate.study.records import Study

# A folder set aside by --fresh ends in ~1, ~2, …; nothing reads it again. No rater and no protocol may be called so.
_SET_ASIDE = re.compile(r"~\d+$")
_REPEAT = "~"
_KINDS = {NATIVE: "answers by itself", IMPORTED: "was imported", DERIVED: "was derived"}
# Beside the raters' folders; no rater may be called that.
REPORT_FOLDER = "report"


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of one rater under one protocol."""

    folder: Path

    @property
    def ratings_folder(self) -> Path:
        """Where the ratings lie, a JSON file each."""
        return self.folder / "ratings"

    @property
    def lock_file(self) -> Path:
        """Held by the process that writes here; beside the folder, so that it stays when the folder is set aside."""
        return self.folder.with_name(f".{self.folder.name}.lock")

    def input_files(self) -> Iterator[Path]:
        """What an analysis reads here, and the folder of ratings: it is as old as the last rating added or removed."""
        yield from (self.folder / "manifest.json", self.ratings_folder)
        if self.derivation_file.is_file():
            yield self.derivation_file
        yield from sorted(self.ratings_folder.glob("*.json"))

    def open(self) -> None:
        """Make the folder, and clear what a killed run left half-written."""
        self.ratings_folder.mkdir(parents=True, exist_ok=True)
        remove_temporaries(self.folder)
        remove_temporaries(self.ratings_folder)

    def path(self, image_id: str, repeat: int) -> Path:
        """The file of one rating: <image_id>.json, and <image_id>~2.json for the second repeat."""
        suffix = f"{_REPEAT}{repeat}" if repeat > 1 else ""
        return self.ratings_folder / f"{image_id}{suffix}.json"

    def read(self, image_id: str, repeat: int) -> Rating | None:
        """The stored rating; None where there is none, or none that can be read as one."""
        return _read_rating(self.path(image_id, repeat))

    def write(self, rating: Rating) -> None:
        """Store one rating, whole or not at all."""
        write_atomically(self.path(rating.image_id, rating.repeat), rating.model_dump_json(indent=1) + "\n")

    def rating_files(self) -> Iterator[tuple[Path, Rating]]:
        """All readable ratings with their files, in the order of the files' names."""
        for file in sorted(self.ratings_folder.glob("*.json")):
            rating = _read_rating(file)
            if rating is not None:
                yield file, rating

    def manifest(self) -> Manifest | None:
        """The manifest, or None before the first run.

        Raises:
            StoreError: There is one, but it cannot be read.
        """
        file = self.folder / "manifest.json"
        if not file.is_file():
            return None
        try:
            return Manifest.model_validate_json(file.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise StoreError(
                f"{shown(file)} cannot be read ({where}: {first['msg']}); restore it, or pass --fresh to set it aside"
            ) from None

    def write_manifest(self, manifest: Manifest) -> None:
        """Store the manifest."""
        write_atomically(self.folder / "manifest.json", manifest.model_dump_json(indent=1) + "\n")

    @property
    def derivation_file(self) -> Path:
        """What a derived rater was made of; other raters have none."""
        return self.folder / "derivation.json"

    def derivation(self) -> Derivation | None:
        """What a derived rater was made of; None where nothing says so, or nothing that can be read."""
        try:
            return Derivation.model_validate_json(self.derivation_file.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write_derivation(self, derivation: Derivation) -> None:
        """Store what a derived rater was made of."""
        write_atomically(self.derivation_file, derivation.model_dump_json(indent=1) + "\n")

    def record_failure(self, failure: Failure) -> None:
        """Add one line to errors.jsonl."""
        append_line(self.folder / "errors.jsonl", failure.model_dump_json())

    def failures(self) -> tuple[Failure, ...]:
        """Every failure on record, a torn last line left out."""
        file = self.folder / "errors.jsonl"
        if not file.is_file():
            return ()
        return tuple(filter(None, map(_read_failure, file.read_bytes().splitlines())))

    def refuse_other_recipe(self, recipe: Recipe) -> None:
        """Never mix ratings made in different ways.

        Raises:
            StoreError: The folder holds ratings made with another recipe.
        """
        manifest = self.manifest()
        if manifest is not None and manifest.recipe != recipe:
            differences = "; ".join(manifest.recipe.differences(recipe))
            raise StoreError(f"{shown(self.folder)} holds ratings made in another way ({differences}). {WHAT_TO_DO}")

    def set_aside(self) -> Path | None:
        """Rename the folder so that a fresh run can begin; its new name, or None when there was nothing."""
        if not self.folder.exists():
            return None
        number = 1
        while (aside := self.folder.with_name(f"{self.folder.name}~{number}")).exists():
            number += 1
        self.folder.rename(aside)
        return aside


WHAT_TO_DO = "Pass --fresh to set them aside and begin anew, or --as NAME to keep both."


def store_for(study: Study, rater: str, protocol: str) -> Store:
    """The store of one rater under one protocol in a study's results."""
    return Store(study.results / study.name / rater / protocol)


def stores(study: Study) -> tuple[Store, ...]:
    """Every store of a study with a manifest, sorted by rater and protocol; folders set aside are left out."""
    manifests = sorted((study.results / study.name).glob("*/*/manifest.json"))
    return tuple(Store(file.parent) for file in manifests if not _SET_ASIDE.search(file.parent.name))


def refuse_taken_name(study: Study, rater: str, protocol: str) -> None:
    """Raters of different kinds never share a name, as one rater that was asked in different ways would.

    Raises:
        StoreError: Ratings of another kind (asked in words, native, imported, derived) are stored under the name.
    """
    for store in stores(study):
        there = store.folder.name
        if store.folder.parent.name == rater and _kind(there) != _kind(protocol):
            raise StoreError(
                f"there is a rater called {rater} already, which {_kind(there)} ({shown(store.folder)}); give this one "
                "another name with --as"
            )


def _kind(protocol: str) -> str:
    """What a rater under a protocol does, in words."""
    return _KINDS.get(protocol, "was asked in words")


def _read_rating(file: Path) -> Rating | None:
    try:
        return Rating.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _read_failure(line: bytes) -> Failure | None:
    try:
        return Failure.model_validate_json(line)
    except ValidationError:
        return None
