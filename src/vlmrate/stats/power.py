"""What a study can find: the smallest bias that a design detects, and the images that a given bias takes.

Everything rests on one standard error, se = sd sqrt(design effect / images), with the design effect 1 + (images of an
identity - 1) icc (Kish 1965, Survey Sampling), and on the noncentral t distribution with (identities - 1)
degrees of freedom. Only images are drawn anew in this arithmetic: the people whose means they are compared with are
held.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtrit
from scipy.stats import nct

from vlmrate.errors import AnalysisError
from vlmrate.stats._arrays import Column, FloatArray, IntArray, as_codes, is_number, pairs, require_count, require_share
from vlmrate.stats.estimate import Skipped

MOST_IMAGES = 10_000_000
"""Beyond this many images a bias is called undetectable."""


@dataclass(frozen=True, slots=True)
class BiasDesign:
    """What a test of bias rests on: images, the identities they show, and how differences spread.

    Raises `AnalysisError` for numbers that no design has.
    """

    sd: float
    """SD of (model - people) over images, in scale points, above 0."""
    images: int
    identities: int
    """Clusters; as many as images where every image is its own."""
    icc: float = 0.0
    """Share of that variance that the images of one identity have in common, in [0, 1]."""

    def __post_init__(self) -> None:
        require_count(self.images, 2, "The number of images of a design")
        require_count(self.identities, 2, "The number of identities of a design")
        numbers = is_number(self.sd) and is_number(self.icc)
        if not (numbers and 0 < self.sd < math.inf and self.identities <= self.images and 0 <= self.icc <= 1):
            raise AnalysisError(
                "A design needs a finite SD above 0, two identities or more, no fewer images than identities, and an "
                f"icc between 0 and 1: {self}."
            )

    @property
    def design_effect(self) -> float:
        """Factor by which clustering raises the variance of the mean: 1 + (images / identities - 1) icc."""
        return 1 + (self.images / self.identities - 1) * self.icc

    @property
    def standard_error(self) -> float:
        """Of the mean difference, in scale points."""
        return self.sd * math.sqrt(self.design_effect / self.images)

    @property
    def df(self) -> int:
        """Degrees of freedom: identities - 1."""
        return self.identities - 1


@dataclass(frozen=True, slots=True)
class DetectableBias:
    """The smallest bias that a design finds with the power asked for."""

    bias: float
    """In scale points, either sign."""
    d_z: float
    """The same in SDs of the differences."""
    power: float
    alpha: float
    """For the whole family, two-sided."""
    family: int
    """Tests in the family; each is made at alpha / family."""
    design: BiasDesign | tuple[BiasDesign, BiasDesign]
    method: str


@dataclass(frozen=True, slots=True)
class ImagesNeeded:
    """The smallest number of images with which a bias is found with the power asked for."""

    images: int
    identities: int
    power: float
    """Reached with that number; at least what was asked for."""
    bias: float
    alpha: float
    family: int
    method: str


def bias_design(model: Column, human: Column, *, clusters: Column | None = None) -> BiasDesign | Skipped:
    """Read the design off the data: SD of the differences, images, identities and their intraclass correlation.

    icc = (MSB - MSW) / (MSB + (m0 - 1) MSW) from the one-way analysis of variance over clusters, m0 = (n - sum
    n_c² / n) / (clusters - 1), cut to [0, 1] (Donner & Koval 1980, Biometrics 36, 19-25); 0 where each image is its
    own cluster. The SD is sqrt of the sum of both variance components where there are clusters of several images.
    Skipped: below two clusters, and differences without variance.

    >>> bias_design([3, 5, 4, 7, 6, 6], [2, 5, 5, 5, 4, 3], clusters=["p1", "p1", "p2", "p2", "p3", "p3"])
    BiasDesign(sd=1.5, images=6, identities=3, icc=0.18518518518518526)
    """
    both = pairs(model, human, clusters=clusters)
    d = both.difference
    codes, names = as_codes(np.arange(both.n) if both.clusters is None else both.clusters, "clusters")
    k = len(names)
    if k < 2:
        return Skipped(f"a design needs two clusters rated by both, there are {k}")
    if np.ptp(np.round(d, 10)) == 0:
        return Skipped(f"the differences have no variance: all {both.n} are {d[0]:g}")
    if k == both.n:
        return BiasDesign(float(d.std(ddof=1)), both.n, k)
    between, within = _components(d, codes, k)
    total = between + within
    return BiasDesign(math.sqrt(total), both.n, k, between / total)


def power_of(bias: float, design: BiasDesign, *, alpha: float = 0.05, family: int = 1) -> float:
    """Return the probability that the two-sided t test of a bias of 0, at alpha / family, finds this bias.

    P(|T| > t(1 - alpha / (2 family), df)), T noncentral t with ncp = bias / se: Cohen 1988, Statistical Power
    Analysis, ch. 2. `family` counts the tests of a Bonferroni correction; Holm's finds no less.

    >>> round(power_of(0.25, BiasDesign(sd=1.0, images=240, identities=240), family=12), 4)
    0.8351
    """
    _check(alpha, family)
    _finite(bias)
    _require_design(design)
    return _power(abs(bias) / design.standard_error, design.df, alpha / family)


def detectable_bias(design: BiasDesign, *, alpha: float = 0.05, family: int = 1, power: float = 0.8) -> DetectableBias:
    """Return the smallest bias found with the power asked for, at alpha / family.

    >>> told = detectable_bias(BiasDesign(sd=1.0, images=240, identities=240), family=12)
    >>> round(told.bias, 4), round(told.d_z, 4)
    (0.2414, 0.2414)
    """
    _check(alpha, family, power)
    _require_design(design)
    bias = _least_ncp(design.df, alpha / family, power) * design.standard_error
    method = f"two-sided t, df {design.df}, {_told(alpha, family)}"
    return DetectableBias(bias, bias / design.sd, power, alpha, family, design, method)


def detectable_gap(
    first: BiasDesign, second: BiasDesign, *, alpha: float = 0.05, family: int = 1, power: float = 0.8
) -> DetectableBias:
    """Return the smallest difference of bias between two groups of identities found with the power asked for.

    se = sqrt(se1² + se2²), df by Welch and Satterthwaite; `d_z` is in units of the root mean square of the SDs.

    >>> group = BiasDesign(sd=1.0, images=480, identities=80, icc=0.1)
    >>> round(detectable_gap(group, group, family=3).bias, 4)
    0.2581
    """
    _check(alpha, family, power)
    _require_design(first)
    _require_design(second)
    v1, v2 = first.standard_error**2, second.standard_error**2
    df = (v1 + v2) ** 2 / (v1**2 / first.df + v2**2 / second.df)
    bias = _least_ncp(df, alpha / family, power) * math.sqrt(v1 + v2)
    method = f"two-sided Welch t, df {df:.1f}, {_told(alpha, family)}"
    pooled = math.sqrt((first.sd**2 + second.sd**2) / 2)
    return DetectableBias(bias, bias / pooled, power, alpha, family, (first, second), method)


def images_needed(
    bias: float,
    sd: float,
    *,
    images_of_identity: int = 1,
    icc: float = 0.0,
    alpha: float = 0.05,
    family: int = 1,
    power: float = 0.8,
) -> ImagesNeeded | Skipped:
    """Return the fewest images, in whole identities, with which a bias is found with the power asked for.

    Skipped: a bias of 0, and more than ten million images.

    >>> told = images_needed(0.25, sd=1.0, family=12)
    >>> told.images, round(told.power, 4)
    (224, 0.8001)
    """
    _check(alpha, family, power)
    _finite(bias)
    require_count(images_of_identity, 1, "The number of images of an identity")
    BiasDesign(sd, 2 * images_of_identity, 2, icc)
    if bias == 0:
        return Skipped("no number of images finds a bias of 0")

    def reached(identities: int) -> float:
        design = BiasDesign(sd, identities * images_of_identity, identities, icc)
        return power_of(bias, design, alpha=alpha, family=family)

    low, high = 1, 2
    while reached(high) < power:
        low, high = high, high * 2
        if high * images_of_identity > MOST_IMAGES:
            return Skipped(f"a bias of {bias:g} would take more than {MOST_IMAGES:,} images")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= power else (middle, high)
    method = f"two-sided t, df {high - 1}, {_told(alpha, family)}"
    return ImagesNeeded(high * images_of_identity, high, reached(high), bias, alpha, family, method)


def _require_design(design: BiasDesign) -> None:
    if not isinstance(design, BiasDesign):
        raise AnalysisError(
            "Power is that of a design: BiasDesign(sd=1.2, images=240, identities=40), or what bias_design reads off "
            f"the data; not {design!r}."
        )


def _told(alpha: float, family: int) -> str:
    return f"alpha {alpha:g}" if family == 1 else f"alpha {alpha:g} over {family} tests (Bonferroni)"


def _finite(bias: float) -> None:
    if not (is_number(bias) and math.isfinite(bias)):
        raise AnalysisError(f"A bias is a number of scale points, not {bias}.")


def _check(alpha: float, family: int, power: float = 0.8) -> None:
    require_share(alpha, "alpha")
    require_share(power, "power")
    require_count(family, 1, "The number of tests in the family")
    if not alpha / family < power:
        raise AnalysisError(
            f"A power lies above alpha / family, which no bias at all reaches: {power} against {alpha / family:.4g}."
        )


def _power(ncp: float, df: float, alpha: float) -> float:
    critical = float(stdtrit(df, 1 - alpha / 2))
    # The lower tail as an upper one of -ncp: scipy's cdf is NaN far below a large ncp.
    return float(nct.sf(critical, df, ncp) + nct.sf(critical, df, -ncp))


def _least_ncp(df: float, alpha: float, power: float) -> float:
    high = 1.0
    while _power(high, df, alpha) < power:
        high *= 2
    return float(brentq(lambda ncp: _power(ncp, df, alpha) - power, 0.0, high, xtol=1e-13, rtol=1e-14))


def _components(d: FloatArray, codes: IntArray, k: int) -> tuple[float, float]:
    """Return the variance between and within clusters, from the mean squares; neither below 0."""
    n, sizes = len(d), np.bincount(codes)
    means = np.bincount(codes, weights=d) / sizes
    between = float((sizes * (means - d.mean()) ** 2).sum()) / (k - 1)
    within = float(((d - means[codes]) ** 2).sum()) / (n - k)
    m0 = (n - float((sizes**2).sum()) / n) / (k - 1)
    return max(0.0, (between - within) / m0), within
