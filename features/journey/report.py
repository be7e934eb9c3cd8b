"""The maps of a workspace's journeys as one plain document: what the command line prints and the console is served."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from features.instant import from_us
from features.journey.declared import DeclaredJourneys
from features.journey.journey_map import JourneyMap, StageMap
from features.journey.pain import Checked, check_targets, pain_points
from features.journey.path import Path, paths
from features.journey.statistic import Estimate
from features.journey.stays import Period, Stays

VERSION = 1
"""Of the document's shape."""
Document = dict[str, Any]


def report(declared: DeclaredJourneys, found: Mapping[str, Stays], period: Period) -> Document:
    """The document. Parameters: `found`, the stays in each journey, by its name."""
    journeys = [journey for journey in declared.journeys if journey.name in found]
    return {
        "version": VERSION,
        "since": _moment(period.since_us),
        "until": _moment(period.until_us),
        "journeys": [
            _journey(JourneyMap(journey, found[journey.name], declared, period), found[journey.name], declared)
            for journey in journeys
        ],
    }


def _moment(us: int) -> str:
    return from_us(us).isoformat().replace("+00:00", "Z")


def _journey(drawn: JourneyMap, found: Stays, declared: DeclaredJourneys) -> Document:
    journey, checked = drawn.journey, check_targets(drawn)
    return {
        "journey": journey.name,
        "description": journey.description,
        "goal": journey.goal,
        "end": journey.end.name,
        "inactive_days": journey.inactive_days,
        "score": _estimate(drawn.score),
        "now": {each.stage.name: each.now for each in drawn.stages} | dict(drawn.elsewhere),
        "stages": [_stage(each) for each in drawn.stages],
        "transitions": [
            {"from": way.origin, "to": way.onto, "n": way.n, "median_days": round(way.days, 3)}
            for way in drawn.transitions
        ],
        "paths": [_path(each) for each in paths(journey, found, drawn.period)],
        "targets": [_checked(each) for each in checked],
        "pain_points": [_checked(each) for each in pain_points(checked)],
        "goals": list(_goals(drawn, checked, declared)),
    }


def _stage(here: StageMap) -> Document:
    return {
        "stage": here.stage.name,
        "description": here.stage.description,
        "goal": here.stage.goal,
        "setback": here.stage.setback,
        "progress": round(here.stage.progress, 4),
        "condition": here.stage.condition.text,
        "customers": here.customers,
        "entries": here.entries,
        "now": here.now,
        "conversion": _estimate(here.conversion) | {"within_days": here.stage.targets.within_days},
        "days": {name: _estimate(each) for name, each in here.days.items()},
        "touches": _per_customer(here.touches, here.customers),
        "complaints": _per_customer(here.complaints, here.customers),
        "complaints_per_customer": _estimate(here.complaining),
        "nps": _estimate(here.nps),
        "score": _estimate(here.score),
        "value": _estimate(here.value),
    }


def _per_customer(counts: Mapping[str, float], n_customers: int) -> Document:
    return {
        name: {"n": round(n), "per_customer": round(n / n_customers, 4) if n_customers else None}
        for name, n in counts.items()
    }


def _path(each: Path) -> Document:
    return {"stages": list(each.stages), "customers": each.reached.n, "reached": _estimate(each.reached)}


def _checked(each: Checked) -> Document:
    return {
        "stage": each.stage,
        "kind": each.kind,
        "target": each.wanted,
        "measured": _estimate(each.measured),
        "customers": round(each.gap.customers, 1),
        "customers_low": round(each.gap.low, 1),
        "customers_high": round(each.gap.high, 1),
        "value": None if each.value is None else round(each.value, 2),
        "verdict": each.verdict,
        "behind": {name: round(n) for name, n in each.behind.items()},
    }


def _goals(drawn: JourneyMap, checked: Sequence[Checked], declared: DeclaredJourneys) -> Iterator[Document]:
    """For each goal: the stages tied to it (by themselves, else by their journey), and how their targets stand."""
    goal_of = {stage.name: stage.goal or drawn.journey.goal for stage in drawn.journey.stages}
    for goal, meaning in declared.goals.items():
        stages = [name for name, tied in goal_of.items() if tied == goal]
        if stages:
            verdicts = Counter(each.verdict for each in checked if each.stage in stages)
            yield {"goal": goal, "meaning": meaning, "stages": stages, "targets": dict(verdicts)}


def _estimate(each: Estimate) -> Document:
    """An estimate; `few` says that there are too few cases to act upon."""
    rounded = {name: None if v is None else round(v, 4) for name, v in each._asdict().items() if name != "n"}
    return {"n": each.n, **rounded, "few": each.is_few}
