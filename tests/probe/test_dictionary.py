"""Dictionaries: features as by hand, files to the bit, and weights of others that do not fit refused in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vlmrate.errors import ProbeError
from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.sparse import dictionary as dictionary_module
from vlmrate.probe.sparse.dictionary import Dictionary
from vlmrate.probe.sparse.importing import Place, import_dictionary, read_keys
from vlmrate.probe.sparse.records import DictionaryAbout
from vlmrate.probe.sparse.store import open_dictionary, refuse_unfit, write_dictionary
from vlmrate.probe.sparse.tensors import open_safetensors, write_tensors
from vlmrate.probe.store import Row, open_capture, writing

if TYPE_CHECKING:
    from collections.abc import Callable

    from vlmrate.probe.store import Capture

WIDTH, SIZE, DIGEST = 5, 8, "ab" * 32
PLACE = Place("small", DIGEST, "answer/emotion", 1, WIDTH)


def about(**changes: Any) -> DictionaryAbout:
    """A top-k for layer 1."""
    told = {
        "model": "small",
        "model_digest": DIGEST,
        "array": "answer/emotion",
        "layer": 1,
        "width": WIDTH,
        "size": SIZE,
        "kind": "top-k",
        "k": 3,
        "centred": True,
    }
    return DictionaryAbout.model_validate(told | changes)


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Weights by the names that Gemma Scope gives them."""
    rng = np.random.default_rng(seed)
    shapes = {"W_enc": (WIDTH, SIZE), "b_enc": (SIZE,), "W_dec": (SIZE, WIDTH), "b_dec": (WIDTH,)}
    made = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return made | {"threshold": rng.uniform(0, 1, SIZE).astype(np.float32)}


def top_k(**changes: Any) -> Dictionary:
    """A dictionary of random weights."""
    made = weights()
    return Dictionary(about(**changes), made["W_enc"], made["b_enc"], made["W_dec"], made["b_dec"])


@pytest.fixture
def rows() -> np.ndarray:
    """Some rows of a residual stream."""
    return np.random.default_rng(9).normal(size=(12, WIDTH)).astype(np.float32)


def test_the_k_largest_above_0_are_kept(rows: np.ndarray) -> None:
    """As by hand, row by row; a dictionary that is not centred does not take the bias off."""
    for centred in (True, False):
        made = top_k(centred=centred)
        features = made.encode(rows)
        for row, found in zip(rows, features, strict=True):
            before = (row - (made.decoder_bias if centred else 0)) @ made.encoder + made.encoder_bias
            kept = [i for i in np.argsort(-before)[:3] if before[i] > 0]
            by_hand = np.zeros(SIZE)
            by_hand[kept] = before[kept]
            np.testing.assert_allclose(found, by_hand, atol=1e-5)
        again = features @ made.decoder + made.decoder_bias
        np.testing.assert_array_equal(made.decode(features), again)


def test_blocks_change_nothing(rows: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts, numbers, kept values and rows told again, computed a row at a time."""
    made = top_k()
    monkeypatch.setattr(dictionary_module, "_BLOCK", SIZE)
    found = made.active(rows, least=3)
    features = made.encode(rows)
    np.testing.assert_array_equal(found.counts, (features > 0).sum(axis=0))
    np.testing.assert_array_equal(found.numbers, (features > 0).sum(axis=1))
    assert 0 < len(found.features) < SIZE
    np.testing.assert_array_equal(found.features, np.flatnonzero(found.counts >= 3))
    np.testing.assert_allclose(found.values, features[:, found.features], atol=1e-6)
    np.testing.assert_allclose(found.again, made.decode(features), atol=1e-5)


@pytest.mark.parametrize("kind", ["top-k", "jumprelu"])
def test_a_file_holds_a_dictionary_to_the_bit(tmp_path: Path, kind: str) -> None:
    """Read back it is the same, and written again the same bytes."""
    made = top_k()
    if kind == "jumprelu":
        made = replace(made, about=about(kind=kind, k=None), threshold=weights()["threshold"])
    write_dictionary(tmp_path / "one.safetensors", made)
    read = open_dictionary(tmp_path / "one.safetensors")
    assert read.about == made.about
    for name in ("encoder", "encoder_bias", "decoder", "decoder_bias", "threshold"):
        np.testing.assert_array_equal(getattr(read, name), getattr(made, name))
    write_dictionary(tmp_path / "two.safetensors", read)
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()


def stored(folder: Path, made: dict[str, np.ndarray], suffix: str = ".npz") -> Path:
    """Weights of somebody else's in a file."""
    file = folder / f"params{suffix}"
    if suffix == ".npz":
        np.savez(file, **made)  # type: ignore[arg-type]  # arrays by name
    else:
        with file.open("wb") as stream:
            write_tensors(stream, {}, made)
    return file


def test_an_imported_jumprelu_is_its_makers_forward(tmp_path: Path, rows: np.ndarray) -> None:
    """From npz by Gemma Scope's names and from safetensors by those of the second: what their makers' code computes."""
    made = weights()
    lower = {name.lower(): values for name, values in made.items()}
    for file, keys in (
        (stored(tmp_path, made), "gemma-scope.yaml"),
        (stored(tmp_path, lower, ".safetensors"), "gemma-scope-2.yaml"),
    ):
        read = import_dictionary(file, read_keys(Path(keys)), PLACE)
        before = rows @ made["W_enc"] + made["b_enc"]
        features = np.where(before > made["threshold"], np.maximum(before, 0), 0)
        np.testing.assert_array_equal(read.encode(rows), features)
        np.testing.assert_array_equal(read.decode(features), features @ made["W_dec"] + made["b_dec"])
        assert (features > 0).any()
        assert (read.about.kind, read.about.size, read.about.layer) == ("jumprelu", SIZE, 1)
        assert read.about.made == {"how": "imported", "file": file.name}


def test_a_transposed_file_is_the_same_dictionary(tmp_path: Path) -> None:
    """Sides that the key names turn round; a top-k of another's."""
    made = weights()
    turned = {"e": made["W_enc"].T, "eb": made["b_enc"], "d": made["W_dec"].T, "db": made["b_dec"]}
    keys = tmp_path / "keys.yaml"
    keys.write_text(
        "kind: top-k\nk: 3\ntensors: {encoder: e, encoder_bias: eb, decoder: d, decoder_bias: db}\n"
        "encoder: size x width\ndecoder: width x size\ncentred: true\n",
        encoding="utf-8",
    )
    file = stored(tmp_path, {name: np.ascontiguousarray(values) for name, values in turned.items()}, ".safetensors")
    read = import_dictionary(file, read_keys(keys), PLACE)
    np.testing.assert_array_equal(read.encoder, made["W_enc"])
    np.testing.assert_array_equal(read.decoder, made["W_dec"])
    assert (read.about.k, read.about.centred) == (3, True)


def test_bfloat16_is_read(tmp_path: Path) -> None:
    """Upper halves of float32 numbers."""
    file = tmp_path / "half.safetensors"
    values = np.array([1.5, -2.0, 0.0], np.float32)
    with file.open("wb") as stream:
        write_tensors(stream, {}, {"a": values})
    whole = file.read_bytes()
    halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    head = whole[: -values.nbytes].replace(b'"F32"', b'"BF16"').replace(b"[0,12]", b"[0,6]")
    length = len(head) - 8
    file.write_bytes(length.to_bytes(8, "little") + head[8:] + halves)
    np.testing.assert_array_equal(open_safetensors(file, absent="", again="").numbers("a"), values)


def changed(**changes: Any) -> Callable[[dict[str, np.ndarray]], dict[str, Any]]:
    """Weights with some of them others, or (None) taken out."""
    return lambda made: {name: values for name, values in (made | changes).items() if values is not None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed(threshold=None), "has no threshold, which the key names ask for as threshold; it has W_dec, W_enc"),
        (changed(W_enc=np.ones((SIZE, WIDTH))), "W_enc: is 8 x 5, where W_dec of 8 features 5 wide asks for 5 x 8"),
        (changed(W_enc=np.ones((WIDTH, 4))), "W_enc: is 5 x 4, where W_dec of 8 features 5 wide asks for 5 x 8"),
        (changed(b_enc=np.ones(7)), "b_enc: is 7, where W_dec of 8 features 5 wide asks for 8"),
        (changed(b_dec=np.ones(())), "b_dec: is a single number, where W_dec"),
        (changed(W_dec=np.ones((2, SIZE, WIDTH))), "W_dec: is 2 x 8 x 5, and a decoder is size x width"),
        (
            changed(threshold=np.full(SIZE, -1, np.float32)),
            "threshold: holds numbers below 0, and thresholds are",
        ),
        (changed(threshold=np.ones(SIZE, np.int64)), "threshold: holds int64, and a dictionary is made of floating"),
        (changed(b_enc=np.full(SIZE, None)), "b_enc: holds object, and a dictionary is made of floating-point"),
        (changed(b_enc=np.full(SIZE, np.nan)), "b_enc: holds what is no finite number"),
        (changed(b_enc=np.full(SIZE, 1e300)), "b_enc: holds what is no finite number in float32"),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence(
    tmp_path: Path, change: Callable[[dict[str, np.ndarray]], dict[str, Any]], words: str
) -> None:
    """What, where, what to do; nothing is unpickled."""
    file = stored(tmp_path, change(weights()))
    with pytest.raises(ProbeError) as error:
        import_dictionary(file, read_keys(Path("gemma-scope.yaml")), PLACE)
    assert words in str(error.value)
    assert "params.npz" in str(error.value)
    assert "\n" not in str(error.value)


def test_weights_for_another_width_are_refused(tmp_path: Path) -> None:
    """They are for this layer's width or not at all."""
    keys = read_keys(Path("gemma-scope.yaml"))
    with pytest.raises(ProbeError, match="is for a layer 5 wide, and answer/emotion of small is 64 wide; take a"):
        import_dictionary(stored(tmp_path, weights()), keys, replace(PLACE, width=64))
    with pytest.raises(ProbeError, match=r"weights are read from \.safetensors or \.npz files"):
        import_dictionary(tmp_path / "weights.pt", keys, PLACE)
    with pytest.raises(ProbeError, match=r"there is no file .*none\.npz"):
        import_dictionary(tmp_path / "none.npz", keys, PLACE)
    (tmp_path / "torn.npz").write_bytes(b"PK nothing")
    with pytest.raises(ProbeError, match="is no NumPy archive"):
        import_dictionary(tmp_path / "torn.npz", keys, PLACE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("kind: jumprelu", "kind: gated"), "key kind"),
        (("  threshold: threshold\n", ""), "tensors.threshold names the thresholds of a jumprelu"),
        (("centred: false", "centred: false\nk: 4"), "k is how many features a top-k keeps"),
        (("centred: false", "centred: false\nscale: 2"), "key scale"),
        (("encoder: width x size", "encoder: wide"), "key encoder"),
    ],
)
def test_key_names_are_read_strictly(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    """Unknown keys and values that make no sense: one sentence with the key."""
    from vlmrate.resources import configs_folder

    text = (configs_folder() / "dictionaries" / "gemma-scope.yaml").read_text(encoding="utf-8")
    file = tmp_path / "keys.yaml"
    file.write_text(text.replace(*change), encoding="utf-8")
    assert file.read_text(encoding="utf-8") != text
    with pytest.raises(ProbeError, match=words):
        read_keys(file)


def test_a_damaged_dictionary_is_one_sentence(tmp_path: Path) -> None:
    """Cut short, without a tensor, with one of another shape, of another format, not there."""
    file = tmp_path / "d.safetensors"
    write_dictionary(file, top_k())
    whole = file.read_bytes()
    for content, words in (
        (whole[:-4], "tensor decoder_bias: is cut short"),
        (whole.replace(b'"encoder_bias"', b'"encoder_bia0"'), "it has no tensor encoder_bias"),
        (whole.replace(b"[5,8]", b"[8,5]"), "tensor encoder: is 8 x 5, where its metadata ask for 5 x 8"),
        (whole.replace(b"vlmrate-dictionary/1", b"vlmrate-dictionary/9"), "no dictionary of the format"),
        (whole.replace(b'\\"k\\":3', b'\\"k\\":9'), "9 features of 8 cannot be kept"),
        (b"nothing", "is no safetensors file"),
    ):
        assert content != whole
        file.write_bytes(content)
        with pytest.raises(ProbeError, match=words):
            open_dictionary(file)
    with pytest.raises(ProbeError, match="there is no dictionary"):
        open_dictionary(tmp_path / "none.safetensors")


@pytest.fixture
def capture(tmp_path: Path) -> Capture:
    """A capture of two layers that a dictionary fits."""
    array = ArrayAbout(position="answer", step="emotion", layers=2, width=WIDTH)
    told = CaptureAbout(source="images", model="small", model_digest=DIGEST, arrays=(array,), rows=("a", "b"))
    with writing(tmp_path / "c.safetensors", told) as writer:
        for number in range(2):
            writer.write(number, Row({array.name: np.ones((2, WIDTH))}, {array.name: bytes(32)}, bytes(32)))
    return open_capture(tmp_path / "c.safetensors")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_digest": "cd" * 32}, r"belongs to another model \(small, digest cdcdcdcdcdcd\)"),
        ({"layer": 2}, "has layers 0 to 1, and the dictionary is for layer 2"),
        ({"width": 6}, "is for a layer 6 wide, and .*, array answer/emotion, is 5 wide"),
        ({"array": "vision"}, "has no array vision; it has answer/emotion"),
    ],
)
def test_a_dictionary_of_another_place_is_refused(capture: Capture, change: dict[str, Any], words: str) -> None:
    """Model, layer, width and array must be the capture's."""
    refuse_unfit(top_k(), capture)
    with pytest.raises(ProbeError, match=words):
        refuse_unfit(replace(top_k(), about=about(**change)), capture)
