"""The command line `tsugi`.

Pipelines are imported when a command runs: feast alone costs seconds, and `tsugi --help` should not.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

import typer

from decisioning.errors import TsugiError
from pipelines.command import (
    catalog,
    decide,
    features,
    identity,
    journey,
    learn,
    match,
    model,
    moment,
    policy,
    privacy,
    profile,
    record,
    start,
    watching,
)
from pipelines.exit_code import ExitCode
from pipelines.learning_failure import LEARNING, learning_failure

app = typer.Typer(
    name="tsugi",
    help="Next-best-action service: decides what to do next for one customer, says why, and learns from what happens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (start, record, profile, identity, features, learn, watching, decide, moment, journey, privacy, match):
    for command in module.COMMANDS:
        app.command()(command)
for group in (*catalog.GROUPS, *model.GROUPS, *policy.GROUPS):
    app.add_typer(group)


def failed(error: TsugiError, arguments: Sequence[str] = ()) -> ExitCode:
    """Say in one line on standard error what went wrong, and give the exit code for it.

    Parameters: `arguments` of the command line, of which the first names the command.
    """
    print(f"tsugi: {error.message}", file=sys.stderr)
    usual = learning_failure(error) if LEARNING.intersection(arguments[:1]) else ExitCode.FAILED
    return {"busy": ExitCode.BUSY, "nothing_new": ExitCode.NOTHING_NEW}.get(error.code, usual)


def quiet_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What keeps the components from calling home and from spinning threads, unless the caller decided otherwise.

    One thread for OpenMP and BLAS: idle ones spin, and cost several times the CPU on a busy machine.
    """
    wanted = {
        "FEAST_USAGE": "False",
        "BENTOML_DO_NOT_TRACK": "True",
        "DO_NOT_TRACK": "1",
        "OTEL_SDK_DISABLED": "true",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return {name: value for name, value in wanted.items() if name not in environment}


def interrupted() -> NoReturn:
    """End at once, in one line: a thread that is still at work is not waited for, and no store minds its end."""
    print("tsugi: interrupted", file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(ExitCode.INTERRUPTED)


def main() -> NoReturn:
    """Run the command line; an error is one line and a non-zero exit code, never a traceback.

    SIGTERM ends a command as Ctrl-C does, where the command has no other way of its own.
    """
    os.environ.update(quiet_environment(os.environ))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except SystemExit as ended:
        if ended.code == ExitCode.INTERRUPTED:  # what typer makes of a KeyboardInterrupt
            interrupted()
        raise
    except TsugiError as error:
        sys.exit(failed(error, sys.argv[1:]))
    except BrokenPipeError:
        sys.exit(ExitCode.FAILED)
    except OSError as error:
        print(f"tsugi: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(ExitCode.FAILED)
    except KeyboardInterrupt:
        interrupted()
    except Exception as error:
        if came_of_an_interruption(error):
            interrupted()
        raise
    sys.exit(0)


def came_of_an_interruption(error: BaseException) -> bool:
    """Whether an error arose while an interruption was being handled: a library's way out may stumble over it.

    >>> came_of_an_interruption(ValueError("no"))
    False
    """
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, KeyboardInterrupt):
        seen = seen.__context__
    return seen is not None


if __name__ == "__main__":
    main()
