"""What is drawn from, as it was first written: choices made anew for each rank. An oracle for the urn."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, compress

from decisioning.exploration import Choices
from decisioning.urn import Urn


@dataclass(frozen=True)
class Distribution:
    """Probabilities over named choices, by name."""

    probabilities: dict[str, float]

    def draw(self, uniform):
        """The choice at a number in [0, 1) of the cumulative distribution."""
        place = bisect_right(list(accumulate(self.probabilities.values())), uniform)
        if place < len(self.probabilities):
            return list(self.probabilities)[place]
        return max(self.probabilities, key=self.probabilities.__getitem__)


def distribution(choices, epsilon):
    """The first by priority, or by the shares of a posterior's draws, with ε spread evenly."""
    floor, rest = epsilon / len(choices.names), 1.0 - epsilon
    if choices.drawn is None:
        first = {**dict.fromkeys(choices.names, floor), choices.best: floor + rest}
    else:
        share, firsts = rest / choices.drawn.shape[1], choices.drawn.argmax(axis=0).tolist()
        first = {name: floor + share * firsts.count(place) for place, name in enumerate(choices.names)}
    return Distribution({name: first[name] for name in sorted(first)})


def without(choices, gone):
    """What is left of choices when these are taken out."""
    left = [name not in gone for name in choices.names]
    drawn = None if choices.drawn is None else choices.drawn[left]
    return Choices(tuple(compress(choices.names, left)), choices.priority[left], drawn)


def only(choices, names):
    """These alone."""
    return without(choices, set(choices.names).difference(names))


def chances_of(choices, epsilon):
    """P(each is drawn), by name, as decisions say it."""
    urn = Urn(choices, epsilon)
    return dict(zip(urn.names, urn.probabilities(), strict=True))
