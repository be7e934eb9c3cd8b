"""Learning online: what the decision code earns while it learns from every answer, beside what others earn.

One seed is 50,000 customers who come one after another; each outcome is learned before the next of them comes. The fast
layer corrects a scorer that has learned nothing (3 % for every action). Its settings were chosen on the seeds 100–102.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.online_learners import Learner, LinearThompson, OurDecisions
from benchmarks.online_world import OnlineWorld, contexts
from benchmarks.report import Cell, Report, spent

JUDGED = range(10)
N_ROUNDS = 50_000
SHARE, CPU = "regret, % of uniform's", "CPU µs per decision"
RECORDED = (
    ("linear Thompson sampling per action, every 100 rounds", "36 ± 3", "22"),
    ("MABWiser 2.7.4 LinTS", "33", "41-50"),
    ("LightGBM retrained every 5,000 rounds, ε = 0.1", "50 ± 5", "91"),
    ("LightGBM, bootstrapped Thompson", "62", ""),
    ("LightGBM, softmax", "64", ""),
    ("Vowpal Wabbit 9.11.9 squarecb", "53", "360-400"),
    ("Vowpal Wabbit 9.11.9 ε-greedy", "68", "360-400"),
    ("Vowpal Wabbit 9.11.9 cover", "95", "360-400"),
    ("the best fixed action in hindsight", "55", ""),
)
"""What others reached on an earlier simulator of the same description: (what, regret, CPU)."""


@dataclass(frozen=True, slots=True)
class Played:
    """One seed, played: `regret` as a share of uniform's; `fixed`, that of the best fixed action; CPU µs per round."""

    regret: float
    fixed: float
    cpu_us: float


def run(*, quick: bool) -> Report:
    """Play ten seeds with our decision code and with plain linear Thompson sampling."""
    seeds, n = (range(1), 500) if quick else (JUDGED, N_ROUNDS)
    ours = [play(OurDecisions(seed), seed, n=n) for seed in seeds]
    plain = [play(LinearThompson(seed), seed, n=n) for seed in seeds]
    worst = 100 * max(each.regret for each in ours)
    return Report(
        f"Cumulative regret over {n:,} rounds as % of a uniform policy's on the same customers, mean ± SD of "
        f"{len(seeds)} seeds (wanted: 36 at most, 100 µs of CPU a decision at most); our worst seed {worst:.1f} %. "
        "CPU is that of scoring, weighing, drawing and learning; all of `consider`, with funnel and reasons, "
        f"takes {whole_us(n=n // 25):.0f} µs. Recorded figures are of an earlier run on a simulator of the same "
        "description, not of this one.",
        [
            _row("this repository's decisions with their fast layer, ε = 0.05", ours),
            _row("linear Thompson sampling per action, every 100 rounds", plain),
            _cells("the best fixed action in hindsight", _mean([each.fixed for each in plain]), "", "measured"),
            *(_cells(name, regret, cpu, "recorded") for name, regret, cpu in RECORDED),
        ],
    )


def play(learner: Learner, seed: int, *, n: int) -> Played:
    """Let customers come, one after another."""
    world, generator = OnlineWorld.create(seed), np.random.default_rng([seed, 3])
    context = contexts(generator, n)
    acceptance, chance = world.acceptance(context), generator.random(n)
    chosen = np.zeros(n, dtype=np.intp)
    began = time.process_time()
    for place in range(n):
        action = chosen[place] = learner.choose(context[place])
        learner.learn(context[place], action, accepted=bool(chance[place] < acceptance[place, action]))
    cpu_us = (time.process_time() - began) / n * 1e6
    best, mean = acceptance.max(axis=1), acceptance.mean(axis=0)
    uniform = (best - acceptance.mean(axis=1)).sum()
    lost = (best - acceptance[np.arange(n), chosen]).sum()
    fixed = (best - acceptance[:, mean.argmax()]).sum()
    return Played(float(lost / uniform), float(fixed / uniform), cpu_us)


def whole_us(*, n: int) -> float:
    """CPU µs of a whole decision in process."""
    ours, context = OurDecisions(0), contexts(np.random.default_rng(0), n)
    return spent(lambda: [ours.consider(each) for each in context]).cpu / n * 1e6


def _row(name: str, played: Sequence[Played]) -> dict[str, Cell]:
    cpu = statistics.median(each.cpu_us for each in played)
    return _cells(name, _mean([each.regret for each in played]), f"{cpu:.0f}", "measured")


def _mean(shares: Sequence[float]) -> str:
    spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
    return f"{100 * statistics.mean(shares):.1f} ± {100 * spread:.1f}"


def _cells(name: str, regret: str, cpu: str, figure: str) -> dict[str, Cell]:
    return {"policy": name, SHARE: regret, CPU: cpu, "figure": figure}
