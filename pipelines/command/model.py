"""Commands for models of any table: fit, score."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import JsonOption, echo, note

app = typer.Typer(name="model", help="Learns models from any table and scores tables by them.", no_args_is_help=True)

TableArgument = Annotated[Path, typer.Argument(help="A table: .csv, .tsv (also .gz), .parquet or .jsonl.")]
LabelOption = Annotated[str, typer.Option(help="The column to predict: two values, such as yes and no.")]
FolderOption = Annotated[Path, typer.Option("--out", help="The folder of the model, its card, report and pictures.")]
TimeOption = Annotated[str | None, typer.Option(help="The column that says when each row was: the latest rows judge.")]
OrderedOption = Annotated[bool, typer.Option("--ordered", help="The rows stand in order of time already.")]
PositiveOption = Annotated[str | None, typer.Option(help="The value of the label that means yes (default: guessed).")]
ManyOption = list[str] | None
SeedOption = Annotated[int, typer.Option(help="The same table, seed and trials give the same model.")]


def fit(
    table: TableArgument,
    label: LabelOption,
    out: FolderOption,
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
    """Learn a model of one yes-or-no column from any table: leak checks, tuning, calibration, a held-out judgement."""
    from pipelines.model_table.fit import Order, Shape, fit_table
    from pipelines.model_table.report import in_words
    from training.tabular.table import Roles

    groups = tuple(tuple(name.strip() for name in group.split(",")) for group in together or ())
    roles = Roles(label, time, tuple(ids or ()), tuple(drop or ()), tuple(keep or ()), ordered)
    shape = Shape(tuple(rising or ()), tuple(falling or ()), groups)
    order = Order(table, roles, out, positive, trials=trials, seconds=seconds, seed=seed, shape=shape)
    echo(fit_table(order, say=note), as_json=as_json, words=in_words)


def score(
    table: TableArgument,
    model: Annotated[Path, typer.Option(help="The folder that `tsugi model fit` wrote.")],
    out: Annotated[Path, typer.Option(help="Write the table with its probabilities here, by the ending's format.")],
    blocks: Annotated[int, typer.Option(min=1, help="Score in so many blocks; each one's outcomes move the next.")] = 1,
    time: TimeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score a table by a model that was fitted: a probability for every row, and how sure it is."""
    from pipelines.model_table.score import Order, in_words, score_table

    echo(score_table(Order(table, model, out, blocks, time)), as_json=as_json, words=in_words)


for command in (fit, score):
    app.command()(command)
GROUPS = (app,)
