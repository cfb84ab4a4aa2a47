"""Files of what was found inside a model: they come back as they were, and the report shows what is in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from probe.planted import PlantedModel, planted_units
from vlmrate.analysis import analyze
from vlmrate.errors import ProbeError
from vlmrate.probe.found import Found
from vlmrate.probe.separability import Way, captures_separability
from vlmrate.report.foundfile import found_files, holds_numbers, read_found, write_found
from vlmrate.report.jsonfile import json_text, read_analysis
from vlmrate.report.outline import outline
from vlmrate.report.table import Part
from vlmrate.stats import Bootstrap, Skipped

if TYPE_CHECKING:
    from vlmrate.study.records import Study

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")


@pytest.fixture
def found(small, tmp_path) -> tuple[Study, Found]:
    """A study, and what separability found in a planted model of it."""
    units = planted_units(EMOTIONS, 12, {}, seed=0)
    model = PlantedModel(small.study(8), units, dict.fromkeys(EMOTIONS, 5.0))
    way = Way(permutations=19, bootstrap=Bootstrap(resamples=100))
    capture = model.capture(tmp_path / "c.safetensors")
    made = captures_separability([capture], model.study, ("emotion", "gender"), way, "answer/emotion")
    return model.study, Found(separability=made)


def test_what_was_found_is_read_back_as_it_was(found):
    """Equal records, also of two models; nothing where no command has run; the same command replaces its file."""
    study, made = found
    assert read_found(study) is None
    (file,) = write_found(made, study, "some/model:4bit")
    assert file == study.results / "small/some-model-4bit/probe/separability.json"
    assert read_found(study) == made
    write_found(made, study, "some/model:4bit")
    assert read_found(study) == made
    write_found(made, study, "zeta")
    assert read_found(study) == replace(made, separability=made.separability * 2)
    assert len(found_files(study)) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace('"images": 48', '"images": 47'), "its content does not fit its digest"),
        (lambda text: text.replace("vlmrate-found/1", "vlmrate-found/9"), "of schema vlmrate-found/9"),
        (lambda text: text[:200], "it is not whole, or not JSON"),
    ],
)
def test_a_file_that_was_changed_is_one_sentence(found, change, words):
    """What is wrong, in which file, and which command writes it anew."""
    study, made = found
    (file,) = write_found(made, study, "tiny")
    text = file.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    with pytest.raises(ProbeError, match=words) as error:
        read_found(study)
    assert "separability.json" in str(error.value)
    assert "run `vlmrate probe separability` again, or delete it" in str(error.value)


def test_the_report_has_a_section_of_what_was_found(found, small, tmp_path):
    """Tables, a figure and the standing note; analysis.json holds it; without any there is no such section."""
    study, made = found
    analysis = analyze(study, small.results(small.rater(study)))
    assert not any(section.part is Part.INSIDE for section in outline(analysis))
    analysis = replace(analysis, inside=made)
    (section,) = (section for section in outline(analysis) if section.part is Part.INSIDE)
    assert [entry.table.id for entry in section.tables] == ["separability", "separability-layers"]
    assert [entry.figure.id for entry in section.figures] == ["fig-separability"]
    assert "statistics of a network, not feelings" in section.lead[1]
    file = tmp_path / "analysis.json"
    file.write_text(json_text(analysis), encoding="utf-8")
    assert read_analysis(file) == analysis


def test_what_holds_no_number_is_told_from_what_does(found):
    """Skipped throughout is nothing computed; one estimate anywhere is something."""
    _, made = found
    assert holds_numbers(made)
    (outcome,) = made.separability
    skipped = tuple(replace(factor, found=Skipped("too few")) for factor in outcome.factors)
    assert not holds_numbers(Found(separability=(replace(outcome, factors=skipped),)))
    assert not holds_numbers(Found())
