"""Attractiveness of real faces: the published ratings give the known intraclass correlations."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.stats import Bootstrap, Icc
from vlmrate.study.load import load_study

LONDON = Path(__file__).resolve().parents[3] / "shared" / "data" / "london"

STUDY = """\
name: london
stimuli: {data}/stimuli.csv
ratings: {data}/human_ratings.csv.gz
items:
  attractiveness: {{low: 1, high: 7}}
factors: {{emotion: emotion, identity: identity, groups: [race, gender]}}
protocol: independent
"""


@pytest.mark.slow
@pytest.mark.skipif(not LONDON.is_dir(), reason="the London faces and their ratings are not beside the repository")
def test_people_who_all_rated_all_faces_have_the_known_intraclass_correlations(tmp_path: Path, small) -> None:
    """256,326 ratings, no cell empty: ICC(2,1) .2398, ICC(3,1) .3349, ICC(2,k) .9987, as pingouin gives them.

    The rater is made up; what is asked of people does not depend on it.
    """
    (tmp_path / "study.yaml").write_text(STUDY.format(data=LONDON), encoding="utf-8")
    study = load_study(tmp_path / "study.yaml")
    rows = [small.row(s.image_id, "attractiveness", float(1 + n % 7)) for n, s in enumerate(study.stimuli)]
    analysis = analyze(study, small.results(rows), AnalysisOptions(bootstrap=Bootstrap(resamples=100)))
    (people,) = analysis.reliability
    assert isinstance(people.icc, Icc)
    assert (people.ratings, people.icc.n_units, people.icc.n_raters) == (256_326, 102, 2513)
    single, consistent, of_means = people.icc.agreement, people.icc.consistency, people.icc.agreement_k
    assert [round(x.value, 4) for x in (single, consistent, of_means)] == [0.2398, 0.3349, 0.9987]
    assert people.variance.rater.value > people.variance.image.value
    # Shares are those of the intraclass correlation, for no cell is missing.
    assert people.variance.image_share.value == pytest.approx(single.value, abs=1e-9)
    assert pd.notna(people.variance.rater_to_image.ci_high)
