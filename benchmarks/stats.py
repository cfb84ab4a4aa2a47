"""How fast the statistics are, beside R where it is installed.

    python benchmarks/stats.py              the mixed models, on 2,880 and on 72,000 rows
    python benchmarks/stats.py --large      also 720,000 rows, 10,000 raters and 14,400 images
    python benchmarks/stats.py --ours       alpha of 72,000 ratings, and the whole of `vlmrate analyze` on a full study

Each case is a study simulated from a seed. Ours and R's models run one after the other in processes of their own,
round by round (`--rounds`, by default 3), on the same rows; the table gives medians of processor and wall-clock
seconds, and our process's peak memory. R needs lme4 and lmerTest. BLAS threads are as installed.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import whole_study

from vlmrate import stats
from vlmrate.stats.mixed import fit_mixed_model

EMOTIONS = ["neutral", "happy", "sad", "angry", "fear", "disgust"]
SHIFTS = np.array([0.0, 2.3, -1.9, -2.1, -1.8, -2.2])
R_SCRIPT = Path(__file__).with_name("stats.R")


@dataclass(frozen=True, slots=True)
class Case:
    """A study to fit, how often, and what R is asked for."""

    name: str
    formula: str
    raters: int
    images: int
    each: int
    """Images a rater sees; 0: one mean of people and one model's rating an image."""
    repeats: int
    r_repeats: int
    r_asks: str
    """`summary`: lmerTest's fit and summary; `fit`: lme4's fit alone."""
    large: bool = False


CROSSED = "rating ~ emotion + actor_race + actor_gender + (1 | rater) + (1 | image_id)"
CASES = [
    Case("bias, 2,880 rows", "rating ~ rater_type * emotion + (1 | image_id)", 2, 1440, 0, 15, 9, "summary"),
    Case("crossed, 72,000 rows", CROSSED, 1000, 1440, 72, 5, 1, "summary"),
    Case("crossed, 720,000 rows", CROSSED, 10_000, 14_400, 72, 1, 1, "fit", large=True),
]


def simulate(case: Case) -> pd.DataFrame:
    """Ratings of images in six emotions with raters and images that differ, every image seen equally often."""
    rng = np.random.default_rng(20)
    image = np.arange(case.images)
    of_image = rng.normal(5, 0.7, case.images) + SHIFTS[image % 6]
    if case.each:
        rater = np.repeat(np.arange(case.raters), case.each)
        rounds = -(-len(rater) // case.images)
        seen = np.concatenate([rng.permutation(case.images) for _ in range(rounds)])[: len(rater)]
        rating = of_image[seen] + rng.normal(0, 0.63, case.raters)[rater] + rng.normal(0, 1.15, len(rater))
        columns = {"rater": rater}
    else:
        seen, model = np.tile(image, 2), np.repeat([0, 1], case.images)
        rating = of_image[seen] + 0.3 * model + rng.normal(0, 0.57, len(seen))
        columns = {"rater_type": np.array(["human", "vlm"])[model]}
    factors = {
        "image_id": seen,
        "emotion": pd.Categorical.from_codes(seen % 6, EMOTIONS),
        "actor_race": np.array(["A", "B", "C"])[seen // 6 % 3],
        "actor_gender": np.array(["F", "M"])[seen // 18 % 2],
    }
    return pd.DataFrame(columns | factors | {"rating": rating})


def ours(case: Case) -> dict[str, float]:
    """Median seconds of fit, coefficients and (where rater types are compared) contrasts, and peak memory in GB."""
    data = simulate(case)
    fit_mixed_model(CASES[0].formula, simulate(CASES[0]))  # imports and caches
    processor, wall = [], []
    for _ in range(case.repeats):
        begun, started = time.process_time(), time.perf_counter()
        fit = fit_mixed_model(case.formula, data)
        _ = fit.coefficients
        if not case.each:
            fit.contrasts("rater_type", by="emotion")
        processor.append(time.process_time() - begun)
        wall.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "linux" else 1e9)
    return {"processor": float(np.median(processor)), "wall": float(np.median(wall)), "peak": peak}


def run_ours(place: int) -> dict[str, float]:
    """One case in a process of its own."""
    command = [sys.executable, __file__, "--case", str(place)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def run_r(case: Case, table: Path) -> dict[str, float]:
    """The same case in R."""
    command = ["Rscript", str(R_SCRIPT), str(table), case.formula, case.r_asks, str(case.r_repeats)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    processor, wall = map(float, done.stdout.split()[-2:])
    return {"processor": processor, "wall": wall}


def compare(place: int, rounds: int) -> str:
    """A case's line of the table."""
    case = CASES[place]
    rounds = 1 if case.large else rounds
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "ratings.csv"
        if shutil.which("Rscript"):
            simulate(case).to_csv(table, index=False)
        for _ in range(rounds):
            mine.append(run_ours(place))
            if table.exists():
                theirs.append(run_r(case, table))
    processor, wall, peak = (float(np.median([run[key] for run in mine])) for key in ("processor", "wall", "peak"))
    line = f"| {case.name} | {processor:.4g} | {wall:.4g} | {peak:.2f} |"
    if not theirs:
        return line + " | | |"
    r_processor, r_wall = (float(np.median([run[key] for run in theirs])) for key in ("processor", "wall"))
    asked = "lmerTest fit and summary" if case.r_asks == "summary" else "lme4 fit alone"
    return line + f" {asked}: {r_processor:.4g} | {r_wall:.4g} | {r_processor / processor:.1f} |"


def alpha(rounds: int) -> dict[str, float]:
    """Median seconds of ordinal alpha with its interval: 72,000 ratings, 2,000 resamples of 240 identities."""
    data = simulate(CASES[1])
    values, identities = data["rating"].round().clip(1, 9), data["image_id"] // 6
    processor, wall = [], []
    for _ in range(rounds):
        begun, started = time.process_time(), time.perf_counter()
        stats.krippendorff_alpha(data["image_id"], data["rater"], values, "ordinal", clusters=identities)
        processor.append(time.process_time() - begun)
        wall.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "linux" else 1e9)
    return {"processor": float(np.median(processor)), "wall": float(np.median(wall)), "peak": peak}


def print_ours(rounds: int) -> None:
    """Print what has no counterpart in R."""
    cases = {
        "Krippendorff's alpha, ordinal, 72,000 rows, 2,000 resamples": alpha,
        "`vlmrate analyze --tables-only`, 1,440 images, 72,000 rows by people, 7 raters": whole_study.measure,
    }
    print("| case | CPU s | wall s | peak GB |")
    print("|---|---|---|---|")
    for name, measure in cases.items():
        found = measure(rounds)
        print(f"| {name} | {found['processor']:.3g} | {found['wall']:.3g} | {found['peak']:.2f} |", flush=True)


def main() -> None:
    """Print the table, a line as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="also the study of 720,000 rows, which takes R long")
    parser.add_argument("--ours", action="store_true", help="alpha and the whole analysis instead, without R")
    parser.add_argument("--rounds", type=int, default=3, help="how often ours and R's take turns")
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case is not None:
        print(json.dumps(ours(CASES[asked.case])))
        return
    if asked.ours:
        print_ours(asked.rounds)
        return
    print("| case | ours, CPU s | ours, wall s | peak GB | R, CPU s | R, wall s | CPU ratio |")
    print("|---|---|---|---|---|---|---|")
    for place, case in enumerate(CASES):
        if asked.large or not case.large:
            print(compare(place, asked.rounds), flush=True)


if __name__ == "__main__":
    main()
