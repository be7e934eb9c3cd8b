"""YAML that remembers where each value stands, so that an error can say file and line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from decisioning.errors import InvalidInputError, shortened

LONGEST = 63
"""Bits of a whole number, without its sign."""
_TOO_DEEP = "is nested too deeply, or holds itself"


class FeatureFileError(InvalidInputError):
    """A file of feature declarations cannot be used; the message begins with file and line."""

    code = "invalid_features"


@dataclass(frozen=True, slots=True)
class Located:
    """A value of a YAML file and the line it begins on.

    Parameters: `value` is a plain scalar, a list of `Located` or a dict of `Located`.
    """

    value: Any
    file: Path
    line: int

    def fail(self, message: str, *, field: str | None = None) -> NoReturn:
        """Raise `FeatureFileError` that names file and line."""
        raise FeatureFileError(f"{self.file}:{self.line}: {message}", field=field)

    def entries(self, what: str) -> "dict[str, Located]":
        """The value as a mapping; `what` names it in the error."""
        if not isinstance(self.value, dict):
            self.fail(f"{what} must be a mapping, given {self.plain()!r}")
        return self.value

    def items(self, what: str) -> "list[Located]":
        """The value as a list; `what` names it in the error."""
        if not isinstance(self.value, list):
            self.fail(f"{what} must be a list, given {self.plain()!r}")
        return self.value

    def plain(self) -> Any:
        """The value without locations."""
        if isinstance(self.value, dict):
            return {key: held.plain() for key, held in self.value.items()}
        return [held.plain() for held in self.value] if isinstance(self.value, list) else self.value


def read_located(path: Path) -> Located:
    """Read a YAML file. Raises `FeatureFileError` where it is missing, or is not YAML, or names a key twice."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        return Located({}, path, 1) if node is None else _located(node, path)
    except OSError as error:
        raise FeatureFileError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FeatureFileError(f"{path}: is not UTF-8 text, at byte {error.start}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FeatureFileError(f"{path}:{line}: is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise FeatureFileError(f"{path}: is not YAML: {error}") from error
    except RecursionError as error:
        raise FeatureFileError(f"{path}: {_TOO_DEEP}") from error


def _located(node: yaml.Node, path: Path) -> Located:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return Located(dict(_pairs(node, path)), path, line)
    if isinstance(node, yaml.SequenceNode):
        return Located([_located(item, path) for item in node.value], path, line)
    return Located(_scalar(node, path), path, line)


def _scalar(node: yaml.Node, path: Path) -> Any:
    line = node.start_mark.line + 1
    try:
        value = yaml.safe_load(yaml.serialize(node))
    except (yaml.YAMLError, ValueError) as error:
        raise FeatureFileError(f"{path}:{line}: {node.value!r} is not a plain value") from error
    if isinstance(value, int) and value.bit_length() > LONGEST:
        raise FeatureFileError(f"{path}:{line}: {shortened(node.value)} is a number of more than {LONGEST} bits")
    return value


def _pairs(node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Located]]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in seen:
            Located(None, path, line).fail(f"{key!r} is given twice, first on line {seen[key]}")
        seen[key] = line
        yield key, _located(value_node, path)
