"""`journeys.yaml`: goals, channels, complaints and journeys; errors name file, line, given and allowed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from decisioning.journey import Journey
from features.declaration import only
from features.feature import Feature
from features.journey.declared import COMPLAINTS, SCORE, STAGE, TOUCHES, Complaint, DeclaredJourneys
from features.journey.derivation import Derived
from features.journey.entry import Entry, Known, named
from features.journey.journey_entry import read_journey
from features.located import Located, read_located
from features.primitives_count import Count
from features.primitives_value import LastValue
from features.selector import Probe

VIEW = "journey"
SECTIONS = ("goals", "channels", "complaints", "journeys")


def read_journey_file(path: Path, features: Sequence[Feature]) -> DeclaredJourneys:
    """Read the journeys of a workspace.

    Parameters: `features`, those that it has besides. Raises `FeatureFileError`.
    """
    top = read_located(path).entries("a journeys file")
    only(top, SECTIONS, of="a journeys file")
    given = {feature.name: feature for feature in features}
    goals = {name: _goal(name, held) for name, held in named(top.get("goals"), "goals")}
    channels = {name: _channel(name, held) for name, held in named(top.get("channels"), "channels")}
    complaints = [_complaint(name, held, given) for name, held in named(top.get("complaints"), "complaints")]
    counts = (*channels.values(), *(feature for _, feature in complaints if feature is not None))
    known = Known([*features, *counts], goals)
    journeys = [read_journey(name, held, known) for name, held in named(top.get("journeys"), "journeys")]
    made = [feature for journey in journeys for feature in _features(journey, known)]
    _refuse_taken([*counts, *made], given, path)
    return DeclaredJourneys(
        tuple(journeys),
        goals,
        {name: feature.name for name, feature in channels.items()},
        tuple(complaint for complaint, _ in complaints),
        (*counts, *made),
    )


def _goal(name: str, held: Located) -> str:
    if not isinstance(held.value, str) or not held.value:
        held.fail(f"goal {name!r} must say in a text what it means, given {held.plain()!r}", field=name)
    return str(held.value)


def _channel(name: str, held: Located) -> Feature:
    entry = Entry(held, f"channel {name!r}", ("on", "where"))
    return _count(TOUCHES + name, entry, f"touchpoints in the channel {name}")


def _complaint(name: str, held: Located, given: Mapping[str, Feature]) -> tuple[Complaint, Feature | None]:
    """A count of events of its own, or the answers of a feature below a number."""
    entry = Entry(held, f"complaint {name!r}", ("on", "where", "feature", "below"))
    if ("on" in entry.options) == ("feature" in entry.options):
        entry.fail("give `on` (events that count) or `feature` and `below` (answers that are too low)")
    if "on" in entry.options:
        feature = _count(COMPLAINTS + name, entry, f"complaints: {name}")
        return Complaint(name, feature.name), feature
    answered = given.get(entry.feature("feature", Known(given.values(), {})))
    if answered is None or not isinstance(answered.primitive, LastValue):
        entry.fail("feature must be a last_value", entry.options["feature"])
    below = entry.number("below", low=-1e9, high=1e9)
    if below is None:
        entry.fail("'below' is missing")
    return Complaint(name, entry.text("feature"), below), None


def _count(name: str, entry: Entry, description: str) -> Feature:
    return Feature(name, VIEW, Count(Probe(entry.selector())), description)


def _features(journey: Journey, known: Known) -> tuple[Feature, Feature]:
    """Stage and score of a journey; they may be used where all the features behind them may be."""
    behind = [known.features[name] for name in journey.features if name in known.features]
    purpose = ", ".join(sorted({each for feature in behind for each in feature.purposes}))
    made = Derived(repr(journey))
    place = f"where the customer stands in the journey {journey.name}"
    well = f"how well the journey {journey.name} goes, 0 to 100"
    return (
        Feature(STAGE + journey.name, VIEW, made, place, "category", journey.names, purpose=purpose),
        Feature(SCORE + journey.name, VIEW, made, well, purpose=purpose),
    )


def _refuse_taken(own: Sequence[Feature], given: Mapping[str, Feature], path: Path) -> None:
    for feature in own:
        if feature.name in given:
            Located(None, path, 1).fail(f"feature {feature.name!r} is declared in the features file too; rename it")
