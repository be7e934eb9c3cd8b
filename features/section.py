"""What every section of `tsugi.toml` keeps to: no unknown key, nothing coerced, finite numbers, never changed."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Section"]


class Section(BaseModel):
    """One table of `tsugi.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
