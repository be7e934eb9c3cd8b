"""The gate's bounds beside money: calibration, latency and size of a bundle.

Each is a `Check` with its figure and its bound; `training.gate_slices` has those of segments.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Any

from decisioning.foresight import foreseen_by
from decisioning.ports import Candidate, Scorer
from training.encoding import Floats
from training.metrics import calibration_error, calibration_floor
from training.promotion import Check

ROUNDS = 5
TIMES = 20
MIB = 1024**2


def calibration_check(predicted: Floats, observed: Floats, *, most: float) -> Check:
    """Whether probabilities (n,) are those of what then happened (n,), 0 or 1, beyond what noise alone would show.

    Parameters: `most`, how far the calibration error may be above that of a perfect model on as many rows.
    """
    if not len(predicted):
        return Check("calibration", passed=True, reason="calibration cannot be told: nothing was shown later")
    error, floor = calibration_error(observed, predicted), calibration_floor(predicted)
    passed = error - floor <= most
    said = "calibrated" if passed else "not calibrated"
    figures = f"error {error:.4f}, of a perfect model {floor:.4f}, allowed {floor + most:.4f}"
    return Check("calibration", passed, f"{said} on {len(predicted):,} later rows: {figures}")


def latency_check(
    scorer: Scorer, customers: Sequence[Mapping[str, Any]], candidates: Sequence[Candidate], *, most_ms: float
) -> Check:
    """Whether all candidates are scored for one customer, and what is foreseen is, quickly enough.

    Parameters: `customers`, made up, by feature; `most_ms` of CPU time. What is measured is the fastest of several
    rounds, each the mean over the customers: what else the machine does is not the bundle's.
    """
    taken = min(_round_ms(lambda: _score_all(scorer, customers, candidates)) for _ in range(ROUNDS))
    each = taken / max(len(customers), 1)
    verb = "scores" if each <= most_ms else "takes too long to score"
    what = f"{len(candidates)} candidates for one customer: {each:.2f} ms of CPU, allowed {most_ms:g}"
    return Check("latency", each <= most_ms, f"{verb} {what}")


def _score_all(scorer: Scorer, customers: Sequence[Mapping[str, Any]], candidates: Sequence[Candidate]) -> None:
    for customer in customers:
        foreseen_by(scorer, customer)
        scorer.score(customer, candidates)


def _round_ms(work: Callable[[], None]) -> float:
    began = process_time()
    for _ in range(TIMES):
        work()
    return (process_time() - began) * 1000 / TIMES


def size_check(folder: Path, *, most_mib: float) -> Check:
    """Whether the files of a bundle's folder are small enough for every worker to hold them."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MIB
    verb = "is small enough" if size <= most_mib else "is too large"
    return Check("size", size <= most_mib, f"the bundle {verb}: {size:.2f} MiB, allowed {most_mib:g}")
