"""Resolves a table of people by itself: which records are of one person, and how sure that is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from features.matching.agreement import Agreement, agreement
from features.matching.batch import Matching, Thresholds, match
from features.matching.kind import Kind, NothingToMatchError, kinds_of
from features.matching.model import Model, load_model
from features.matching.people import PART, People, people_of
from features.matching.people_file import PeopleTable, read_people


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Parameters: `file`, the table; `fields`, kinds that are stated, by column; `id_column`; `against`, a second table
    that is resolved together with the first; `truth`, a column with the true person, for scoring only; `model`, a file
    of parameters to use instead of training.
    """

    file: Path
    fields: Mapping[str, str] = field(default_factory=dict)
    id_column: str | None = None
    against: Path | None = None
    truth: str | None = None
    model: Path | None = None
    thresholds: Thresholds = Thresholds()  # noqa: RUF009 (frozen)

    @property
    def files(self) -> tuple[Path, ...]:
        """The table, and the second one where there is one."""
        return (self.file,) if self.against is None else (self.file, self.against)


@dataclass(frozen=True, slots=True)
class Row:
    """One record's place in the result. Parameters: `table`, the file it is from; `probability`, that it belongs."""

    table: str
    id: str
    cluster: str
    probability: float


@dataclass(frozen=True, slots=True)
class Question:
    """Two clusters that a person should look at, each by its id. Parameters: `probability`, of being one person."""

    cluster: str
    other: str
    probability: float


@dataclass(frozen=True, slots=True)
class Matched:
    """What was found.

    Parameters: `fields`, kind by column; `ignored`, columns that were not compared; `ids`, the column of ids, or "";
    `sizes`, clusters by their number of records; `certainty`, the mean probability that a record belongs where it is
    put; `scored`, against the truth, where one is given.
    """

    records: int
    fields: dict[str, str]
    ignored: tuple[str, ...]
    ids: str
    pairs: int
    clusters: int
    sizes: dict[int, int]
    certainty: float
    review: int
    scored: Agreement | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The summary, every record's cluster, what to review, and what was learned."""

    summary: Matched
    rows: tuple[Row, ...]
    questions: tuple[Question, ...]
    matching: Matching


def match_file(order: Order) -> Result:
    """Resolve the table that is ordered.

    Raises: `InvalidInputError`, saying what of the file or the options cannot be used.
    """
    tables = [read_people(file, order.id_column) for file in order.files]
    kinds = kinds_of(_shared_columns(tables), order.fields)
    held_out = {name for name in (order.truth, tables[0].id_column) if name and name not in order.fields}
    people = _people(tables, {name: kind for name, kind in kinds.items() if name not in held_out})
    truth = [value for table in tables for value in table.column(order.truth, "truth")] if order.truth else None
    matching = match(people, order.thresholds, _model(order.model, people) if order.model else None)
    return _result(order, tables, people, matching, truth)


def _model(file: Path, people: People) -> Model:
    """The parameters of a file, which must be of the fields that the table has."""
    model = load_model(file)
    model.check(people.fields)
    return model


def _shared_columns(tables: Sequence[PeopleTable]) -> list[str]:
    """The columns that every table has, in the order of the first."""
    shared = [name for name in tables[0].columns if all(name in table.columns for table in tables)]
    if not shared:
        raise NothingToMatchError("the two tables share no column; give both the same names", field="against")
    return shared


def _people(tables: Sequence[PeopleTable], kinds: Mapping[str, Kind]) -> People:
    columns = {name: [value for table in tables for value in table.columns[name]] for name in kinds}
    ids = [identity for number in range(len(tables)) for identity in _ids(tables, number)]
    return people_of(ids, columns, kinds)


def _ids(tables: Sequence[PeopleTable], number: int) -> list[str]:
    """A table's ids, behind its number where there are two: both may count from 1."""
    own = tables[number].ids
    return own if len(tables) == 1 else [f"{number + 1}:{identity}" for identity in own]


def _result(
    order: Order, tables: Sequence[PeopleTable], people: People, matching: Matching, truth: list[str] | None
) -> Result:
    cluster = [people.ids[place] for place in matching.cluster.tolist()]
    names = [file.name for file, table in zip(order.files, tables, strict=True) for _ in table.ids]
    own = [identity for table in tables for identity in table.ids]
    rows = map(Row, names, own, cluster, matching.belongs.tolist())
    questions = (
        Question(people.ids[doubt.first], people.ids[doubt.second], doubt.probability) for doubt in matching.doubts
    )
    summary = _summary(tables, people, matching, agreement(cluster, truth) if truth else None)
    return Result(summary, tuple(rows), tuple(questions), matching)


def _summary(tables: Sequence[PeopleTable], people: People, matching: Matching, scored: Agreement | None) -> Matched:
    sizes = Counter(Counter(matching.cluster.tolist()).values())
    compared = {field.name: field.kind for field in people.fields}
    used = {name.partition(PART)[0] for name in compared}
    return Matched(
        records=len(people),
        fields={name: str(kind) for name, kind in compared.items()},
        ignored=tuple(name for name in tables[0].columns if name not in used and name != tables[0].id_column),
        ids=tables[0].id_column,
        pairs=matching.n_pairs,
        clusters=sum(sizes.values()),
        sizes=dict(sorted(sizes.items())),
        certainty=float(matching.belongs.mean()),
        review=len(matching.doubts),
        scored=scored,
    )
