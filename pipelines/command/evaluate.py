"""The command that values: what serves a workspace, its shadow, tests and arms, or any policy on any table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.command.options import HERE, HomeOption, JsonOption, WorkspaceOption, echo, note, recorded_home


def _column(says: str) -> Any:
    """The option of a column of a log. Parameters: `says`, what the column does."""
    return typer.Option(help=f"With --log: the column that says {says}.")


ContextOption = Annotated[list[str] | None, typer.Option(help="With --log: a column to know by. May be repeated.")]
DropOption = Annotated[list[str] | None, typer.Option(help="With --log: an outcome to leave out. May be repeated.")]

OWN = "the workspace's own log"
READS: Mapping[str, tuple[str, ...]] = {
    OWN: ("html",),
    "--shadow": (),
    "--tests": (),
    "--arms": (),
    "--log with --policy": ("action", "probability", "reward", "customer", "policy", "html"),
    "--log": ("action", "probability", "reward", "customer", "context", "drop", "target_column", "html"),
    "--ranking": (
        *("ranking", "position", "probability", "target_probability", "reward", "customer"),
        *("marginal", "target_marginal", "html"),
    ),
}
"""The options about a log that each evaluation reads."""


def evaluate(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    shadow: Annotated[bool, typer.Option("--shadow", help="What the shadowing challenger would have done.")] = False,
    tests: Annotated[bool, typer.Option("--tests", help="What the variants of the catalogue's tests earned.")] = False,
    arms: Annotated[bool, typer.Option("--arms", help="What deciding earned beside each holdout arm.")] = False,
    log: Annotated[Path | None, typer.Option(help="A table of logged decisions, instead of the ledger's.")] = None,
    action: Annotated[str | None, _column("which action was chosen")] = None,
    probability: Annotated[str | None, _column("with which probability it was chosen, or shown")] = None,
    reward: Annotated[str | None, _column("what it earned")] = None,
    customer: Annotated[str | None, _column("who it was for (default: every row is another one)")] = None,
    context: ContextOption = None,
    drop: DropOption = None,
    policy: Annotated[Path | None, typer.Option(help="With --log: the folder of the policy to value.")] = None,
    target_column: Annotated[str | None, _column("what the policy to value chooses")] = None,
    ranking: Annotated[str | None, _column("which rows are of one ranking")] = None,
    position: Annotated[str | None, _column("at which place, from 1, the row was shown")] = None,
    target_probability: Annotated[
        str | None, _column("with which probability the policy to value gives this ranking")
    ] = None,
    marginal: Annotated[str | None, _column("with which probability the log gives this action this place")] = None,
    target_marginal: Annotated[str | None, _column("with which probability the policy to value does")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report with its pictures as one HTML file here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Value the champion beside nothing, uniform and every constant action; a shadow; or any policy on any table."""
    if sum((shadow, tests, arms, log is not None)) > 1:
        raise typer.BadParameter("one of --shadow, --tests, --arms and --log")
    columns = {"action": action, "probability": probability, "reward": reward, "customer": customer}
    chosen = {"context": context, "drop": drop, "policy": policy, "target_column": target_column}
    ranked = {"ranking": ranking, "position": position, "target_probability": target_probability}
    marginals = {"marginal": marginal, "target_marginal": target_marginal}
    kind = _kind({"--shadow": shadow, "--tests": tests, "--arms": arms}, log, policy=policy, ranking=ranking)
    _check(kind, {**columns, **chosen, **ranked, **marginals, "html": html})
    if log is None:
        _of_workspace(kind, recorded_home(home, workspace), workspace, html=html, as_json=as_json)
        return
    if ranking is not None:
        from pipelines.policy_table.ranking import evaluate_rankings

        evaluate_rankings(log, {**columns, **ranked, **marginals}, html=html, as_json=as_json)
        return
    from pipelines.policy_table.evaluate import Asked, evaluate_table

    asked = Asked(log, columns, tuple(context or ()), tuple(drop or ()), policy, target_column)
    evaluate_table(asked, html=html, as_json=as_json, say=note)


def _kind(flags: Mapping[str, bool], log: Path | None, *, policy: Path | None, ranking: str | None) -> str:
    """Which evaluation is meant, by its name in `READS`."""
    if log is None:
        return next((name for name, said in flags.items() if said), OWN)
    if ranking is not None:
        return "--ranking"
    return "--log" if policy is None else "--log with --policy"


def _check(kind: str, given: Mapping[str, Any]) -> None:
    """Raise `typer.BadParameter` of an option that this evaluation would not read."""
    reads = READS[kind]
    if kind == "--log with --policy" and given["target_column"]:
        return
    strange = next((name for name, value in given.items() if value and name not in reads), None)
    if strange is not None:
        allowed = ", ".join(map(_option, reads)) or "nothing more"
        raise typer.BadParameter(f"{_option(strange)} says nothing about {kind}; allowed: {allowed}")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _of_workspace(kind: str, home: Path, workspace: Path, *, html: Path | None, as_json: bool) -> None:
    if kind == "--shadow":
        from pipelines.evaluate_shadow import evaluate_shadow, shadow_in_words

        echo(evaluate_shadow(home, workspace), as_json=as_json, words=shadow_in_words)
        return
    if kind in ("--tests", "--arms"):
        from pipelines.evaluate_variants import evaluate_arms, evaluate_variants, variants_in_words

        evaluated = evaluate_variants if kind == "--tests" else evaluate_arms
        echo(evaluated(home, workspace), as_json=as_json, words=variants_in_words)
        return
    from pipelines.evaluate import evaluate_log, print_evaluation, write_evaluation

    evaluation, currency = evaluate_log(home, workspace)
    print_evaluation(evaluation, currency=currency, as_json=as_json)
    if html is not None:
        write_evaluation(evaluation, html, currency=currency)
