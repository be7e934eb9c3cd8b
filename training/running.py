"""Runs that MLflow shows as running for ever, since whoever wrote them was killed."""

from collections.abc import Iterable
from typing import Any

WORKSPACE = "tsugi.workspace"
"""The tag of a retraining: of which workspace."""
_PARENTS = ("tsugi.retraining", "mlflow.parentRunId")
"""Tags of a run that belongs to another one."""


def end_running(client: Any, experiment_id: str, workspace: str) -> int:
    """End the running retrainings of a workspace as killed, and the runs below them; how many there were.

    Runs that somebody else began, in the same experiments, go on.
    """
    ours = f"attributes.status = 'RUNNING' AND tags.`{WORKSPACE}` = '{workspace}'"
    ended = {run.info.run_id for run in client.search_runs([experiment_id], filter_string=ours)}
    if ended:
        ended |= _below(ended, _running(client))
    for run_id in ended:
        client.set_terminated(run_id, status="KILLED")
    return len(ended)


def _running(client: Any) -> list[Any]:
    experiments = [each.experiment_id for each in client.search_experiments()]
    return list(client.search_runs(experiments, filter_string="attributes.status = 'RUNNING'"))


def _below(parents: Iterable[str], running: Iterable[Any]) -> set[str]:
    found, before = set(parents), -1
    while len(found) > before:
        before = len(found)
        found |= {run.info.run_id for run in running if found & {run.data.tags.get(tag) for tag in _PARENTS}}
    return found
