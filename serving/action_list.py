"""`GET /v1/actions`: the catalogue that serves now."""

import orjson

from decisioning.action import Action
from features.decision_answer import money
from serving.desk import Desk
from serving.responses import Answer
from serving.route import Call


async def actions(desk: Desk, call: Call) -> Answer:  # noqa: ARG001  # the handlers' one signature
    """List every action of the catalogue, with its treatments."""
    catalog = desk.catalog.current.catalog
    listed = [_action(catalog.actions[name], catalog.currency) for name in sorted(catalog.actions)]
    return Answer(orjson.dumps({"version": catalog.version, "actions": listed}))


def _action(action: Action, currency: str) -> dict[str, object]:
    return {
        "action": action.name,
        "issue": action.issue,
        "group": action.group,
        "purpose": action.purpose,
        "value": money(action.value, currency),
        "window_days": action.window.total_seconds() / 86400,
        "eligibility": action.eligibility,
        "applicability": action.applicability,
        "suitability": action.suitability,
        "treatments": [
            {
                "treatment": each.name,
                "channel": each.channel,
                "cost": money(each.cost, currency),
                "placements": sorted(each.placements),
            }
            for each in action.treatments
        ],
    }
