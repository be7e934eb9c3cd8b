"""The log of erasures, a file of tokens beside the ledger: a restored backup is older than what was erased since.

One line of JSON an erasure. It is written before the erasure is durable and names nobody, so it may be copied wherever
backups are not.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from decisioning.errors import InvalidInputError, UnavailableError

LOG = "erasures.jsonl"
"""Its name beside the ledger, where the workspace says nothing else."""


@dataclass(frozen=True, slots=True)
class LoggedErasure:
    """One line: which erasure, when (microseconds since the epoch, UTC), and the tokens of everything erased.

    Parameters: `key_mark`, the mark of the key that made the tokens.
    """

    erasure_id: str
    erased_us: int
    key_mark: str
    tokens: tuple[bytes, ...]


def append(path: Path, erasure: LoggedErasure) -> None:
    """Write one line and sync it to disk. Raises: `UnavailableError`, naming the file, where that fails."""
    line = orjson.dumps({**asdict(erasure), "tokens": [token.hex() for token in erasure.tokens]})
    try:
        with path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UnavailableError(f"the log of erasures {path} cannot be written: {error}") from error


def read(path: Path) -> Iterator[LoggedErasure]:
    """Every erasure of a log. Raises: `InvalidInputError` of a line that is none; a torn last line was not durable."""
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        try:
            said = orjson.loads(line)
            yield LoggedErasure(**{**said, "tokens": tuple(map(bytes.fromhex, said["tokens"]))})
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInputError(f"{path}:{number} is no line of a log of erasures") from error
