"""How estimates are written: as many decimals as their size needs, the interval beside the value."""

from math import floor, isfinite, log10

from training.bootstrap import Estimate


def decimals(*sizes: float) -> int:
    """Decimals that show three digits of the largest of these sizes, and no fewer than two.

    >>> decimals(22.5), decimals(0.18, -0.01), decimals(0.004), decimals(0.0)
    (2, 3, 5, 2)
    """
    largest = max((abs(size) for size in sizes if isfinite(size)), default=0.0)
    return max(2, 2 - floor(log10(largest))) if largest else 2


def with_interval(estimate: Estimate | None, *, signed: bool = False, places: int | None = None) -> str:
    """A value with its interval; a dash where there is none.

    >>> with_interval(Estimate(1.234, 1.0, 1.5)), with_interval(Estimate(0.5, -0.1, 1.1), signed=True)
    ('1.23 [1.00, 1.50]', '+0.50 [-0.10, +1.10]')
    >>> with_interval(Estimate(0.004, 0.0011, float("inf"))), with_interval(None)
    ('0.00400 [0.00110, inf]', '–')
    """
    if estimate is None:
        return "–"
    ends = (estimate.value, estimate.low, estimate.high)
    form = f"{{:{'+' if signed else ''}.{decimals(*ends) if places is None else places}f}}"
    value, low, high = (form.format(end) for end in ends)
    return f"{value} [{low}, {high}]"
