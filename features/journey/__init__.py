"""Journeys: what a workspace declares of them, where customers stand, and the map of where they went."""
