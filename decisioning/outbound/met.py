"""Of whom in a crowd a condition is true, as the channel of a placement may know them."""

from collections.abc import Mapping
from dataclasses import replace

from decisioning.catalog import Placement
from decisioning.condition import Condition
from decisioning.condition_array import Column, Flags, true_of
from decisioning.eligibility import CompiledCatalog
from decisioning.outbound.crowd import Crowd
from decisioning.outbound.likeness import allowed, with_clock
from decisioning.outbound.sides import Sides


def met(
    crowd: Crowd, condition: Condition, compiled: CompiledCatalog, placement: Placement, sides: Sides | None = None
) -> Flags:
    """Of whom it is true (n,): as `Condition.holds` of each one's own values, at the moment of the crowd.

    Parameters: `sides`, who foresees (None: nobody, so that nothing that is asked of what is foreseen is true). Raises
    the `TsugiError` of a scorer that fails.
    """
    crowd = allowed(crowd, compiled, placement)
    foreseen: Mapping[str, Column] = {} if sides is None else sides.foreseen(crowd, compiled)
    columns = with_clock(replace(crowd, columns={**crowd.columns, **foreseen}), compiled)
    return true_of(condition.tree, columns, n=len(crowd))
