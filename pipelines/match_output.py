"""What `tsugi match` writes and says."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from decisioning.errors import InvalidInputError
from features.matching.agreement import Agreement
from pipelines.csv_cell import all_as_text
from pipelines.match import Matched, Question, Row


class OutputError(InvalidInputError):
    """A file cannot be written."""

    code = "cannot_write"


def write_clusters(file: Path, rows: Iterable[Row]) -> None:
    """One line per record: its table and id, its cluster, the probability that it belongs there."""
    lines = ((row.table, row.id, row.cluster, f"{row.probability:.6f}") for row in rows)
    _write(file, ("table", "id", "cluster", "probability"), lines)


def write_review(file: Path, questions: Iterable[Question]) -> None:
    """One line per pair of clusters that a person should look at, the likeliest first."""
    lines = ((question.cluster, question.other, f"{question.probability:.6f}") for question in questions)
    _write(file, ("cluster", "other", "probability"), lines)


def _write(file: Path, header: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> None:
    try:
        with file.open("w", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened)
            writer.writerow(header)
            writer.writerows(map(all_as_text, lines))
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}", field="out") from error


def matched_in_words(matched: Matched) -> str:
    """What was recognised, what was decided, and how sure it is."""
    fields = ", ".join(f"{name} ({kind})" for name, kind in matched.fields.items())
    ignored = f"; not used: {', '.join(matched.ignored)}" if matched.ignored else ""
    ids = f"column {matched.ids}" if matched.ids else "the number of the row"
    lines = [
        f"records    {matched.records:,}, by {ids}",
        f"fields     {fields}{ignored}",
        f"compared   {matched.pairs:,} pairs",
        f"clusters   {matched.clusters:,}: {_sizes(matched.sizes)}",
        f"sure       {matched.certainty:.1%} expected to be where they belong; {matched.review:,} pairs to review",
    ]
    return "\n".join([*lines, *([_scored(matched.scored)] if matched.scored else [])])


def _sizes(sizes: Mapping[int, int]) -> str:
    """How many clusters there are of each size, large ones together.

    >>> _sizes({1: 70, 2: 12, 3: 4, 9: 1})
    '70 of 1 record, 12 of 2, 5 of 3 to 9'
    """
    largest = max(sizes)
    parts = [f"{sizes[size]:,} of {size}{' record' if size == 1 else ''}" for size in (1, 2) if size in sizes]
    more = sum(number for size, number in sizes.items() if size > 2)
    if more:
        parts.append(f"{more:,} of 3 to {largest:,}" if largest > 3 else f"{more:,} of 3")
    return ", ".join(parts)


def _scored(scored: Agreement) -> str:
    return (
        f"truth      B-cubed precision {scored.precision:.4f}, recall {scored.recall:.4f}, F1 {scored.f1:.4f};"
        f" pairs F1 {scored.pair_f1:.4f}; largest cluster {scored.largest:,}, true {scored.largest_true:,}"
    )
