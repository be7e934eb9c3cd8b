"""Settings of every test: hypothesis judges what comes out, never how long a busy machine took for it.

The same code is judged by the same examples, so that a run tells of the change and not of its luck. What others find is
looked for by `make properties`, which draws anew.

Long tests run where they are asked for: `pytest -m reliability`.
"""

# Before Feast is: where it comes first, it makes all of a process's registries count in the same files.
import prometheus_client  # noqa: F401 - imported for when it is imported
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("tsugi", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("properties", settings.get_profile("tsugi"), derandomize=False, max_examples=500)
settings.load_profile("tsugi")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "reliability" in (config.option.markexpr or ""):
        return
    long = [item for item in items if item.get_closest_marker("reliability")]
    items[:] = [item for item in items if item not in long]
    config.hook.pytest_deselected(items=long)
