"""OpenTelemetry, as both programs use it: spans go where OTEL_EXPORTER_OTLP_ENDPOINT says."""

import os

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def start(service):
    """Spans of that service from now on. They are sent when the process ends, at the latest."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return trace.get_tracer(service)


def run():
    """The span of the whole run, if whoever started it has one: its traceparent is in the environment."""
    return propagate.extract({"traceparent": os.environ.get("TRACEPARENT", "")})
