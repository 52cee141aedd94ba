"""What Prometheus sees. Names follow https://prometheus.io/docs/practices/naming/; labels have few values each."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
"""Our own, so that nothing is exported that nobody decided on."""

INVOCATIONS = Counter(
    "patchbay_invocations_total", "Invocations answered", ["command", "source", "status"], registry=REGISTRY
)
ANSWER_SECONDS = Histogram(
    "patchbay_answer_seconds",
    "Time from an invocation to its answer",
    ["command"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
DELIVERIES = Counter(
    "patchbay_deliveries_total", "Messages of the outbox, by what became of them", ["outcome"], registry=REGISTRY
)
SCHEDULE_RUNS = Counter("patchbay_schedule_runs_total", "Runs of schedules", ["outcome"], registry=REGISTRY)
OPEN_INCIDENTS = Gauge("patchbay_open_incidents", "Incidents that are open or acknowledged", registry=REGISTRY)
