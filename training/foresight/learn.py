"""Learning all that is foreseen, from the ledger to models that may serve.

A model serves only if it is no worse, on the last snapshots, than the simpler one beside it, than what knows nothing of
a customer, and than what the champion bundle foresees by. Where it is not, the champion's own model is kept, if that is
no worse than what knows nothing. None of them learned from those snapshots: the champion learned earlier.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from decisioning.errors import InvalidInputError
from features.instant import to_us
from features.ledger import Ledger
from training.component_gate import ComponentVerdict, judge_component
from training.encoding import FeatureEncoder, Floats
from training.feature_column import feature_columns
from training.foreseen_model import ForeseenModel
from training.foresight.fitting import EventReport, fit_event
from training.foresight.known import read_known
from training.foresight.learned_from import Learned, learned_from
from training.foresight.past import Past, ReadOnce
from training.foresight.snapshot import Snapshots, read_snapshots, split_snapshots
from training.foresight.spend import SpendReport, fit_spend
from training.foresight.subject import Subject
from training.metrics import Quality
from training.trees import Rows
from training.tuning import Search
from training.value.quality import ValueQuality

Report = EventReport | SpendReport
Fit = Callable[..., tuple[ForeseenModel, Report]]
"""`fit_event`, or what takes and gives the same of amounts."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What became of one subject: the model that may serve, and why, or why there is none.

    Parameters: `report` of the new model, where one was learned; `kept`, whether `model` is the champion's; `champion`,
    how good that one is on the same customers, where one was compared with; `data`, what was learned from.
    """

    subject: Subject
    model: ForeseenModel | None
    report: Report | None
    reasons: tuple[str, ...]
    kept: bool = False
    champion: Quality | ValueQuality | None = None
    data: Learned | None = None


def learn_foreseen(
    ledger: Ledger,
    past: Past,
    *,
    subjects: Sequence[Subject],
    as_of: datetime,
    search: Search,
    champion: Mapping[str, ForeseenModel],
) -> tuple[Foreseen, ...]:
    """Learn of these subjects what the workspace declares, and what it does not where the log has such events.

    Parameters: `champion`, what the bundle that serves now foresees by.
    """
    known = read_known(ledger, subjects, until_us=to_us(as_of))
    ledger.forget_pages()
    asked = {
        subject: read_snapshots(known, subject, as_of=as_of, seed=search.seed)
        for subject in subjects
        if subject.declared or known.tells(subject)
    }
    once = past.reading(asked.values())
    return tuple(
        learn_subject(
            snapshots, subject, past=once, search=search.of(subject.name), champion=champion.get(subject.name)
        )
        for subject, snapshots in asked.items()
    )


def learn_subject(
    snapshots: Snapshots,
    subject: Subject,
    *,
    past: Past | ReadOnce,
    search: Search,
    champion: ForeseenModel | None = None,
) -> Foreseen:
    """Learn one subject where the history allows it; `champion`, the model that serves now.

    One that foresees something else, because the workspace asked for it then, is no answer to what is asked now: it is
    neither compared with nor kept.
    """
    if champion is not None and not _foresees(champion, subject):
        told = f"what serves foresees something else ({champion.foresees or f'within {champion.horizon_days:g} days'})"
        new = learn_subject(snapshots, subject, past=past, search=search)
        return replace(new, reasons=(*new.reasons, told))
    try:
        parts = split_snapshots(snapshots, subject)
        served = None if champion is None else _served(champion, past.of(parts[2]))
        encoder = FeatureEncoder(feature_columns(past.features))
        rows = [Rows(_encoded(encoder, past.of(part)), part.label) for part in parts]
        ids = parts[2].customer_id
        fit: Fit = fit_spend if subject.amount else fit_event
        model, report = fit(rows, subject, encoder=encoder, search=search, customer_id=ids)
    except InvalidInputError as error:
        return Foreseen(subject, champion, None, (error.message,), kept=champion is not None)
    new = Foreseen(subject, model, report, (), data=learned_from(parts, rows))
    return _judged(new, report, champion=champion, served=served, seed=search.seed)


def _foresees(model: ForeseenModel, subject: Subject) -> bool:
    """Whether a model foresees this; one of an earlier release says no more than how far ahead it looks."""
    return (model.foresees or subject.words) == subject.words and model.horizon_days == subject.horizon_days


def _judged(
    new: Foreseen, report: Report, *, champion: ForeseenModel | None, served: Floats | None, seed: int
) -> Foreseen:
    others = {} if served is None else {"champion": served}
    verdict = _verdict(report, report.predicted, {**report.rivals, **others}, seed=seed)
    if served is None:
        return replace(new, model=new.model if verdict.passed else None, reasons=verdict.reasons)
    beside = replace(new, reasons=verdict.reasons, champion=report.quality_of(served))
    if verdict.passed:
        return beside
    kept = _verdict(report, served, report.plain, seed=seed)
    reasons = (*verdict.reasons, *(f"champion: {reason}" for reason in kept.reasons))
    return replace(beside, model=champion if kept.passed else None, reasons=reasons, kept=kept.passed)


def _verdict(report: Report, predicted: Floats, rivals: Mapping[str, Floats], *, seed: int) -> ComponentVerdict:
    return judge_component(
        report.losses(predicted),
        {name: report.losses(rival) for name, rival in rivals.items()},
        customers=report.customer_id,
        margin=report.margin,
        generator=np.random.default_rng(seed),
    )


def _served(champion: ForeseenModel, frame: pd.DataFrame) -> Floats:
    return champion.score_matrix(_encoded(champion.encoder, frame))


def _encoded(encoder: FeatureEncoder, frame: pd.DataFrame) -> Floats:
    return encoder.matrix({str(name): frame[name].to_numpy() for name in frame}, n_rows=len(frame))
