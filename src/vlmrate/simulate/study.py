"""The demo study: drawn faces, simulated people, and all that is true of them.

`python -m vlmrate.simulate.study` writes it anew to data/demo: the people and tables byte for byte, the pictures
too where Pillow is the same version.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import yaml

from vlmrate.simulate.faces import (
    EMOTIONS,
    HAIR_LEVELS,
    SKIN_LEVELS,
    Expression,
    Identity,
    draw_face,
    true_arousal,
    true_valence,
)
from vlmrate.simulate.people import (
    GroupEffect,
    ItemParameters,
    PeopleParameters,
    RatedImage,
    expected_ratings,
    simulate_people,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class FacesParameters:
    """Who is drawn and how strongly they express: identities of each skin x hair cell, intensities from low to high.

    Identities take the seeds from `first_identity_seed` on; the embedded model was trained on none of these.
    """

    seed: int
    first_identity_seed: int
    identities_a_cell: int
    faintest: float
    strongest: float


FACES = FacesParameters(
    seed=20251, first_identity_seed=1_000_000_000, identities_a_cell=4, faintest=0.15, strongest=1.0
)
PEOPLE = PeopleParameters(
    seed=20252,
    raters=120,
    images_a_rater=48,
    items=(
        ItemParameters(
            name="valence", low=1, high=9, spread=0.75, rater_sd=0.67, image_sd=0.3, noise_sd=1.1,
            groups=(GroupEffect("skin", "medium", -0.3),),
        ),
        ItemParameters(
            name="arousal", low=1, high=9, spread=0.55, rater_sd=0.83, image_sd=0.2, noise_sd=1.7,
            groups=(GroupEffect("hair", "long", 0.25),),
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnImage:
    """One picture of the study: who shows what, and the number of the photograph."""

    person_id: str
    person: Identity
    expression: Expression
    photograph: int

    @property
    def image_id(self) -> str:
        """Person and emotion, such as p07_fear."""
        return f"{self.person_id}_{self.expression.emotion}"

    def rated(self) -> RatedImage:
        """The picture as the simulated people meet it."""
        return RatedImage(
            image_id=self.image_id,
            identity=self.person_id,
            emotion=self.expression.emotion,
            factors={"skin": self.person.skin, "hair": self.person.hair},
            truth={"valence": true_valence(self.expression), "arousal": true_arousal(self.expression)},
        )


def demo_images(faces: FacesParameters = FACES) -> tuple[DrawnImage, ...]:
    """Every identity once in every emotion.

    Within each skin x hair x emotion cell the intensities are one draw from each of as many equal steps from
    faintest to strongest as the cell has identities, so that groups do not differ in intensity.
    """
    rng = np.random.default_rng(faces.seed)
    images: list[DrawnImage] = []
    number = 0
    for skin in SKIN_LEVELS:
        for hair in HAIR_LEVELS:
            cell = range(number, number + faces.identities_a_cell)
            people = [Identity.from_seed(faces.first_identity_seed + index, skin, hair) for index in cell]
            intensities = {emotion: _graded(faces, rng) for emotion in EMOTIONS}
            for place, (index, person) in enumerate(zip(cell, people, strict=True)):
                for photograph, emotion in enumerate(EMOTIONS):
                    expression = Expression(emotion, intensities[emotion][place])
                    images.append(DrawnImage(f"p{index + 1:02d}", person, expression, photograph))
            number += faces.identities_a_cell
    return tuple(images)


def _graded(faces: FacesParameters, rng: np.random.Generator) -> list[float]:
    """One intensity from each of equal steps, shuffled; two decimals."""
    steps = np.arange(faces.identities_a_cell) + rng.uniform(size=faces.identities_a_cell)
    graded = faces.faintest + (faces.strongest - faces.faintest) * steps / faces.identities_a_cell
    return [float(value) for value in np.round(rng.permutation(graded), 2)]


def stimuli_table(images: Sequence[DrawnImage]) -> pd.DataFrame:
    """The stimuli table: image_id, path, emotion, identity, skin, hair."""
    rows = [
        (image.image_id, f"images/{image.image_id}.jpg", image.expression.emotion, image.person_id,
         image.person.skin, image.person.hair)
        for image in images
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["image_id", "path", "emotion", "identity", "skin", "hair"])


def truth_table(images: Sequence[DrawnImage], people: PeopleParameters = PEOPLE) -> pd.DataFrame:
    """What is true of each image: identity seed, intensity, true valence and arousal, and what people expect."""
    rated = [image.rated() for image in images]
    table = pd.DataFrame(
        {
            "image_id": [image.image_id for image in images],
            "identity_seed": [image.person.seed for image in images],
            "intensity": [image.expression.intensity for image in images],
            "valence": [image.truth["valence"] for image in rated],
            "arousal": [image.truth["arousal"] for image in rated],
        }
    )
    expected = expected_ratings(rated, people).add_prefix("people_").reset_index(drop=True)
    return pd.concat([table, expected], axis=1).round(4)


def parameters_text(faces: FacesParameters = FACES, people: PeopleParameters = PEOPLE) -> str:
    """All numbers that made the study, as YAML."""
    written = {"simulated": True, "faces": asdict(faces), "people": asdict(people)}
    # Tuples become lists, which is all that plain YAML knows.
    return yaml.safe_dump(_plain(written), sort_keys=False, allow_unicode=True)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def write_demo(folder: Path) -> None:
    """Write stimuli, pictures, people's ratings, truth and parameters of the demo study into `folder`."""
    images = demo_images()
    pictures = folder / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    for image in images:
        drawn = draw_face(image.person, image.expression, image.photograph)
        drawn.save(pictures / f"{image.image_id}.jpg", quality=JPEG_QUALITY, optimize=True)
    (folder / "stimuli.csv").write_bytes(csv_bytes(stimuli_table(images)))
    (folder / "truth.csv").write_bytes(csv_bytes(truth_table(images)))
    (folder / "parameters.yaml").write_text(parameters_text(), encoding="utf-8")
    ratings = csv_bytes(simulate_people([image.rated() for image in images], PEOPLE))
    # Without a time or a name inside, the same ratings give the same file.
    (folder / "human_ratings.csv.gz").write_bytes(gzip.compress(ratings, compresslevel=9, mtime=0))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """The table as CSV, with the same line ends on every system."""
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue().encode()


def main() -> None:
    """Command line: write the demo study to a folder."""
    parser = argparse.ArgumentParser(description="Write the demo study anew (drawn faces, simulated people).")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("data/demo"), help="default: data/demo")
    folder: Path = parser.parse_args().folder
    write_demo(folder)
    sys.stdout.write(f"wrote {len(demo_images())} pictures and the ratings of {PEOPLE.raters} people to {folder}\n")


if __name__ == "__main__":
    main()
