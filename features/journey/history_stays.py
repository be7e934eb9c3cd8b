"""The stays of every customer of a home, computed from the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from decisioning.journey import Journey
from features.feature_set import FeatureSet
from features.home import Home
from features.journey.needed import columns_by_view, needed_features
from features.journey.past import Past
from features.journey.stays import Period, Stays, joined, stays
from features.journey.timeline import timeline
from features.journey.walk import Walker
from features.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose stays are wanted, in which journeys, up to the end of which period.

    Parameters: `customers`, the ids of those to look at, see `living`; their places are their numbers.
    """

    customers: Sequence[str]
    journeys: Sequence[Journey]
    period: Period


def history_stays(home: Home, features: FeatureSet, wanted: Wanted) -> Mapping[str, Stays]:
    """The stays in each journey, by its name, back to the beginning.

    History is read as far as it was written (`History.catch_up`), a piece at a time.
    """
    needed = needed_features(features, wanted.journeys)
    walkers = {journey.name: Walker(journey, needed) for journey in wanted.journeys}
    past = Past(home, features, customers=wanted.customers, columns=columns_by_view(needed))
    found: dict[str, list[Stays]] = {name: [] for name in walkers}
    for rows in past.pieces(wanted.period.until_us):
        line = timeline(rows, needed)
        for name, walker in walkers.items():
            found[name].append(stays(line, walker, features.journeys, wanted.period))
    return {name: joined(parts) for name, parts in found.items()}


def living(ledger: Ledger) -> list[str]:
    """The ids of the customers who exist today; one that became part of another is none."""
    with ledger.read() as connection:
        rows = connection.execute("SELECT DISTINCT customer_id FROM identifier ORDER BY customer_id").fetchall()
    return [customer_id for (customer_id,) in rows]


def newest_us(ledger: Ledger) -> int | None:
    """When the newest record became known, in microseconds; None where there is none."""
    with ledger.read() as connection:
        newest: int | None = connection.execute("SELECT max(known_us) FROM record").fetchone()[0]
    return newest
