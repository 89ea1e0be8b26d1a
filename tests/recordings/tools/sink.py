#!/usr/bin/env python3
"""A receiver of OTLP over HTTP that writes what it gets to a file.

    sink.py FILE

Takes any free port of the loopback interface and prints it as its first line.
What is posted to /v1/traces is appended to FILE as it was received (and
uncompressed), each request behind its length in 4 bytes, big-endian; metrics
and logs are answered with success and thrown away. Requests must be protobuf.
Ends, with everything on disk, on SIGTERM or SIGINT.
"""

import gzip
import signal
import struct
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATHS_THROWN_AWAY = ("/v1/metrics", "/v1/logs")


class Sink(BaseHTTPRequestHandler):
    """Answers exporters; `file` and `lock` are set by `main`."""

    protocol_version = "HTTP/1.1"
    # Headers and body go out as one segment each: without this, exporters that
    # keep connections open wait 40 ms for each answer.
    disable_nagle_algorithm = True
    file = None
    lock = threading.Lock()

    def do_POST(self):
        try:
            body = self.body()
        except (ValueError, OSError, EOFError, zlib.error) as error:
            self.complain(400, f"unreadable body: {error}")
            return
        path = self.path.rstrip("/")
        if path == "/v1/traces":
            kind = self.headers.get("Content-Type", "").split(";")[0].strip()
            if kind != "application/x-protobuf":
                self.complain(415, f"application/x-protobuf, please, not {kind!r}")
                return
            with self.lock:
                self.file.write(struct.pack(">I", len(body)) + body)
                self.file.flush()
        elif path not in PATHS_THROWN_AWAY:
            self.complain(404, f"nothing is received at {self.path}")
            return
        self.answer(200, b"", "application/x-protobuf")

    def body(self):
        """The body of the request, uncompressed."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raw = b"".join(self.chunks())
        else:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding", "identity").lower()
        if encoding == "gzip":
            return gzip.decompress(raw)
        if encoding == "deflate":
            return zlib.decompress(raw)
        if encoding != "identity":
            raise ValueError(f"content encoding {encoding}")
        return raw

    def chunks(self):
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def complain(self, code, text):
        # Whoever records must see it: what an exporter lost is in no file.
        print(f"sink: {code}: {text}", file=sys.stderr, flush=True)
        self.answer(code, text.encode(), "text/plain")

    def answer(self, code, body, kind):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: sink.py FILE")
    with open(sys.argv[1], "wb") as Sink.file:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
        server.daemon_threads = True

        def stop(*_):
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        print(server.server_address[1], flush=True)
        server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
