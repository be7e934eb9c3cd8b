"""Fitting a model of what is foreseen: learn from earlier snapshots, choose on later, judge on the last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from decisioning.errors import InvalidInputError
from training.blend import Blend
from training.blend_fit import BlendReport, Recipe, choose_blend, refit
from training.calibration import choose_calibration
from training.encoding import FeatureEncoder, Floats
from training.foreseen_model import EventModel
from training.foresight.explained import Explained, explained
from training.foresight.subject import Subject
from training.linear import LinearShape
from training.logistic import sigmoid
from training.metrics import Quality, log_losses
from training.ridge import Penalties
from training.trees import Rows
from training.tuning import Search

FEWEST_OF_EITHER = 10


@dataclass(frozen=True, slots=True)
class EventReport:
    """How good the model is on the last snapshots, which chose nothing.

    It is judged by its log loss, beside the logistic regression and the base rate.
    Parameters: `quality`, of the model; `simple`, of the logistic regression alone; arrays (n,) over the evaluated rows
    for the gate: `customer_id`, `label`, `predicted`, `predicted_simple`, `base_rate`; `explained`, in log-odds before
    calibration, some of these rows.
    """

    blend: BlendReport
    quality: Quality
    simple: Quality
    customer_id: NDArray[np.object_]
    label: Floats
    predicted: Floats
    predicted_simple: Floats
    base_rate: Floats
    explained: Explained
    margin: ClassVar[float] = 0.002
    """How much worse than its rivals, in mean loss, a model may be."""

    @property
    def rivals(self) -> Mapping[str, Floats]:
        """What it must not be worse than, arrays (n,) by name."""
        return {"logistic regression": self.predicted_simple, **self.plain}

    @property
    def plain(self) -> Mapping[str, Floats]:
        """Of these, what knows nothing of a customer."""
        return {"base rate": self.base_rate}

    def losses(self, predicted: Floats) -> Floats:
        """The loss (n,) of predictions (n,)."""
        return log_losses(self.label, predicted)

    def quality_of(self, predicted: Floats) -> Quality:
        """How good other predictions (n,) of the same rows are."""
        return Quality.of(self.label, predicted)


def fit_event(
    parts: Sequence[Rows],
    subject: Subject,
    *,
    encoder: FeatureEncoder,
    search: Search,
    customer_id: NDArray[np.object_],
) -> tuple[EventModel, EventReport]:
    """Fit on training rows, choose on validation rows, judge on evaluation rows, refit on the first two.

    Parameters: `parts`, the three; `customer_id` (n,) of the evaluation rows. Raises `InvalidInputError` where a part
    has fewer than ten of either label.
    """
    train, validation, evaluation = parts
    for name, part in zip(("training", "validation", "evaluation"), parts, strict=True):
        _check(part, f"{subject.name} {name}")
    recipe = Recipe(LinearShape(encoder.columns, 0, 0), search, Penalties(pooled=10.0))
    with threadpool_limits(limits=1):
        choice = choose_blend(train, validation, recipe)
        calibration = choose_calibration(choice.blend.margin(validation.matrix), validation.label)
        blend = refit(train.join(validation), recipe, choice)
    model = EventModel(encoder, blend, calibration, subject.horizon_days, subject.words)
    predicted = model.score_matrix(evaluation.matrix)
    simple = sigmoid(Blend(blend.linear, None, 0.0).margin(evaluation.matrix))
    report = EventReport(
        blend=choice.report,
        quality=Quality.of(evaluation.label, predicted),
        simple=Quality.of(evaluation.label, simple),
        customer_id=customer_id,
        label=evaluation.label,
        predicted=predicted,
        predicted_simple=simple,
        base_rate=np.full(len(evaluation), float(np.concatenate([train.label, validation.label]).mean())),
        explained=explained(encoder, blend.contributions, evaluation.matrix),
    )
    return model, report


def _check(rows: Rows, name: str) -> None:
    positives = int(rows.label.sum())
    if min(positives, len(rows) - positives) < FEWEST_OF_EITHER:
        raise InvalidInputError(
            f"{name} has {len(rows)} snapshots, true of {positives}; at least {FEWEST_OF_EITHER} of each are needed",
            code="too_little_data",
        )
