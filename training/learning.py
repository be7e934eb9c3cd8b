"""Learning one bundle from a log that was split in time: the response model; what is foreseen is added to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from decisioning.catalog import Catalog
from features.feature_set import FeatureSet
from features.workspace import Training
from training.bundle import PolicyBundle
from training.dataset import TimeSplit
from training.declared_constraints import constraints_of
from training.encoding import ActionTable, FeatureEncoder, Layout
from training.exposure import evidence_by_time
from training.feature_column import feature_columns
from training.foresight.learn import Foreseen
from training.propensity import PropensityReport, fit_propensity
from training.studies import Studies
from training.tuning import Search


@dataclass(frozen=True, slots=True)
class Learned:
    """A bundle that no gate has seen yet, and how it came to be."""

    bundle: PolicyBundle
    propensity: PropensityReport
    foreseen: tuple[Foreseen, ...] = ()

    def with_foreseen(self, foreseen: Sequence[Foreseen]) -> "Learned":
        """The same with what may serve of what was learned to be foreseen."""
        serving = {each.subject.name: each.model for each in foreseen if each.model is not None}
        return Learned(replace(self.bundle, foreseen=serving), self.propensity, tuple(foreseen))


def learn(
    split: TimeSplit, *, catalog: Catalog, features: FeatureSet, training: Training, studies: Studies | None = None
) -> Learned:
    """Learn propensity and uplift from the training part, choose on the validation part.

    Parameters: `studies`, where the searches for settings are kept.
    Raises `InvalidInputError` (`too_little_data`) where too few shown actions were accepted.
    """
    layout = Layout(FeatureEncoder(feature_columns(features)), ActionTable.of(catalog))
    train, validation = evidence_by_time(split, layout, seed=training.seed)
    search, constraints = search_of(training, studies), constraints_of(training, layout)
    response, report = fit_propensity(train, validation, layout=layout, search=search, constraints=constraints)
    return Learned(PolicyBundle("", catalog.version, response), report)


def search_of(training: Training, studies: Studies | None = None) -> Search:
    """How hard the workspace wants to look."""
    seconds = training.tuning_seconds
    return Search(training.trials, training.seed, seconds=seconds, studies=studies, workers=training.workers)
