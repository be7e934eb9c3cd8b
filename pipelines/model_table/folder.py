"""The folder of a model: replaced as a whole, and only where it holds an earlier model and nothing else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from decisioning.errors import ArtifactError, InvalidInputError
from pipelines.model_table.report import CARD, GAIN, RELIABILITY, REPORT
from training.manifest import MANIFEST, read_manifest
from training.tabular.model import KIND
from training.value.learn import KIND as VALUE

_TREES = r"(model|member|amount|buys)_[a-z_]+\.txt"
_WRITTEN = re.compile("|".join((*map(re.escape, (MANIFEST, REPORT, CARD, RELIABILITY, GAIN)), _TREES)))


def check_replaceable(folder: Path) -> None:
    """Raise `InvalidInputError` where the folder holds anything but a model that `tsugi model fit` wrote."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InvalidInputError(f"{folder} is no folder: give another --out", field="out")
    names = sorted(file.name for file in folder.iterdir())
    foreign = [name for name in names if not _WRITTEN.fullmatch(name)]
    if names and (foreign or not _is_model(folder)):
        told = f"{folder} holds something that is no model of `tsugi model fit`, such as {(foreign or names)[0]}"
        raise InvalidInputError(f"{told}: give another --out", code="folder_taken", field="out")


def _is_model(folder: Path) -> bool:
    try:
        return read_manifest(folder).get("kind") in (KIND, VALUE)
    except ArtifactError:
        return False


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """An empty folder to write to; it takes the place of the one named once the block ends without error.

    Raises `InvalidInputError` as `check_replaceable` does.
    """
    place = folder.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".model-", dir=place.parent) as beside:
        whole, earlier = Path(beside) / "model", Path(beside) / "earlier"
        whole.mkdir()
        yield whole
        check_replaceable(place)
        if not place.exists():
            whole.rename(place)
            return
        place.rename(earlier)
        try:
            whole.rename(place)
        except OSError:
            earlier.rename(place)
            raise
