"""Compares ways of estimating uplift by the true value of the decisions they lead to.

A synthetic business of 12 actions: organic conversion differs by customer, the effect of showing is large for some,
nothing for others and negative for sleeping dogs. Every learner gets the same randomised log; its policy shows the
action of the highest uplift × value − cost, or nothing. Printed: the share of the true gap between the best constant
action and the oracle that each policy closes.

    python benchmarks/uplift_learners.py --seeds 3 --rows 30000 60000
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from training.blend_fit import PLAIN
from training.encoding import ActionEntry, ActionTable, FeatureColumn, FeatureEncoder, Floats, Layout, Matrix
from training.exposure import Evidence
from training.linear import Linear, LinearShape, fit_linear
from training.logistic import sigmoid
from training.propensity import EFFECT_PENALTIES, fit_propensity
from training.ridge import Penalties
from training.search_space import PRESET
from training.trees import PINNED, Rows, Trees, fit_trees
from training.tuning import Search

N_ACTIONS = 12
N_NUMBERS = 56


@dataclass(frozen=True)
class Truth:
    """A business whose response function is known."""

    values: Floats
    costs: Floats
    organic: Floats
    weights: Floats
    picks: Any
    kinds: Any

    @classmethod
    def create(cls, seed: int) -> "Truth":
        """A business of this seed."""
        rng = np.random.default_rng(seed)
        weights = rng.normal(0, 0.35, (N_ACTIONS, N_NUMBERS)) * (rng.random((N_ACTIONS, N_NUMBERS)) < 0.12)
        return cls(
            values=rng.choice([8.0, 15.0, 25.0, 40.0, 60.0, 90.0], N_ACTIONS),
            costs=rng.choice([0.0, 0.02, 0.3], N_ACTIONS),
            organic=rng.uniform(-5.0, -3.0, N_ACTIONS),
            weights=weights,
            picks=rng.integers(0, 24, (N_ACTIONS, 3)),
            kinds=rng.integers(0, 4, N_ACTIONS),
        )

    def customers(self, n: int, rng: np.random.Generator) -> Floats:
        """Numbers (skewed, gaussian, some missing), then the codes of four categories."""
        x = rng.normal(size=(n, N_NUMBERS))
        x[:, :20] = np.exp(x[:, :20]) * (rng.random((n, 20)) < 0.5)  # decayed counts: skewed, mostly zero
        x[:, 40:48][rng.random((n, 8)) < 0.2] = np.nan
        words = rng.integers(0, [3, 5, 4, 6], size=(n, 4)).astype(float)
        return np.hstack([x, words])

    def probabilities(self, x: Floats) -> tuple[Floats, Floats]:
        """(not shown, shown), each (n, n_actions)."""
        plain = x[:, :N_NUMBERS]
        z = np.nan_to_num(np.where(np.arange(N_NUMBERS) < 20, np.log1p(np.maximum(plain, 0)), plain))
        baseline = self.organic + z @ self.weights.T + 0.3 * (x[:, N_NUMBERS, None] == np.arange(N_ACTIONS) % 3)
        return sigmoid(baseline), sigmoid(baseline + self._effect(z, x))

    def _effect(self, z: Floats, x: Floats) -> Floats:
        first, second, third = (z[:, self.picks[:, i]] for i in range(3))
        liked = x[:, N_NUMBERS + 1, None] == np.arange(N_ACTIONS) % 5
        shapes = [
            0.9 + 0.0 * first,  # good for everybody
            1.8 * (first > 0.5) - 0.3,  # pays only for some
            0.9 * (second > 0) - 1.2 * (third > 0.4) + 0.3,  # sleeping dogs
            0.7 * first - 0.2 * second + 0.8 * liked - 0.2,  # graded
        ]
        return np.select([self.kinds == kind for kind in range(4)], shapes)


@dataclass(frozen=True)
class Log:
    """A randomised log: who, what was shown (−1 nothing), whether each action's aim was reached."""

    x: Floats
    chosen: Any
    converted: Floats


def a_log(truth: Truth, n: int, seed: int) -> Log:
    rng = np.random.default_rng(seed)
    x = truth.customers(n, rng)
    chosen = rng.integers(-1, N_ACTIONS, n)
    quiet, shown = truth.probabilities(x)
    p = np.where(np.arange(N_ACTIONS) == chosen[:, None], shown, quiet)
    return Log(x, chosen, (rng.random(p.shape) < p).astype(float))


def a_layout(truth: Truth) -> Layout:
    numbers = [FeatureColumn(f"n{i}") for i in range(N_NUMBERS)]
    words = [FeatureColumn(f"w{i}", "category", tuple("abcdef"[:k])) for i, k in enumerate((3, 5, 4, 6))]
    entries = [
        ActionEntry(
            f"a{i}",
            "t",
            f"i{i % 3}",
            f"g{i % 5}",
            "web",
            truth.values[i],
            truth.costs[i],
            has_conversion=True,
            starting_propensity=0.02,
            starting_evidence=100.0,
        )
        for i in range(N_ACTIONS)
    ]
    return Layout(FeatureEncoder((*numbers, *words)), ActionTable(tuple(entries)))


@dataclass(frozen=True)
class Bench:
    """One randomised log, as every learner gets it."""

    layout: Layout
    exposed: Rows
    control: Rows
    log: Log
    seed: int

    @classmethod
    def of(cls, layout: Layout, log: Log, *, n_control: int, seed: int) -> "Bench":
        """Shown rows, and a sample of the pairs that were not shown."""
        shown = np.flatnonzero(log.chosen >= 0)
        exposed = Rows(layout.rows(log.x[shown], log.chosen[shown]), log.converted[shown, log.chosen[shown]])
        rng = np.random.default_rng(seed)
        quiet = np.argwhere(np.arange(N_ACTIONS) != log.chosen[:, None])
        quiet = quiet[rng.permutation(len(quiet))[:n_control]]
        control = Rows(layout.rows(log.x[quiet[:, 0]], quiet[:, 1]), log.converted[quiet[:, 0], quiet[:, 1]])
        return cls(layout, exposed, control, log, seed)

    @property
    def categorical(self) -> list[int]:
        """Positions of the categories."""
        return self.layout.categorical

    @property
    def codes(self) -> int:
        """Where the action's code stands."""
        return self.layout.position("action")


Margin = Callable[[Matrix], Floats]
Uplift = Callable[[Floats], Floats]


def boosted(bench: Bench, rows: Rows, **changes: Any) -> Trees:
    """Trees with early stopping on a fifth of the rows."""
    held = np.random.default_rng(bench.seed).random(len(rows)) < 0.2
    data = rows.take(~held).dataset(bench.categorical)
    later = rows.take(held).dataset(bench.categorical, reference=data)
    settings = {**PINNED, **PRESET, **changes, "bagging_freq": 1, "seed": bench.seed}
    stop = lightgbm.early_stopping(20, verbose=False)
    found = lightgbm.train(settings, data, 150, valid_sets=[later], callbacks=[stop])
    settings = {**PRESET, **changes, "bagging_freq": 1}
    n_trees = max(found.best_iteration, 1)
    return fit_trees(rows, settings, n_trees=n_trees, categorical=bench.categorical, seed=bench.seed)


def linear(bench: Bench, rows: Rows, penalties: Penalties = PLAIN) -> Linear:
    shape = LinearShape(bench.layout.columns, bench.codes, N_ACTIONS)
    return fit_linear(rows.matrix, rows.label, shape=shape, penalties=penalties, offset=rows.offset)


def difference(quiet: Margin, shown: Margin) -> Uplift:
    return lambda m: sigmoid(shown(m)) - sigmoid(quiet(m))


def t_trees(bench: Bench) -> Uplift:
    return difference(boosted(bench, bench.control).margin, boosted(bench, bench.exposed).margin)


def t_linear(bench: Bench) -> Uplift:
    return difference(linear(bench, bench.control).margin, linear(bench, bench.exposed).margin)


def s_trees(bench: Bench) -> Uplift:
    flagged = [np.column_stack([r.matrix, np.full(len(r), f)]) for r, f in ((bench.control, 0.0), (bench.exposed, 1.0))]
    model = boosted(bench, Rows(np.vstack(flagged), np.concatenate([bench.control.label, bench.exposed.label])))
    return difference(
        lambda m: model.margin(np.column_stack([m, np.zeros(len(m))])),
        lambda m: model.margin(np.column_stack([m, np.ones(len(m))])),
    )


def dr_trees(bench: Bench) -> Uplift:
    """Trees regress the doubly robust pseudo-outcome, with a T-learner as nuisance."""
    quiet, shown = boosted(bench, bench.control), boosted(bench, bench.exposed)
    rows = bench.control.join(bench.exposed)
    treated = np.concatenate([np.zeros(len(bench.control)), np.ones(len(bench.exposed))])
    p0, p1, e = sigmoid(quiet.margin(rows.matrix)), sigmoid(shown.margin(rows.matrix)), float(treated.mean())
    pseudo = p1 - p0 + treated * (rows.label - p1) / e - (1 - treated) * (rows.label - p0) / (1 - e)
    settings = {**PINNED, **PRESET, "objective": "l2", "min_data_in_leaf": 400, "bagging_freq": 1, "seed": bench.seed}
    data = Rows(rows.matrix, pseudo).dataset(bench.categorical)
    model = lightgbm.train(settings, data, 60)
    return lambda m: np.asarray(model.predict(m, num_threads=1))


def offset_linear(bench: Bench) -> Uplift:
    base = linear(bench, bench.control).margin
    effect = linear(bench, lifted(bench, base), EFFECT_PENALTIES).margin
    return difference(base, lambda m: base(m) + effect(m))


def offset_trees(bench: Bench) -> Uplift:
    base = boosted(bench, bench.control).margin
    rows = lifted(bench, base)
    level = linear(bench, rows, Penalties(1e9, 1e9)).margin
    effect = boosted(bench, Rows(rows.matrix, rows.label, base(rows.matrix) + level(rows.matrix))).margin
    return difference(base, lambda m: base(m) + level(m) + effect(m))


def lifted(bench: Bench, base: Margin) -> Rows:
    return Rows(bench.exposed.matrix, bench.exposed.label, base(bench.exposed.matrix))


def product(bench: Bench) -> Uplift:
    """What the project ships: tuned, blended, calibrated, shrunk."""
    layout = bench.layout
    model, _ = fit_propensity(part(bench, 0.0, 0.8), part(bench, 0.8, 1.0), layout=layout, search=Search())
    known = model.candidates(layout.actions.entries)
    width = len(layout.features.columns)
    return lambda m: model.of_many(m[::N_ACTIONS, :width], known)[1].ravel()


def part(bench: Bench, begin: float, end: float) -> Evidence:
    shown, control = (r.take(slice(int(begin * len(r)), int(end * len(r)))) for r in (bench.exposed, bench.control))
    share = 1 / (1 + len(bench.control) / len(bench.exposed))
    n = len(shown)
    shares = np.full(n, share), np.full(len(control), share)
    return Evidence(
        shown, control, np.full(n, 0.02), np.ones(n, dtype=bool), *shares, *[np.arange(n).astype(object)] * 2
    )


LEARNERS: dict[str, Callable[[Bench], Uplift]] = {
    "T trees": t_trees,
    "T linear": t_linear,
    "S trees": s_trees,
    "DR trees": dr_trees,
    "offset trees": offset_trees,
    "offset linear": offset_linear,
    "ours: offset, blended, shrunk": product,
}


def policy_value(gain: Floats, priority: Floats) -> float:
    best = priority.argmax(axis=1)
    taken = np.where(priority.max(axis=1) > 0, gain[np.arange(len(gain)), best], 0.0)
    return float(taken.mean())


def run(seed: int, n_rows: int) -> dict[str, dict[str, float]]:
    truth = Truth.create(seed)
    layout = a_layout(truth)
    log, fresh = a_log(truth, n_rows, seed + 1), a_log(truth, 8000, seed + 2)
    bench = Bench.of(layout, log, n_control=2 * n_rows, seed=seed)
    quiet, shown = truth.probabilities(fresh.x)
    gain = (shown - quiet) * truth.values - truth.costs
    constant, oracle = max(0.0, gain.mean(axis=0).max()), float(np.maximum(gain.max(axis=1), 0).mean())
    grid = layout.rows(np.repeat(fresh.x, N_ACTIONS, axis=0), np.tile(np.arange(N_ACTIONS), len(fresh.x)))
    rows = {}
    for name, learn in LEARNERS.items():
        begin = time.process_time()
        estimate = learn(bench)
        seconds = time.process_time() - begin
        uplift = estimate(grid).reshape(-1, N_ACTIONS)
        value = policy_value(gain, uplift * truth.values - truth.costs)
        rmse = float(np.sqrt(np.mean((uplift - (shown - quiet)) ** 2)))
        rows[name] = {"closed": (value - constant) / (oracle - constant), "rmse": rmse, "cpu_s": seconds}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, nargs="+", default=[30000, 60000])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for n_rows in given.rows:
        runs = [run(100 * seed, n_rows) for seed in range(1, given.seeds + 1)]
        table = {name: {k: float(np.mean([r[name][k] for r in runs])) for k in runs[0][name]} for name in LEARNERS}
        if given.json:
            print(json.dumps({"rows": n_rows, "table": table}))
            continue
        print(f"\n{n_rows} decisions, {given.seeds} businesses")
        for name, row in table.items():
            print(f"{name:32s}" + "  ".join(f"{key} {value:7.4f}" for key, value in row.items()))


if __name__ == "__main__":
    main()
