"""Why a command that learns could not: what its exit code tells a scheduler beside "failed"."""

from decisioning.errors import ArtifactError, TsugiError, UnavailableError
from pipelines.exit_code import ExitCode

LEARNING = frozenset({"train", "retrain", "evaluate", "promote", "rollback", "monitor"})
"""The commands whose exit codes tell why they failed; every other one fails with 1."""
UNLEARNABLE = frozenset(
    {
        *("too_little_data", "no_rows", "one_class", "one_action", "action_too_rare", "constant_reward", "no_support"),
        *("repeated_decisions", "volume", "leak", "unusable_log"),
    }
)
"""Codes of errors that say of a log that it cannot be learned from."""


def learning_failure(error: TsugiError) -> ExitCode:
    """The exit code of a learning command that this error ended. Parameters: `error`, other than busy or nothing new.

    >>> learning_failure(TsugiError("0 decisions are over", code="too_little_data")).name
    'BAD_DATA'
    """
    if error.code in UNLEARNABLE:
        return ExitCode.BAD_DATA
    if isinstance(error, ArtifactError) and not error.passing:
        return ExitCode.ALTERED
    return ExitCode.STORE if isinstance(error, UnavailableError) else ExitCode.FAILED
