"""Explains one past decision on the command line, by what the service answers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from decisioning.customer import FeatureValue
from decisioning.errors import InvalidInputError, as_word
from decisioning.replay import Supposition
from features.explanation.catalog_archive import CatalogArchive
from features.explanation.document import document_of
from features.explanation.explainer import Explainer
from pipelines.champion import scorer_of
from pipelines.composition import compose

_EXAMPLES = {"feature": "orders=3", "context": "intent=cancellation", "lever": "welcome_offer=2"}
MOST_MOVED = 5
"""Features per action that are printed; `--json` has them all."""


def supposition_of(
    placement: str, *, features: Sequence[str], context: Sequence[str], levers: Sequence[str]
) -> Supposition | None:
    """What the options suppose, each `name=value`; None where nothing is supposed. Raises `InvalidInputError`."""
    pulled = {name: _number(name, value) for name, value in _pairs(levers, "lever")}
    what = Supposition(placement, _facts(features, "feature"), _facts(context, "context"), pulled)
    return None if what == Supposition() else what


def explained(home: Path, workspace: Path, decision_id: str, what: Supposition | None) -> dict[str, Any]:
    """The explanation in plain data.

    Raises `NotFoundError` where no decision has this id, `ErasedError` where it was erased, `InvalidInputError` of a
    supposition that makes no sense.
    """
    with compose(home, workspace) as composition:
        place = composition.home
        bundle_of = partial(scorer_of, place.path)
        explainer = Explainer(composition.decisions, CatalogArchive(place.catalogs), bundle_of)
        return document_of(explainer.explain(decision_id, what), composition.features.descriptions)


def _facts(texts: Sequence[str], option: str) -> dict[str, FeatureValue]:
    return {name: _fact(value) for name, value in _pairs(texts, option)}


def _pairs(texts: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise InvalidInputError(f"--{option} takes name=value, such as {_EXAMPLES[option]}", field=option)
        yield name, value


def _fact(text: str) -> FeatureValue:
    """A number, a truth as 1 or 0, `null` for not known, or the word itself."""
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return float(read) if isinstance(read, bool | int | float) else read if read is None else text


def _number(name: str, text: str) -> float:
    fact = _fact(text)
    if not isinstance(fact, float) or not 0.0 <= fact <= 1e6:
        raise InvalidInputError(f"the lever of {as_word(name)} is a number from 0 to 1000000", field="lever")
    return fact


def explanation_in_words(told: Mapping[str, Any]) -> str:
    """The explanation, an action a paragraph."""
    where = f"{told['channel']}/{told['placement']}"
    head = f"{told['decision_id']} for {told['customer_id']} at {told['decided_at']}, {where}, arm {told['arm']}"
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    variants = [f"in the variant {each} of {test}" for test, each in told.get("variants", {}).items()]
    degraded = [f"degraded: {', '.join(told['degraded_reasons'])}"] if told["degraded_reasons"] else []
    lines = [
        head,
        versions,
        *variants,
        *degraded,
        f"chosen: {told['chosen']}",
        *_actions(told["actions"]),
        _replay(told["replay"]),
    ]
    return "\n".join([*lines, *(_what_if(told["what_if"]) if told["what_if"] else ())])


def _actions(actions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for action in actions:
        yield f"  {_standing(action)} {action['action']}: {_scored(action)}{'; '.join(action['why'])}{_read(action)}"
        yield from (_contribution(each) for each in action["contributions"][:MOST_MOVED])


def _standing(action: Mapping[str, Any]) -> str:
    return f"{action['rank']}." if action["rank"] else {"eligible": "- ", "excluded": "x "}[action["became"]]


def _scored(action: Mapping[str, Any]) -> str:
    if action["became"] == "excluded":
        return f"{action['stage']}: "
    return f"priority {action['priority']:.4g}, rank 1 with probability {action['action_probability']:.3f}; "


def _read(action: Mapping[str, Any]) -> str:
    said = ", ".join(f"{name} is {'not known' if value is None else value}" for name, value in action["read"].items())
    return f" ({said})" if said else ""


def _contribution(each: Mapping[str, Any]) -> str:
    about = f" ({each['about']})" if each["about"] else ""
    value = "not known" if each["value"] is None else each["value"]
    return f"       {each['log_odds']:+.3f} {each['feature']} = {value}{about}"


def _replay(replay: Mapping[str, Any]) -> str:
    if replay["why_not"]:
        return f"not made again: {replay['why_not']}"
    return "made again: the same" if replay["exact"] else f"made again: otherwise in {', '.join(replay['differs'])}"


def _what_if(what: Mapping[str, Any]) -> Iterator[str]:
    yield f"what if: {what['channel']}/{what['placement']} would choose {what['chosen']}"
    yield from _actions(what["actions"])
