"""The commands on a policy of any table: `tsugi policy fit | value | choose`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import JsonOption, echo, note

app = typer.Typer(name="policy", help="Learns, values and applies policies of any logged table.", no_args_is_help=True)

LogArgument = Annotated[
    Path, typer.Argument(help="A table of logged decisions: .csv, .tsv (also .gz), .parquet or .jsonl.")
]
ActionOption = Annotated[str, typer.Option(help="The column of the action that was chosen.")]
ProbabilityOption = Annotated[str, typer.Option(help="The column of the probability it was chosen with.")]
RewardOption = Annotated[str, typer.Option(help="The column of what the decision earned.")]
CustomerOption = Annotated[
    str | None, typer.Option(help="The column of the customer (default: every row is another one).")
]
TimeOption = Annotated[
    str | None, typer.Option(help="The column of the time: the last third judges what the earlier part taught.")
]
CostOption = Annotated[
    list[str] | None,
    typer.Option(help="A column of money spent, or action=amount; taken off the reward. May be repeated."),
]
NothingOption = Annotated[str | None, typer.Option(help="The action that means to do nothing, if there is one.")]
ContextOption = Annotated[
    list[str] | None, typer.Option(help="A column to decide by (default: every other one). May be repeated.")
]
DropOption = Annotated[list[str] | None, typer.Option(help="A column to leave out: an outcome. May be repeated.")]
CapOption = Annotated[float | None, typer.Option(help="Cut rewards here (default: at the 99.9 % quantile).")]
HtmlOption = Annotated[Path | None, typer.Option(help="Write the report with its pictures as one HTML file here.")]
PolicyOption = Annotated[Path, typer.Option(help="The folder of the policy.")]


def fit(
    log: LogArgument,
    action: ActionOption,
    probability: ProbabilityOption,
    reward: RewardOption,
    out: Annotated[Path, typer.Option(help="Write the policy to this folder.")],
    customer: CustomerOption = None,
    time: TimeOption = None,
    cost: CostOption = None,
    nothing: NothingOption = None,
    context: ContextOption = None,
    drop: DropOption = None,
    cap: CapOption = None,
    seed: Annotated[int, typer.Option(help="The seed of everything random.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Learn a policy from logged decisions, and let the gate judge it. Exits: 0 adopted, 10 refused."""
    from pipelines.policy_table.fit import fit_file
    from pipelines.policy_table.words import fit_in_words
    from training.uplift.log_columns import LogColumns

    many = {"costs": cost, "context": context, "drop": drop}
    columns = LogColumns(
        action,
        probability,
        reward,
        customer,
        time,
        nothing=nothing,
        cap=cap,
        **{name: tuple(given or ()) for name, given in many.items()},
    )
    result = fit_file(log, columns, out, seed=seed)
    echo(result, as_json=as_json, words=fit_in_words)
    raise typer.Exit(result.exit_code)


def value(
    log: LogArgument,
    policy: PolicyOption,
    action: Annotated[str | None, typer.Option(help="As for fit (default: as it was named there).")] = None,
    probability: Annotated[str | None, typer.Option(help="As for fit (default: as there).")] = None,
    reward: Annotated[str | None, typer.Option(help="As for fit (default: as there).")] = None,
    customer: Annotated[str | None, typer.Option(help="As for fit (default: as there).")] = None,
    html: HtmlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Value a policy on another log, beside every constant action and the logging policy."""
    from pipelines.policy_table.log_report import page_of, print_report
    from pipelines.policy_table.value import value_file
    from pipelines.report_page import write_page

    changes = {"action": action, "probability": probability, "reward": reward, "customer": customer}
    found = value_file(log, policy, changes, say=note)
    print_report(found, as_json=as_json)
    if html:
        write_page(page_of(found), html)


def choose(
    table: Annotated[
        Path,
        typer.Argument(help="A table with the policy's context columns: .csv, .tsv (also .gz), .parquet or .jsonl."),
    ],
    policy: PolicyOption,
    out: Annotated[
        Path, typer.Option(help="Write row, customer, action and expected gain here, by the ending's format.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Choose an action for every row of a table."""
    from pipelines.policy_table.choose import choose_file
    from pipelines.policy_table.words import chosen_in_words

    echo(choose_file(table, policy, out, say=note), as_json=as_json, words=chosen_in_words)


for command in (fit, value, choose):
    app.command()(command)
GROUPS = (app,)
