"""`tsugi monitor`, and whether a retraining is needed."""
