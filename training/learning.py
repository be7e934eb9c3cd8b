"""Learning one bundle from a log that was split in time: the response model, and churn where the history allows it."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from decisioning.catalog import Catalog
from decisioning.errors import InvalidInputError
from features.feature_set import FeatureSet
from features.home import Home
from features.ledger import Ledger
from features.workspace import Training
from training.bundle import ChurnModel, PolicyBundle
from training.churn import ChurnReport, feature_columns, train_churn
from training.component_gate import ComponentVerdict, judge_component, log_losses
from training.dataset import TimeSplit
from training.encoding import ActionTable, FeatureEncoder, Layout
from training.exposure import MOST_CONTROL, evidence_of
from training.propensity import PropensityReport, fit_propensity
from training.studies import Studies
from training.tuning import Search

CHURN_MARGIN = 0.002
"""How much worse than its rivals, in mean log loss, a churn model may be."""


@dataclass(frozen=True, slots=True)
class ChurnLearned:
    """What became of churn: the model if it may serve, and why, or why there is none."""

    model: ChurnModel | None
    report: ChurnReport | None
    reasons: tuple[str, ...]


NO_CHURN = ChurnLearned(None, None, ("no churn model was asked for",))


@dataclass(frozen=True, slots=True)
class Learned:
    """A bundle that no gate has seen yet, and how it came to be."""

    bundle: PolicyBundle
    propensity: PropensityReport
    churn: ChurnLearned = NO_CHURN

    def with_churn(self, churn: ChurnLearned) -> "Learned":
        """The same with what was learned of churn."""
        return Learned(replace(self.bundle, churn=churn.model), self.propensity, churn)


def learn(
    split: TimeSplit, *, catalog: Catalog, features: FeatureSet, training: Training, studies: Studies | None = None
) -> Learned:
    """Learn propensity and uplift from the training part, choose on the validation part.

    Parameters: `studies`, where the searches for settings are kept.
    Raises `InvalidInputError` (`too_little_data`) where too few shown actions were accepted.
    """
    layout = Layout(FeatureEncoder(feature_columns(features)), ActionTable.of(catalog))
    train = evidence_of(split.train, layout, seed=training.seed)
    validation = evidence_of(split.validation, layout, seed=training.seed, most_control=MOST_CONTROL // 2)
    response, report = fit_propensity(train, validation, layout=layout, search=search_of(training, studies))
    return Learned(PolicyBundle("", catalog.version, response), report)


def search_of(training: Training, studies: Studies | None = None) -> Search:
    """How hard the workspace wants to look."""
    seconds = training.tuning_seconds
    return Search(training.trials, training.seed, seconds=seconds, studies=studies, workers=training.workers)


def learn_churn(
    ledger: Ledger, home: Home, features: FeatureSet, *, training: Training, as_of: datetime
) -> ChurnLearned:
    """Learn churn where the workspace declares it and the history is long enough.

    The model serves only if it is no worse than the logistic regression beside it, and than the base rate.
    """
    if training.churn is None:
        return ChurnLearned(None, None, ("the workspace declares no churn event",))
    try:
        model, report = train_churn(
            ledger,
            home,
            features,
            churn=training.churn,
            as_of=as_of,
            search=search_of(training, Studies(home.optuna)).of("churn"),
        )
    except InvalidInputError as error:
        return ChurnLearned(None, None, (error.message,))
    verdict = _judge(report, seed=training.seed)
    return ChurnLearned(model if verdict.passed else None, report, verdict.reasons)


def _judge(report: ChurnReport, *, seed: int) -> ComponentVerdict:
    rivals = {"logistic regression": report.predicted_simple, "base rate": report.base_rate}
    return judge_component(
        log_losses(report.predicted, report.left),
        {name: log_losses(predicted, report.left) for name, predicted in rivals.items()},
        customers=report.customer_id,
        margin=CHURN_MARGIN,
        generator=np.random.default_rng(seed),
    )
