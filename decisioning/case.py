"""Everything one decision is made from, gathered before anything is drawn."""

from dataclasses import dataclass

from decisioning.catalog import Placement
from decisioning.customer import Customer
from decisioning.decision import DecisionRequest
from decisioning.eligibility import CompiledCatalog
from decisioning.holdout import Arm
from decisioning.option import Weighing
from decisioning.ports import Scorer


@dataclass(frozen=True, slots=True)
class Case:
    """One customer at one moment, before one placement.

    Parameters: `scorer`, which may be another than was asked for, as `degraded` then says; `explained`, how many ranked
    actions get the features that moved their propensity among their reasons; `stuck`, what names the draws that it
    shares with other decisions ("": none).
    """

    request: DecisionRequest
    customer: Customer
    compiled: CompiledCatalog
    scorer: Scorer
    placement: Placement
    arm: Arm
    weighing: Weighing
    explained: int
    decision_id: str
    degraded: tuple[str, ...]
    stuck: str
