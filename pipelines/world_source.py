"""Loads the simulated world, or the data adapter, that a workspace brings as a file of its own."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from decisioning.errors import InvalidInputError, NotFoundError
from pipelines.world import World


def load_module(path: Path, *, needs: str) -> ModuleType:
    """Run a Python file of a workspace as a module. `needs` is the function it must have.

    Raises `NotFoundError` where the file is absent, `InvalidInputError` where it lacks the function.
    """
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; the workspace names it as the file that has {needs}()")
    spec = importlib.util.spec_from_file_location(f"tsugi_workspace_{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InvalidInputError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, needs):
        raise InvalidInputError(f"{path} has no function {needs}()")
    return module


def load_world(source: Path, **options: Any) -> World:
    """The world that `create(**options)` of a workspace's file makes."""
    return cast("World", load_module(source, needs="create").create(**options))
