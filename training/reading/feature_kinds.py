"""What the column of each logged feature holds, as the first decisions that know it say."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from training.reading.page import Page

NUMBER, WORD, UNDECIDED = "DOUBLE", "VARCHAR", "JSON"
"""What a column holds, in DuckDB's types."""
LOOKED_AT = 256
"""Decisions, the first ones, that are looked at before any column is read."""


class FeatureKinds:
    """A column holds words where its first known value is one, else numbers.

    >>> kinds = FeatureKinds(["age", "segment", "income"])
    >>> kinds.look([{"age": None}, {"age": 40.0, "segment": "mass"}])
    >>> kinds.by_name
    {'age': 'DOUBLE', 'segment': 'VARCHAR', 'income': 'JSON'}
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.by_name = dict.fromkeys(names, UNDECIDED)

    @property
    def undecided(self) -> dict[str, str]:
        """The columns of which nothing was known yet."""
        return {name: kind for name, kind in self.by_name.items() if kind == UNDECIDED}

    @property
    def decided(self) -> dict[str, str]:
        """The others."""
        return {name: kind for name, kind in self.by_name.items() if kind != UNDECIDED}

    def begin(self, bodies: Sequence[bytes]) -> None:
        """Look at the first of all decisions."""
        self.look(orjson.loads(body)["decision"]["features"] for body in bodies[:LOOKED_AT])

    def look(self, features: Iterable[Mapping[str, Any]]) -> None:
        """Say what columns hold from some rows, each by name."""
        for row in features:
            for name in self.undecided:
                self._decide(name, row.get(name))

    def hear(self, page: Page) -> None:
        """Say what columns hold from a page that was read with those that were undecided."""
        for name in self.undecided:
            column = page.feature(name)
            if column.null_count < len(column):
                self._decide(name, next((each for each in map(_told, column.to_pylist()) if each is not None), None))

    def _decide(self, name: str, value: Any) -> None:
        if value is not None:
            self.by_name[name] = WORD if isinstance(value, str) else NUMBER


def _told(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
