"""The placement that a request asks for, or why there is none."""

from decisioning.catalog import Placement
from decisioning.decision import DecisionRequest
from decisioning.eligibility import CompiledCatalog
from decisioning.errors import InvalidInputError, as_word


def placement_of(request: DecisionRequest, compiled: CompiledCatalog) -> Placement:
    """The placement asked for. Raises `InvalidInputError` for one unknown or of another channel."""
    placements = compiled.catalog.placements
    placement = placements.get(request.placement)
    if placement is None:
        raise InvalidInputError(
            f"unknown placement {as_word(request.placement)}; the catalogue has {', '.join(sorted(placements))}",
            code="unknown_placement",
            field="placement",
        )
    if request.limit is not None and request.limit < 1:
        raise InvalidInputError(f"limit is {request.limit}; at least 1 is needed", field="limit")
    if request.channel not in ("", placement.channel):
        raise InvalidInputError(
            f"placement {placement.name!r} is of channel {placement.channel!r}, not {as_word(request.channel)}",
            code="unknown_channel",
            field="channel",
        )
    return placement
