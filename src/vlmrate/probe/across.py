"""Whether a model's directions of emotions are the same from pictures and from words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate import stats
from vlmrate.probe.cells import narrow, unit_of
from vlmrate.probe.intervals import intervals, p_of, random_cosine
from vlmrate.probe.labelled import dealt_effects, texts_pass, written
from vlmrate.probe.orders import orders_of, p_over_orders
from vlmrate.stats import Outcome, Skipped

if TYPE_CHECKING:
    from vlmrate.probe.labelled import Labelled
    from vlmrate.probe.separability import Way
    from vlmrate.probe.store import Capture


@dataclass(frozen=True, slots=True)
class TextCosine:
    """The cosine of one emotion's direction from pictures with that from texts.

    `p` is that of concepts dealt anew to the texts, of either sign; `p_holm` corrected over emotions.
    """

    name: str
    cosine: Outcome
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class Shared:
    """Emotions that pictures and texts both have, in one layer of both.

    `mean` is their mean cosine, and `p` the share of all ways to give the concepts' names to the texts' directions in
    which it is as large. `random` is what the cosine of two random directions does not exceed 95 % of the time, and
    `expected` its root mean square, 1/sqrt(width).
    """

    layer: int
    texts: int
    random: float
    expected: float
    emotions: tuple[TextCosine, ...]
    mean: Outcome
    p: float


@dataclass(frozen=True, slots=True)
class SharedWith:
    """What pictures have in common with one capture of texts, named as its file."""

    text: str
    found: Shared | Skipped


def shared_with(
    pictures: Labelled, values: np.ndarray, text: Capture, place: tuple[str, int], digest: str, way: Way
) -> SharedWith:
    """Directions of pictures (rows, width), read in an array's layer (`place`), beside those of texts read there.

    Skipped where the capture is of a model of another digest, of another width, or has fewer than two of the emotions.
    """
    return SharedWith(text.file.stem, _shared_with(pictures, values, text, place, digest, way))


def _shared_with(
    pictures: Labelled, values: np.ndarray, text: Capture, place: tuple[str, int], digest: str, way: Way
) -> Shared | Skipped:
    if text.about.model_digest != digest:
        return Skipped(f"{text.file.name} was captured from another model ({text.about.model})")
    array, (pictured_at, layer) = text.about.arrays[0], place
    if not texts_pass(text.about, pictured_at, layer, values.shape[1]):
        return Skipped("the pictures were read where texts do not pass")
    words = written(text.about)
    names = [name for name in pictures.classes if name in words.classes]
    if len(names) < 2:
        return Skipped(f"{text.file.name} has texts of {len(names)} of the study's emotions")
    pictures, values = _of(pictures, values, names)
    words, texts = _of(words, text.layer(array.name, layer)[words.rows].astype(np.float64), names)
    if (reason := pictures.untold or words.untold) is not None:
        return Skipped(reason)
    return _shared(names, (pictures, values), (words, texts), layer, way)


def _of(labelled: Labelled, values: np.ndarray, names: list[str]) -> tuple[Labelled, np.ndarray]:
    """The rows of some emotions only, so that both sets of directions set the same ones apart."""
    kept = np.isin(labelled.labels.astype(str), names)
    left = values[kept]
    return labelled.at(kept), left - left.mean(axis=0)


def _shared(
    names: list[str], seen: tuple[Labelled, np.ndarray], read: tuple[Labelled, np.ndarray], layer: int, way: Way
) -> Shared:
    width = seen[1].shape[1]
    pictures, words = narrow(seen[1], read[1])
    seen_units = unit_of(seen[0].weights() @ pictures)
    cosines = seen_units @ unit_of(read[0].weights() @ words).T
    # Of dealt concepts it is the length along the pictures' direction that counts: their angles are the real ones'.
    chance = dealt_effects(read[0], words, way.permutations, way.seed)
    real = np.diag(seen_units @ (read[0].weights() @ words).T)
    p = p_of(np.abs(np.einsum("bkw,kw->bk", chance, seen_units)), np.abs(real))
    holm = stats.holm(stats.Family.of("pictures and texts", dict(zip(names, map(float, p), strict=True))))
    found = _intervals(names, (seen[0], pictures), (read[0], words), way)
    return Shared(
        layer=layer,
        texts=len(words),
        random=random_cosine(width),
        expected=float(1 / np.sqrt(width)),
        emotions=tuple(TextCosine(name, found[i], float(p[i]), holm[i].p_adjusted) for i, name in enumerate(names)),
        mean=found[-1],
        p=_names_dealt(cosines, way),
    )


def _names_dealt(cosines: np.ndarray, way: Way) -> float:
    """p of the mean cosine of the same emotions among all ways to name the texts' directions."""
    n = len(cosines)
    by_order = cosines[np.arange(n), orders_of(n, way)].sum(axis=1)
    return p_over_orders(by_order, float(np.trace(cosines)), n)


def _intervals(
    names: list[str], seen: tuple[Labelled, np.ndarray], read: tuple[Labelled, np.ndarray], way: Way
) -> tuple[Outcome, ...]:
    """Cosines over drawings of identities and, in the same drawing, of texts; lengths stay as they are."""
    pictures, words = (one.over(values) for one, values in (seen, read))
    of_pictures, of_words = len(pictures.cells.identities), len(words.cells.identities)
    lengths = _lengths(pictures.effects(pictures.cells.once)) * _lengths(words.effects(words.cells.once))

    def numbers(drawn: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(way.seed)
        whole = (drawn <= 1).all(axis=1)  # nothing was drawn: all identities, or all but one
        texts = rng.multinomial(of_words, np.full(of_words, 1 / of_words), size=len(drawn)).astype(np.float64)
        texts[whole] = 1.0
        products = np.einsum("bkw,bkw->bk", pictures.effects(drawn), words.effects(texts))
        products = np.clip(products / lengths, -1.0, 1.0)
        return np.hstack([products, products.mean(axis=1, keepdims=True)])

    told = [f"cosine of {name} from pictures and from texts" for name in names]
    told.append("mean cosine from pictures and from texts")
    return intervals(numbers, of_pictures, told, len(seen[1]) + len(read[1]), way.bootstrap)


def _lengths(effects: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(effects[0], axis=1))
