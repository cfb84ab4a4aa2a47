"""How likely was each valid answer: probabilities of whole answers, read from the logits.

An answer may be written in several ways (case, a leading space) and each way may take several tokens; the probability
of an answer is the sum over its ways of the product over their tokens. Where one answer begins another ("1" and "10"),
the longer one's mass is taken off the shorter: what counts is that the answer was given and not gone beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vlmrate.raters.base import OptionProbabilities

if TYPE_CHECKING:
    from vlmrate.raters.mlx.architecture import Continuing
    from vlmrate.raters.mlx.branch import Branch

Tokens = tuple[int, ...]
Tokenize = Callable[[str], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Ways:
    """The token sequences that spell each answer; no sequence stands for two answers."""

    of: Mapping[str, frozenset[Tokens]]

    @property
    def sequences(self) -> list[Tokens]:
        """Every sequence once, in a fixed order."""
        return sorted({way for ways in self.of.values() for way in ways})


def spellings(answers: Sequence[str], tokenize: Tokenize, lead: str = "") -> Ways:
    """All ways to write each answer after `lead`, the text that shares a token with it.

    At the very start of an answer (`lead` empty) a leading space counts too. The answer counts as declared, in lower
    case, and with a capital at its beginning.
    """
    leads = (lead,) if lead else ("", " ")
    return Ways(
        {
            answer: frozenset(tuple(tokenize(before + form)) for before in leads for form in _cases(answer))
            for answer in answers
        }
    )


def _cases(answer: str) -> set[str]:
    return {answer, answer.lower(), answer.capitalize(), answer[:1].upper() + answer[1:]}


def probabilities(architecture: Continuing, branch: Branch, ways: Ways) -> OptionProbabilities | None:
    """Probability of each answer as the next thing said on `branch`; None when all of them underflow to zero."""
    logp = _sequence_log_probabilities(architecture, branch, ways.sequences)
    own = _without_longer(logp)
    # fsum does not depend on the order of a set, which differs between processes.
    mass = {answer: math.fsum(own[way] for way in spelled) for answer, spelled in ways.of.items()}
    total = sum(mass.values())
    if not total > 0:
        return None
    return OptionProbabilities({answer: m / total for answer, m in mass.items()}, valid_mass=min(total, 1.0))


def _sequence_log_probabilities(
    architecture: Continuing, branch: Branch, sequences: Sequence[Tokens]
) -> dict[Tokens, float]:
    """Log-probability of each token sequence; one-token sequences cost nothing beyond the branch's own logits."""
    after: dict[Tokens, np.ndarray] = {(): log_softmax(np.array(branch.logits))}
    runs = _longest({way[:-1] for way in sequences if len(way) > 1})
    for run, logits in zip(runs, architecture.score(branch, runs) if runs else [], strict=True):
        after |= {run[: i + 1]: row for i, row in enumerate(log_softmax(np.array(logits)))}
    return {way: math.fsum(after[way[:i]][token] for i, token in enumerate(way)) for way in sequences}


def _longest(runs: Collection[Tokens]) -> list[Tokens]:
    """The runs of tokens with which no other begins: reading these reads them all."""
    begun = {run[:n] for run in runs for n in range(len(run))}
    return sorted(run for run in runs if run not in begun)


def _without_longer(logp: Mapping[Tokens, float]) -> dict[Tokens, float]:
    """Probability of each sequence, less that of the next longer ones which begin with it."""
    own = {way: float(np.exp(value)) for way, value in logp.items()}
    for way in sorted(logp, key=len, reverse=True):
        shorter = [way[:n] for n in range(len(way) - 1, 0, -1) if way[:n] in logp]
        if shorter:
            own[shorter[0]] = max(own[shorter[0]] - float(np.exp(logp[way])), 0.0)
    return own


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities along the last axis, in float64."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    normalised: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normalised
