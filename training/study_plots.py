"""Pictures of a search for settings: how it went, and which settings mattered."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from training.plots import blank
from training.tuning import TrialRecord


def study_history(trials: Sequence[TrialRecord], *, title: str = "Search for settings") -> Figure:
    """The loss of every finished trial, and the best so far; pruned ones as ticks at the bottom."""
    figure, axes = blank(title, "trial", "log loss on validation rows")
    done = [trial for trial in trials if np.isfinite(trial.loss)]
    numbers, losses = [trial.number for trial in done], [trial.loss for trial in done]
    axes.plot(numbers, losses, marker="o", linestyle="", label=f"{len(done)} trials finished")
    if done:
        axes.step(numbers, np.minimum.accumulate(losses), where="post", color="grey", label="best so far")
        pruned = [trial.number for trial in trials if not np.isfinite(trial.loss)]
        axes.plot(pruned, [min(losses)] * len(pruned), marker="|", linestyle="", label=f"{len(pruned)} pruned")
    axes.legend()
    return figure


def setting_importance(importance: Mapping[str, float], *, title: str = "Which settings mattered") -> Figure:
    """How much of the spread of the losses each setting explains (PED-ANOVA), largest at the top."""
    figure, axes = blank(title, "share of the spread of losses", "")
    ordered = sorted(importance.items(), key=lambda item: item[1])
    axes.barh([name for name, _ in ordered], [share for _, share in ordered])
    return figure
