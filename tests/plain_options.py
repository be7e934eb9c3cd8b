"""The plain way from candidates to a distribution, one candidate and one draw at a time: the oracle of the columns."""

from math import asinh, isfinite, isnan, nan

import numpy as np

from decisioning.action import NO_ACTION
from decisioning.arbitration import Factors
from decisioning.exploration import Choices
from decisioning.option import Added, Option
from decisioning.posterior_sampling import N_DRAWS, standard_draws

CUSTOM = "(uplift * value - cost) * lever + propensity * context_weight + age / 100"
"""A formula of priorities, that of `priority`."""


def ranking_key(name, priority):
    """The order of choices: higher priority first, then doing nothing, then the name."""
    return (-priority, name != NO_ACTION, name)


def choices_by(priorities):
    """Choices of these priorities."""
    names = sorted(priorities, key=lambda name: ranking_key(name, 0.0))
    return Choices(tuple(names), np.array([priorities[name] for name in names]))


def priority(factors, mode, age=None):
    """The priority of one action, written out; of the mode `custom`, that of `CUSTOM`, NaN where age is not known."""
    propensity, uplift, value, cost, context_weight, lever = factors
    weight = context_weight * lever
    if mode == "value":
        return value * weight
    if mode == "custom":
        gain = propensity if isnan(uplift) else uplift
        return nan if age is None else ((gain * value - cost) * lever + (propensity * context_weight)) + age / 100.0
    if mode == "propensity_value":
        return propensity * value * weight
    gain = (propensity if isnan(uplift) else uplift) * value
    return (gain * weight if gain > 0 else gain) - cost


def is_sound(factors):
    """Whether a score may be used: finite, the propensity a probability, the uplift a difference of two."""
    propensity, uplift, *catalogued = factors
    scored = 0.0 <= propensity <= 1.0 and (-1.0 <= uplift <= 1.0 or isnan(uplift))
    return scored and all(isfinite(each) for each in catalogued)


def plain_options(candidates, *, scorer, features, weighing):
    """Each action's best treatment as an `Option`, by action."""
    options = {}
    for option in plain_scored(candidates, scorer.score(features, candidates), weighing) if candidates else ():
        name = option.candidate.action.name
        if name not in options or precedes(option, options[name]):
            options[name] = option
    return options


def plain_scored(candidates, scores, weighing):
    for place, candidate in enumerate(candidates):
        action = candidate.action
        factors = Factors(
            float(scores.propensity[place]),
            float(scores.uplift[place]),
            action.value,
            candidate.treatment.cost,
            weighing.context_weights.get(action.issue, 1.0),
            action.lever if weighing.levers else 1.0,
        )
        given = scores.priority is not None
        mode = weighing.by_issue.get(action.issue, weighing.mode)
        order = float(scores.priority[place]) if given else priority(factors, mode, weighing.said.get("age"))
        more = scores.correction
        added = more and Added(float(more.bundle[place]), float(more.spread[place]), more.seq)
        if is_sound(factors) and not isnan(order):
            yield Option(candidate, factors, order, given, added)


def precedes(one, other):
    keys = [ranking_key(each.candidate.treatment.name, each.priority) for each in (one, other)]
    return keys[0] < keys[1]


def plain_shares(options, seed, weighing, *, idle):
    """How often each option comes first among its draws, by name; `idle`, whether doing nothing is among them."""
    draws = dict(zip(sorted(options), standard_draws(seed, len(options)), strict=True))
    first = dict.fromkeys(sorted([*options, NO_ACTION] if idle else options), 0)
    for nth in range(N_DRAWS):
        drawn = {name: drawn_priority(options[name], draws[name][nth], weighing) for name in options}
        drawn |= {NO_ACTION: 0.0} if idle else {}
        first[min(drawn, key=lambda name: ranking_key(name, drawn[name]))] += 1
    return {name: number / N_DRAWS for name, number in first.items()}


def ruled_priority(option, draw, weighing):
    """Of drawn propensity and uplift, where priorities are made by issue or by a formula."""
    reach = draw * (0.0 if option.learned is None else option.learned.spread)
    factors = option.factors
    factors = factors._replace(propensity=factors.propensity + reach, uplift=factors.uplift + reach)
    mode = weighing.by_issue.get(option.candidate.action.issue, weighing.mode)
    return priority(factors, mode, weighing.said.get("age"))


def drawn_priority(option, draw, weighing):
    mode = weighing.mode
    if not option.given and (weighing.by_issue or mode == "custom"):
        return ruled_priority(option, draw, weighing)
    propensity, uplift, value, cost, context_weight, lever = option.factors
    reach = draw * (0.0 if option.learned is None else option.learned.spread * value)
    if option.given:
        return reach + option.priority
    if mode == "value":
        return value * (context_weight * lever)
    if mode == "propensity_value":
        gain = reach + propensity * value
        return gain * (context_weight * lever) if gain > 0 else gain
    gain = reach + (propensity if isnan(uplift) else uplift) * value
    return (gain * (context_weight * lever) if gain > 0 else gain) - cost


def plain_row(regressors, features):
    """A customer's row, one number at a time."""
    row = [1.0]
    for name, center, spread in zip(regressors.names, regressors.centers, regressors.spreads, strict=True):
        value = features.get(name)
        number = value if isinstance(value, int | float) and isfinite(value) else 0.0
        row.append((asinh(number) - center) / spread)
    return row
