"""Churn: P(a customer leaves within the horizon), from monthly snapshots of what was known of each customer.

A snapshot is a customer at a moment; its label says whether the workspace's churn event came within the horizon after
it. Features come through Feast, as they were known then. Snapshots whose horizon reaches into a later part of the split
are left out of the earlier one, so that no label knows what a later part is judged by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from decisioning.errors import InvalidInputError
from features.feature_set import FeatureSet
from features.historical import training_frame
from features.home import Home
from features.instant import to_us
from features.ledger import Ledger
from features.workspace import Churn
from training.blend import Blend
from training.blend_fit import BlendReport, Recipe, choose_blend, join, refit
from training.bundle import ChurnModel
from training.calibration import choose_calibration
from training.encoding import FeatureColumn, FeatureEncoder, Floats
from training.goal_event import goal_events
from training.labels import DAY_US
from training.linear import LinearShape, Penalties
from training.logistic import sigmoid
from training.metrics import Quality
from training.trees import Rows
from training.tuning import Search

MONTH_US = 30 * DAY_US
MOST_SNAPSHOTS = 40_000
FEWEST_POSITIVES = 10


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Customers at moments: arrays (n,) `customer_id`, `at_us`, `left` (0 or 1), in order of time."""

    customer_id: NDArray[np.object_]
    at_us: NDArray[np.int64]
    left: Floats

    def __len__(self) -> int:
        return len(self.left)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Snapshots":
        """Some of the snapshots."""
        return Snapshots(self.customer_id[rows], self.at_us[rows], self.left[rows])


@dataclass(frozen=True, slots=True)
class ChurnReport:
    """How good the model is on the last snapshots, which chose nothing.

    Parameters: `quality`, of the model; `simple`, of the logistic regression alone; arrays (n,) over the evaluated rows
    for the gate: `customer_id`, `left`, `predicted`, `predicted_simple`, `base_rate`.
    """

    blend: BlendReport
    quality: Quality
    simple: Quality
    customer_id: NDArray[np.object_]
    left: Floats
    predicted: Floats
    predicted_simple: Floats
    base_rate: Floats


def read_snapshots(
    ledger: Ledger, churn: Churn, *, as_of: datetime, seed: int, most: int = MOST_SNAPSHOTS
) -> Snapshots:
    """Every 30 days back from the last moment whose horizon is over: each customer known by then who had not left."""
    last = to_us(as_of) - int(churn.horizon_days * DAY_US)
    first_seen = _first_seen(ledger)
    left = _first_leaving(ledger, churn.event, until_us=to_us(as_of))
    moments = range(last, min(first_seen.values(), default=last), -MONTH_US)
    found = [
        (at, customer, float(left.get(customer, _NEVER) <= at + int(churn.horizon_days * DAY_US)))
        for at in reversed(moments)
        for customer, since in first_seen.items()
        if since <= at < left.get(customer, _NEVER)
    ]
    snapshots = _snapshots(found)
    if len(snapshots) <= most:
        return snapshots
    return snapshots.take(np.sort(np.random.default_rng(seed).choice(len(snapshots), most, replace=False)))


_NEVER = 2**62


def _snapshots(found: Sequence[tuple[int, str, float]]) -> Snapshots:
    return Snapshots(
        customer_id=np.array([customer for _, customer, _ in found], dtype=object),
        at_us=np.array([at for at, _, _ in found], dtype=np.int64),
        left=np.array([label for _, _, label in found], dtype=np.float64),
    )


def _first_seen(ledger: Ledger) -> dict[str, int]:
    with ledger.read() as connection:
        rows = connection.execute(_FIRST_SEEN).fetchall()
    return dict(rows)


_FIRST_SEEN = """
    SELECT customer_id, min(first_us) FROM identifier
    WHERE customer_id NOTNULL AND first_us NOTNULL GROUP BY customer_id ORDER BY customer_id
"""


def _first_leaving(ledger: Ledger, event: str, *, until_us: int) -> Mapping[str, int]:
    events = goal_events(ledger, [event], after_us=-_NEVER, until_us=until_us)
    return {customer: each[0].occurred_us for customer, each in events.items()}


def split_snapshots(snapshots: Snapshots, *, horizon_days: float) -> tuple[Snapshots, Snapshots, Snapshots]:
    """Training, validation and evaluation, a horizon apart.

    Raises `InvalidInputError` where the history is too short for three parts.
    """
    horizon = int(horizon_days * DAY_US)
    moments = np.unique(snapshots.at_us)
    judged = int(moments[-1]) if moments.size else 0
    earlier = moments[moments <= judged - horizon]
    chosen = int(earlier[-1]) if earlier.size else 0
    if not (moments <= chosen - horizon).any():
        raise InvalidInputError(
            f"churn needs snapshots over more than twice its horizon of {horizon_days:g} days; "
            f"there are {moments.size} months",
            code="too_little_data",
        )
    at = snapshots.at_us
    return tuple(snapshots.take(rows) for rows in (at <= chosen - horizon, at == chosen, at == judged))  # type: ignore[return-value] # three by construction


def churn_features(snapshots: Snapshots, home: Home, features: FeatureSet, encoder: FeatureEncoder) -> Floats:
    """The encoded features (n, n_features) of the snapshots, as they were known then, through Feast."""
    times = pd.to_datetime(snapshots.at_us, unit="us", utc=True)
    entities = pd.DataFrame({"customer_id": snapshots.customer_id, "event_timestamp": times})
    frame = training_frame(home, features, entities, service="churn")
    columns = {name: frame[name].to_numpy() for name in features.names}
    return encoder.matrix(columns, n_rows=len(snapshots))


def feature_columns(features: FeatureSet) -> tuple[FeatureColumn, ...]:
    """The documented features as model columns."""
    return tuple(FeatureColumn(f.name, f.kind, tuple(f.one_of)) for f in features.features)


def fit_churn(
    parts: Sequence[Rows],
    *,
    encoder: FeatureEncoder,
    search: Search,
    horizon_days: float,
    customer_id: NDArray[np.object_],
) -> tuple[ChurnModel, ChurnReport]:
    """Fit on training rows, choose on validation rows, judge on evaluation rows, refit on the first two.

    Parameters: `parts`, the three; `customer_id` (n,) of the evaluation rows. Raises `InvalidInputError` where a part
    has fewer than ten of either label.
    """
    train, validation, evaluation = parts
    for name, part in zip(("training", "validation", "evaluation"), parts, strict=True):
        _check(part, name)
    recipe = Recipe(LinearShape(encoder.columns, 0, 0), search, Penalties(pooled=10.0))
    with threadpool_limits(limits=1):
        choice = choose_blend(train, validation, recipe)
        calibration = choose_calibration(choice.blend.margin(validation.matrix), validation.label)
        blend = refit(join(train, validation), recipe, choice)
    model = ChurnModel(encoder, blend, calibration, horizon_days)
    predicted = model.score_matrix(evaluation.matrix)
    simple = sigmoid(Blend(blend.linear, None, 0.0).margin(evaluation.matrix))
    report = ChurnReport(
        blend=choice.report,
        quality=Quality.of(evaluation.label, predicted),
        simple=Quality.of(evaluation.label, simple),
        customer_id=customer_id,
        left=evaluation.label,
        predicted=predicted,
        predicted_simple=simple,
        base_rate=np.full(len(evaluation), float(join(train, validation).label.mean())),
    )
    return model, report


def train_churn(
    ledger: Ledger, home: Home, features: FeatureSet, *, churn: Churn, as_of: datetime, search: Search
) -> tuple[ChurnModel, ChurnReport]:
    """The whole way from the ledger to a churn model; raises `InvalidInputError` (`too_little_data`)."""
    encoder = FeatureEncoder(feature_columns(features))
    snapshots = read_snapshots(ledger, churn, as_of=as_of, seed=search.seed)
    parts = split_snapshots(snapshots, horizon_days=churn.horizon_days)
    rows = [Rows(churn_features(part, home, features, encoder), part.left) for part in parts]
    return fit_churn(
        rows, encoder=encoder, search=search, horizon_days=churn.horizon_days, customer_id=parts[2].customer_id
    )


def _check(rows: Rows, name: str) -> None:
    positives = int(rows.label.sum())
    if min(positives, len(rows) - positives) < FEWEST_POSITIVES:
        raise InvalidInputError(
            f"churn {name} has {len(rows)} snapshots of which {positives} left; "
            f"at least {FEWEST_POSITIVES} of each are needed",
            code="too_little_data",
        )
