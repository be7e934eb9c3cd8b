"""The fast layer: what was answered since the bundle was trained, learned at once, on top of its scores."""
