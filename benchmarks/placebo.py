"""Does the gate believe what is not there? Coffee and Hillstrom with their arms shuffled: nothing can be learned."""

from collections.abc import Iterator

from benchmarks.identity_data import data_folder
from benchmarks.public_logs import PublicLog, coffee, hillstrom
from benchmarks.report import Cell, Report, spent
from training.figures import with_interval
from training.uplift.contest import Care
from training.uplift.fitting import Fitted, fit_policy

N_OF_EACH = 10


def run(*, quick: bool) -> Report:
    rows = [_row(name, log, Care(folds=3, bags=1, seed=seed)) for name, log, seed in placebos(quick=quick)]
    adopted = sum(row["adopted"] == "yes" for row in rows)
    about = (
        f"Adopted: {adopted} of {len(rows)} (allowed: 1 of 20). Arms are shuffled within coffee's waves and within "
        "Hillstrom (visit and spend in turns), of every second customer; each is learned and judged by customer as "
        "`tsugi policy fit` does, on three folds and one seed."
    )
    return Report(about, rows)


def placebos(*, quick: bool) -> Iterator[tuple[str, PublicLog, int]]:
    """Shuffled logs, each with its name and seed."""
    offers = coffee(data_folder() / "starbucks-offers")
    for seed in range(1 if quick else N_OF_EACH):
        outcome = ("visit", "spend")[seed % 2]
        mails = hillstrom(data_folder() / "hillstrom", outcome)
        yield f"coffee {seed}", _some(offers, quick=quick).shuffled(seed), seed
        yield f"hillstrom {outcome} {seed}", _some(mails, quick=quick).shuffled(seed), seed


def _some(log: PublicLog, *, quick: bool) -> PublicLog:
    return log.part(log.log.customer_id % (20 if quick else 2) == 0)


def _row(name: str, log: PublicLog, care: Care) -> dict[str, Cell]:
    found: list[Fitted] = []
    cpu = spent(lambda: found.append(fit_policy(log.lesson, log.log, care=care))).cpu
    fitted = found[0]
    return {
        "log": name,
        "adopted": "yes" if fitted.adopted else "no",
        "candidate": "none sure" if fitted.winner is None else fitted.winner.learner,
        "gain": with_interval(fitted.gain, signed=True),
        "CPU s": round(cpu, 1),
    }
