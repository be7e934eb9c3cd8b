"""A log of decisions for the tests of what is learned from one."""

import pytest
from log_builder import Log


@pytest.fixture
def log(tmp_path):
    opened = Log(tmp_path / "ledger.db")
    yield opened
    opened.close()
