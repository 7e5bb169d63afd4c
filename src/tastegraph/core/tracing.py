"""Spans of OpenTelemetry around what takes time; off unless an endpoint is configured.

The extra ``otel`` brings the SDK. It is on where ``OTEL_EXPORTER_OTLP_ENDPOINT``, or the same for
traces alone, is set; the other variables of OpenTelemetry are read by its SDK.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from tastegraph.core.errors import ConfigError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_OFF: AbstractContextManager[Any] = nullcontext()


class _Tracer(Protocol):
    def start_as_current_span(self, name: str) -> AbstractContextManager[Any]: ...


_tracers: list[_Tracer] = []


def span(name: str) -> AbstractContextManager[Any]:
    """A span around a block, a child of the one around it."""
    return _tracers[0].start_as_current_span(name) if _tracers else _OFF


def start_tracing() -> bool:
    """Begin to export spans where an endpoint is configured. Returns whether there is one.

    Raises:
        ConfigError: the extra ``otel`` is not installed.
    """
    configured = next((name for name in ENDPOINTS if os.environ.get(name)), None)
    if configured is None:
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigError(f"{configured} is set: pip install 'tastegraph[otel]'") from None
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "tastegraph")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use_tracer(provider.get_tracer("tastegraph"))
    return True


def use_tracer(tracer: _Tracer | None) -> None:
    """Let ``tracer`` make the spans; ``None`` ends that."""
    _tracers[:] = [] if tracer is None else [tracer]
