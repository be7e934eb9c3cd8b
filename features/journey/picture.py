"""What the pictures of journeys share: colours, fonts, and a figure without pyplot's global state."""

from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

Document = dict[str, Any]

INK, QUIET, GRID = "#222831", "#8a919c", "#e6e8ec"
WAYS = ("#2f6db5", "#3a9bb8", "#43b59b", "#7fbf5a", "#c9b83f", "#8f6bb8", "#5b7fd1", "#4fa3a5")
SETBACKS = ("#d9603b", "#b8433f", "#e08e45")
ELSEWHERE = {"outside": "#b9bec7", "inactive": "#777f8b"}
VERDICTS = {"missed": "#d9603b", "unsure": "#e0b345", "too few": "#b9bec7", "met": "#43b59b"}


def figure(width: float, height: float) -> Figure:
    """An empty figure, in inches."""
    made = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(made)
    return made


def plain(axes: Axes, title: str, *, grid: Literal["", "x", "y"] = "") -> None:
    """A quiet frame. Parameters: `grid`, the axis whose lines are shown."""
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=10)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelsize=9, colors=INK)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=GRID, linewidth=0.8)


def colours(journey: Document) -> dict[str, str]:
    """A colour for every place: cool ones on the way, warm ones for setbacks, grey ones elsewhere."""
    ways = [each["stage"] for each in journey["stages"] if not each["setback"]]
    back = [each["stage"] for each in journey["stages"] if each["setback"]]
    named = {name: WAYS[place % len(WAYS)] for place, name in enumerate(ways)}
    return named | {name: SETBACKS[place % len(SETBACKS)] for place, name in enumerate(back)} | ELSEWHERE


def spoken(name: str) -> str:
    """A name as people read it."""
    return name.replace("_", " ")
