"""The YAML of a catalogue as plain values: without aliases, tags or repeated keys, noting the line of each field."""

from collections.abc import Iterator

import yaml

from decisioning.catalog_problem import Path, Problem

MAX_LENGTH = 2_000_000
"""Characters a catalogue may have."""
MAX_DEPTH = 20
"""Levels a catalogue may nest."""


def read_yaml(text: str, lines: dict[Path, int], problems: list[Problem]) -> object:
    """Read a text as plain values.

    Parameters: `lines`, filled with the line of each field; `problems`, with what is wrong.
    """
    if len(text) > MAX_LENGTH:
        problems.append(Problem((), f"{len(text)} characters, at most {MAX_LENGTH} are allowed"))
        return None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return _Walk(loader, lines, problems).value(node, ()) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        lines[()] = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.append(Problem((), f"not YAML: {error.problem}"))
    except (yaml.YAMLError, RecursionError) as error:
        problems.append(Problem((), f"not YAML: {' '.join(str(error).split())[:120]}"))
    return None


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases: nothing in a catalogue stands in two places."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]  # untyped in PyYAML's stubs
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed; write it out", mark)
        return super().compose_node(parent, index)


class _Walk:
    """Turns YAML nodes into plain values, noting the line of each field."""

    def __init__(self, loader: _Loader, lines: dict[Path, int], problems: list[Problem]) -> None:
        self.loader, self.lines, self.problems = loader, lines, problems

    def value(self, node: yaml.Node, path: Path) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > MAX_DEPTH:
            self.problems.append(Problem(path[:3], f"nested deeper than {MAX_DEPTH} levels"))
            return None
        if isinstance(node, yaml.MappingNode):
            return {key: self.value(child, (*path, key)) for key, child in self.fields(node, path)}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self.scalar(node, path)

    def scalar(self, node: yaml.Node, path: Path) -> object:
        try:
            return self.loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            self.problems.append(Problem(path, f"cannot be read: {' '.join(str(error).split())[:120]}"))
            return None

    def fields(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, yaml.Node]]:
        for key_node, child in node.value:
            key = self.scalar(key_node, path) if isinstance(key_node, yaml.ScalarNode) else None
            here = key_node.start_mark.line + 1
            if not isinstance(key, str):
                self.problem_at(here, path, f"the key {key_node.value!r} is not a text; write it in quotes")
            elif (*path, key) in self.lines:
                self.problem_at(here, (*path, key), f"given twice, first on line {self.lines[(*path, key)]}")
            else:
                self.lines[(*path, key)] = here
                yield key, child

    def problem_at(self, line: int, path: Path, text: str) -> None:
        self.lines[path] = line
        self.problems.append(Problem(path, text))
