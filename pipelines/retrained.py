"""What a retraining came to, as commands, workers and the demo tell it."""

from dataclasses import dataclass

from pipelines.exit_code import ExitCode


@dataclass(frozen=True, slots=True)
class Retrained:
    """What a retraining came to.

    Parameters: `version`, the registered version's number, and `bundle`, its content's; `serves`, what the gate lets
    serve; `reasons`, the gate's; `decisions` learned from and judged on, and `censored`, left out because their window
    was still open; `published`, whether what serves was changed.
    """

    exit_code: ExitCode
    version: int | None
    bundle: str
    serves: str
    reasons: tuple[str, ...]
    decisions: int
    censored: int
    run_id: str = ""
    published: bool = False


NOTHING_NEW = Retrained(
    ExitCode.NOTHING_NEW, None, "", "champion", ("no decision has matured since the last retraining",), 0, 0
)


def retrained_in_words(result: Retrained) -> str:
    """What came of it, and why."""
    return "\n".join([_head(result), *(f"  - {reason}" for reason in result.reasons)])


def _head(result: Retrained) -> str:
    if result.exit_code is ExitCode.NOTHING_NEW:
        return "nothing new"
    verdict = "passes the gate" if result.exit_code is ExitCode.DONE else "is refused by the gate"
    return f"version {result.version} (bundle {result.bundle}) {verdict}; {_serving(result)}"


def _serving(result: Retrained) -> str:
    if not result.published:
        return "what serves is unchanged"
    return "the champion stays, and foresees anew" if result.serves == "champion" else f"the {result.serves} serves now"
