"""Goes back to the champion before: at once, from what lies below the home, whatever becomes of MLflow."""

from pathlib import Path

from pipelines.registry_told import tell_soon
from training.publication import roll_back_published


def roll_back(home: Path, workspace: Path) -> str:
    """Make the champion before the present one serve again; the registry is told apart, as soon as it can be reached.

    Neither a retraining under way nor MLflow holds it up. Raises `NotFoundError` where none served before,
    `ArtifactError` where that one was altered.
    """
    back = roll_back_published(home)
    named = f"version {back.number} (bundle {back.version})" if back.number else f"bundle {back.version}"
    return f"rolled back: {named} is the champion; {tell_soon(home, workspace)}"
