"""The folder of a batch: one that it began in, or one that holds nothing."""

from pathlib import Path

from decisioning.errors import InvalidInputError
from features.replace_file import REPLACING
from pipelines.outbound import customers, learned, plan

_BEFORE_THE_PLAN = (learned.FILE, customers.FILE)
"""What a batch writes first: where it was interrupted then, it begins anew."""


def check_folder(folder: Path) -> None:
    """Raise `InvalidInputError`, naming it, where this is no folder, or one that holds files and no batch."""
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise InvalidInputError(f"{path} is a file; a batch needs a folder for its files", field="out")
    if folder.exists() and not plan.has_begun(folder) and any(map(_is_foreign, folder.iterdir())):
        message = f"{folder} holds files and no batch (no {plan.FILE}); choose a new folder, or an empty one"
        raise InvalidInputError(message, field="out")


def _is_foreign(path: Path) -> bool:
    return path.name not in _BEFORE_THE_PLAN and not path.name.startswith(REPLACING)
