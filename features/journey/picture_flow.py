"""Who is where, and where they went: bars of customers beside ribbons from each stage to the next place."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from features.journey.picture import ELSEWHERE, INK, QUIET, Document, colours, figure, plain, spoken

GAP = 0.03
"""Free space between two bars, as a share of the height."""
BAR = 0.035


def flow(journey: Document, period: str) -> Figure:
    """The funnel on the left, the flow on the right."""
    made = figure(13, max(4.6, 0.62 * len(journey["stages"]) + 1.6))
    left, right = made.subplots(1, 2, width_ratios=(1, 1.35))
    made.suptitle(f"{spoken(journey['journey'])}: {journey['description']}, {period}", x=0.01, ha="left", color=INK)
    _funnel(left, journey)
    _ribbons(right, journey)
    return made


def _funnel(axes: Axes, journey: Document) -> None:
    plain(axes, "Customers in each stage, and the share that came further")
    stages, colour = journey["stages"], colours(journey)
    most = max((each["customers"] for each in stages), default=0) or 1
    for place, each in enumerate(stages):
        axes.barh(place, each["customers"], color=colour[each["stage"]], height=0.68)
        axes.barh(place, each["now"], color=INK, alpha=0.35, height=0.16)
        axes.text(each["customers"] + most * 0.015, place, _said(each), va="center", fontsize=9, color=INK)
    axes.set_yticks(range(len(stages)), [spoken(each["stage"]) for each in stages])
    axes.set_xlim(0, most * 1.42)
    axes.set_xticks([])
    axes.set_xlabel("dark: in it at the end of the period", fontsize=8.5, color=QUIET, loc="left")
    axes.invert_yaxis()


def _said(each: Document) -> str:
    share = each["conversion"]["value"]
    if share is None:
        return f"{each['customers']:,}"
    word = "came back" if each["setback"] else "came further"
    return f"{each['customers']:,}\n{100 * share:.0f} % {word} in {each['conversion']['within_days']:.0f} days"


def _ribbons(axes: Axes, journey: Document) -> None:
    plain(axes, "Where they went from each stage (width: how often)")
    ways = [way for way in journey["transitions"] if way["from"] not in ELSEWHERE]
    places = [each["stage"] for each in journey["stages"]] + list(ELSEWHERE)
    out, into, colour = _totals(ways, "from", places), _totals(ways, "to", places), colours(journey)
    unit = (1 - GAP * (max(len(out), len(into), 1) - 1)) / (sum(out.values()) or 1)
    left, right = _stacked(out, unit), _stacked(into, unit)
    _bars(axes, (0.0, left), {name: (out[name] * unit, colour[name]) for name in out})
    _bars(axes, (1.0 - BAR, right), {name: (into[name] * unit, colour[name]) for name in into})
    for way in sorted(ways, key=lambda way: (places.index(way["from"]), places.index(way["to"]))):
        start, end = left[way["from"]], right[way["to"]]
        axes.add_patch(_ribbon((start, end), way["n"] * unit, colour[way["from"]]))
        left[way["from"]], right[way["to"]] = start + way["n"] * unit, end + way["n"] * unit
    axes.set_xlim(-0.32, 1.32)
    axes.set_ylim(1.02, -0.02)
    axes.set_xticks([])
    axes.set_yticks([])


def _totals(ways: Sequence[Document], side: str, places: Sequence[str]) -> dict[str, int]:
    """How often each place was left or entered, in the order of places; those that never were are left out."""
    counts = Counter[str]()
    for way in ways:
        counts[way[side]] += way["n"]
    return {name: counts[name] for name in places if counts[name]}


def _stacked(counts: Mapping[str, int], unit: float) -> dict[str, float]:
    """Where each bar begins."""
    sizes = [n * unit + GAP for n in counts.values()]
    return dict(zip(counts, accumulate([0.0, *sizes]), strict=False))


def _bars(axes: Axes, where: tuple[float, Mapping[str, float]], bars: Mapping[str, tuple[float, str]]) -> None:
    x, starts = where
    aside, align = (x - 0.015, "right") if x < 0.5 else (x + BAR + 0.015, "left")
    for name, (height, colour) in bars.items():
        axes.add_patch(Rectangle((x, starts[name]), BAR, height, color=colour, linewidth=0))
        axes.text(aside, starts[name] + height / 2, spoken(name), ha=align, va="center", fontsize=9, color=INK)


def _ribbon(starts: tuple[float, float], height: float, colour: str) -> PathPatch:
    (left, right), near, far = starts, BAR, 1.0 - BAR
    third = (far - near) / 2.5
    corners = [
        (near, left),
        (near + third, left),
        (far - third, right),
        (far, right),
        (far, right + height),
        (far - third, right + height),
        (near + third, left + height),
        (near, left + height),
        (near, left),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return PathPatch(Path(corners, codes), facecolor=colour, alpha=0.42, linewidth=0)
