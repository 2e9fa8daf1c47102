"""The metrics as Prometheus reads them: rendered, left in a file for its node exporter, or pushed.

The last two are asked for by the environment, since a gateway's address may hold a password:
``CLOUDSYNC_METRICS_FILE`` names a file, ``CLOUDSYNC_PUSHGATEWAY`` a URL.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from cloudsync.errors import CloudsyncError, UsageError
from cloudsync.job import Job
from cloudsync.status.metrics import METRICS, Metric, Sample, build, samples

FILE: Final = "CLOUDSYNC_METRICS_FILE"
GATEWAY: Final = "CLOUDSYNC_PUSHGATEWAY"
PUSH_SECONDS: Final = 10
"""How long a gateway may take, so that it doesn't make a run late."""


class _Collector:
    """The samples, as prometheus_client asks for them."""

    def __init__(self, found: Iterable[Sample]) -> None:
        self._found = tuple(found)

    def collect(self) -> Iterator[Any]:
        """Each metric that has a value."""
        core = import_module("prometheus_client.core")
        by_metric: dict[Metric, dict[tuple[str, ...], float]] = {}
        for one in self._found:
            values = tuple(one.labels[name] for name in one.metric.labels)
            by_metric.setdefault(one.metric, {})[values] = one.value
        for metric in METRICS:
            if metric not in by_metric:
                continue
            gauge = metric.kind == "gauge"
            kind = core.GaugeMetricFamily if gauge else core.CounterMetricFamily
            family = kind(metric.name, metric.meaning.replace("`", ""), labels=metric.labels)
            for values, value in by_metric[metric].items():
                family.add_metric(values, value)
            yield family


def exposition(found: Iterable[Sample]) -> str:
    """The samples in the text format (version 0.0.4).

    Raises:
        ImportError: prometheus_client isn't installed.
    """
    prometheus: Any = import_module("prometheus_client")
    text: bytes = prometheus.generate_latest(_registry(prometheus, found))
    return text.decode()


def _registry(prometheus: Any, found: Iterable[Sample]) -> Any:
    registry = prometheus.CollectorRegistry()
    registry.register(_Collector(found))
    return registry


def hand_over(job: Job, environment: Mapping[str, str] | None = None) -> Iterator[CloudsyncError]:
    """Leave or push the job's metrics, where the environment says so.

    Gives what went wrong: a run isn't worse for it.
    """
    said = os.environ if environment is None else environment
    file, gateway = said.get(FILE), said.get(GATEWAY)
    if not file and not gateway:
        return
    from cloudsync.status.reading import known  # noqa: PLC0415 - where nobody asks, it isn't loaded

    name = job.config.name
    try:
        prometheus: Any = import_module("prometheus_client")
        registry = _registry(prometheus, (build(), *samples(known(job))))
    except ImportError:
        yield UsageError(
            FILE if file else GATEWAY, "prometheus_client isn't installed",
            done="No metrics were handed over.", todo="Install cloudsync-smtp[metrics].",
        )  # fmt: skip
        return
    except CloudsyncError as error:
        yield error
        return
    if file:
        try:
            prometheus.write_to_textfile(file.replace("{name}", name), registry)
        except OSError as error:
            yield UsageError(
                FILE, f"the metrics can't be written: {error}", done="The run is as it was.",
                todo="Name a file in a folder that is there and may be written.",
            )  # fmt: skip
    if gateway:
        try:
            prometheus.push_to_gateway(
                gateway, job="cloudsync", registry=registry,
                grouping_key={"installation": name}, timeout=PUSH_SECONDS,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            # Not the address: it may hold a password.
            yield UsageError(
                GATEWAY, f"the metrics can't be pushed: {type(error).__name__}",
                done="The run is as it was.", todo="See whether the gateway is up.",
            )  # fmt: skip
