"""Commands for models of any table: fit, score."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import JsonOption, echo, note

app = typer.Typer(name="model", help="Learns models from any table and scores tables by them.", no_args_is_help=True)

TableArgument = Annotated[Path, typer.Argument(help="A table: .csv, .tsv (also .gz), .parquet or .jsonl.")]
YES_NO, VALUE = "yes-or-no", "value"
LabelOption = Annotated[str, typer.Option(help="The column to predict: two values, such as yes and no.")]
FolderOption = Annotated[Path, typer.Option("--out", help="The folder of the model, its card, report and pictures.")]
TimeOption = Annotated[str | None, typer.Option(help="The column that says when each row was: the latest rows judge.")]
OrderedOption = Annotated[bool, typer.Option("--ordered", help="The rows stand in order of time already.")]
PositiveOption = Annotated[str | None, typer.Option(help="The value of the label that means yes (default: guessed).")]
ManyOption = list[str] | None
SeedOption = Annotated[int, typer.Option(help="The same table, seed and trials give the same model.")]


def fit(
    table: TableArgument,
    out: FolderOption,
    label: LabelOption = "",
    kind: Annotated[str, typer.Option(help="yes-or-no, or value: what customers of transactions will spend.")] = YES_NO,
    horizon_days: Annotated[float, typer.Option(min=1.0, help="For value: how far ahead.")] = 90.0,
    customer: Annotated[str, typer.Option(help="For value: the column that says who.")] = "",
    amount: Annotated[ManyOption, typer.Option(help="For value: the column of money; two are multiplied.")] = None,
    time: TimeOption = None,
    ordered: OrderedOption = False,
    positive: PositiveOption = None,
    ids: Annotated[ManyOption, typer.Option("--id", help="A column of ids, never looked at. May be repeated.")] = None,
    drop: Annotated[ManyOption, typer.Option(help="A column to leave out. May be repeated.")] = None,
    keep: Annotated[ManyOption, typer.Option(help="A column to use whatever the leak checks say.")] = None,
    rising: Annotated[ManyOption, typer.Option(help="A column with which the probability may only rise.")] = None,
    falling: Annotated[ManyOption, typer.Option(help="A column with which the probability may only fall.")] = None,
    together: Annotated[ManyOption, typer.Option(help="Columns a,b,c that may interact, and with no other.")] = None,
    trials: Annotated[int, typer.Option(min=1, help="Settings of trees that are tried.")] = 20,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="CPU seconds after which no trial begins.")] = None,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
) -> None:
    """Learn a model of any table: one yes-or-no column of it, or what its customers will spend."""
    if kind not in (YES_NO, VALUE):
        raise typer.BadParameter(f"--kind {kind}; allowed: {YES_NO}, {VALUE}")
    of_rows = {"--label": label, "--ordered": ordered, "--positive": positive, "--id": ids, "--drop": drop}
    of_rows |= {"--keep": keep, "--rising": rising, "--falling": falling, "--together": together, "--seconds": seconds}
    _refuse_unread(kind, of_rows if kind == VALUE else {"--customer": customer, "--amount": amount})
    if kind == VALUE:
        _fit_value(table, out, (customer, time or "", amount or []), horizon_days, seed=seed, as_json=as_json)
        return
    if not label:
        raise typer.BadParameter("say with --label which column is predicted")
    from pipelines.model_table.fit import Order, Shape, fit_table
    from pipelines.model_table.report import in_words
    from training.tabular.table import Roles

    groups = tuple(tuple(name.strip() for name in group.split(",")) for group in together or ())
    roles = Roles(label, time, tuple(ids or ()), tuple(drop or ()), tuple(keep or ()), ordered)
    shape = Shape(tuple(rising or ()), tuple(falling or ()), groups)
    order = Order(table, roles, out, positive, trials=trials, seconds=seconds, seed=seed, shape=shape)
    echo(fit_table(order, say=note), as_json=as_json, words=in_words)


def _refuse_unread(kind: str, unread: Mapping[str, object]) -> None:
    """Raise `typer.BadParameter` of an option that was given, and that a model of this kind would not read."""
    given = next((option for option, value in unread.items() if value), None)
    if given is not None:
        raise typer.BadParameter(f"{given} says nothing about a model of kind {kind}")


def _fit_value(
    table: Path, out: Path, columns: tuple[str, str, list[str]], horizon_days: float, *, seed: int, as_json: bool
) -> None:
    if not all(columns):
        raise typer.BadParameter("--kind value needs --customer, --time and --amount")
    from pipelines.model_table.value import ValueOrder, fit_value, value_in_words
    from training.value.transactions import Sources

    sources = Sources(columns[0], columns[1], tuple(columns[2]))
    order = ValueOrder(table, sources, horizon_days, out, seed)
    echo(fit_value(order, say=note), as_json=as_json, words=value_in_words)


def score(
    table: TableArgument,
    model: Annotated[Path, typer.Option(help="The folder that `tsugi model fit` wrote.")],
    out: Annotated[Path, typer.Option(help="Write the table with its probabilities here, by the ending's format.")],
    blocks: Annotated[int, typer.Option(min=1, help="Score in so many blocks; each one's outcomes move the next.")] = 1,
    time: Annotated[
        str | None, typer.Option(help="With --blocks: the column that says in which order they follow.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="Begin the names of the new columns with this.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Score a table by a model that was fitted: a probability for every row, or an amount for every customer."""
    from pipelines.model_table.score import Order, in_words, kind_of_model, score_table
    from pipelines.model_table.value import score_value

    if kind_of_model(model) == VALUE:
        _refuse_unread(VALUE, {"--blocks": blocks > 1, "--time": time, "--prefix": prefix})
        done = {"customers": score_value(table, model, out, say=note), "out": str(out)}
        echo(done, as_json=as_json, words=lambda each: f"scored     {each['customers']:,} customers into {each['out']}")
        return
    if time and blocks == 1:
        raise typer.BadParameter("--time says in which order --blocks follow one another; of one block it says nothing")
    echo(score_table(Order(table, model, out, blocks, time, prefix), say=note), as_json=as_json, words=in_words)


for command in (fit, score):
    app.command()(command)
GROUPS = (app,)
