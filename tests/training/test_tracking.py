import pytest

from decisioning.errors import UnavailableError
from training.tracking import connect


def test_a_damaged_registry_is_named_in_one_line(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"no database at all " * 200)
    with pytest.raises(UnavailableError, match=r"the registry .*mlflow\.db cannot be used"):
        connect(tmp_path)
