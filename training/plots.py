"""Pictures of models and policies as matplotlib figures, drawn without pyplot and its global state."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.evaluation import PolicyEvaluation
from training.off_policy.report import Line
from training.qini import Qini
from training.reward_log import Floats


def reliability_curve(
    predicted: Floats, observed: NDArray[Any], *, bins: int = 10, title: str = "Reliability"
) -> Figure:
    """Observed rate against predicted probability, in bins of equal size, with two standard errors.

    Parameters: `predicted` (n,), probabilities; `observed` (n,), 0 or 1.
    """
    figure, axes = blank(title, "predicted probability", "observed rate")
    parts = [part for part in np.array_split(np.argsort(predicted), bins) if len(part)]
    means, rates = (np.array([values[part].mean() for part in parts]) for values in (predicted, observed))
    errors = 2 * np.sqrt(rates * (1 - rates) / np.array([len(part) for part in parts]))
    top = float(max(means.max(initial=0), (rates + errors).max(initial=0))) or 1.0
    axes.plot([0, top], [0, top], linestyle="--", color="grey", label="perfect")
    axes.errorbar(means, rates, yerr=errors, marker="o", capsize=2, label=f"{len(parts)} bins of equal size")
    axes.legend()
    return figure


def gain_curve(score: Floats, outcome: NDArray[Any], *, title: str = "Cumulative gain", of: str = "outcomes") -> Figure:
    """The share of all outcomes that the best-scored share of customers holds, against choosing at random.

    Parameters: `score`, `outcome` (n,); `of`, what an outcome is, in words.
    """
    figure, axes = blank(title, "share contacted, best score first", f"share of {of} reached")
    reached = np.concatenate([[0.0], np.cumsum(outcome[np.argsort(-score, kind="stable")])])
    total = reached[-1] or 1.0
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey", label="at random")
    axes.plot(np.linspace(0, 1, len(reached)), reached / total, label="model")
    axes.legend()
    return figure


def feature_importance(
    names: Sequence[str],
    importance: NDArray[Any],
    *,
    top: int = 20,
    title: str = "Feature importance",
    of: str = "importance",
) -> Figure:
    """The most important features, largest at the top. Parameters: `of`, what their shares are shares of, in words."""
    figure, axes = blank(title, f"share of all {of}", "")
    order = np.argsort(importance)[-top:]
    total = float(np.sum(importance)) or 1.0
    axes.barh([literal(names[place]) for place in order], np.asarray(importance)[order] / total)
    return figure


def drift_plot(
    indices: Mapping[str, float],
    *,
    threshold: float,
    top: int = 20,
    title: str = "Drift of features",
) -> Figure:
    """The features that moved most, the furthest at the top, and from where on it is worth a look.

    Parameters: `indices`, population stability indices by name.
    """
    names = sorted(indices, key=lambda name: (-indices[name], name))[:top][::-1]
    n_beyond = sum(index > threshold for index in indices.values())
    figure, axes = blank(
        f"{title}: {n_beyond} of {len(indices)} beyond {threshold:g}", "population stability index", ""
    )
    colours = ["C3" if indices[name] > threshold else "C0" for name in names]
    axes.barh(list(map(literal, names)), [indices[name] for name in names], color=colours)
    axes.axvline(threshold, linestyle="--", color="grey", label="worth a look")
    axes.legend(loc="lower right")
    return figure


def policy_values(evaluation: PolicyEvaluation, *, currency: str = "", title: str = "Policy values") -> Figure:
    """Every policy's capped doubly robust value with its interval, best at the top."""
    unit = f"{currency} per decision, capped, doubly robust".strip()
    figure, axes = blank(title, unit, "")
    values = {name: row.capped.doubly_robust for name, row in evaluation.policies.items()}
    names = sorted(values, key=lambda name: values[name].value)
    for place, name in enumerate(names):
        found = values[name]
        axes.plot([found.low, found.high], [place, place], color="grey")
        axes.plot(found.value, place, marker="o", color="C0" if evaluation.policies[name].overlap.usable else "C3")
    axes.set_yticks(range(len(names)), list(map(literal, names)))
    return figure


def estimates_plot(
    estimates: Mapping[str, Line], *, title: str = "One policy by every estimator", per: str = "decision"
) -> Figure:
    """Every estimator's value with its interval by customer; those that lean on the model in grey."""
    figure, axes = blank(title, f"reward per {per}", "")
    lines = [(name, line.by_customer, line.leans_on_model) for name, line in estimates.items()]
    for place, (_, found, leans) in enumerate(lines):
        if found is not None:
            axes.plot([found.low, found.high], [place, place], color="grey")
            axes.plot(found.value, place, marker="o", color="grey" if leans else "C0")
    axes.set_yticks(range(len(lines)), [name for name, _, _ in lines])
    return figure


def weights_plot(weight: Floats, *, title: str = "Importance weights") -> Figure:
    """How many decisions speak for a policy with which weight (n,); the many of weight 0 are left out."""
    figure, axes = blank(f"{title}: {np.mean(weight > 0):.0%} above 0", "weight", "decisions")
    axes.hist(weight[weight > 0], bins=40)
    axes.set_yscale("log")
    return figure


def qini_plot(found: Qini, *, title: str = "Qini") -> Figure:
    """Additional outcomes by the share reached, against reaching customers at random."""
    figure, axes = blank(title, "share reached, highest uplift first", "additional outcomes per 1,000 decisions")
    axes.plot([0, 1], [0, 1000 * found.gained[-1]], linestyle="--", color="grey", label="at random")
    axes.plot(found.share, 1000 * found.gained, label=f"model, {1000 * found.coefficient:+.2f} on average")
    axes.legend()
    return figure


def contribution_plot(
    names: Sequence[str],
    values: Floats,
    contributions: Floats,
    *,
    top: int = 15,
    title: str = "Contributions",
    unit: str = "log-odds",
) -> Figure:
    """What each of the strongest features does to each row's log-odds (SHAP); the colour is the feature's value.

    Parameters: `values` and `contributions` (n, n_features); `unit`, what they are in where not in log-odds.
    """
    figure, axes = blank(title, f"contribution in {unit}", "")
    order = np.argsort(np.abs(contributions).mean(axis=0))[-top:]
    for place, feature in enumerate(order):
        rank = np.argsort(np.argsort(np.nan_to_num(values[:, feature], nan=-np.inf))) / max(len(values) - 1, 1)
        spread = place + 0.6 * (np.arange(len(values)) * 0.618034 % 1.0 - 0.5)
        axes.scatter(contributions[:, feature], spread, c=rank, cmap="coolwarm", s=4)
    axes.set_yticks(range(len(order)), [literal(names[feature]) for feature in order])
    axes.axvline(0.0, color="grey", linewidth=0.8)
    return figure


def literal(name: str) -> str:
    r"""A name as it stands: what lies between two dollar signs would be set, or refused, as a formula.

    >>> print(literal("$5 off $10"))
    \$5 off \$10
    """
    return name.replace("$", r"\$")


def blank(title: str, across: str, upwards: str) -> tuple[Figure, Any]:
    """An empty figure with its axes labelled."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(title=title, xlabel=across, ylabel=upwards)
    return figure, axes
