"""Models for any table: read it, learn from it, score it, and say how good that is."""
