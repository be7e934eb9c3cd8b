"""Does the gate adopt what is there? Generated logs in which customers differ in what is best for them."""

from dataclasses import dataclass

import numpy as np

from benchmarks.report import Cell, Report, spent
from training.figures import with_interval
from training.reward_log import Floats, LoggedRewards
from training.uplift.contest import Care
from training.uplift.fitting import Fitted, fit_policy
from training.uplift.lesson import Lesson
from training.uplift.log_columns import LARGEST_SHARE

N_WORLDS = 20
N_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class World:
    """A business whose mean rewards are known: per action a level, a taste of two columns, a step of a third."""

    levels: Floats
    graded: Floats
    steps: Floats
    columns: Floats

    @classmethod
    def create(cls, seed: int) -> "World":
        """Three to six actions; what they do differs by world."""
        generator = np.random.default_rng(seed)
        n_actions = int(generator.integers(3, 7))
        columns = np.array([generator.choice(N_COLUMNS, 3, replace=False) for _ in range(n_actions)])
        return cls(
            levels=generator.uniform(0.0, 0.4, n_actions),
            graded=generator.normal(0, 0.35, (n_actions, 2)),
            steps=generator.uniform(0.6, 1.2, n_actions),
            columns=columns,
        )

    def mean(self, context: Floats) -> Floats:
        """Mean reward of every action, (n, n_actions)."""
        first, second, third = (context[:, self.columns[:, place]] for place in range(3))
        taste = self.graded[:, 0] * np.tanh(first) + self.graded[:, 1] * np.tanh(second)
        common = 2.0 + 0.5 * np.tanh(context[:, [0]])
        return np.maximum(common + self.levels + taste + self.steps * ((third > 0.4) - 0.35), 0.05)

    def log(self, seed: int, *, n: int) -> tuple[LoggedRewards, Floats]:
        """A log (exponential rewards; probabilities that differ by decision) and its context."""
        generator = np.random.default_rng(seed)
        context = generator.normal(size=(n, N_COLUMNS))
        mean = self.mean(context)
        probability = 0.7 * generator.dirichlet(np.full(mean.shape[1], 4.0), size=n) + 0.3 / mean.shape[1]
        chosen = (probability.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1).clip(max=mean.shape[1] - 1)
        reward = mean[np.arange(n), chosen] * generator.exponential(size=n)
        names = tuple(f"a{number}" for number in range(mean.shape[1]))
        capped = np.minimum(reward, np.quantile(reward, LARGEST_SHARE))
        return LoggedRewards(names, generator.integers(0, n // 2, n), chosen, probability, reward, capped), context


def run(*, quick: bool) -> Report:
    n_worlds, n = (1, 3_000) if quick else (N_WORLDS, 30_000)
    rows = [one(seed, n=n) for seed in range(n_worlds)]
    adopted = sum(row["adopted"] == "yes" for row in rows)
    enough = sum(float(row["of the attainable"]) >= 0.8 for row in rows)
    mean = np.mean([float(row["of the attainable"]) for row in rows])
    about = (
        f"Adopted: {adopted} of {len(rows)} (wanted: 18 of 20), with {mean:.0%} of the attainable gain on average, at "
        f"least 80 % in {enough}. {n:,} decisions each; the attainable gain is that of knowing every customer's mean "
        "reward, over the truly best constant action; true values, on 50,000 fresh customers. Learners on one seed."
    )
    return Report(about, rows)


def one(seed: int, *, n: int) -> dict[str, Cell]:
    """Learn one world, and say what is truly earned."""
    world = World.create(seed)
    log, context = world.log(1000 + seed, n=n)
    lesson = Lesson(context, (), log.chosen, log.eligible_probability, log.capped_reward, log.customer_id)
    found: list[Fitted] = []
    cpu = spent(lambda: found.append(fit_policy(lesson, log, care=Care(bags=1, seed=seed)))).cpu
    fresh = np.random.default_rng(2000 + seed).normal(size=(50_000, N_COLUMNS))
    mean = world.mean(fresh)
    constant, oracle = mean.mean(axis=0).max(), mean.max(axis=1).mean()
    earned = mean[np.arange(len(fresh)), found[0].rule.choose(fresh)].mean()
    return {
        "world": seed,
        "actions": mean.shape[1],
        "adopted": "yes" if found[0].adopted else "no",
        "gain": with_interval(found[0].gain, signed=True),
        "best constant": round(float(constant), 3),
        "earned": round(float(earned), 3),
        "true gain": f"{earned / constant - 1:.1%}",
        "of the attainable": round(float((earned - constant) / (oracle - constant)), 2),
        "CPU s": round(cpu, 1),
    }
