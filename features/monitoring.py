"""`[monitor]` of `tsugi.toml`: what is looked at, and from where on it is worth a word."""

from datetime import timedelta

from pydantic import Field

from features.section import Section


class Monitoring(Section):
    """`[monitor]`: the window, and thresholds; what is found must exceed them and be more than chance.

    Parameters: `window_days` that are compared with what the champion learned from; `false_alarms`, of a hundred looks
    at a world that did not change, the share that finds anything by chance; `psi`, of features and scores, and
    `nulls`, of the share that is missing, as population stability indices; `rate_change` of acceptance and
    `calibration`, relative; `model_days`, the age at which a model is stale; `silence_hours` without any event;
    `degraded`, the share of decisions that were; `skew`, the share of feature values that may differ from training's
    own, of `skew_sample` decisions; `new_outcomes`, since the last training, as a share of what it learned from, that
    are worth another.
    """

    window_days: float = Field(default=28.0, gt=0)
    false_alarms: float = Field(default=0.01, gt=0, lt=1)
    psi: float = Field(default=0.2, gt=0)
    nulls: float = Field(default=0.1, gt=0)
    rate_change: float = Field(default=0.25, gt=0)
    calibration: float = Field(default=0.25, gt=0)
    model_days: float = Field(default=30.0, gt=0)
    silence_hours: float = Field(default=48.0, gt=0)
    degraded: float = Field(default=0.05, gt=0, lt=1)
    skew: float = Field(default=0.001, ge=0, lt=1)
    skew_sample: int = Field(default=300, ge=0)
    new_outcomes: float = Field(default=0.1, gt=0)

    @property
    def window(self) -> timedelta:
        """`window_days` as a duration."""
        return timedelta(days=self.window_days)
