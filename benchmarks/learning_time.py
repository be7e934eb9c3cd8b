"""What learning costs: tuning and fitting the response model at the default budget, on a log shaped like the demo's."""

from pathlib import Path

from benchmarks.learned import Lesson, lesson, n_trees
from benchmarks.report import Cell, Report, spent
from training.learning import Learned

BANK = Path("examples/bank")
DEFAULT_TRIALS = 20


def run(*, quick: bool) -> Report:
    """Learn from logs of two sizes."""
    sizes = [(4_000, 1)] if quick else [(10_000, DEFAULT_TRIALS), (40_000, DEFAULT_TRIALS)]
    return Report(
        "Tuning (Optuna), fitting (logistic regression and LightGBM, baseline and effect), calibration and shrinkage "
        "of the response model, one thread, on generated logs over the bank's web actions and features. Half of the "
        "decisions train, a fifth chooses.",
        [_row(lesson(BANK, placement="web_home", decisions=n), trials=trials) for n, trials in sizes],
    )


def _row(from_log: Lesson, *, trials: int) -> dict[str, Cell]:
    learned: list[Learned] = []
    took = spent(lambda: learned.append(from_log.learn(trials=trials)))
    split, report = from_log.split, learned[0].propensity
    return {
        "decisions": sum(map(len, (split.train, split.validation, split.evaluation))),
        "actions": len(split.train.actions) - 1,
        "features": len(from_log.features.names),
        "trials per model": trials,
        "seconds": took.wall,
        "CPU seconds": took.cpu,
        "trees that serve": n_trees(learned[0].bundle),
        "log loss, shown": report.shown.log_loss,
        "of the linear model": report.simple_shown.log_loss,
    }
