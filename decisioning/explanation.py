"""Reasons in words: what an action's priority is made of, and what moved its propensity."""

from math import isnan

from decisioning.arbitration import Factors


def factor_reasons(factors: Factors, currency: str) -> tuple[str, ...]:
    """The factors of a priority, in words.

    >>> factor_reasons(Factors(propensity=0.2, uplift=0.1, value=50.0, cost=0.0), "EUR")
    ('20.0 % likely to accept', 'being shown changes that by +10.0 points', 'worth 50.00 EUR when accepted')
    """
    reasons = [f"{100 * factors.propensity:.1f} % likely to accept"]
    if not isnan(factors.uplift):
        reasons.append(f"being shown changes that by {100 * factors.uplift:+.1f} points")
    reasons.append(f"worth {factors.value:.2f} {currency} when accepted")
    if factors.cost:
        reasons.append(f"a contact costs {factors.cost:.2f} {currency}")
    if factors.context_weight * factors.lever != 1.0:
        reasons.append(f"weighted × {factors.context_weight * factors.lever:g}")
    return tuple(reasons)


def contribution_reasons(contributions: tuple[tuple[str, float], ...], *, most: int = 3) -> tuple[str, ...]:
    """The features that moved the propensity most, in words.

    >>> contribution_reasons((("page_views_7d", 0.8), ("age", -0.2)))
    ('page_views_7d raises it', 'age lowers it')
    """
    return tuple(
        f"{name} {'raises' if contribution > 0 else 'lowers'} it" for name, contribution in contributions[:most]
    )


def draw_reason(*, rank: int, rank_probability: float) -> str:
    """Says that exploration, not priority, put an action at its rank."""
    return f"explored: drawn for rank {rank} with probability {rank_probability:.3f}"
