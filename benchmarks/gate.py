"""How often the gate adopts: on logs with no heterogeneity (placebo) it must not, on logs with a real one it must.

Each synthetic log is split in two by customer: a candidate (greedy on the mean of bagged reward models) learns from the
first half, the gate judges it on the second. In a placebo the arm is shuffled after the fact, so that nothing can be
learned; in a planted log one action pays for some customers and costs with others.
"""

import numpy as np

from benchmarks.report import Cell, Report, spent
from training.encoding import Floats
from training.evaluation import PolicyEvaluation, References, Settings, evaluate
from training.policy import best_constant, constant_name, greedy, standard_policies
from training.promotion import Verdict, judge
from training.reward_log import LoggedRewards
from training.reward_model import cross_fitted, fit_reward_model

ACTIONS = ("no_action", "card", "loan", "savings", "call", "survey")
BASE = np.array([0.0, 1.0, 0.8, 0.5, 0.2, 0.1])


def a_log(generator: np.random.Generator, *, n: int, strength: float, placebo: bool) -> tuple[LoggedRewards, Floats]:
    features = generator.normal(size=(n, 6))
    taste = np.zeros((n, len(ACTIONS)))
    taste[:, 1], taste[:, 2] = features[:, 0], np.where(features[:, 1] > 0, 1.0, -1.0)
    probability = generator.dirichlet(np.full(len(ACTIONS), 4.0), size=n) * 0.7 + 0.3 / len(ACTIONS)
    chosen = (probability.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1).clip(max=len(ACTIONS) - 1)
    mean = 2 + (BASE + strength * taste)[np.arange(n), chosen]
    reward = mean * generator.exponential(1.5, size=n)
    if placebo:
        order = generator.permutation(n)
        chosen, probability = chosen[order], probability[order]
    customers = generator.integers(0, n // 2, size=n)
    return LoggedRewards(ACTIONS, customers, chosen, probability, reward, np.minimum(reward, 20.0)), features


def candidate_priority(log: LoggedRewards, features: Floats, ask: Floats, *, bags: int = 3) -> Floats:
    models = (
        fit_reward_model(features, log.chosen, log.capped_reward, n_actions=len(ACTIONS), seed=seed)
        for seed in range(bags)
    )
    return np.asarray(np.mean([model.predict(ask) for model in models], axis=0))


def one(seed: int, *, n: int, strength: float, placebo: bool) -> tuple[Verdict, PolicyEvaluation]:
    generator = np.random.default_rng(seed)
    log, features = a_log(generator, n=n, strength=strength, placebo=placebo)
    first = log.customer_id % 2 == 0
    learn, value = log.part(first), log.part(~first)
    priority = candidate_priority(learn, features[first], features[~first])
    q_hat = cross_fitted(
        features[~first], value.chosen, value.capped_reward, customers=value.customer_id,
        n_actions=len(ACTIONS), seed=seed + 1, folds=2,
    )  # fmt: skip
    references = References(tuple(constant_name(a) for a in ACTIONS[1:]), constant_name(best_constant(learn) or ""))
    policies = standard_policies(value) | {"candidate": greedy(value, priority)}
    settings = Settings(replicates=300)
    found = evaluate(value, policies, generator=generator, q_hat=q_hat, references=references, settings=settings)
    return judge(found), found


CASES = {"placebo": (1.0, True), "no heterogeneity": (0.0, False), "planted": (1.0, False)}
"""By name: the strength of the heterogeneity, and whether the chosen actions are shuffled after the fact."""
WANTED = {"placebo": "0", "no heterogeneity": "0", "planted": "all"}


def run(*, quick: bool) -> Report:
    """Count adoptions, and time one evaluation."""
    n_logs, n = (1, 2_000) if quick else (20, 8_000)
    return Report(
        f"Independent synthetic logs of {n:,} decisions and {len(ACTIONS)} actions; half of each is learned from, half "
        "judged on. The last row values 5 policies over 13 actions, with 400 bootstrap replicates.",
        [*(_row(name, n_logs, n) for name in CASES), _evaluation(4_000 if quick else 40_000)],
    )


def _row(name: str, n_logs: int, n: int) -> dict[str, Cell]:
    strength, placebo = CASES[name]
    adopted: list[bool] = []
    took = spent(
        lambda: adopted.extend(one(seed, n=n, strength=strength, placebo=placebo)[0].promoted for seed in range(n_logs))
    )
    return {
        "case": name,
        "logs": n_logs,
        "adopted": sum(adopted),
        "wanted": WANTED[name],
        "CPU seconds per log": took.cpu / n_logs,
    }


def _evaluation(n: int) -> dict[str, Cell]:
    return {
        "case": f"one evaluation of {n:,}",
        "logs": 1,
        "adopted": "",
        "wanted": "",
        "CPU seconds per log": evaluation_seconds(n=n),
    }


def evaluation_seconds(*, n: int, n_actions: int = 13, n_policies: int = 5) -> float:
    generator = np.random.default_rng(0)
    probability = generator.dirichlet(np.full(n_actions, 2.0), size=n)
    chosen = (probability.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1).clip(max=n_actions - 1)
    reward = generator.exponential(size=n)
    customers = np.array([f"c_{number:016x}" for number in generator.integers(0, 20_000, size=n)], dtype=object)
    actions = ("no_action", *(f"a{number}" for number in range(1, n_actions)))
    log = LoggedRewards(actions, customers, chosen, probability, reward, reward)
    policies = {f"p{number}": greedy(log, generator.random((n, n_actions))) for number in range(n_policies)}
    references = References(constants=("p0", "p1"), registered="p0", champion="p2", nothing="p3")
    q_hat = generator.random((n, n_actions))
    return spent(lambda: evaluate(log, policies, generator=generator, q_hat=q_hat, references=references)).cpu
