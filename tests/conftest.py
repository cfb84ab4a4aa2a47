"""Small studies with known answers, built in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from vlmrate.inference.table import COLUMNS, Results, RunOutcome
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors, Item, Labels, Likert, Stimulus, Study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vlmrate.protocol.records import Forcing

# Where a change is judged the same examples are tried every time; at a desk new ones are sought.
settings.register_profile("judged", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("judged")

# On the small matrices of tests two BLAS threads wait for each other longer than they compute, the more so beside
# another worker. The variable is for the processes that tests start and for libraries loaded later.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
threadpool_limits(int(os.environ["OPENBLAS_NUM_THREADS"]), user_api="blas")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest come first (`--no-loadscope-reorder` keeps them there), so that at the end none is left
    that one worker goes on with while the others have nothing: by the time their tests are allowed, then slow ones."""
    allowed: dict[Path, tuple[float, bool]] = {}
    for item in items:
        limit, slow = item.get_closest_marker("timeout"), item.get_closest_marker("slow") is not None
        longest, any_slow = allowed.get(item.path, (0.0, False))
        allowed[item.path] = max(longest, limit.args[0] if limit else 0.0), any_slow or slow
    items.sort(key=lambda item: (-allowed[item.path][0], not allowed[item.path][1]))


EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
VALENCE = {"happy": 7.0, "sad": 3.0, "angry": 2.5, "fear": 3.5, "disgust": 2.5, "neutral": 5.0}
ITEMS = (
    Item("emotion", Labels(EMOTIONS), intended="emotion"),
    Item("valence", Likert(1, 9)),
    Item("arousal", Likert(1, 9)),
)
FACTORS = Factors("emotion", "identity", ("gender",))


@dataclass(frozen=True, slots=True)
class SmallStudies:
    """Makes studies, ratings by people and raters' results."""

    folder: Path

    def study(
        self,
        identities: int = 10,
        *,
        emotions: Sequence[str] = EMOTIONS,
        items: Sequence[Item] = ITEMS,
        ratings: HumanRatings | None = None,
        factors: Factors = FACTORS,
        simulated_people: bool = False,
    ) -> Study:
        """Every identity once in every emotion; ids such as p03_sad."""
        stimuli = tuple(
            Stimulus(
                f"p{who:03d}_{emotion}",
                self.folder / f"p{who:03d}_{emotion}.png",
                {"emotion": emotion, "identity": f"p{who:03d}", "gender": "fm"[who % 2]},
            )
            for who in range(identities)
            for emotion in emotions
        )
        return Study(
            name="small",
            file=self.folder / "study.yaml",
            stimuli=stimuli,
            items=tuple(items),
            factors=factors,
            ratings=ratings,
            protocol="context-carry",
            results=self.folder / "results",
            simulated_people=simulated_people,
        )

    def people(self, study: Study, people: int = 6, *, items: Sequence[str] = ("valence", "arousal")) -> HumanRatings:
        """People who rate each image about the typical value of its emotion; reproducible."""
        rng = np.random.default_rng(5)
        rows = [
            {
                "rater_id": f"h{person}",
                "image_id": stimulus.image_id,
                **{item: float(np.clip(round(self.typical(stimulus) + rng.normal(0, 1)), 1, 7)) for item in items},
            }
            for person in range(people)
            for stimulus in study.stimuli
        ]
        return HumanRatings(tuple(items), pd.DataFrame(rows), has_singles=True)

    def aggregated(self, ratings: HumanRatings) -> HumanRatings:
        """The same people, only their means, SDs and numbers kept."""
        tables = [ratings.means(item).reset_index().assign(item=item) for item in ratings.items]
        columns = ["image_id", "item", "mean", "sd", "n"]
        return HumanRatings(ratings.items, pd.concat(tables, ignore_index=True)[columns], has_singles=False)

    def typical(self, stimulus: Stimulus) -> float:
        return VALENCE[stimulus.factors["emotion"]]

    def results(
        self, *raters: Sequence[Mapping[str, object]], forces: Mapping[str, Mapping[str, Forcing]] | None = None
    ) -> Results:
        """Results of raters, each a list of rows as `row` makes them; `forces` says what protocols force."""
        table = pd.DataFrame([row for rows in raters for row in rows], columns=list(COLUMNS))
        table = table.astype({"expected": "float64", "valid_mass": "float64", "value": object})
        runs = [
            RunOutcome(
                rater=str(rows[0]["rater"]),
                protocol=str(rows[0]["protocol"]),
                planned=len({(row["image_id"], row["repeat"]) for row in rows}),
                rated=len({(row["image_id"], row["repeat"]) for row in rows}),
                failed=0,
                unreadable=0,
                settings={"kind": "table", "temperature": 0.0},
                forces=(forces or {}).get(str(rows[0]["protocol"]), {}),
            )
            for rows in raters
        ]
        return Results(table, tuple(runs))

    def row(self, image_id: str, item: str, value: object, **others: object) -> dict[str, object]:
        """One answer; whatever is not said is as of a first repeat by `model`."""
        plain: dict[str, object] = {
            "rater": "model",
            "protocol": "context-carry",
            "repeat": 1,
            "image_id": image_id,
            "item": item,
            "value": value,
            "expected": None,
            "route": "exact" if value is not None else "invalid",
            "clamped": False,
            "valid_mass": None,
            "unlisted": 0,
            "step": 1,
            "reasoning_tokens": None,
            "forced": None,
        }
        return plain | others

    def rater(
        self,
        study: Study,
        name: str = "model",
        *,
        bias: Mapping[str, float] | None = None,
        noise: float = 0.5,
        protocol: str = "context-carry",
        seed: int = 1,
    ) -> list[dict[str, object]]:
        """A rater that gives every label rightly and rates the typical value plus the bias of the emotion."""
        rng = np.random.default_rng(seed)
        rows = []
        for stimulus in study.stimuli:
            emotion = stimulus.factors["emotion"]
            for item in study.items:
                value: object = emotion
                if isinstance(item.scale, Likert):
                    shifted = self.typical(stimulus) + (bias or {}).get(emotion, 0.0) + rng.normal(0, noise)
                    value = float(np.clip(round(shifted), item.scale.low, item.scale.high))
                rows.append(self.row(stimulus.image_id, item.name, value, rater=name, protocol=protocol))
        return rows


@pytest.fixture
def small(tmp_path: Path) -> SmallStudies:
    """A maker of small studies."""
    return SmallStudies(tmp_path)


@pytest.fixture(scope="session")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> SmallStudies:
    """A maker of small studies whose folder all tests of a session share: for what takes long to make."""
    return SmallStudies(tmp_path_factory.mktemp("studies"))
