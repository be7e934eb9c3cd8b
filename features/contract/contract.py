"""Contracts, compiled: one look-up for an event without a contract, a few comparisons for one that has it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from features.contract.rule import FieldRule
from features.event import Event
from features.rejection import RejectedEventError, Rejection

Mode = Literal["reject", "warn"]
Unknown = Literal["allow", "warn", "reject"]
Check = Callable[[Mapping[str, Any]], None]
"""Looks at properties or traits; raises `RejectedEventError` at the first field that is not as agreed."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What is agreed of the events of one name (or of the traits of `identify`).

    Parameters: `mode`, whether a breach refuses the event or only notes it; `closed`, fields that are not agreed are a
    breach too; `declared_at`, file and line.
    """

    fields: tuple[FieldRule, ...]
    mode: Mode = "reject"
    closed: bool = False
    declared_at: str = ""

    def check(self, where: str = "properties") -> Check:
        """The check, compiled. Parameters: `where`, the member of the event that the fields stand in."""
        asked = [(rule.name, f"{where}.{rule.name}", rule, tuple(rule.checks())) for rule in self.fields]
        known = frozenset(rule.name for rule in self.fields) if self.closed else None

        def look(said: Mapping[str, Any]) -> None:
            for name, path, rule, checks in asked:
                value = said.get(name)
                if value is None:
                    if rule.required:
                        raise rule.refusal("missing_property", path, None, "")
                    continue
                for code, is_right, allowed in checks:
                    if not is_right(value):
                        raise rule.refusal(code, path, value, allowed)
            if known is not None and not known.issuperset(said):
                raise self._surplus(where, min(set(said) - known))

        return look

    def _surplus(self, where: str, name: str) -> RejectedEventError:
        allowed = ", ".join(rule.name for rule in self.fields)
        message = f"{where}.{name} is not agreed; allowed are {allowed} ({self.declared_at})"
        return RejectedEventError("unknown_property", f"{where}.{name}", message)


@dataclass(frozen=True, slots=True)
class Breach:
    """An event that is not as agreed: the error, and whether the event is taken all the same."""

    error: RejectedEventError
    taken: bool

    def warning(self, place: int) -> Rejection:
        """The note of an event that is taken all the same; of another one, raises the error."""
        if not self.taken:
            raise self.error
        return Rejection.of(place, self.error, taken=True)


class Contracts:
    """The contracts of a workspace.

    Parameters: `tracks`, by event name; `traits`, of identify; `unknown`, what becomes of a track event whose name has
    no contract.

    >>> Contracts().breach  # nothing is agreed, so nothing is looked at
    """

    def __init__(
        self,
        tracks: Mapping[str, Contract] | None = None,
        *,
        traits: Contract | None = None,
        unknown: Unknown = "allow",
    ) -> None:
        self.tracks = dict(tracks or {})
        self.traits = traits
        self._unknown = unknown
        self._checks = {name: (contract.check(), contract.mode) for name, contract in self.tracks.items()}
        self._of_traits = (traits.check("traits"), traits.mode) if traits else None
        self.breach: Callable[[Event], Breach | None] | None = None
        if self._checks or traits or unknown != "allow":
            self.breach = self._breach

    def _breach(self, event: Event) -> Breach | None:
        """What is wrong with an event, None where it is as agreed."""
        if event.type == "track":
            found = self._checks.get(event.name)
            if found is None:
                return None if self._unknown == "allow" else self._unheard_of(event.name)
        elif event.type == "identify" and self._of_traits is not None:
            found = self._of_traits
        else:
            return None
        check, mode = found
        try:
            check(event.properties)
        except RejectedEventError as error:
            return Breach(error, taken=mode == "warn")
        return None

    def _unheard_of(self, name: str) -> Breach:
        message = f"the event {name[:64]!r} has no contract in events.yaml"
        return Breach(RejectedEventError("unknown_event", "event", message), taken=self._unknown == "warn")


NO_CONTRACTS = Contracts()
