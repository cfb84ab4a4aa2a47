"""Training a top-k dictionary with MLX.

The rows are taken about their mean and divided by one number, so that a unit has mean square 1; afterwards this is
folded into the weights, and features are in units of the residual stream. The decoder's rows stay at unit length; the
encoder begins as their transpose. What is made small is the mean squared error, and for features that no row has
activated for a while (dead ones) a 32nd of the error with which the strongest of them tell what is left over (Gao et
al. 2024, arXiv 2406.04093, A.1 and A.2). All that is drawn comes from one seed; on one machine the same seed gives the
same weights to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrate.errors import ProbeError

if TYPE_CHECKING:
    import mlx.core as mx

DEAD_AFTER = 100
"""Steps without any row after which a feature counts as dead while training."""
DEAD_SHARE = 1 / 32
"""Weight of what the dead ones tell."""


@dataclass(frozen=True, slots=True)
class Training:
    """How a dictionary is trained: its size, features kept a row, steps, rows a step at most, step size, seed."""

    size: int = 256
    k: int = 16
    steps: int = 500
    batch: int = 256
    rate: float = 3e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.k > self.size:
            raise ProbeError(f"--k {self.k}: a dictionary of {self.size} features cannot keep so many; lower --k")


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The weights of a centred top-k: as those of a `Dictionary`."""

    encoder: np.ndarray
    encoder_bias: np.ndarray
    decoder: np.ndarray
    decoder_bias: np.ndarray


def first_weights(rows: np.ndarray, training: Training) -> Weights:
    """The weights before training: random directions of unit length about the mean of the rows (rows, width)."""
    rng = np.random.default_rng(training.seed)
    decoder = rng.normal(size=(training.size, rows.shape[1])).astype(np.float32)
    decoder /= np.linalg.norm(decoder, axis=1, keepdims=True)
    centre = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Weights(decoder.T.copy(), np.zeros(training.size, np.float32), decoder, centre)


def trained_weights(rows: np.ndarray, training: Training) -> Weights:
    """The weights of a top-k trained on rows (rows, width).

    Raises:
        ProbeError: MLX is not installed, or all rows are the same.
    """
    _require_mlx()
    first = first_weights(rows, training)
    centred = rows - first.decoder_bias
    unit = float(np.sqrt(np.mean(centred.astype(np.float64) ** 2)))
    if not unit > 0:
        raise ProbeError("all rows are the same, and there is nothing that a dictionary could tell; use another layer")
    made = _Trainer(centred / np.float32(unit), first, training).weights()
    scale = np.float32(unit)
    return Weights(
        made["encoder"],
        made["encoder_bias"] * scale,
        made["decoder"],
        first.decoder_bias + made["decoder_bias"] * scale,
    )


class _Trainer:
    """One training: the parameters, and for how long each feature has been silent."""

    def __init__(self, rows: np.ndarray, first: Weights, training: Training) -> None:
        import mlx.core as mx
        from mlx.optimizers import Adam

        self._training = training
        self._rng = np.random.default_rng(training.seed + 1)
        self._rows = mx.array(rows)
        self._batch = min(len(rows), training.batch)
        self._silent = np.zeros(training.size, dtype=np.int64)
        self._adam = Adam(learning_rate=training.rate)
        self._parameters: dict[str, Any] = {
            "encoder": mx.array(first.encoder),
            "encoder_bias": mx.array(first.encoder_bias),
            "decoder": mx.array(first.decoder),
            "decoder_bias": mx.zeros(rows.shape[1]),
        }
        self._gradient = mx.value_and_grad(self._loss)
        self._gradient_with_dead = mx.value_and_grad(self._loss_with_dead)

    def weights(self) -> dict[str, np.ndarray]:
        for _ in range(self._training.steps):
            self._step()
        return {name: np.array(values) for name, values in self._parameters.items()}

    def _step(self) -> None:
        import mlx.core as mx

        dead = self._silent > DEAD_AFTER
        if dead.any():
            (_, fired), gradients = self._gradient_with_dead(self._parameters, self._drawn(), mx.array(dead))
        else:
            (_, fired), gradients = self._gradient(self._parameters, self._drawn())
        made = self._adam.apply_gradients(gradients, self._parameters)
        made["decoder"] = made["decoder"] / mx.linalg.norm(made["decoder"], axis=1, keepdims=True)
        mx.eval(made, self._adam.state, fired)
        self._parameters = made
        self._silent = np.where(np.array(fired), 0, self._silent + 1)

    def _drawn(self) -> mx.array:
        import mlx.core as mx

        if self._batch == len(self._rows):
            return self._rows
        return self._rows[mx.array(self._rng.choice(len(self._rows), self._batch, replace=False))]

    def _loss(self, parameters: dict[str, mx.array], rows: mx.array) -> tuple[mx.array, mx.array]:
        """The mean squared error, and which features a row has activated."""
        import mlx.core as mx

        features, left = self._told(parameters, self._before(parameters, rows), rows)
        return mx.mean(left**2), (features > 0).any(axis=0)

    def _loss_with_dead(
        self, parameters: dict[str, mx.array], rows: mx.array, dead: mx.array
    ) -> tuple[mx.array, mx.array]:
        """The same with the part of the dead ones, which tell what the others leave over."""
        import mlx.core as mx

        before = self._before(parameters, rows)
        features, left = self._told(parameters, before, rows)
        asleep = _kept(mx.where(dead, before, -mx.inf), min(self._training.size, max(1, rows.shape[1] // 2)))
        missed = mx.stop_gradient(left) - asleep @ parameters["decoder"]
        return mx.mean(left**2) + DEAD_SHARE * mx.mean(missed**2), (features > 0).any(axis=0)

    def _before(self, parameters: dict[str, mx.array], rows: mx.array) -> mx.array:
        return (rows - parameters["decoder_bias"]) @ parameters["encoder"] + parameters["encoder_bias"]

    def _told(self, parameters: dict[str, mx.array], before: mx.array, rows: mx.array) -> tuple[mx.array, mx.array]:
        """The features of rows, and what they leave over of them."""
        features = _kept(before, self._training.k)
        return features, rows - features @ parameters["decoder"] - parameters["decoder_bias"]


def _kept(before: mx.array, k: int) -> mx.array:
    """The k largest of each row that are above 0, all others 0."""
    import mlx.core as mx

    least = mx.stop_gradient(mx.topk(before, k, axis=1).min(axis=1, keepdims=True))
    return mx.where((before >= least) & (before > 0), before, 0.0)


def _require_mlx() -> None:
    try:
        import mlx.core  # noqa: F401
    except ImportError as error:
        raise ProbeError(
            "training a dictionary needs MLX, which is not installed here; install vlmrate where MLX is to be had, or "
            "bring in one trained elsewhere with `vlmrate probe features import`"
        ) from error
