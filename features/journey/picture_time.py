"""How long stays last: quartiles with the interval of the median, beside the target."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.journey.picture import INK, QUIET, Document, colours, figure, plain, spoken

OPEN_END: dict[str, Any] = {"hatch": "//", "edgecolor": "white", "linewidth": 0}
"""How a bar looks whose end is not seen yet."""


def time_in_stage(journey: Document, period: str) -> Figure:
    """One line a stage; a stay that goes on counts as such, so an open end means that more than half still stay."""
    made = figure(9, max(3.2, 0.52 * len(journey["stages"]) + 1.4))
    axes = made.subplots()
    plain(axes, f"{spoken(journey['journey'])}: days in each stage, {period}", grid="x")
    colour, wanted = colours(journey), _targets(journey)
    for place, each in enumerate(journey["stages"]):
        _line(axes, place, each, colour[each["stage"]])
        if each["stage"] in wanted:
            axes.plot([wanted[each["stage"]]] * 2, [place - 0.34, place + 0.34], color=INK, linewidth=1.8)
    axes.set_yticks(range(len(journey["stages"])), [spoken(each["stage"]) for each in journey["stages"]])
    axes.set_ylim(len(journey["stages"]) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel(
        "days; bar: the middle half of stays, dot: the median with its 95 % interval, dark line: target",
        fontsize=8.5,
        color=QUIET,
        loc="left",
    )
    return made


def _targets(journey: Document) -> dict[str, float]:
    return {each["stage"]: each["target"] for each in journey["targets"] if each["kind"] == "wait"}


def _line(axes: Axes, place: int, each: Document, colour: str) -> None:
    first, median, third = (each["days"][part]["value"] for part in ("p25", "p50", "p75"))
    if first is None:
        axes.text(0, place, " too few have left to say", va="center", fontsize=8.5, color=QUIET)
        return
    end = third if third is not None else max(first, median or first) * 1.25
    axes.barh(place, end - first, left=first, height=0.42, color=colour, alpha=0.55, **({} if third else OPEN_END))
    if median is None:
        axes.text(end, place, "  more than half still stay", va="center", fontsize=8.5, color=QUIET)
        return
    low, high = each["days"]["p50"]["low"], each["days"]["p50"]["high"]
    axes.plot(
        [low if low is not None else median, high if high is not None else end], [place] * 2, color=colour, linewidth=3
    )
    axes.plot(median, place, "o", color=colour, markersize=7)
    axes.annotate(
        f"{median:.1f}", (median, place), (0, 9), textcoords="offset points", ha="center", fontsize=8, color=INK
    )
