"""From any table to a calibrated model of one yes-or-no label: columns, leak checks, candidates, choice, artifact."""
