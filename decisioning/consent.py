"""May we speak with the customer for this purpose on this channel? A no always wins."""

from decisioning.catalog import Catalog, Channel
from decisioning.customer import ConsentState


def allows(state: ConsentState, *, purpose: str, channel: Channel) -> bool:
    """Whether the customer's answers allow contact for a purpose on a channel, by the channel's rule.

    An answer for the channel and one for all channels (channel "") both count: a no in either forbids, an objection
    also where the channel needs nothing, and an opt-in channel needs a yes in one of them.

    >>> said_yes = ConsentState({("marketing", ""): True})
    >>> allows(said_yes, purpose="marketing", channel=Channel("email", consent="opt_in"))
    True
    >>> allows(ConsentState(), purpose="marketing", channel=Channel("email", consent="opt_in"))
    False
    """
    answers = [state.answers.get((purpose, scope)) for scope in (channel.name, "")]
    if False in answers:
        return False
    return channel.consent != "opt_in" or True in answers


def consented(state: ConsentState, *, purpose: str, channel: Channel, catalog: Catalog) -> bool:
    """Whether contact is allowed: the purpose needs no consent, or the customer's answers allow it."""
    return not catalog.needs_consent(purpose) or allows(state, purpose=purpose, channel=channel)
