"""A home: where one tenant's stores live, all below one folder."""

from dataclasses import dataclass
from pathlib import Path

STATES = "state.db"
"""The file, beside the views of a history, with the states that it ends with."""


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one home folder.

    >>> Home(Path("home")).ledger.as_posix()
    'home/ledger.db'
    """

    path: Path

    def create(self) -> "Home":
        """Make the folder where it is missing; safe to call from many processes at once."""
        self.path.mkdir(parents=True, exist_ok=True)
        return self

    @property
    def workspace(self) -> Path:
        """The name of the workspace that it was made for."""
        return self.path / "workspace.txt"

    @property
    def ledger(self) -> Path:
        """The records: the only store that cannot be rebuilt."""
        return self.path / "ledger.db"

    @property
    def online(self) -> Path:
        """Feature states of now."""
        return self.path / "online.db"

    @property
    def history(self) -> Path:
        """Feature states of the past, a folder of Parquet files per view."""
        return self.path / "history"

    @property
    def states(self) -> Path:
        """The states that history ends with."""
        return self.history / STATES

    @property
    def registry(self) -> Path:
        """Feast's registry."""
        return self.path / "registry.db"

    @property
    def mlflow(self) -> Path:
        """MLflow's database."""
        return self.path / "mlflow.db"

    @property
    def mlartifacts(self) -> Path:
        """MLflow's artifacts."""
        return self.path / "mlartifacts"

    @property
    def optuna(self) -> Path:
        """Optuna's journal."""
        return self.path / "optuna.journal"

    @property
    def bundles(self) -> Path:
        """Published bundles, a folder each, with the pointer `champion.json`."""
        return self.path / "bundles"

    @property
    def catalogs(self) -> Path:
        """Every catalogue that decided, a file each."""
        return self.path / "catalogs"

    @property
    def nonces(self) -> Path:
        """What signed requests used up, for some minutes."""
        return self.path / "nonces.db"

    @property
    def runs(self) -> Path:
        """The queue of retraining runs."""
        return self.path / "runs.db"

    @property
    def journeys(self) -> Path:
        """The maps of the journeys, as they were last drawn for everybody."""
        return self.path / "journeys.json"

    @property
    def triggers(self) -> Path:
        """How far triggers came with each customer, and what is to be sent because of them."""
        return self.path / "triggers.db"

    def lock(self, name: str) -> Path:
        """The lock file of this name, such as `serving` or `retrain`."""
        return self.path / f"{name}.lock"
