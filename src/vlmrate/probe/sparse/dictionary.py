"""A dictionary of sparse features: a residual stream told as a few directions, each with how far it goes along it.

Features of rows x (rows, width) are f = act((x - b) @ encoder + encoder_bias), where b is the decoder's bias if the
dictionary is centred and else 0; the rows told again are f @ decoder + decoder_bias. Of kind top-k, act keeps the k
largest of a row that are above 0 (Gao et al. 2024, arXiv 2406.04093); of kind jumprelu each that is above 0 and above
its threshold (Rajamanoharan et al. 2024, arXiv 2407.14435).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from vlmrate.probe.sparse.records import DictionaryAbout

_BLOCK = 4_000_000
"""Features computed at a time (16 MB), so that wide dictionaries need no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Dictionary:
    """A dictionary in float32: `encoder` (width, size), `decoder` (size, width), their biases, `threshold` (size,).

    `threshold` is None for a top-k.
    """

    about: DictionaryAbout
    encoder: np.ndarray
    encoder_bias: np.ndarray
    decoder: np.ndarray
    decoder_bias: np.ndarray
    threshold: np.ndarray | None = None

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """Features (rows, size) of rows (rows, width), 0 where a feature is not active."""
        taken = rows.astype(np.float32, copy=False)
        if self.about.centred:
            taken = taken - self.decoder_bias
        before = taken @ self.encoder + self.encoder_bias
        if self.threshold is not None:
            return np.where(before > self.threshold, np.maximum(before, 0), np.float32(0))
        return _largest(before, self.about.k or self.about.size)

    def decode(self, features: np.ndarray) -> np.ndarray:
        """Rows (rows, width) as the features tell them."""
        return np.asarray(features @ self.decoder + self.decoder_bias)

    def active(self, rows: np.ndarray, least: int = 1) -> Active:
        """The features that are active in at least so many rows, and all rows told again; in blocks of rows."""
        step = max(1, _BLOCK // self.about.size)
        blocks = [slice(start, start + step) for start in range(0, len(rows), step)]
        counts = np.zeros(self.about.size, dtype=np.int64)
        numbers = np.zeros(len(rows), dtype=np.int64)
        again = np.empty(rows.shape, dtype=np.float32)
        for block in blocks:
            features = self.encode(rows[block])
            counts += (features > 0).sum(axis=0)
            numbers[block] = (features > 0).sum(axis=1)
            again[block] = self.decode(features)
        kept = np.flatnonzero(counts >= max(least, 1))
        values = np.empty((len(rows), len(kept)), dtype=np.float32)
        for block in blocks:
            values[block] = self.encode(rows[block])[:, kept]
        return Active(kept, values, counts, numbers, again)

    @property
    def lengths(self) -> np.ndarray:
        """The lengths of the decoder's rows (size,)."""
        return np.asarray(np.linalg.norm(self.decoder.astype(np.float64), axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Active:
    """What a dictionary makes of rows.

    `features` are the numbers of those active in enough rows and `values` (rows, features) what they are there;
    `counts` (size,) says in how many rows each of all features is active, `numbers` (rows,) how many are in a row, and
    `again` (rows, width) are the rows as all features tell them.
    """

    features: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    numbers: np.ndarray
    again: np.ndarray


def _largest(values: np.ndarray, k: int) -> np.ndarray:
    """The k largest of each row that are above 0, all others 0."""
    kept = np.zeros_like(values)
    if k < values.shape[1]:
        columns = np.argpartition(values, -k, axis=1)[:, -k:]
        np.put_along_axis(kept, columns, np.take_along_axis(values, columns, axis=1), axis=1)
    else:
        kept[:] = values
    return np.asarray(np.maximum(kept, 0, out=kept))
