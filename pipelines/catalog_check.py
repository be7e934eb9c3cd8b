"""Checks a catalogue for what can never happen."""

from collections.abc import Sequence
from pathlib import Path

from decisioning.catalog_advice import advise
from decisioning.catalog_problem import dotted
from features.catalog_source import compiled_catalog, feature_set_of
from features.workspace import Workspace
from pipelines.clock import system_clock


def checked(workspace: Path) -> list[dict[str, str]]:
    """What was found, by field: nothing that is wrong, but nothing anybody can have meant.

    Raises `CatalogError` where the catalogue cannot be used at all.
    """
    loaded = Workspace.load(workspace)
    features = feature_set_of(loaded)
    vocabulary = {each.name: each.one_of for each in features.features if each.kind == "category"}
    found = advise(compiled_catalog(loaded, features).catalog, vocabulary, now=system_clock())
    return [{"field": dotted(each.path), "advice": each.text} for each in found]


def advice_in_words(found: Sequence[dict[str, str]]) -> str:
    """A line each."""
    return "\n".join(f"{each['field']}: {each['advice']}" for each in found) or "nothing found"
