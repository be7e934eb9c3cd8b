"""Ranking: rank after rank is drawn, each draw closing what it brings to a cap or uses up."""

from dataclasses import dataclass
from typing import NamedTuple

from decisioning.action import NO_ACTION
from decisioning.contact_policy import Limits
from decisioning.exploration import Choices, Distribution, generator_of
from decisioning.funnel import Funnel
from decisioning.option import Options, preferred
from decisioning.pool import Stock
from decisioning.posterior_sampling import sampled_priorities
from decisioning.variety import Variety


@dataclass(frozen=True, slots=True)
class Draw:
    """One rank as drawn: the action, the distribution it was drawn from, whether priority alone would choose it."""

    action: str
    distribution: Distribution
    is_best: bool

    @property
    def probability(self) -> float:
        """P(this action takes this rank, given the ranks above)."""
        return self.distribution.probabilities[self.action]


class Drawing(NamedTuple):
    """How ranks are drawn.

    Parameters: `seed` and `epsilon` of the decision; `most` ranks; `must_fill` leaves `no_action` out where any option
    is left; `sampled`, whether options are drawn from the fast layer's posterior; `variety` asked of the list.
    """

    seed: int
    epsilon: float
    most: int
    must_fill: bool
    sampled: bool = False
    variety: Variety = Variety()


def draw_ranks(options: Options, through: Funnel, how: Drawing) -> list[Draw]:
    """Draw rank after rank: every drawn action counts against the caps of those below it; `no_action` ends the list.

    At least one rank. A draw takes out itself, those that share a cap it used up, those that it excludes, and those of
    which there would be too many of one kind. What is mandatory is drawn first, by priority, and for certain.
    """
    random = generator_of(how.seed)
    choices, limits, stock = choices_of(options, how), through.limits, through.stock
    required = {name for name, each in through.passed.items() if each.action.mandatory}
    draws: list[Draw] = []
    while choices.names and len(draws) < how.most:
        draw = (_required(choices, required) if required else None) or _draw(choices, random.random(), how.epsilon)
        draws.append(draw)
        if draw.action == NO_ACTION:
            break
        drawn = through.passed[draw.action]
        limits, stock = limits.counting(drawn.cap_keys), stock.after(drawn.draws)
        closed = _closed(draw.action, through, limits)
        choices = choices.without(closed | _undrawable(through, stock) if drawn.draws else closed)
        choices = choices if how.variety.is_free else choices.without(_too_alike(choices, draws, through, how))
    return draws


def choices_of(options: Options, how: Drawing) -> Choices:
    """What the first rank is drawn from: the options, and doing nothing."""
    drawn = sampled_priorities(options, how.seed) if how.sampled else None
    choices = Choices(options.names, options.priority, drawn).by_preference(preferred(options))
    return choices if how.must_fill and options.names else choices.or_nothing()


def _draw(choices: Choices, uniform: float, epsilon: float) -> Draw:
    distribution = choices.distribution(epsilon)
    action = distribution.draw(uniform)
    return Draw(action, distribution, action == choices.best)


def _required(choices: Choices, names: set[str]) -> Draw | None:
    """Of these mandatory actions the one of the highest priority that is left; None where none is."""
    left = names.intersection(choices.names)
    if not left:
        return None
    action = choices.only(left).best
    certain = {name: float(name == action) for name in sorted(choices.names)}
    return Draw(action, Distribution(certain), is_best=True)


def _too_alike(choices: Choices, draws: list[Draw], through: Funnel, how: Drawing) -> set[str]:
    """The actions that the variety asked of the list leaves no room for."""
    shown = [through.passed[draw.action].action.group for draw in draws]
    left = {name: through.passed[name].action.group for name in choices.names if name != NO_ACTION}
    return how.variety.closes(shown, left, n_ranks=how.most - len(draws))


def _closed(action: str, through: Funnel, limits: Limits) -> set[str]:
    """The drawn action, every other that its contact leaves nothing of a cap, and those that it excludes."""
    exhausted = limits.exhausted(through.passed[action].cap_keys)
    return {action}.union(through.rivals.get(action, ()), *(through.sharing[key] for key in exhausted))


def _undrawable(through: Funnel, stock: Stock) -> set[str]:
    """The actions of which a contact would take more from a pool than is left."""
    return {name for name, each in through.passed.items() if stock.short(each.draws)}
