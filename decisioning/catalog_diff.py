"""What differs between two catalogues, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from decisioning.catalog import Catalog
from decisioning.catalog_problem import Path


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. Parameters: `before` and `after`; None where the field, or all it stands in, was not there."""

    path: Path
    before: object
    after: object


def changes(before: Catalog, after: Catalog) -> Iterator[Change]:
    """Every field that differs, by path; an action, channel or placement that came or went is one change.

    >>> old = Catalog("v1", "EUR", {}, {}, {})
    >>> [each.path for each in changes(old, Catalog("v2", "USD", {}, {}, {}))]
    [('currency',)]
    """
    yield from (each for each in _differing((), before, after) if each.path != ("version",))


def _differing(path: Path, before: object, after: object) -> Iterator[Change]:
    if before == after:
        return
    old, new = _parts(before), _parts(after)
    if old is None or new is None:
        yield Change(path, before, after)
        return
    for name in [*old, *(name for name in new if name not in old)]:
        yield from _differing((*path, name), old.get(name), new.get(name))


def _parts(value: object) -> Mapping[str | int, object] | None:
    """What a value is made of, by name or place; None where it is one thing."""
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, tuple):
        names = [getattr(each, "name", place) for place, each in enumerate(value)]
        told_apart = names if len(set(names)) == len(names) else range(len(names))
        return dict(zip(told_apart, value, strict=True))
    return None
