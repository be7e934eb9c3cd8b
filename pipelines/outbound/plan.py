"""What a batch is made from: kept beside its files, so that one that was interrupted goes on as it began."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson

from decisioning.decision import Decision
from decisioning.errors import InvalidInputError
from features.replace_file import replace_file

T = TypeVar("T")
FILE = "batch.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch is made from.

    Parameters: `run`, its name, of which seeds and decision ids are made; `as_of`, the moment it decides at, ISO;
    `used`, what was drawn from each pool by then; `challenger` and `share`, of whom that bundle decides ("": none).
    """

    run: str
    placement: str
    as_of: str
    catalog: str
    bundle: str
    customers_at_once: int
    used: Mapping[str, int] = field(default_factory=dict)
    challenger: str = ""
    share: float = 0.0

    @property
    def now(self) -> datetime:
        """The moment."""
        return datetime.fromisoformat(self.as_of)

    def made(self, decision: Decision) -> bool:
        """Whether a decision that has the id of one of this batch's is this batch's, not another's of its name."""
        return (decision.placement, decision.decided_at) == (self.placement, self.now)


def has_begun(folder: Path) -> bool:
    """Whether a batch began in a folder."""
    return (folder / FILE).exists()


def keep_plan(folder: Path, plan: Plan) -> None:
    """Begin the batch of a folder by a plan; one that began there stays."""
    if not has_begun(folder):
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / FILE, orjson.dumps(asdict(plan), option=orjson.OPT_INDENT_2))


def agreed_plan(folder: Path, wanted: Plan) -> Plan:
    """The plan of a folder: the one that began there, else this one. Nothing is written.

    Raises `InvalidInputError` where another one began there: by another catalogue, bundle, challenger, placement, name;
    and where what began there cannot be read.
    """
    if not has_begun(folder):
        return wanted
    path = folder / FILE
    began = kept(path, lambda told: Plan(**told))
    for name in ("run", "placement", "catalog", "bundle", "customers_at_once", "challenger", "share"):
        before, now = getattr(began, name), getattr(wanted, name)
        if before != now:
            message = (
                f"{folder} holds a batch with {name} {before or 'none'}, not {now or 'none'}; choose another folder"
            )
            raise InvalidInputError(message, field="out")
    return began


def kept(path: Path, read: Callable[[dict[str, Any]], T]) -> T:
    """What a file of a batch tells, a JSON object. Raises `InvalidInputError`, naming the file, where it is damaged."""
    try:
        return read(orjson.loads(path.read_bytes()))
    except (KeyError, TypeError, ValueError) as damage:
        raise damaged(path, damage) from damage


def damaged(path: Path, damage: Exception) -> InvalidInputError:
    """The error of a file that a batch cannot go on from."""
    message = f"{path} is damaged ({type(damage).__name__}): the batch cannot go on; choose another folder"
    return InvalidInputError(message, field="out")
