"""Make the small simulated studies of this folder: `python make_data.py`, then `Rscript reference.R`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def crossed() -> pd.DataFrame:
    """Twelve raters see most of 24 images of eight identities; batches of rows do not matter."""
    rng = np.random.default_rng(20)
    raters, identities = rng.normal(0, 0.6, 12), rng.normal(0, 1.2, 8)
    images = rng.normal(0, 0.7, 24)
    rows = []
    for image in range(24):
        emotion, identity = ("neutral", "happy", "sad")[image % 3], image // 3
        for rater in range(12):
            if rng.random() < 0.2:
                continue
            mean = 5 + {"neutral": 0.0, "happy": 1.8, "sad": -1.5}[emotion] + 0.3 * (rater % 2) * (emotion == "sad")
            value = mean + raters[rater] + identities[identity] + images[image] + rng.normal(0, 0.9)
            group = ("student", "worker")[rater % 2]
            batch = f"b{len(rows) % 5}"
            rows.append((f"r{rater:02}", group, f"i{identity}", f"p{image:02}", batch, emotion, round(value, 3)))
    return pd.DataFrame(rows, columns=["rater", "group", "identity", "image_id", "batch", "emotion", "rating"])


def collinear() -> pd.DataFrame:
    """A covariate that repeats another column but for one part in a hundred thousand."""
    rng = np.random.default_rng(21)
    image, vlm = np.repeat(np.arange(40), 3), np.tile([0, 0, 1], 40)
    x = vlm + rng.normal(0, 1e-5, 120)
    rating = 5 + 0.4 * vlm + rng.normal(0, 0.7, 40)[image] + rng.normal(0, 0.5, 120)
    frame = {"image_id": [f"p{number:02}" for number in image], "rater_type": np.where(vlm, "vlm", "human")}
    return pd.DataFrame(frame | {"x": x, "rating": rating.round(4)})


if __name__ == "__main__":
    crossed().to_csv(HERE / "crossed.csv", index=False)
    collinear().to_csv(HERE / "collinear.csv", index=False)
