"""Files of printed values."""

from __future__ import annotations

import pytest

from vlmrate.errors import StudyError
from vlmrate.study.published import load_published

HEADER = "place,rater,item,level,group,statistic,printed,note\n"


def test_signs_missing_zeros_and_per_cent_are_understood(tmp_path):
    """The number behind what is printed: -.332 is -0.332, +1.26 is 1.26, 71.1 % is 0.711."""
    file = tmp_path / "mine.csv"
    rows = "".join(
        f"T,me,valence,,,mean,{printed},\n" for printed in ("-.332", "+1.26", "71.1 %", "\N{MINUS SIGN}2", "1")
    )
    file.write_text(HEADER + rows, encoding="utf-8")
    published = load_published(str(file))
    assert published.name == "mine"
    assert [value.value for value in published.values] == pytest.approx([-0.332, 1.26, 0.711, -2.0, 1.0])
    assert published.values[2].printed == "71.1 %"


def test_the_shipped_study_is_found_by_name():
    """tae2026 travels with vlmrate."""
    assert load_published("tae2026").name == "tae2026"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("tae2025", None, "did you mean 'tae2026'"),
        ("gone.csv", None, "there is no such file"),
        ("a.csv", "", "column place: the column is missing"),
        ("a.csv", HEADER.replace("printed", "value"), "row 1, column printed: the column is missing"),
        ("a.csv", HEADER + "T,me,valence,,,mean,nan,\n", "row 2, column printed: 'nan' is not a number"),
        ("a.csv", HEADER + "T,me,valence,,,mean,about 3,\n", "row 2, column printed: 'about 3' is not a number"),
        ("a.csv", HEADER + "T,me,valence,,,mode,3,\n", "row 2, column statistic: unknown statistic 'mode'"),
        ("a.csv", HEADER + "T,me,valence,sad,,r,.9,\n", "row 2, column level: 'sad' is given, but r is of no single"),
        ("a.csv", HEADER + "T,me,valence,,,bias,.9,\n", "row 2, column level: is empty; bias is of one level"),
        ("a.csv", HEADER + "T,me,emotion,sad,,share_of_valid,.9,\n", "row 2, column group: is empty"),
        ("a.csv", HEADER + "T,me,valence,,,alpha,.9,\n", "row 2, column rater: alpha is of people"),
        ("a.csv", HEADER + "\nT,me,valence\n", "row 3: has 3 cells where the header has 8 columns"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path, monkeypatch, name, content, told):
    """A wrong name, file, header, number or statistic is named with its place."""
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(StudyError, match=told):
        load_published(name)
