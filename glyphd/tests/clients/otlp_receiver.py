"""An OTLP/HTTP receiver on OpenTelemetry's own protobuf package: each span becomes a line in the form of a trace file, with its
resource and scope beside it. Prints its address, and ends with its standard input."""

import gzip
import http.server
import json
import sys
import threading

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

KINDS = {
    Span.SPAN_KIND_INTERNAL: "internal",
    Span.SPAN_KIND_SERVER: "server",
    Span.SPAN_KIND_CLIENT: "client",
    Span.SPAN_KIND_PRODUCER: "producer",
    Span.SPAN_KIND_CONSUMER: "consumer",
}
STATUSES = {Status.STATUS_CODE_UNSET: "unset", Status.STATUS_CODE_OK: "ok", Status.STATUS_CODE_ERROR: "error"}


def value(any_value):
    which = any_value.WhichOneof("value")
    if which == "array_value":
        return [value(each) for each in any_value.array_value.values]
    return getattr(any_value, which)


def attributes(pairs):
    found = {pair.key: value(pair.value) for pair in pairs}
    assert len(found) == len(pairs), "an attribute stands there twice"
    return found


def line(span, resource, scope):
    made = {"trace_id": span.trace_id.hex(), "span_id": span.span_id.hex()}
    if span.parent_span_id:
        made["parent_span_id"] = span.parent_span_id.hex()
    made |= {"name": span.name, "kind": KINDS[span.kind], "attributes": attributes(span.attributes)}
    made["events"] = [
        {"name": e.name, "time_unix_nano": e.time_unix_nano, "attributes": attributes(e.attributes)}
        for e in span.events
    ]
    if span.links:
        made["links"] = [
            {"trace_id": l.trace_id.hex(), "span_id": l.span_id.hex(), "attributes": attributes(l.attributes)}
            for l in span.links
        ]
    made["status"] = STATUSES[span.status.code]
    if span.status.message:
        made["status_message"] = span.status.message
    made |= {"start_time_unix_nano": span.start_time_unix_nano, "end_time_unix_nano": span.end_time_unix_nano}
    made |= {"service_name": resource["service.name"], "resource": resource, "scope": scope}
    return json.dumps(made)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        request = service.ExportTraceServiceRequest.FromString(body)
        with open(sys.argv[1], "a", encoding="utf-8") as out:
            for of_resource in request.resource_spans:
                resource = attributes(of_resource.resource.attributes)
                for of_scope in of_resource.scope_spans:
                    for span in of_scope.spans:
                        out.write(line(span, resource, of_scope.scope.name) + "\n")
        answer = service.ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print("%s:%d" % server.server_address, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
server.shutdown()
