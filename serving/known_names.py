"""What consents and holds may be about: a name that the workspace does not have would be kept, and bind no decision."""

from collections.abc import Collection

from decisioning.eligibility import CompiledCatalog
from decisioning.errors import InvalidInputError, as_word
from features.consent_intake import GivenConsent
from features.hold import SetHold
from features.privacy.objection import PROFILING


def check_consent(given: GivenConsent, compiled: CompiledCatalog, purposes: Collection[str]) -> None:
    """Raise `InvalidInputError` of a purpose or a channel that nothing here asks consent for.

    Parameters: `compiled`, the catalogue that serves; `purposes` that features may be used for.
    """
    known = {PROFILING, *compiled.purposes, *compiled.catalog.purposes, *purposes}
    _check("purpose", given.purpose, known, field="purpose")
    if given.channel:
        _check("channel", given.channel, compiled.catalog.channels, field="channel")


def check_hold(hold: SetHold, compiled: CompiledCatalog) -> None:
    """Raise `InvalidInputError` of an issue that no action of the catalogue has; a release holds none."""
    for place, issue in enumerate(() if hold.released else hold.issues):
        _check("issue", issue, compiled.issues, field=f"issues[{place}]")


def _check(what: str, name: str, known: Collection[str], *, field: str) -> None:
    if name not in known:
        message = f"unknown {what} {as_word(name)}; the workspace has {', '.join(sorted(known))}"
        raise InvalidInputError(message, code=f"unknown_{what}", field=field)
