"""Metrics for a desk whose counts no test looks at."""


class Uncounted:
    """Metrics that nobody reads."""

    def repeated(self):
        return None

    made_anew = repeated

    def decided(self, chosen, *, degraded):
        return None
