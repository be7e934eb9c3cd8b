"""A stream of the generated bank's customers whose truth is known: what each action would bring each of them.

The bank's own catalogue at its web page, twenty of its features, and the law of `benchmarks.generated_log`: every
action's conversion comes by itself with one probability and, where the action is shown, with another. One number per
customer and action decides both, so whoever plays meets the same customers with the same potential outcomes.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.generated_log import MISSING, chances
from decisioning.action import NO_ACTION
from decisioning.catalog import Catalog
from decisioning.eligibility import CompiledCatalog
from decisioning.slate import Slate
from features.catalog_source import compiled_catalog, feature_set_of
from features.workspace import Workspace
from training.encoding import FeatureColumn, Floats
from training.feature_column import feature_columns

BANK = Path("examples/bank")
PLACEMENT = "web_home"
N_FEATURES = 20
Choices = NDArray[np.int64]
"""The place of what was chosen, by customer; the last stands for nothing."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Where decisions are made: the bank's catalogue, one placement of it, and the features that are looked at."""

    compiled: CompiledCatalog
    columns: tuple[FeatureColumn, ...]

    @classmethod
    def load(cls) -> "Shop":
        """The bank's web page, with numbers among its features, evenly spread over their list."""
        workspace = Workspace.load(BANK)
        features = feature_set_of(workspace)
        numbers = [column for column in feature_columns(features) if column.kind == "number"]
        places = np.linspace(0, len(numbers) - 1, N_FEATURES).astype(int)
        return cls(compiled_catalog(workspace, features), tuple(numbers[place] for place in places))

    @property
    def catalog(self) -> Catalog:
        """As written."""
        return self.compiled.catalog

    @property
    def slate(self) -> Slate:
        """Every action that the page can show."""
        slot = self.compiled.slots[PLACEMENT]
        return slot.slates.of(tuple(each.action.name for each in slot.entrants if each.candidates))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return tuple(column.name for column in self.columns)

    @property
    def actions(self) -> tuple[str, ...]:
        """What may be chosen, `no_action` last."""
        return (*self.slate.names, NO_ACTION)


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers of a stream, one after another.

    Parameters: `seen` (n, 20), what is known of them, NaN for what is not; `shown` and `quiet` (n, n_actions), P(its
    conversion) where an action is shown and where it is not; `luck` (n, n_actions) in [0, 1), which decides; `values`
    (n_actions,) in euros.
    """

    seen: Floats
    shown: Floats
    quiet: Floats
    luck: Floats
    values: Floats

    @classmethod
    def draw(cls, shop: Shop, n: int, *, seed: int, law: int = 1) -> "Customers":
        """The customers of a seed, under the law of another."""
        rng, values = np.random.default_rng([seed, 5]), shop.slate.values
        x = rng.normal(size=(n, len(shop.columns)))
        shown, quiet = chances(x, len(values), np.random.default_rng([law, 6]))
        seen = np.where(rng.random(x.shape) < MISSING, np.nan, x)
        return cls(seen, shown, quiet, rng.random(shown.shape), values)

    def __len__(self) -> int:
        return len(self.seen)

    @property
    def gain(self) -> Floats:
        """What choosing each action truly brings over doing nothing, (n, n_actions + 1), in euros."""
        return np.hstack([(self.shown - self.quiet) * self.values, np.zeros((len(self), 1))])

    def converted(self, place: int, chosen: int) -> NDArray[np.bool_]:
        """Which conversions (n_actions,) happen where this action, or none, is chosen."""
        chance = self.quiet[place].copy()
        chance[chosen : chosen + 1] = self.shown[place, chosen : chosen + 1]
        found: NDArray[np.bool_] = self.luck[place] < chance
        return found

    def regret(self, chosen: Choices) -> Floats:
        """What these choices lose against the best of each customer (n,), in euros."""
        gain = self.gain
        lost: Floats = gain.max(axis=1) - gain[np.arange(len(self)), chosen]
        return lost

    def uniform_regret(self) -> Floats:
        """The same of choosing at random (n,), on average."""
        gain = self.gain
        lost: Floats = gain.max(axis=1) - gain.mean(axis=1)
        return lost

    def share_of_oracle(self, chosen: Choices) -> float:
        """What these choices gain over the best constant action, as a share of what the oracle does."""
        gain = self.gain
        constant = gain.mean(axis=0).max()
        return float((gain[np.arange(len(self)), chosen].mean() - constant) / (gain.max(axis=1).mean() - constant))


def best_by_what_is_seen(customers: Customers, *, law: int = 1, n_draws: int = 100) -> Choices:
    """What somebody would choose who knows the law, and of each customer what players see: no player can do better.

    Parameters: `law`, the customers'; `n_draws` of what is not seen, whose gains are averaged.
    """
    rng, total = np.random.default_rng([law, 7]), np.zeros_like(customers.gain)
    for _ in range(n_draws):
        x = np.where(np.isnan(customers.seen), rng.normal(size=customers.seen.shape), customers.seen)
        shown, quiet = chances(x, len(customers.values), np.random.default_rng([law, 6]))
        total += replace(customers, shown=shown, quiet=quiet).gain
    return np.asarray(total.argmax(axis=1))


class Player(Protocol):
    """Somebody who decides for one customer after another, and is told what came of it."""

    def play(self, customers: Customers) -> Choices:
        """The choices (n,); the last place stands for nothing."""
        ...

    def best(self, customers: Customers) -> Choices:
        """What it would choose now, without exploring and without learning."""
        ...
