"""Every figure the tiny model is held to: `python -m vlmrate.tiny.evaluation [FOLDER] [--faces N]`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.resources import embedded_model_folder
from vlmrate.simulate.faces import EMOTIONS
from vlmrate.tiny import figures
from vlmrate.tiny.asking import TinyModel
from vlmrate.tiny.figures import Figure
from vlmrate.tiny.held_out import Asker, Face, Said, crossed_faces, held_out_faces
from vlmrate.tiny.no_faces import ALL_KINDS, no_face

if TYPE_CHECKING:
    from collections.abc import Sequence

OTHER_PROTOCOLS = ("human-wording", "independent", "context-carry-json", "single-shot")


def held_out_figures(model: TinyModel, count: int, people: int) -> list[Figure]:
    """The contract's figures for context-carry, on `count` faces and `people` crossed with every level."""
    asker = Asker(model)
    faces, crossed = held_out_faces(count), crossed_faces(people)
    said = asker.rate([face.image() for face in faces])
    said_crossed = asker.rate([face.image() for face in crossed])
    rng = np.random.default_rng([7, 41])
    others = asker.rate([no_face(rng, ALL_KINDS) for _ in range(max(count // 8, 24))])
    _print_details(faces, said, crossed, said_crossed)
    return [
        *figures.label_figures(faces, said),
        *figures.level_figures(crossed, said_crossed),
        *figures.rating_figures(faces, said),
        *figures.no_face_figures(said, others),
    ]


def protocol_figures(model: TinyModel, count: int) -> list[Figure]:
    """Accuracy and correlations under each of the other protocols, and under causal attention to the image."""
    faces = held_out_faces(count, seed=3)
    images = [face.image() for face in faces]
    rows = []
    ways = [(protocol, model) for protocol in OTHER_PROTOCOLS]
    ways.append(("context-carry", TinyModel(model.model, model.processor, two_way=False)))
    for protocol, way in ways:
        said = Asker(way, protocol).rate(images)
        name = protocol if way.two_way else f"{protocol}, causal image attention"
        wanted = [*figures.label_figures(faces, said), *figures.rating_figures(faces, said)]
        rows += [Figure(f"{name} | {figure.name}", figure.value) for figure in wanted if _told(figure.name)]
    return rows


def _told(name: str) -> bool:
    return any(part in name for part in ("accuracy on clear", "expected rating with", "within emotion", "mean mass"))


def _print_details(faces: Sequence[Face], said: Sequence[Said], crossed: Sequence[Face], again: Sequence[Said]) -> None:
    print("accuracy by emotion", {emotion: round(figures.accuracy_of(emotion, faces, said), 3) for emotion in EMOTIONS})
    levels = figures.level_accuracies(crossed, again)
    print("accuracy by level  ", {level: round(value, 3) for level, value in levels.items()})
    for confidence, crowd, number in figures.calibration_table(faces, said):
        print(f"confidence {confidence:.3f}  crowd's share {crowd:.3f}  n {number}")


def main() -> None:
    """Print the table; ends with the number of figures missed."""
    parser = argparse.ArgumentParser(description="Held-out figures of the embedded tiny model.")
    parser.add_argument("folder", type=Path, nargs="?", default=embedded_model_folder())
    parser.add_argument("--faces", type=int, default=1500)
    parser.add_argument("--people", type=int, default=300, help="people drawn at all six levels of skin and hair")
    parser.add_argument("--protocols", type=int, default=300, help="faces for the other protocols; 0 leaves them out")
    options = parser.parse_args()
    model = TinyModel.load(options.folder)
    table = held_out_figures(model, options.faces, options.people)
    if options.protocols:
        table += protocol_figures(model, options.protocols)
    for figure in table:
        print(figure)
    print("figures missed:", sum(not figure.met for figure in table))


if __name__ == "__main__":
    main()
