"""Whether the world is still the one that the champion learned from: drift, rates, calibration, nulls, skew; pure."""
