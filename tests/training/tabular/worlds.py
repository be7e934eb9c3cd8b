"""Made-up tables with a known truth."""

import numpy as np
import pandas as pd

from training.logistic import sigmoid


def a_table(n: int = 600, *, seed: int = 0, **columns) -> pd.DataFrame:
    """Numbers, words with gaps and a date that matter, one that does not, and a label drawn from their truth."""
    rng = np.random.default_rng(seed)
    age, words = rng.normal(45, 12, n), np.array(["red", "green", "", "blue"])[rng.integers(0, 4, n)]
    margin = 0.08 * (age - 45) + 1.2 * (words == "red") - 1.5
    frame = {
        "id": [f"c{number}" for number in range(n)],
        "age": np.where(rng.random(n) < 0.1, "", age.round(1).astype(str)),
        "colour": words,
        "since": pd.to_datetime("2025-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
        "noise": rng.integers(0, 3, n),
        "bought": np.where(rng.random(n) < sigmoid(margin), "yes", "no"),
    }
    return pd.DataFrame({**frame, **columns}).astype({"since": str})
