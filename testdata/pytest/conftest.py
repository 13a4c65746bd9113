"""The service, as long as the tests run, and a span for each of them."""

import subprocess
import sys
from pathlib import Path

import pytest
import tracing
from opentelemetry.instrumentation.requests import RequestsInstrumentor

RequestsInstrumentor().instrument()
tracer = tracing.start("basket-tests")


@pytest.fixture(scope="session")
def prices():
    service = Path(__file__).with_name("service.py")
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, service], **piped) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


@pytest.fixture(autouse=True)
def span(request):
    with tracer.start_as_current_span(request.node.name, context=tracing.run()):
        yield
