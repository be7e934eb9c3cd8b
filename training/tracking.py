"""MLflow below one home folder: a SQLite database and a folder of artifacts, nothing on the network.

MLflow migrates its database on first use, and processes that start at once on an empty one fail. So whoever connects
first migrates under a file lock; the others wait. Under the same lock the registry follows a home that was moved.
"""

import os
import sqlite3
import warnings
from pathlib import Path
from typing import Any

from decisioning.errors import UnavailableError
from features.file_lock import alone, lock_beside
from training.artifact_locations import artifacts_uri, follow_home

DATABASE = "mlflow.db"
_OFFLINE = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}


def database_uri(home: Path) -> str:
    """What `mlflow ui --backend-store-uri` needs.

    >>> database_uri(Path("/srv/bank"))
    'sqlite:////srv/bank/mlflow.db'
    """
    return f"sqlite:///{home.resolve() / DATABASE}"


def connect(home: Path) -> Any:
    """An `MlflowClient` on the home's database, migrated, with artifacts where the home is now; telemetry is off.

    Raises `UnavailableError`, naming the file, where the database is damaged or of another version.
    It holds no global state: MLflow's own tracking and registry addresses are left alone.
    """
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(_OFFLINE)  # MLflow reads these when it is imported, and offers no other way
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    with alone(lock_beside(home / DATABASE)), warnings.catch_warnings():
        # MLflow 3.17 configures its own mappers with what SQLAlchemy 2.1 has deprecated.
        warnings.filterwarnings("ignore", message=".*noload.*")
        try:
            client = MlflowClient(tracking_uri=database_uri(home), registry_uri=database_uri(home))
            client.search_experiments(max_results=1)
            client.search_registered_models(max_results=1)
            follow_home(home / DATABASE, home)
        except (MlflowException, SQLAlchemyError, sqlite3.Error) as error:
            raise UnavailableError(f"the registry {home / DATABASE} cannot be used: {type(error).__name__}") from error
    return client


def experiment(client: Any, home: Path, name: str) -> str:
    """The id of the experiment of this name, made where it is missing; its artifacts lie below the home."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name, artifact_location=artifacts_uri(home)))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return str(client.get_experiment_by_name(name).experiment_id)
