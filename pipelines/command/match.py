"""The command that resolves a table of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import JsonOption, echo

FileArgument = Annotated[Path, typer.Argument(help="A table of people: .csv, .csv.gz or .parquet.")]
OutOption = Annotated[Path | None, typer.Option(help="Write table, id, cluster and probability of every record here.")]
FieldOption = Annotated[
    list[str] | None,
    typer.Option(help="column=kind, such as first_name=given; `none` leaves a column out. May be repeated."),
]
IdOption = Annotated[
    str | None, typer.Option("--id", help="The column of ids (default: unique_id, id …, else the row's number).")
]
AgainstOption = Annotated[Path | None, typer.Option(help="A second table, resolved together with the first.")]
TruthOption = Annotated[
    str | None, typer.Option(help="A column that says who it is: scores the result, decides nothing.")
]
ReviewOption = Annotated[
    Path | None, typer.Option(help="Write the pairs of clusters that a person should look at here.")
]
ModelOption = Annotated[Path | None, typer.Option(help="Use the parameters of this file instead of training.")]
SaveOption = Annotated[Path | None, typer.Option(help="Write the parameters here, as JSON.")]
MergeOption = Annotated[float, typer.Option(min=0.5, max=1.0, help="Clusters become one above this probability.")]
AboveOption = Annotated[float, typer.Option(min=0.0, max=1.0, help="Pairs to review start at this probability.")]


def match(
    file: FileArgument,
    out: OutOption = None,
    field: FieldOption = None,
    id_column: IdOption = None,
    against: AgainstOption = None,
    truth: TruthOption = None,
    review: ReviewOption = None,
    model: ModelOption = None,
    save_model: SaveOption = None,
    merge_above: MergeOption = 0.8,
    review_above: AboveOption = 0.2,
    as_json: JsonOption = False,
) -> None:
    """Find which records of a table are of one person, without labels, and say how sure that is."""
    from features.matching.batch import Thresholds
    from pipelines.match import Order, match_file
    from pipelines.match_output import matched_in_words, write_clusters, write_review

    stated = dict(map(_stated, field or ()))
    if review_above > merge_above:
        raise typer.BadParameter("--review-above is greater than --merge-above")
    result = match_file(Order(file, stated, id_column, against, truth, model, Thresholds(merge_above, review_above)))
    if out:
        write_clusters(out, result.rows)
    if review:
        write_review(review, result.questions)
    if save_model:
        result.matching.model.save(save_model)
    echo(result.summary, as_json=as_json, words=matched_in_words)


def _stated(text: str) -> tuple[str, str]:
    column, equals, kind = text.rpartition("=")
    if not equals or not column:
        raise typer.BadParameter(f"{text!r} is not column=kind, such as first_name=given")
    return column, kind


COMMANDS = (match,)
