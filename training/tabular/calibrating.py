"""A table's calibration: what the fleet chooses from, and isotonic steps."""

from training.calibration import FITTERS, Fitters, choose_among
from training.encoding import Floats
from training.tabular.isotonic import AnyCalibration, fit_isotonic

TABLE_FITTERS: Fitters[AnyCalibration] = {**FITTERS, "isotonic": fit_isotonic}


def choose_table_calibration(margin: Floats, label: Floats, *, later: bool = False) -> AnyCalibration:
    """None, Platt, beta or isotonic; see `choose_among`."""
    return choose_among(TABLE_FITTERS, margin, label, later=later)
