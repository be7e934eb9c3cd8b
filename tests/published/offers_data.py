"""Where the public data sets are."""

import os
from pathlib import Path

import pytest


def data_folder(name: str) -> Path:
    """The folder of a data set below TSUGI_TEST_DATA; skips the test where it is absent."""
    root = os.environ.get("TSUGI_TEST_DATA")
    if not root:
        pytest.skip("TSUGI_TEST_DATA is not set: it names the folder of public data sets")
    folder = Path(root) / name
    if not folder.is_dir():
        pytest.skip(f"no {name} in TSUGI_TEST_DATA ({root})")
    return folder
