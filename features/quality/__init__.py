"""Quality of what came in: how much, how fresh, how complete, and whether its distributions moved."""
