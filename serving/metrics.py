"""What the machines that watch may see: counts and durations by route template, never an identifier."""

from collections.abc import Callable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The service's measurements, in a registry of its own.

    Parameters: `worker`, which of several processes counts: each counts by itself, and is told from the others by it.

    >>> metrics = Metrics()
    >>> metrics.answered("/v1/decisions", 200, 0.002)
    >>> b'tsugi_requests_total{route="/v1/decisions",status="200"} 1.0' in metrics.render()
    True
    """

    def __init__(self, worker: str = "") -> None:
        self._registry, self._worker = CollectorRegistry(), worker
        registry = self._registry
        self._requests = Counter("tsugi_requests", "Requests answered", ("route", "status"), registry=registry)
        self._seconds = Histogram(
            "tsugi_request_seconds", "Time to answer", ("route",), buckets=_SECONDS, registry=registry
        )
        self._decisions = Counter("tsugi_decisions", "Decisions made", ("chosen", "degraded"), registry=registry)
        self._repeats = Counter("tsugi_decision_repeats", "Requests answered from the record", registry=registry)
        self._stale = Counter("tsugi_decisions_made_anew", "Contacts changed while deciding", registry=registry)
        self._events = Counter("tsugi_events", "Events received", ("result",), registry=registry)
        self._outcomes = Counter("tsugi_outcomes", "Outcomes received", ("result",), registry=registry)
        self._refused = Counter("tsugi_reload_refused", "New versions refused", ("what",), registry=registry)
        self._overloaded = Gauge("tsugi_overloaded", "Requests refused at once", registry=registry)
        self._serving = Gauge("tsugi_serving", "What serves now", ("what", "version"), registry=registry)
        self._serving_now: dict[str, str] = {}
        self._children: dict[tuple[str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}
        self._made: dict[tuple[str, bool], Counter] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer. Parameters: `route`, the template."""
        counter = self._children.get((route, status))
        if counter is None:
            counter = self._children[(route, status)] = self._requests.labels(route, str(status))
            self._timers[route] = self._seconds.labels(route)
        counter.inc()
        self._timers[route].observe(seconds)

    def decided(self, chosen: str, *, degraded: bool) -> None:
        """Count one decision by the action chosen."""
        made = self._made.get((chosen, degraded))
        if made is None:
            made = self._made[(chosen, degraded)] = self._decisions.labels(chosen, str(degraded).lower())
        made.inc()

    def repeated(self) -> None:
        """Count one request that was answered from the record."""
        self._repeats.inc()

    def made_anew(self) -> None:
        """Count one decision whose contacts had changed when it was recorded."""
        self._stale.inc()

    def received_events(self, **counts: int) -> None:
        """Count events by result: accepted, duplicates, rejected."""
        for result, count in counts.items():
            self._events.labels(result).inc(count)

    def received_outcomes(self, **counts: int) -> None:
        """Count outcomes by result."""
        for result, count in counts.items():
            self._outcomes.labels(result).inc(count)

    def refused(self, what: str) -> None:
        """Count a new version of something that was not taken over."""
        self._refused.labels(what).inc()

    def serving(self, what: str, version: str) -> None:
        """Say which version of something serves from now on; the one before is at 0."""
        before = self._serving_now.get(what)
        if before is not None:
            self._serving.labels(what, before).set(0)
        self._serving_now[what] = version
        self._serving.labels(what, version).set(1)

    def overloaded_by(self, n_refused: Callable[[], float]) -> None:
        """Say who counts the requests that this process refused because there was too much to do."""
        self._overloaded.set_function(n_refused)

    def render(self) -> bytes:
        """Write every measurement in Prometheus' text format."""
        told = _OfWorker(self._registry, self._worker) if self._worker else self._registry
        return generate_latest(told)


class _OfWorker(Collector):
    """Measurements that say which worker they are of. Parameters: `registry`, that has them; `worker`."""

    def __init__(self, registry: Collector, worker: str) -> None:
        self._registry, self._worker = registry, worker

    def collect(self) -> Iterator[Metric]:
        """Every measurement, under one label more."""
        for metric in self._registry.collect():
            metric.samples = [each._replace(labels={**each.labels, "worker": self._worker}) for each in metric.samples]
            yield metric
