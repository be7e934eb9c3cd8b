"""From the text of `catalog.yaml` to a catalogue; every problem is told with its file, line and field.

The text is read as YAML without aliases, tags or repeated keys, checked field by field against strict models
(`catalog_text`), turned into the domain's own objects, and these are checked against each other.
"""

from collections.abc import Collection, Mapping
from typing import cast, get_args

from pydantic import ValidationError

from decisioning.catalog import Catalog
from decisioning.catalog_check import check
from decisioning.catalog_field import Text
from decisioning.catalog_problem import Path, Problem, catalog_error, one_of, plainly, shown
from decisioning.catalog_text import CatalogText
from decisioning.catalog_yaml import read_yaml


def read_catalog(text: str, *, source: str = "catalog.yaml", features: Collection[str] | None = None) -> Catalog:
    """Read a catalogue.

    Parameters: `text`, YAML; `source`, what errors call it; `features`, the feature names that conditions may read
    (None: any), with what each is where that is known. The version is a hash of the content: comments, the order
    of keys and written-out defaults do not change it. Raises `CatalogError` with every problem
    found, at most ten spelled out.
    """
    lines: dict[Path, int] = {}
    problems: list[Problem] = []
    content = read_yaml(text, lines, problems)
    catalog = None if problems else _build(content, problems)
    if catalog is not None:
        problems.extend(check(catalog, features=features))
    if catalog is None or problems:
        raise catalog_error(problems, source=source, lines=lines)
    return catalog


def _build(content: object, problems: list[Problem]) -> Catalog | None:
    try:
        return CatalogText.model_validate(content).build()
    except ValidationError as error:
        problems.extend(_problem(each) for each in error.errors(include_url=False))
        return None


def _problem(error: Mapping[str, object]) -> Problem:
    path = cast("Path", error["loc"])
    kind, given, message = error["type"], error["input"], str(error["msg"])
    if path and path[-1] == "[key]":
        return Problem(path[:-1], f"{path[-2]!r} is no name; a letter, then letters, digits, _ or -, at most 64")
    if kind == "extra_forbidden":
        return Problem(path, one_of(str(path[-1]), _fields_at(path[:-1]), what="field"))
    if kind == "missing":
        return Problem(path, f"is missing; fields here are {', '.join(_fields_at(path[:-1]))}")
    if kind == "model_type":
        return Problem(path, f"got {shown(given)}, expected a mapping with the fields {', '.join(_fields_at(path))}")
    return Problem(path, plainly(message, given))


def _fields_at(path: Path) -> tuple[str, ...]:
    """The fields that the format has at this place."""
    model: object = CatalogText
    for step in path:
        fields = getattr(model, "model_fields", None)
        annotation = fields[step].annotation if fields else get_args(model)[-1]
        models = [part for part in get_args(annotation) if isinstance(part, type) and issubclass(part, Text)]
        model = models[0] if models and type(None) in get_args(annotation) else annotation
    return tuple(getattr(model, "model_fields", ()))
