"""The contracts of a workspace: the one reading that every edge shares."""

from features.contract.contract import NO_CONTRACTS, Contracts
from features.contract.contract_file import read_contracts
from features.workspace import Workspace


def contracts_of(workspace: Workspace) -> Contracts:
    """What `events.yaml` agrees, nothing where there is no such file. Raises `FeatureFileError`."""
    path = workspace.contracts_path
    return read_contracts(path) if path.exists() else NO_CONTRACTS
