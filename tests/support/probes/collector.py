"""A collector of OpenTelemetry, run by a project's Python: each export becomes a line of JSON."""

from __future__ import annotations

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}


class Handler(BaseHTTPRequestHandler):
    """Writes what is exported to the file that is named on the command line."""

    key = sys.argv[2] if len(sys.argv) > 2 else ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        if self.key and self.headers["api-key"] != self.key:
            self.send_response(401)
            self.end_headers()
            return
        message = KINDS[self.path].FromString(body)
        with Path(sys.argv[1]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(MessageToDict(message)) + "\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
