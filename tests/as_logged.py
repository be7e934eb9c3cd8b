"""A decision as the ledger gives it back."""

import orjson

from decisioning.decision import Decision
from features.decision_codec import decision_from, plain


def as_logged(decision: Decision) -> Decision:
    """The decision, written as a record keeps it and read again."""
    return decision_from(orjson.loads(orjson.dumps(decision, default=plain, option=orjson.OPT_SERIALIZE_NUMPY)))
