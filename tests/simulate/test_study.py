from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import krippendorff
import numpy as np
import pytest
import yaml
from PIL import Image, ImageChops

from vlmrate.simulate.faces import draw_face
from vlmrate.simulate.study import (
    FACES,
    PEOPLE,
    csv_bytes,
    demo_images,
    parameters_text,
    simulate_people,
    stimuli_table,
    truth_table,
)

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


def test_the_demo_study_on_disk_is_what_the_code_makes() -> None:
    """Stimuli, truth, people and parameters come out byte for byte as they lie in data/demo."""
    images = demo_images()
    people = simulate_people([image.rated() for image in images], PEOPLE)
    assert (DEMO / "stimuli.csv").read_bytes() == csv_bytes(stimuli_table(images))
    assert (DEMO / "truth.csv").read_bytes() == csv_bytes(truth_table(images))
    assert gzip.decompress((DEMO / "human_ratings.csv.gz").read_bytes()) == csv_bytes(people)
    assert (DEMO / "parameters.yaml").read_text(encoding="utf-8") == parameters_text()


@pytest.mark.parametrize("index", [0, 77, 143])
def test_the_pictures_on_disk_are_what_the_code_draws(index: int) -> None:
    """The pictures are the drawn ones, but for what JPEG loses (a little more or less with other Pillows)."""
    image = demo_images()[index]
    drawn = draw_face(image.person, image.expression, image.photograph)
    with Image.open(DEMO / "images" / f"{image.image_id}.jpg") as kept:
        difference = np.asarray(ImageChops.difference(drawn, kept.convert("RGB")), dtype=float)
    assert difference.mean() < 3


def test_the_design_is_balanced() -> None:
    """6 emotions x 3 skins x 2 hairs x 4 identities, every identity once in every emotion, ids all different."""
    images = demo_images()
    assert len({image.image_id for image in images}) == 144
    cells = Counter((image.expression.emotion, image.person.skin, image.person.hair) for image in images)
    assert len(cells) == 36
    assert set(cells.values()) == {4}
    seeds = {image.person.seed for image in images}
    assert seeds == set(range(FACES.first_identity_seed, FACES.first_identity_seed + 24))


def test_groups_do_not_differ_in_intensity() -> None:
    """Each quarter of the range of intensities is in every cell once, from faint to full."""
    quarter = (FACES.strongest - FACES.faintest) / 4
    cells: dict[tuple[str, str, str], list[int]] = {}
    for image in demo_images():
        place = min(int((image.expression.intensity - FACES.faintest + 1e-9) / quarter), 3)
        cells.setdefault((image.expression.emotion, image.person.skin, image.person.hair), []).append(place)
    # Intensities are rounded to two decimals, which may push one over the edge of its quarter.
    assert np.mean([sorted(places) == [0, 1, 2, 3] for places in cells.values()]) > 0.9


@pytest.mark.parametrize(("item", "low", "high"), [("valence", 0.44, 0.54), ("arousal", 0.15, 0.27)])
def test_the_people_agree_about_as_much_as_people_do(item: str, low: float, high: float) -> None:
    """Ordinal alpha of the demo's people lies near .5 for valence and .2 for arousal."""
    people = simulate_people([image.rated() for image in demo_images()], PEOPLE)
    wide = people.pivot(index="rater_id", columns="image_id", values=item).to_numpy(float)
    assert low < krippendorff.alpha(wide, level_of_measurement="ordinal") < high


def test_the_parameters_are_published_whole() -> None:
    """parameters.yaml says that all is simulated and holds the planted effects."""
    published = yaml.safe_load((DEMO / "parameters.yaml").read_text(encoding="utf-8"))
    assert published["simulated"] is True
    assert published["people"]["items"][0]["groups"] == [{"factor": "skin", "level": "medium", "shift": -0.3}]


def test_the_pictures_are_small() -> None:
    """All 144 pictures together stay below 3 MB, so that the repository stays light."""
    files = list((DEMO / "images").glob("*.jpg"))
    assert len(files) == 144
    assert sum(file.stat().st_size for file in files) < 3_000_000
