"""analysis.json: the way out and the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import vlmrate.report
from vlmrate.errors import AnalysisError
from vlmrate.report.jsonfile import json_text, read_analysis
from vlmrate.report.jsonreader import from_json
from vlmrate.report.jsonschema import analysis_schema, schema_text
from vlmrate.stats import Estimate, Share, Skipped

SHIPPED = Path(vlmrate.report.__file__).parent / "schemas" / "analysis-4.schema.json"


def test_what_is_read_is_what_was_written(analysis, tmp_path):
    """An analysis read back equals the one written, and is written the same, to the byte."""
    file = tmp_path / "analysis.json"
    file.write_text(json_text(analysis), encoding="utf-8")
    read = read_analysis(file)
    assert read == analysis
    assert json_text(read) == file.read_text(encoding="utf-8")


def test_columns_and_records_of_plain_values_are_one_line(analysis):
    """Every image's answers to an item stand on a line, and so does an estimate: the file can be read and compared."""
    lines = json_text(analysis).splitlines()
    (ids,) = (line for line in lines if '"image_id": [' in line)
    assert ids.count("p0") == 48
    assert any(line.strip().startswith('"r": {"value": ') and line.rstrip(",").endswith("}") for line in lines)


def test_the_schema_that_is_shipped_is_that_of_the_records():
    """The file in the package is the one made from the annotations; `make schema` writes it anew."""
    assert SHIPPED.read_text(encoding="utf-8") == schema_text()


def test_an_analysis_is_valid_by_its_schema_and_a_changed_one_is_not(analysis):
    """jsonschema accepts what is written, and refuses an additional key and words in place of a number."""
    schema = analysis_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    content = json.loads(json_text(analysis))
    assert list(validator.iter_errors(content)) == []
    assert list(validator.iter_errors({**content, "more": 1}))
    assert list(validator.iter_errors({**content, "resampling": {**content["resampling"], "clusters": "eight"}}))


def changed(analysis, **fields):
    """analysis.json with some fields exchanged."""
    return json.dumps({**json.loads(json_text(analysis)), **fields})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not whole, or not JSON, from line 1"),
        ('{"schema": "vlmrate-analysis/4",\n "design": {', "is not whole, or not JSON, from line 2"),
        ("[1]", "it holds no JSON object"),
        ("{}", "is no analysis"),
        ('{"schema": "vlmrate-analysis/1"}', "of schema vlmrate-analysis/1, this version of vlmrate reads"),
        ('{"schema": "vlmrate-analysis/4"}', "it has no design"),
        ('{"schema": NaN}', "it holds NaN, which is no number"),
        ("[" * 100_000, "is not as vlmrate wrote it"),
    ],
)
def test_a_file_that_is_no_analysis_is_one_sentence(tmp_path, content, said):
    """What is wrong, where, and that analyze writes it anew."""
    file = tmp_path / "analysis.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(AnalysisError, match=said) as error:
        read_analysis(file)
    assert "run `vlmrate analyze` to write it anew" in str(error.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"more": 1}, "it has more, which is unknown"),
        ({"resampling": 3}, "resampling holds 3 in place of a record of bootstrap, clustered_by, clusters"),
        ({"runs": {}}, "runs holds a record in place of a list"),
        ({"bias": {"reason": "x"}}, "bias has no skipped"),
        ({"classification": [{"skipped": "x"}]}, r"classification\[0\] has no item"),
    ],
)
def test_an_edited_file_is_refused_with_the_place(analysis, tmp_path, fields, said):
    """A key too many, or a value of another kind, is named by its path."""
    file = tmp_path / "analysis.json"
    file.write_text(changed(analysis, **fields), encoding="utf-8")
    with pytest.raises(AnalysisError, match=said):
        read_analysis(file)


def renamed(content):
    """Another name of a run."""
    content["runs"][0]["name"] = "other"


def shortened(content):
    """One count less."""
    content["classification"][0]["raters"][0]["confusion"]["counts"][0].pop()


def unlabelled(content):
    """A label less."""
    content["classification"][0]["labels"].pop()


def fewer_images(content):
    """The last image left out."""
    content["images"]["image_id"].pop()


def endless(content):
    """A number that no float holds."""
    content["resampling"]["bootstrap"]["level"] = "1e999"


@pytest.mark.parametrize("edit", [renamed, shortened, unlabelled, fewer_images, endless])
def test_an_edit_that_keeps_every_type_is_refused(analysis, tmp_path, edit):
    """What no longer fits together is told from what vlmrate wrote, and never comes to a writer."""
    content = json.loads(json_text(analysis))
    edit(content)
    file = tmp_path / "analysis.json"
    file.write_text(json.dumps(content).replace('"1e999"', "1e999"), encoding="utf-8")
    with pytest.raises(AnalysisError, match=r"is not as vlmrate wrote it.*run `vlmrate analyze`"):
        read_analysis(file)


def test_a_file_set_otherwise_is_the_same_analysis(analysis, tmp_path):
    """The digest is of the content: neither the order of keys nor the space between them counts."""
    file = tmp_path / "analysis.json"
    file.write_text(json.dumps(json.loads(json_text(analysis)), indent=4, sort_keys=True), encoding="utf-8")
    assert read_analysis(file) == analysis


def test_a_missing_file_says_what_to_run(tmp_path):
    """Who asks for a report before an analysis learns of the command."""
    with pytest.raises(AnalysisError, match="is not there yet; run `vlmrate analyze` first"):
        read_analysis(tmp_path / "analysis.json")


def test_nothing_is_converted():
    """true is no number, 1.5 no whole number, and a record is told by its keys among several."""
    assert from_json({"skipped": "why"}, Estimate | Skipped) == Skipped("why")
    assert from_json([1, 2.5], tuple[float, ...]) == (1, 2.5)
    for content, kind in ((True, int), (1.5, int), ("1", float), (None, str), ([1], tuple[int, int])):
        with pytest.raises(AnalysisError, match="in place of"):
            from_json(content, kind)
    with pytest.raises(AnalysisError, match=r"numerator holds True"):
        from_json({"numerator": True, "denominator": 2, "scope": "x"}, Share)


def test_a_number_that_is_not_finite_is_never_written(analysis):
    """NaN in an analysis is a fault: it stops the writer with the place."""
    broken = replace(analysis.classification[0].raters[0].scores.accuracy, value=float("inf"))
    rater = analysis.classification[0].raters[0]
    item = replace(analysis.classification[0], raters=(replace(rater, scores=replace(rater.scores, accuracy=broken)),))
    with pytest.raises(AnalysisError, match=r"classification\[0\].raters\[0\].scores.accuracy.value"):
        json_text(replace(analysis, classification=(item,)))
