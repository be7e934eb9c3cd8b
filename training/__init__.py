"""From history to models: datasets, tuning, calibration, off-policy evaluation, the gate, the registry."""
