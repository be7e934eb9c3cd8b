"""`[learning]` of `tsugi.toml`: whether answers count before the next training."""

from typing import TYPE_CHECKING

from pydantic import Field

from features.section import Section

if TYPE_CHECKING:
    from decisioning.fast_layer.belief import Belief


class Learning(Section):
    """`[learning]`: the fast layer on top of the bundle's scores.

    Parameters: `fast` turns it on; `features`, names of numeric features by which customers may differ in what recent
    answers say (none: each action has a level of its own, for everybody); `level_sd` and `slope_sd`, how far levels
    and effects of one SD of a feature may lie from the bundle's, in log-odds; `boldness`, how widely propensities are
    drawn, as a share of the posterior's SD; `half_life_days`, after which an answer counts half; `answer_days`, the
    mean time until a customer who accepts has done so.
    """

    fast: bool = False
    features: tuple[str, ...] = Field(default=(), max_length=64, strict=False)
    level_sd: float = Field(default=1.0, gt=0)
    slope_sd: float = Field(default=0.5, gt=0)
    boldness: float = Field(default=0.3, ge=0, le=1)
    half_life_days: float = Field(default=60.0, gt=0)
    answer_days: float = Field(default=1.0, gt=0)

    @property
    def belief(self) -> "Belief":
        """The layer's settings, as the domain knows them; imported late: numpy takes its time."""
        from decisioning.fast_layer.belief import Belief

        return Belief(self.level_sd, self.slope_sd, self.boldness, self.half_life_days, self.answer_days)
