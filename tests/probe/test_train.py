"""Training dictionaries: planted atoms are recovered, one seed gives one file, and what cannot be trained is said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vlmrate.errors import ProbeError
from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.sparse.store import open_dictionary, write_dictionary
from vlmrate.probe.sparse.train import Training, first_weights, trained_weights
from vlmrate.probe.sparse.training import train_dictionary
from vlmrate.probe.store import Row, open_capture, writing
from vlmrate.stats import Bootstrap, Estimate

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.probe.store import Capture

WIDTH, ATOMS, ACTIVE = 32, 24, 3
FEW = Bootstrap(resamples=200)


def planted(rows: int = 256, seed: int = 77) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are sums of three of 24 atoms, far from 0, with a little noise; and the atoms.

    The seed is none that training begins from, whose first directions would be the atoms themselves.
    """
    rng = np.random.default_rng(seed)
    atoms = rng.normal(size=(ATOMS, WIDTH))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    made = np.zeros((rows, WIDTH))
    for row in made:
        on = rng.choice(ATOMS, ACTIVE, replace=False)
        row += rng.uniform(1, 2, ACTIVE) @ atoms[on]
    return (30 + 10 * made + 0.2 * rng.normal(size=made.shape)).astype(np.float32), atoms


@pytest.fixture
def capture(tmp_path: Path) -> Capture:
    """Those rows as a capture of texts, the second layer; the first does not vary."""
    rows, _ = planted()
    array = ArrayAbout(position="answer", layers=2, width=WIDTH)
    names = tuple(f"t{number}" for number in range(len(rows)))
    about = CaptureAbout(source="texts", model="planted", model_digest="ab" * 32, arrays=(array,), rows=names)
    with writing(tmp_path / "c.safetensors", about) as writer:
        for number, row in enumerate(rows):
            values = np.stack([np.ones(WIDTH), row])
            writer.write(number, Row({array.name: values}, {array.name: bytes(32)}, bytes(32)))
    return open_capture(tmp_path / "c.safetensors")


def test_planted_atoms_are_recovered(capture: Capture) -> None:
    """Most atoms have a feature of a cosine above .9, random directions have not; held-out rows are told too."""
    pytest.importorskip("mlx")
    _, atoms = planted()
    training = Training(size=32, k=ACTIVE, steps=250, batch=128, rate=1e-2)
    made = train_dictionary(capture, None, "answer", 1, training, FEW)
    decoder = made.dictionary.decoder
    assert np.mean((atoms @ decoder.T).max(axis=1) > 0.9) > 0.9
    before = first_weights(capture.layer("answer", 1), training).decoder
    assert np.mean((atoms @ before.T).max(axis=1) > 0.9) < 0.1
    np.testing.assert_allclose(np.linalg.norm(decoder, axis=1), 1, atol=1e-5)
    assert isinstance(made.explained, Estimate)
    assert made.explained.value > 0.9
    assert isinstance(made.active, Estimate)
    assert made.active.value <= ACTIVE
    assert made.rows + made.held_out == 256
    features = made.dictionary.encode(capture.layer("answer", 1))
    assert 0 < made.dead <= 32 - ATOMS + 2
    assert made.dead <= 32 - (features > 0).any(axis=0).sum() + 2


def test_one_seed_gives_one_file(capture: Capture, tmp_path: Path) -> None:
    """Twice the same bytes, also where batches are drawn and features are dead; another seed gives others."""
    pytest.importorskip("mlx")
    files = []
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        training = Training(size=48, k=2, steps=130, batch=64, rate=3e-2, seed=seed)
        files.append(tmp_path / f"{name}.safetensors")
        write_dictionary(files[-1], train_dictionary(capture, None, "answer", 1, training, FEW).dictionary)
    one, two, other = (file.read_bytes() for file in files)
    assert one == two
    assert one != other
    about = open_dictionary(files[0]).about
    assert (about.kind, about.k, about.size, about.layer, about.made["seed"]) == ("top-k", 2, 48, 1, 3)


def test_what_cannot_be_trained_is_one_sentence(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """More features kept than there are, rows that do not vary, no MLX."""
    pytest.importorskip("mlx")
    with pytest.raises(ProbeError, match="a dictionary of 8 features cannot keep so many"):
        Training(size=8, k=9)
    with pytest.raises(ProbeError, match="all rows are the same"):
        train_dictionary(capture, None, "answer", 0, Training(size=8, k=2))
    monkeypatch.setitem(sys.modules, "mlx.core", None)
    with pytest.raises(ProbeError, match=r"needs MLX, which is not installed here; .* `vlmrate probe features import`"):
        trained_weights(planted(8)[0], Training(size=8, k=2))
