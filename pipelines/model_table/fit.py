"""Learns a model from a table: reads, checks, chooses, judges, and writes the folder."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pipelines.clock import system_clock
from pipelines.model_table.file import read_table
from pipelines.model_table.folder import check_replaceable, replaced
from pipelines.model_table.report import CARD, REPORT, Report, card, draw, report_of
from training.constraints import Constraints
from training.encoding import FeatureColumn
from training.tabular.choice import Task
from training.tabular.learn import learn, prepare
from training.tabular.search import TABLE_SPACE
from training.tabular.store import write_model
from training.tabular.table import Roles, TableError
from training.tuning import Search


@dataclass(frozen=True, slots=True)
class Shape:
    """What a business knows of its columns: with which the probability may only rise or fall, which may interact."""

    rising: tuple[str, ...] = ()
    falling: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()

    def constraints(self, columns: Sequence[FeatureColumn]) -> Constraints:
        """The same by position; raises `TableError` of a column that is not there, has no order, or is to do both."""
        place = {column.name: number for number, column in enumerate(columns)}
        words = {column.name for column in columns if column.kind == "category"}
        for name in (*self.rising, *self.falling, *(name for group in self.together for name in group)):
            if name not in place:
                raise TableError(
                    f"no feature {name!r} to constrain; there are: {', '.join(place)}", code="unknown_column"
                )
        for name in (*self.rising, *self.falling):
            if name in words:
                raise TableError(f"column {name!r} holds words, which have no order to rise or fall with")
        both = next((name for name in self.rising if name in self.falling), None)
        if both is not None:
            raise TableError(f"column {both!r} cannot both rise and fall", field="rising")
        signs = {**{place[name]: 1 for name in self.rising}, **{place[name]: -1 for name in self.falling}}
        return Constraints(signs, tuple(tuple(place[name] for name in group) for group in self.together))


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Parameters: `file`, the table; `roles` of its columns; `out`, the folder; `positive`, the word that means yes;
    `trials` and CPU `seconds` of the search; `seed`; `shape`.
    """

    file: Path
    roles: Roles
    out: Path
    positive: str | None = None
    trials: int = 20
    seconds: float | None = None
    seed: int = 7
    shape: Shape = field(default_factory=Shape)


def fit_table(order: Order, *, say: Callable[[str], None] = lambda _: None) -> Report:
    """Learn the model that is ordered and write it.

    Raises `TableError` where the table cannot be learned from, `LeakError` where it would be learned from wrongly,
    `InvalidInputError` where the folder holds anything but an earlier model, which is replaced as a whole.
    """
    check_replaceable(order.out)
    prepared = prepare(read_table(order.file), order.roles, positive=order.positive, seed=order.seed)
    task = Task(
        prepared.plan.columns, order.roles.in_time, order.shape.constraints(prepared.plan.columns), _search(order)
    )
    learned = learn(prepared, task, say=say)
    report = report_of(learned, order.file, order.out)
    with replaced(order.out) as folder:
        version = write_model(learned.model, folder, created_at=system_clock(), report=_plain(report))
        report = report_of(learned, order.file, order.out, version=version)
        (folder / REPORT).write_bytes(orjson.dumps(_plain(report), option=orjson.OPT_INDENT_2))
        (folder / CARD).write_text(card(report), encoding="utf-8")
        draw(learned, folder)
    return report


def _search(order: Order) -> Search:
    return Search(order.trials, order.seed, seconds=order.seconds, space=TABLE_SPACE)


def _plain(report: Report) -> dict[str, Any]:
    return asdict(report)
