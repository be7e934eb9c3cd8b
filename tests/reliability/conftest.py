"""Long fault tests run where they are asked for: `pytest -m reliability`."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "reliability" in (config.option.markexpr or ""):
        return
    here = Path(__file__).parent
    long = [item for item in items if here in item.path.parents and item.get_closest_marker("reliability")]
    items[:] = [item for item in items if item not in long]
    config.hook.pytest_deselected(items=long)
