"""One journey of `journeys.yaml`: its stages, what they want, and whether each can be reached."""

from dataclasses import replace

from decisioning.condition import read_condition
from decisioning.condition_box import implies, never_true
from decisioning.journey import Journey, Stage, Targets
from features.journey.entry import Entry, Known, named
from features.located import Located

JOURNEY = (
    "description",
    "goal",
    "inactive_days",
    "activity",
    "friction",
    "satisfaction",
    "value",
    "stages",
)
STAGE = ("when", "description", "goal", "setback", "progress", "since", "signs", "targets")
TARGETS = ("conversion", "within_days", "median_days", "complaints", "nps")
RESERVED = ("outside", "inactive")
"""What the map calls those in no stage, and those who left."""
MOST_STAGES = 30


def read_journey(name: str, held: Located, known: Known) -> Journey:
    """Read one journey. Raises `FeatureFileError`, with the line, also where a stage can never be reached."""
    entry = Entry(held, f"journey {name!r}", JOURNEY)
    stages = [_stage(each, inner, known, of=name) for each, inner in named(entry.need("stages"), "stages")]
    if not 2 <= len(stages) <= MOST_STAGES or not any(not stage.setback for stage in stages):
        entry.fail(f"a journey has 2 to {MOST_STAGES} stages, one at least that is no setback, given {len(stages)}")
    _refuse_unreachable(entry, stages, known)
    return Journey(
        name,
        _progressing(stages),
        goal=entry.goal(known),
        description=entry.text("description", ""),
        activity=entry.feature("activity", known, "days_since_activity"),
        inactive_days=entry.positive("inactive_days", 90.0),
        friction=entry.feature_list("friction", known),
        satisfaction=entry.feature("satisfaction", known),
        value=entry.feature("value", known),
    )


def _stage(name: str, held: Located, known: Known, *, of: str) -> Stage:
    entry = Entry(held, f"journey {of!r}, stage {name!r}", STAGE)
    if name in RESERVED:
        entry.fail(f"{name!r} is what the map calls those in no stage; choose another name")
    progress = entry.number("progress", low=0.0, high=1.0)
    signs = entry.options["signs"].items("signs") if "signs" in entry.options else []
    return Stage(
        name,
        entry.condition("when", known),
        progress=-1.0 if progress is None else progress,
        setback=entry.flag("setback"),
        goal=entry.goal(known),
        description=entry.text("description", ""),
        targets=_targets(entry),
        signs=tuple(entry.condition_at(sign, known) for sign in signs),
        since=entry.feature("since", known),
    )


def _targets(stage: Entry) -> Targets:
    if "targets" not in stage.options:
        return Targets()
    entry = Entry(stage.options["targets"], f"{stage.label}, targets", TARGETS)
    return Targets(
        conversion=entry.number("conversion", low=0.0, high=1.0),
        within_days=entry.positive("within_days", Targets().within_days),
        median_days=entry.positive("median_days") if "median_days" in entry.options else None,
        complaints=entry.number("complaints", low=0.0, high=1e6),
        nps=entry.number("nps", low=-100.0, high=100.0),
    )


def _progressing(stages: list[Stage]) -> tuple[Stage, ...]:
    """Stages with their progress: where none is declared, equal steps up to 1; a setback is half the first step."""
    ways = [stage.name for stage in stages if not stage.setback]
    step = 1.0 / len(ways)
    usual = {name: (place + 1) * step for place, name in enumerate(ways)}
    return tuple(
        stage if stage.progress >= 0.0 else replace(stage, progress=usual.get(stage.name, step / 2)) for stage in stages
    )


def _refuse_unreachable(entry: Entry, stages: list[Stage], known: Known) -> None:
    """Refuse a stage whose condition is never TRUE, or in which a later stage always wins."""
    trees = [read_condition(stage.condition.text) for stage in stages]
    places = entry.options["stages"].entries("stages")
    for place, (stage, tree) in enumerate(zip(stages, trees, strict=True)):
        if never_true(tree, known.vocabulary):
            entry.fail(f"stage {stage.name!r} is unreachable: its condition is never TRUE", places[stage.name])
        for later, other in zip(stages[place + 1 :], trees[place + 1 :], strict=True):
            if implies(tree, other, known.vocabulary):
                why = f"whoever fulfils its condition fulfils that of {later.name!r} too, and the later stage wins"
                entry.fail(f"stage {stage.name!r} is unreachable: {why}", places[stage.name])
