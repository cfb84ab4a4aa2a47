"""vlmrate probe bias: planted angles and answers are found, and labels that go together make none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binom
from typer.testing import CliRunner

from probe.in_memory import DIGEST, captured, of_pictures, of_texts
from probe.planted import PlantedModel, planted_units
from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.cli.main import app
from vlmrate.inference.files import write_atomically
from vlmrate.inference.records import Answer, AskedStep, Manifest, Rating, Recipe
from vlmrate.inference.store import Store
from vlmrate.probe.angles import BiasFound, BiasOutcome
from vlmrate.probe.answered import Answered, answered
from vlmrate.probe.bias import Beside, capture_bias
from vlmrate.probe.direction import effects
from vlmrate.probe.found import Found
from vlmrate.probe.prior import NO_TEXTS
from vlmrate.probe.separability import Way
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.render import drawing, save
from vlmrate.report.foundfile import read_found
from vlmrate.report.tables.inside import inside_tables
from vlmrate.stats import Bootstrap, Estimate, Outcome, Skipped
from vlmrate.study.load import load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probe.in_memory import InMemory
    from vlmrate.probe.arms import Answers
    from vlmrate.study.records import Study

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = Way(permutations=199, bootstrap=Bootstrap(resamples=400))
FEWEST = Way(permutations=199, bootstrap=Bootstrap(resamples=20))
NO_ANSWERS = Skipped("nobody was asked")
REPOSITORY = Path(__file__).resolve().parents[2]


def planted(study: Study, cosine: float, readout: float = 0.0, seed: int = 0) -> PlantedModel:
    """Women at a cosine to what sets happy apart; `readout` is how far along women happy's logit is read besides."""
    units = planted_units([*EMOTIONS, "aside"], 32, {}, seed=3)
    moved = np.array([units[name] for name in EMOTIONS])
    apart = moved[0] - moved.mean(axis=0)
    aside = units.pop("aside")
    women = cosine * apart / np.linalg.norm(apart) + np.sqrt(1 - cosine**2) * aside
    return PlantedModel(
        study,
        units | {"gender=f": women},
        dict.fromkeys(EMOTIONS, 4.0) | {"gender=f": 3.0},
        seed=seed,
        own=0.25,
        readout={"happy": units["happy"] + readout * aside} if readout else {},
        gain=0.5,
    )


def answers_of(model: PlantedModel) -> Answered:
    """What the planted model answers, by probability."""
    from vlmrate.probe.arms import UNCHANGED

    made: Answers = model.rate(model.study.stimuli, [UNCHANGED])
    labels = made.items["emotion"]
    ratings = {name: made.items[name].spoken[0] for name in ("valence", "arousal")}
    return Answered("planted", "context-carry", "emotion", labels.item.answers, labels.probability[0], True, ratings)


def told(study: Study, capture: InMemory, given: Answered | Skipped = NO_ANSWERS, way: Way = QUICK,
         texts: Sequence[InMemory] = (), layer: int | None = None) -> BiasFound:  # fmt: skip
    """What is found in the one array of a capture."""
    (outcome,) = capture_bias(capture, study, Beside(texts, given), way, layer=layer)  # type: ignore[arg-type]  # stand in for captures
    assert isinstance(outcome.found, BiasFound), outcome.found
    return outcome.found


def value(outcome: Outcome | None) -> float:
    """The number of an estimate."""
    assert isinstance(outcome, Estimate), outcome
    return outcome.value


def holds(outcome: Outcome | None, truth: float) -> bool:
    """Whether an interval holds a number."""
    return isinstance(outcome, Estimate) and outcome.ci_low <= truth <= outcome.ci_high


@pytest.fixture
def study(small) -> Study:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Sixty identities in six emotions, every second a woman."""
    return small.study(60)


def test_a_planted_angle_is_found_without_noise(study: Study) -> None:
    """Women at .5 to happy: the cosine holds it once noise is accounted for, and so do those with the others."""
    found = told(study, captured(planted(study, 0.5)))
    assert (found.layer, found.chosen, found.identities, found.images) == (3, True, 30, 180)
    assert [cell.group for cell in found.cells] == ["gender=f"] * 6  # men are the mirror
    cells = {cell.emotion: cell for cell in found.cells}
    happy = cells["happy"]
    assert 0.35 < value(happy.cosine) < 0.55
    assert holds(happy.unattenuated, 0.5)
    assert abs(value(happy.unattenuated)) > abs(value(happy.cosine))
    assert happy.p_holm <= 0.05
    for name in EMOTIONS[1:]:
        assert holds(cells[name].unattenuated, -0.1)  # effects of emotions sum to zero
    assert found.random == pytest.approx(0.343, abs=0.01)
    assert found.dealt < 0.6


def test_labels_that_go_together_make_no_cosine(study: Study) -> None:
    """Women show happy and men do not, mostly: plain means of the groups differ, directions do not."""
    model = planted(study, 0.0)
    rare = {s.image_id for s in study.stimuli
            if (s.factors["gender"], s.factors["emotion"]) in {("m", "happy"), ("f", "sad")}
            and int(s.factors["identity"][1:]) % 10 > 1}  # fmt: skip
    kept = tuple(s for s in study.stimuli if s.image_id not in rare)
    some = replace(study, stimuli=kept)
    rows = [s.image_id for s in kept]
    values = model.stream(rows)
    genders = np.array([s.factors["gender"] for s in kept], dtype=object)
    plain = effects(genders).of(values[:, 3])[0]
    apart = model.units["happy"] - model.units["sad"]
    assert plain @ apart / np.linalg.norm(plain) / np.sqrt(2) > 0.2
    found = told(some, of_pictures(values, rows), layer=3)
    cells = {cell.emotion: cell for cell in found.cells}
    assert all(cells[name].p_holm > 0.05 for name in ("happy", "sad"))
    assert all(abs(value(cells[name].cosine)) < 0.1 for name in ("happy", "sad"))


def test_answers_go_with_angles_only_where_they_are_read_along_them(study: Study) -> None:
    """Women are called happy more often both ways; only where women lie along happy does the cosine say so."""
    for cosine, readout in ((0.5, 0.0), (0.0, 1.0)):
        model = planted(study, cosine, readout)
        found = told(study, captured(model), answers_of(model))
        cells = {cell.emotion: cell for cell in found.cells}
        label = cells["happy"].label
        assert isinstance(label, Estimate)
        assert label.ci_low > 0.02
        assert (cells["happy"].p_holm <= 0.05) == (cosine > 0)
        (labels, texts, _) = found.correspondences
        assert (labels.first, labels.second, labels.cells) == ("pictures", "labels", 6)
        assert labels.p_holm == labels.p
        assert labels.p is not None
        assert "no capture of texts" in str(texts.rho)


def test_rank_correlation_is_found_over_cells_where_every_cell_is_answered_by_its_angle(study: Study) -> None:
    """Women at another angle to every emotion, and answers read along the emotions: rho is high and p low."""
    units = planted_units(EMOTIONS, 32, {}, seed=3)
    women = np.linspace(-1, 1, 6) @ np.array([units[name] for name in EMOTIONS])
    model = PlantedModel(
        study, units | {"gender=f": women / np.linalg.norm(women)},
        dict.fromkeys(EMOTIONS, 4.0) | {"gender=f": 3.0}, own=0.25, gain=0.3,
    )  # fmt: skip
    (labels, *_) = told(study, captured(model), answers_of(model)).correspondences
    assert value(labels.rho) > 0.8
    assert labels.p is not None
    assert labels.p <= 0.05


@pytest.mark.slow
def test_nothing_is_found_where_nothing_was_planted(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Over 200 seeds: cosines from pictures (Holm), and rank correlations of pictures and of texts with answers."""
    most = binom.ppf(0.999, 200, 0.05)
    few = small.study(16)
    rows = [s.image_id for s in few.stimuli]
    cosines = alike = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        emotions = np.tile(2 * rng.normal(size=(6, 1, 10)), (16, 1, 1))
        own = rng.normal(size=(16, 1, 10)).repeat(6, axis=0)
        values = emotions + own + rng.normal(size=(96, 1, 10))
        # What sets identities apart acts on their answers: dealing groups between them must account for it.
        logits = values[:, 0] @ rng.normal(size=(10, 6))
        given = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        answers = Answered("planted", "context-carry", "emotion", EMOTIONS, given, True, {})
        texts = of_texts(rng.normal(size=(32, 1, 10)), [*EMOTIONS, "gender=f", "gender=m"] * 4)
        found = told(few, of_pictures(values, rows), answers, replace(FEWEST, seed=seed), [texts])
        cosines += min(cell.p_holm for cell in found.cells) <= 0.05
        alike += min(one.p_holm or 1.0 for one in found.correspondences) <= 0.05
    assert cosines <= most
    assert alike <= most


def test_the_languages_prior_is_found_in_texts(study: Study) -> None:
    """Words for women lie at .6 to words for sad; emotions and groups may stand in two captures."""
    model = planted(study, 0.0)
    rng = np.random.default_rng(0)
    units = np.array([model.units[name] for name in EMOTIONS])
    sad = units[1] - units.mean(axis=0)
    women = 0.6 * sad / np.linalg.norm(sad) + 0.8 * model.units["gender=f"]
    concepts = list(EMOTIONS) * 20
    emotions = np.array([3 * model.units[name] for name in concepts])[:, None] + 0.1 * rng.normal(size=(120, 4, 32))
    of = ["gender=f", "gender=m"] * 20
    groups = np.array([2 * women * (name == "gender=f") for name in of])[:, None] + 0.1 * rng.normal(size=(40, 4, 32))
    both = [of_texts(emotions, concepts), of_texts(groups, of, "text-groups")]
    found = told(study, captured(model), texts=both)
    assert found.texts == 160
    cells = {cell.emotion: cell for cell in found.cells}
    assert holds(cells["sad"].text, 0.6)
    assert cells["sad"].text_p == 0.005
    assert cells["sad"].text_p_holm == pytest.approx(0.03)
    assert abs(value(cells["sad"].cosine)) < 0.3
    assert abs(value(cells["happy"].text) + 0.6 / 5) < 0.05
    assert "gender=f, gender=m" in str(told(study, captured(model), texts=both[:1]).texts)
    other = replace(both[0], about=both[0].about.model_copy(update={"model_digest": "cd" * 32}))
    assert "another model" in str(told(study, captured(model), texts=[other]).texts)
    assert "where texts do not pass" in str(told(study, captured(model), texts=[of_texts(groups[:, :1], of)]).texts)


def test_shifts_are_the_bias_of_analyze(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Their mean over emotions is the difference of differences that the report calls bias between groups."""
    plain = small.study(12)
    study = replace(plain, ratings=small.people(plain))
    rows = small.rater(study, bias={"sad": 1.0})
    women = {s.image_id for s in study.stimuli if (s.factors["gender"], s.factors["emotion"]) == ("f", "sad")}
    for row in rows:
        if row["item"] == "valence" and row["image_id"] in women:
            row["value"] = float(str(row["value"])) + 1
    results = small.results(rows)
    table = results.ratings[results.ratings["item"] == "valence"].set_index("image_id")["value"].astype(float)
    ids = [s.image_id for s in study.stimuli]
    one_hot = np.array([[s.factors["emotion"] == name for name in EMOTIONS] for s in study.stimuli], dtype=float)
    given = Answered("model", "context-carry", "emotion", EMOTIONS, one_hot, False,
                     {"valence": table.reindex(ids).to_numpy()})  # fmt: skip
    model = planted(study, 0.0)
    found = told(study, captured(model), given, FEWEST)
    shifts = {cell.emotion: value(cell.shifts[0].bias) for cell in found.cells}
    assert shifts["sad"] > shifts["happy"]
    biases = analyze(study, results, AnalysisOptions(bootstrap=Bootstrap(resamples=100))).group_bias
    assert not isinstance(biases, Skipped)
    valence = next(item for item in biases if item.item == "valence")
    assert not isinstance(valence.raters, Skipped)
    (gap,) = valence.raters
    sign = 1 if gap.gap.group == "f" else -1
    assert np.mean(list(shifts.values())) == pytest.approx(sign * value(gap.gap.bias))


def test_what_a_study_lacks_is_skipped_with_the_reason(study: Study, small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """No emotion, identity or group; a group that changes within identities, and one that too few show."""
    capture = captured(planted(study, 0.0))
    for factor, nothing in (("emotion", None), ("identity", None), ("groups", ())):
        without = replace(study, factors=replace(study.factors, **{factor: nothing}))
        (outcome,) = capture_bias(capture, without, Beside((), NO_ANSWERS), FEWEST)  # type: ignore[arg-type]
        assert f"names no {factor.removesuffix('s')}" in str(outcome.found)
    moved = replace(study, factors=replace(study.factors, groups=("gender", "emotion")))
    found = told(moved, capture, way=FEWEST)
    assert [(w.factor, "differs between pictures" in w.reason) for w in found.without] == [("emotion", True)]
    assert all(cell.text is None and cell.label is None and cell.shifts == () for cell in found.cells)
    for texts, panels in ((NO_TEXTS, 2), (Skipped("the captures of texts lack the concepts sad"), 3)):
        kept = Found(bias=(BiasOutcome("one", "tiny", "vision", replace(found, texts=texts)),))
        angles = inside_tables(kept)[0]
        assert ("text" in [column.name for column in angles.columns]) == (panels == 3)
        assert {len(row) for row in angles.rows} == {len(angles.columns)}
        (figure,) = inside_figures(kept)
        assert len(drawing(figure).axes) == panels
        assert ("from texts" in figure.caption) == (panels == 3)
    assert found.rated == NO_ANSWERS
    tiny = small.study(6)
    rows = [s.image_id for s in tiny.stimuli]
    (outcome,) = capture_bias(
        of_pictures(np.random.default_rng(0).normal(size=(36, 1, 8)), rows),
        tiny,
        Beside((), NO_ANSWERS),
        FEWEST,  # type: ignore[arg-type]
    )
    assert "is shown by 3 identities" in str(outcome.found)
    (table,) = inside_tables(Found(bias=(outcome,)))
    assert "is shown by 3" in str(table.rows[0])
    assert inside_figures(Found(bias=(outcome,))) == ()


def rated_on_disk(study: Study, model: PlantedModel, *, probabilities: bool = True) -> Answered:
    """The planted model's answers as `vlmrate infer` leaves them."""
    given = answers_of(model)
    store = Store(study.results / study.name / "planted" / "context-carry")
    store.open()
    recipe = Recipe(protocol_digest="p", seed=0, settings={"kind": "mlx", "model_digest": DIGEST})
    scales = {item.name: item.answers for item in study.items}
    run = {"id": "1", "started": "", "finished": "", "status": "finished", "arguments": {}, "passed": (),
           "planned": len(study.stimuli), "already_rated": 0, "rated": len(study.stimuli), "failed": 0,
           "invalid_answers": 0, "seconds": 1.0, "versions": {}, "machine": {}, "git_revision": None}  # fmt: skip
    manifest = Manifest(study=study.name, study_sha256="", rater="planted", protocol="context-carry", recipe=recipe,
                        scales=scales, about={}, runs=(run,))  # fmt: skip
    write_atomically(store.folder / "manifest.json", manifest.model_dump_json())
    for number, stimulus in enumerate(study.stimuli):
        shares = dict(zip(given.labels, map(float, given.given[number]), strict=True))
        label = max(shares, key=shares.__getitem__)
        said = [Answer(item="emotion", value=label, route="exact", probabilities=shares if probabilities else None)]
        said += [Answer(item=n, value=int(v[number]), route="exact") for n, v in given.ratings.items()]
        step = AskedStep(prompt="", sent_sha256="", text="", reasoning=None, finish="stop", prompt_tokens=1,
                         answer_tokens=1, seconds=0.1, attempts=1, answers=tuple(said))  # fmt: skip
        store.write(Rating(image_id=stimulus.image_id, image_sha256="", rater="planted", protocol="context-carry",
                           repeat=1, run="1", made_with=recipe.digest, stopped=False, steps=(step,)))  # fmt: skip
    return given


def test_answers_are_read_from_the_results(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Of the model by its digest, by probability where told, else by label; none is a reason."""
    study = small.study(4)
    model = planted(study, 0.0)
    ids = [s.image_id for s in study.stimuli]
    about = captured(model).about.model_copy(update={"protocol": "context-carry"})
    assert "no ratings by planted under context-carry" in str(answered(study, about, ids))
    given = rated_on_disk(study, model)
    read = answered(study, about, ids[::-1])
    assert isinstance(read, Answered)
    assert (read.rater, read.labels, read.by_probability) == ("planted", EMOTIONS, True)
    np.testing.assert_allclose(read.given, given.given[::-1])
    np.testing.assert_allclose(read.ratings["valence"], given.ratings["valence"][::-1])
    assert "no ratings by somebody" in str(answered(study, about, ids, rater="somebody"))
    rated_on_disk(study, model, probabilities=False)
    by_label = answered(study, about, ids, rater="planted")
    assert isinstance(by_label, Answered)
    assert not by_label.by_probability
    np.testing.assert_array_equal(by_label.given.argmax(axis=1), given.given.argmax(axis=1))
    nameless = replace(study, items=study.items[1:])
    assert "asks for no label" in str(answered(nameless, about, ids))


def test_the_command_finds_stores_and_shows(tmp_path: Path) -> None:
    """On the demo study with a planted model and its answers: tables, figure, JSON, and the way back from the file."""
    study = load_study(REPOSITORY / "configs/study.yaml", results=tmp_path)
    units = planted_units([*EMOTIONS, "skin=dark", "hair=long"], 32, {("happy", "skin=dark"): 0.5}, seed=3)
    strength = dict.fromkeys(EMOTIONS, 4.0) | {"skin=dark": 3.0, "hair=long": 3.0}
    model = PlantedModel(study, units, strength, own=0.2, digest=DIGEST)
    model.capture(tmp_path / "pictures.safetensors")
    rated_on_disk(study, model)
    runner = CliRunner()
    command = ["probe", "bias", str(tmp_path / "pictures.safetensors"), "--array", "answer/emotion", "--results",
               str(tmp_path), "--study", str(REPOSITORY / "configs/study.yaml"), "--resamples", "100"]  # fmt: skip
    done = runner.invoke(app, [*command, "--protocol", "context-carry", "--figure", str(tmp_path / "b.svg")])
    assert done.exit_code == 0, done.output
    for words in ("their cosines", "happy, skin=dark", "Valence shifted", "cosines from pictures and labels given"):
        assert words in done.output
    assert "<svg" in (tmp_path / "b.svg").read_text(encoding="utf-8")
    found = read_found(study)
    assert found is not None
    (outcome,) = found.bias
    assert isinstance(outcome.found, BiasFound)
    assert len(outcome.found.cells) == 6 * 4  # three skins, and of hair one
    (figure,) = inside_figures(found)
    save(figure, tmp_path / "again.svg")
    (again,) = json.loads(runner.invoke(app, [*command, "--rater", "nobody", "--json"]).output)["bias"]
    assert "the capture names no protocol, so no answers belong to it" in again["found"]["rated"]["skipped"]
    wrong = runner.invoke(app, [*command, "--text", str(tmp_path / "pictures.safetensors")])
    assert "was captured from pictures" in str(wrong.exception)
