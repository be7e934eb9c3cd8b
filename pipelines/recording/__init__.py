"""What a retraining writes into MLflow: one run for the bundle, and one per kind of model in the kind's experiment."""
