"""Explains past decisions: what became of every action, whether it comes out the same again, and what if."""

from collections.abc import Callable
from dataclasses import dataclass

from decisioning.decision import Decision
from decisioning.eligibility import CompiledCatalog
from decisioning.errors import NotFoundError, TsugiError
from decisioning.explained import ExplainedAction, explained
from decisioning.ports import Scorer
from decisioning.replay import Supposition, differences, replayed, supposed
from features.decision_book import DecisionBook
from features.explanation.catalog_archive import CatalogArchive


@dataclass(frozen=True, slots=True)
class Replayed:
    """Whether a decision was made again exactly.

    Parameters: `differs`, the fields that came out otherwise; `why_not`, why it could not be made again ("": it was).
    """

    differs: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def exact(self) -> bool:
        """Whether it came out the same, to the bit."""
        return not self.differs and not self.why_not


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What would have been decided, and what would have become of every action."""

    decision: Decision
    actions: tuple[ExplainedAction, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, every action in it, its replay, and what if (None where nothing was supposed)."""

    decision: Decision
    actions: tuple[ExplainedAction, ...]
    replay: Replayed
    otherwise: Otherwise | None = None


@dataclass(frozen=True, slots=True)
class _Versions:
    """What decided then."""

    catalog: CompiledCatalog
    scorer: Scorer


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains what a home decided.

    Parameters: `bundle_of` gives the bundle of a version, or raises `NotFoundError` or `ArtifactError`.
    """

    decisions: DecisionBook
    catalogs: CatalogArchive
    bundle_of: Callable[[str], Scorer]

    def explain(self, decision_id: str, what: Supposition | None = None) -> Explanation:
        """Explain one decision.

        Raises `NotFoundError` where there is none of this id, or where something is supposed of one that cannot be made
        again; `ErasedError` where it was erased; `InvalidInputError` of a supposition that makes no sense.
        """
        decision = self._found(decision_id)
        try:
            then = self._versions(decision)
            again = replayed(decision, catalog=then.catalog, scorer=then.scorer)
        except TsugiError as error:
            if what is not None:
                raise
            return Explanation(decision, tuple(explained(decision, None, None)), Replayed(why_not=error.message))
        actions = tuple(explained(decision, then.catalog, then.scorer))
        replay = Replayed(differences(decision, again))
        return Explanation(decision, actions, replay, None if what is None else _otherwise(decision, what, then))

    def _found(self, decision_id: str) -> Decision:
        decision = self.decisions.find(decision_id)
        if decision is None:
            raise NotFoundError(
                "no decision has this id; it was never made, or is older than what is kept", field="decision_id"
            )
        return decision

    def _versions(self, decision: Decision) -> _Versions:
        catalog = self.catalogs.find(decision.versions.catalog)
        return _Versions(catalog, self.bundle_of(decision.versions.bundle))


def _otherwise(decision: Decision, what: Supposition, then: _Versions) -> Otherwise:
    made = supposed(decision, what, catalog=then.catalog, scorer=then.scorer)
    return Otherwise(made, tuple(explained(made, then.catalog, then.scorer)))
