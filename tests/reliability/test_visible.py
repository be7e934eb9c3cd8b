"""An event that was acknowledged is in the next decision, over one connection and over several at once."""

import pytest
from service_process import Service

from benchmarks.http_load import KEY
from benchmarks.visible import see, tastes_workspace


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("visible")
    tastes_workspace(folder)
    running = Service(folder, keys=KEY)
    yield running
    running.client.close()
    running.kill()


@pytest.mark.parametrize("connections", [1, 8])
@pytest.mark.parametrize("pairs", [160, pytest.param(10_000, marks=pytest.mark.reliability)])
def test_what_was_acknowledged_is_in_the_next_decision(service, pairs, connections):
    seen = see(service.port, f"test-{pairs}-{connections}", pairs=pairs, connections=connections)
    assert (seen.missed, seen.refused) == (0, 0)
    assert len(seen.decision_seconds) == pairs
