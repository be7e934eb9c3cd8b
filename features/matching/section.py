"""`[identity.matching]`: whether customers are matched by their traits, by which, and how sure it must be."""

from pydantic import Field, field_validator

from features.matching.kind import KINDS
from features.section import Section


class MatchingSection(Section):
    """Matching of customers by what their profiles say.

    Parameters: `enabled`, `tsugi resolve` matches; `fields`, what traits hold, as in `tsugi match --field`, besides
    those recognised by name; `merge_above`, the probability above which two customers become one; `review_above`,
    above which a person is asked.
    """

    enabled: bool = False
    fields: dict[str, str] = Field(default_factory=dict)
    merge_above: float = Field(default=0.95, ge=0.5, le=1.0)
    review_above: float = Field(default=0.2, ge=0.0, le=1.0)

    @field_validator("fields")
    @classmethod
    def _known(cls, fields: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(fields.values()) - set(KINDS))
        if unknown:
            raise ValueError(f"no kind {unknown[0]!r}; allowed: {', '.join(KINDS)}")
        return fields
