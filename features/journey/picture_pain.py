"""Where it hurts: a bubble for every target, by stage and by what is asked, as large as the customers concerned."""

from math import pi, sqrt

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from features.journey.picture import INK, QUIET, VERDICTS, Document, figure, plain, spoken

KINDS = {"leave": "leave", "wait": "wait", "complain": "complain", "nps": "would not\nrecommend"}
LARGEST = 3200.0
"""The area of the largest bubble, in square points."""


def pains(journey: Document, currency: str) -> Figure:
    """Stages from left to right; a met target is a small ring."""
    stages = [each["stage"] for each in journey["stages"]]
    made = figure(max(7.0, 1.45 * len(stages) + 1.8), 5.4)
    axes = made.subplots()
    plain(
        axes, f"{spoken(journey['journey'])}: customers who would have had to fare differently for the target to be met"
    )
    most = max((each["customers"] for each in journey["targets"]), default=0.0)
    for each in journey["targets"]:
        _bubble(axes, each, (stages.index(each["stage"]), list(KINDS).index(each["kind"])), (most, currency))
    axes.set_xticks(range(len(stages)), [spoken(stage) for stage in stages])
    axes.set_yticks(range(len(KINDS)), list(KINDS.values()))
    axes.set_xlim(-0.6, len(stages) - 0.4)
    axes.set_ylim(len(KINDS) - 0.35, -0.65)
    axes.set_axisbelow(True)
    axes.grid(color="#f0f1f4", linewidth=0.8)
    marks = [Line2D([], [], marker="o", linestyle="", color=VERDICTS[name], label=name) for name in VERDICTS]
    axes.legend(handles=marks, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4, frameon=False, fontsize=9)
    return made


def _bubble(axes: Axes, each: Document, where: tuple[int, int], scale: tuple[float, str]) -> None:
    (x, y), (most, currency), colour = where, scale, VERDICTS[each["verdict"]]
    if each["verdict"] == "met" or each["customers"] <= 0:
        axes.scatter(x, y, s=60, facecolors="none", edgecolors=colour, linewidths=1.6)
        return
    area = max(LARGEST * each["customers"] / most, 40)
    axes.scatter(x, y, s=area, color=colour, alpha=0.75, linewidths=0)
    worth = "" if each["value"] is None else f"\n{each['value']:,.0f} {currency}"
    axes.annotate(f"{each['customers']:,.0f}", (x, y), ha="center", va="center", fontsize=9.5, color=INK)
    axes.annotate(
        f"{each['customers_low']:z,.0f} to {each['customers_high']:z,.0f}{worth}",
        (x, y),
        (0, -max(sqrt(area / pi) + 2, 9)),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=7.5,
        color=QUIET,
    )
