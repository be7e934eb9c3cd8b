"""What a bundle foresees of a customer, whatever is decided, for conditions and formulas that ask for it."""

from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable

from decisioning.action import CONDITIONS
from decisioning.catalog import Catalog
from decisioning.condition_tree import FORESEEN
from decisioning.customer import FeatureValue
from decisioning.ports import Scorer

FORESEEN_NAMES = tuple(f"{FORESEEN}{name}" for name in ("churn", "service_need", "satisfaction", "value"))
"""What may be asked for: probabilities, and what a customer will spend."""


@runtime_checkable
class Foreseeing(Protocol):
    """A scorer that foresees, too."""

    def foresee(self, features: Mapping[str, FeatureValue]) -> Mapping[str, float]:
        """Probabilities, or amounts, by what is foreseen."""
        ...


def foreseen_by(scorer: Scorer, features: Mapping[str, FeatureValue]) -> Mapping[str, float]:
    """What a scorer foresees; nothing where it does not."""
    return scorer.foresee(features) if isinstance(scorer, Foreseeing) else {}


def foreseen_of(scorer: Scorer, features: Mapping[str, FeatureValue]) -> dict[str, FeatureValue]:
    """As `foreseen_by`, by the names that conditions have for it."""
    return {f"{FORESEEN}{name}": chance for name, chance in foreseen_by(scorer, features).items()}


def foresees(catalog: Catalog) -> bool:
    """Whether any text of the catalogue asks for what is foreseen."""
    return any(FORESEEN in text for text in _texts(catalog))


def _texts(catalog: Catalog) -> Iterator[str]:
    yield catalog.priority_formula
    yield from (hold.condition for hold in catalog.contact_policy.holds)
    yield from (weight.condition for weight in catalog.context_weights)
    for action in catalog.actions.values():
        yield from (getattr(action, stage) for stage in CONDITIONS)
        yield action.value_formula
        yield from (treatment.cost_formula for treatment in action.treatments)
