"""`GET /v1/actions`: the catalogue that serves now."""

import orjson

from decisioning.action import Action
from features.decision_answer import money
from serving.desk import Desk
from serving.responses import Answer
from serving.route import Call


async def actions(desk: Desk, call: Call) -> Answer:  # noqa: ARG001  # the handlers' one signature
    """List every action of the catalogue, with its treatments, and how they are ranked."""
    catalog = desk.catalog.current.catalog
    listed = {
        "version": catalog.version,
        "arbitration": catalog.arbitration,
        "arbitration_by_issue": catalog.arbitration_by_issue,
        "priority_formula": catalog.priority_formula,
        "actions": [_action(catalog.actions[name], catalog.currency) for name in sorted(catalog.actions)],
    }
    return Answer(orjson.dumps(listed))


def _action(action: Action, currency: str) -> dict[str, object]:
    return {
        "action": action.name,
        "issue": action.issue,
        "group": action.group,
        "purpose": action.purpose,
        "value": money(action.value, currency),
        "value_formula": action.value_formula,
        "window_days": action.window.total_seconds() / 86400,
        "eligibility": action.eligibility,
        "applicability": action.applicability,
        "suitability": action.suitability,
        "treatments": [
            {
                "treatment": each.name,
                "channel": each.channel,
                "cost": money(each.cost, currency),
                "cost_formula": each.cost_formula,
                "placements": sorted(each.placements),
            }
            for each in action.treatments
        ],
    }
