"""What training found: how likely each degree of likeness is in pairs of one person, and in pairs of two."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from decisioning.errors import InvalidInputError
from features.matching.kind import Kind, stated_kind
from features.matching.people import Field

VERSION = 1
KEPT_FROM = 5
"""A file names a value only where so many records share it: no one's address is in it."""


class ModelFileError(InvalidInputError):
    """A file is no model of matching, or one of another version."""

    code = "invalid_matching_model"


@dataclass(frozen=True, slots=True)
class FieldModel:
    """The parameters of one field.

    Parameters: `m`, `u`: probability of each degree, from the lowest, where two records are of one person, and of two;
    `frequency`, share of the records that give any value which have this one; `rarest`, the share of an unlisted value.
    """

    name: str
    kind: Kind
    m: tuple[float, ...]
    u: tuple[float, ...]
    frequency: Mapping[str, float]
    rarest: float

    def share(self, value: str) -> float:
        """How common a value is."""
        return self.frequency.get(value, self.rarest)


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model.

    Parameters: `fields`; `prior`, log₂ odds that two records taken at random are of one person; `n_records`, seen.
    """

    fields: tuple[FieldModel, ...]
    prior: float
    n_records: int

    @property
    def compared(self) -> tuple[Field, ...]:
        """The fields, as a table has them."""
        return tuple(Field(field.name, field.kind) for field in self.fields)

    def check(self, fields: Iterable[Field]) -> None:
        """Refuse a table that is compared by others. Raises: `ModelFileError`, naming both."""
        given = tuple(fields)
        if set(given) != set(self.compared):
            message = f"the model compares {_named(self.compared)}; the table has {_named(given)}"
            raise ModelFileError(f"{message}: name its columns so, or learn from it anew", field="model")

    def save(self, file: Path) -> None:
        """Write the parameters as JSON."""
        fields = [_for_file(field, self.n_records) for field in self.fields]
        content = {"version": VERSION, "prior": self.prior, "n_records": self.n_records, "fields": fields}
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_model(file: Path) -> Model:
    """Read what `Model.save` wrote.

    Raises: `ModelFileError`, naming the file and what is wrong with it.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise ModelFileError(f"{file} has version {content['version']!r}; this is version {VERSION}")
        fields = tuple(map(_from_file, content["fields"]))
        return Model(fields, float(content["prior"]), int(content["n_records"]))
    except OSError as error:
        raise ModelFileError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{file} is no model of matching: {error}") from error


def _named(fields: Iterable[Field]) -> str:
    return ", ".join(f"{field.name} ({field.kind})" for field in fields)


def _for_file(field: FieldModel, n_records: int) -> dict[str, Any]:
    common = {value: share for value, share in field.frequency.items() if share * n_records >= KEPT_FROM}
    return {**asdict(field), "frequency": common}


def _from_file(content: dict[str, Any]) -> FieldModel:
    return FieldModel(
        name=content["name"],
        kind=stated_kind(content["kind"]),
        m=tuple(content["m"]),
        u=tuple(content["u"]),
        frequency=content["frequency"],
        rarest=content["rarest"],
    )
