"""May what is known of a member count for the others of a group? Their own consent says so, nobody else's."""

from collections.abc import Iterable, Mapping

from decisioning.customer import ConsentState

Said = Mapping[str, bool]
"""By purpose: whether a member allows it on every channel (True), or forbids it on any (False)."""


def said_by(state: ConsentState) -> dict[str, bool]:
    """What the answers that stand come to, whatever the channel: what counts for somebody else has none.

    >>> said_by(ConsentState({("profiling", ""): True, ("profiling", "email"): False, ("service", "email"): True}))
    {'profiling': False}
    """
    said: dict[str, bool] = {}
    for (purpose, channel), granted in sorted(state.answers.items()):
        if not granted:
            said[purpose] = False
        elif not channel:
            said.setdefault(purpose, True)
    return said


def may_count(said: Said, purposes: Iterable[str], *, needs_yes: bool) -> bool:
    """Whether a member counts for the others, for every one of some purposes; a no always forbids.

    >>> may_count({}, ["profiling"], needs_yes=True), may_count({}, ["profiling"], needs_yes=False)
    (False, True)
    """
    return all(said.get(purpose, not needs_yes) for purpose in purposes)
