"""An explanation in plain data: what the route answers and the command prints."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from decisioning.decision import Decision
from decisioning.explained import ExplainedAction
from features.decision_head import head_of
from features.explanation.explainer import Explanation, Otherwise

Descriptions = Mapping[str, str]
"""What features say, in a sentence, by name; one that is no more has none."""


def document_of(explanation: Explanation, descriptions: Descriptions) -> dict[str, Any]:
    """The explanation; `what_if` is None where nothing was supposed."""
    decision, replay = explanation.decision, explanation.replay
    return {
        **head_of(decision),
        "degraded_reasons": list(decision.degraded),
        "chosen": decision.chosen,
        "exploration": {"epsilon": decision.epsilon, "seed": f"{decision.seed:016x}"},
        "versions": asdict(decision.versions),
        "actions": [_action(each, descriptions) for each in explanation.actions],
        "replay": {"exact": replay.exact, "differs": list(replay.differs), "why_not": replay.why_not or None},
        "what_if": _what_if(decision, explanation.otherwise, descriptions) if explanation.otherwise else None,
    }


def _what_if(decision: Decision, otherwise: Otherwise, descriptions: Descriptions) -> dict[str, Any]:
    made = otherwise.decision
    return {
        "channel": made.channel,
        "placement": made.placement,
        "chosen": made.chosen,
        "actions": [_action(each, descriptions) for each in otherwise.actions],
        "moved": list(_moved(decision, made)),
    }


def _moved(before: Decision, after: Decision) -> Iterable[dict[str, Any]]:
    """The actions whose rank would have been another; None is no rank."""
    was, would = ({item.action: item.rank for item in each.ranked} for each in (before, after))
    for action in sorted({*was, *would}):
        if was.get(action) != would.get(action):
            yield {"action": action, "rank": was.get(action), "would_be": would.get(action)}


def _action(action: ExplainedAction, descriptions: Descriptions) -> dict[str, Any]:
    told = asdict(action)
    moved = [{**each, "about": descriptions.get(each["feature"], "")} for each in told["contributions"]]
    return {**told, "why": list(action.why), "read": dict(action.read), "contributions": moved}
