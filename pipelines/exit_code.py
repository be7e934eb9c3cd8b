"""How a command ends, for schedulers that act on it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every `tsugi` command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 10
    """Refused by the gate: the champion, or the best constant action, keeps serving."""
    NOTHING_NEW = 11
    BUSY = 12
    """Another process holds the lease."""
    DRIFT = 13
    """Something moved that a retraining answers."""
    ATTENTION = 14
    """Something is broken that a person has to look at; nothing is learned from it meanwhile."""
    BAD_DATA = 15
    """The log cannot be learned from."""
    STORE = 16
    """A store that is needed (ledger, studies, MLflow) cannot be used."""
    ALTERED = 17
    """An artifact is not what was published."""
    INTERRUPTED = 130
    """By Ctrl-C or SIGTERM, as shells count it."""
