"""Ranking: rank after rank is drawn, each draw closing what it brings to a cap or uses up."""

from typing import NamedTuple

from decisioning.action import NO_ACTION
from decisioning.contact_policy import CapKey, Count
from decisioning.exploration import Choices, generator_of
from decisioning.funnel import Funnel
from decisioning.option import Options, preferred
from decisioning.pool import Stock
from decisioning.posterior_sampling import sampled_priorities
from decisioning.urn import Urn
from decisioning.variety import Variety


class Draw(NamedTuple):
    """One rank as drawn.

    Parameters: `action`; its `probability` of taking this rank, given the ranks above; `is_best`, whether priority
    alone would choose it.
    """

    action: str
    probability: float
    is_best: bool


class Drawn(NamedTuple):
    """The ranks as drawn, at least one, and P(takes rank 1) of everything that could, by name."""

    draws: list[Draw]
    first: dict[str, float]


class Drawing(NamedTuple):
    """How ranks are drawn.

    Parameters: `seed` and `epsilon` of the decision; `most` ranks; `must_fill` leaves `no_action` out where any option
    is left; `sampled`, whether options are drawn from the fast layer's posterior; `variety` asked of the list;
    `temperature` of a softmax.
    """

    seed: int
    epsilon: float
    most: int
    must_fill: bool
    sampled: bool = False
    variety: Variety = Variety()
    temperature: float = 0.0


def draw_ranks(options: Options, through: Funnel, how: Drawing) -> Drawn:
    """Draw rank after rank: every drawn action counts against the caps of those below it; `no_action` ends the list.

    At least one rank. A draw takes out itself, those that share a cap it used up, those that it excludes, and those of
    which there would be too many of one kind. What is mandatory is drawn first, by priority, and for certain.
    """
    random = generator_of(how.seed)
    urn = Urn(choices_of(options, how), how.epsilon, how.temperature)
    count, stock = Count(through.limits), through.stock
    required = {name for name, each in through.passed.items() if each.action.mandatory}
    first = _first(urn, required)
    is_varied = not how.variety.is_free
    draws: list[Draw] = []
    while urn and len(draws) < how.most:
        draws.append((_required(urn, required) if required else None) or Draw(*urn.draw(random.random())))
        action = draws[-1].action
        if action == NO_ACTION:
            break
        drawn = through.passed[action]
        exhausted, rivals = count.take(drawn.cap_keys), through.rivals.get(action)
        urn.take_out(_closed(action, through, exhausted) if exhausted or rivals else (action,))
        if drawn.draws:
            stock = stock.after(drawn.draws)
            urn.take_out(_undrawable(through, stock))
        if is_varied:
            urn.take_out(_too_alike(urn, draws, through, how))
    return Drawn(draws, first)


def choices_of(options: Options, how: Drawing) -> Choices:
    """What the first rank is drawn from: the options, and doing nothing."""
    drawn = sampled_priorities(options, how.seed) if how.sampled else None
    choices = Choices(options.names, options.priority, drawn).by_preference(preferred(options))
    return choices if how.must_fill and options.names else choices.or_nothing()


def _first(urn: Urn, required: set[str]) -> dict[str, float]:
    """P(takes rank 1) of everything in the urn, by name."""
    names = urn.names
    left = required.intersection(names)
    if left:
        certain = urn.best_of(left)
        return {name: float(name == certain) for name in names}
    return dict(zip(names, urn.probabilities(), strict=True))


def _required(urn: Urn, names: set[str]) -> Draw | None:
    """Of these mandatory actions the one of the highest priority that is left; None where none is."""
    left = names.intersection(urn.names)
    return Draw(urn.best_of(left), 1.0, is_best=True) if left else None


def _too_alike(urn: Urn, draws: list[Draw], through: Funnel, how: Drawing) -> set[str]:
    """The actions that the variety asked of the list leaves no room for."""
    shown = [through.passed[draw.action].action.group for draw in draws]
    left = {name: through.passed[name].action.group for name in urn.names if name != NO_ACTION}
    return how.variety.closes(shown, left, n_ranks=how.most - len(draws))


def _closed(action: str, through: Funnel, exhausted: list[CapKey]) -> set[str]:
    """The drawn action, those of which it used up a cap, and those that it excludes."""
    return {action}.union(through.rivals.get(action, ()), *[through.sharing[key] for key in exhausted])


def _undrawable(through: Funnel, stock: Stock) -> set[str]:
    """The actions of which a contact would take more from a pool than is left."""
    return {name for name, each in through.passed.items() if stock.short(each.draws)}
