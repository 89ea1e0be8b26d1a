"""What the programs here have in common: processes on ports of their own, and
Jaeger's query API."""

import base64
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]

JAEGER = """
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {{receivers: [otlp], exporters: [jaeger_storage_exporter]}}
  telemetry: {{metrics: {{level: none}}}}
extensions:
  jaeger_query:
    storage: {{traces: memory}}
    http: {{endpoint: '127.0.0.1:{query}'}}
    grpc: {{endpoint: '127.0.0.1:{query_grpc}'}}
  jaeger_storage: {{backends: {{memory: {{memory: {{max_traces: 100000}}}}}}}}
receivers:
  otlp: {{protocols: {{grpc: {{endpoint: '127.0.0.1:{otlp}'}}}}}}
exporters:
  jaeger_storage_exporter: {{trace_storage: memory}}
"""


def free_ports(*names):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in names]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in zip(names, sockets)}


def start(stack, log, command, ready, **environment):
    """A process that ends with this program, once it has said that it is ready."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=os.environ | environment)

    def end():
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(end)
    for _ in range(1200):
        if ready in log.read_text():
            return process
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"{command[0]} did not start:\n{log.read_text()[-3000:]}")


def ask(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def identity(text, length):
    """An id, which is hexadecimal in OTLP, and base64 where protobuf's own JSON is used."""
    return text if len(text) == length else base64.b64decode(text).hex()
