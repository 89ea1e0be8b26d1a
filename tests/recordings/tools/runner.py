"""Runs what a catalog of recordings says: brokers, a sink, consumers, a producer.

A program is told by its environment what to be:
    SERVICE, ROLE      its service name; what it does (`produce`, or a consumer's)
    PROPAGATION        `on`, or `off`: a propagator that does nothing
    PAIRS              the file to which consumers append a line for each message:
                       [consumer trace, consumer span, trace, span], the latter two
                       from the message's body
    RUN                a name for topics and queues that no other run has
    OTEL_EXPORTER_OTLP_ENDPOINT, and what leads to the broker.
A consumer prints `ready` and ends on SIGTERM; the producer ends by itself.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import brokers
from servers import Servers

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Recording:
    """One emitter, in one way of use."""

    name: str
    emitter: str
    # The script or the sub-command, and its arguments.
    program: tuple
    instrumentation: tuple
    client: tuple
    broker: str
    # How many lines of pairs there must be in the end.
    messages: int
    # With propagation on, off, or both.
    runs: tuple = ("on", "off")
    variants: tuple = ("as-is", "lost", "zeroed")
    consumers: tuple = (("shop-worker", "consume"),)
    producer: str = "shop-api"
    environment: dict = dataclasses.field(default_factory=dict)
    # The section of docs/emitters.md that was followed.
    advice: str = None
    note: str = None
    # The configuration with which the advice holds, a file beside the recording.
    config: str = None
    # Which spans send, for truth from bodies: see derive.py.
    sends: str = None
    # Which spans receive, for truth from contexts: see derive.py.
    received: str = None
    # Truth from bodies as well as from contexts where propagation is on.
    both: bool = False
    # Truth from bodies even where propagation is on.
    bodies: bool = False
    seconds: int = 120


class Language:
    """What a language has to say: how it is named, and how programs start."""

    name = None
    # Of the folder and of `script` in recordings.json.
    folder = None
    # Whether no message stays in the service that sent it.
    services_apart = True

    def prepare(self, work):
        """Fetches and builds; called once."""

    def command(self, program):
        """The command that runs a program."""
        raise NotImplementedError

    def script(self, program):
        """The file that a program is in, relative to the folder."""
        raise NotImplementedError

    def versions(self):
        """The pinned version of each package, by name."""
        raise NotImplementedError


class Run:
    """One run of one recording, with propagation on or off."""

    def __init__(self, language, recording, mode, work, environment):
        self.language, self.recording, self.mode = language, recording, mode
        self.folder = work / "runs" / f"{recording.name}-{mode}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.pairs = self.folder / "pairs.jsonl"
        self.pairs.touch()
        self.spans = self.folder / "received.pb"
        self.environment = {**environment, **recording.environment}
        self.processes = []

    def start(self, command, output, **more):
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
            **more,
        )
        self.processes.append(process)
        return process

    def program(self, service, role, endpoint, output):
        environment = {
            **os.environ,
            **self.environment,
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "PROPAGATION": self.mode,
            "PAIRS": str(self.pairs),
            "SERVICE": service,
            "ROLE": role,
            # What is loaded lies in the repository.
            "PYTHONDONTWRITEBYTECODE": "1",
            "RUN": f"{self.recording.name}-{self.mode}",
        }
        command = self.language.command(self.recording.program)
        return self.start(command, output, env=environment, cwd=self.folder)

    def __call__(self):
        with contextlib.ExitStack() as ends, open(self.folder / "output", "wb") as output:
            ends.callback(self.end_all)
            sink = self.start([sys.executable, HERE / "sink.py", self.spans], sys.stderr)
            endpoint = f"http://127.0.0.1:{sink.stdout.readline().strip()}"
            consumers = []
            for service, role in self.recording.consumers:
                consumers.append(self.program(service, role, endpoint, output))
                self.wait_until_ready(consumers[-1])
            producer = self.program(self.recording.producer, "produce", endpoint, output)
            try:
                if producer.wait(self.recording.seconds) != 0:
                    self.fail("the producer failed")
            except subprocess.TimeoutExpired:
                self.fail("the producer did not end")
            self.wait_for_messages()
            for process in [*consumers, sink]:
                brokers.stop(process)

    def wait_until_ready(self, process):
        # Whoever is not ready in time is ended, which ends what is read of it.
        late = threading.Timer(300, brokers.stop, [process])
        late.start()
        try:
            if not any(line.strip() == "ready" for line in process.stdout):
                self.fail("a consumer ended before it was ready, or took too long")
        finally:
            late.cancel()

    def wait_for_messages(self):
        """Until all messages came, and then none for a while."""
        end = time.monotonic() + self.recording.seconds
        while self.count() < self.recording.messages and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(1.5)
        if self.count() != self.recording.messages:
            self.fail(f"{self.count()} messages came of {self.recording.messages}")

    def count(self):
        return len(self.pairs.read_text().splitlines())

    def fail(self, why):
        text = (self.folder / "output").read_text(errors="replace")[-3000:]
        raise SystemExit(f"record: {self.recording.name}: {why}\n{text}")

    def end_all(self):
        for process in self.processes:
            if process.poll() is None:
                brokers.stop(process)

    def derive(self, broker):
        recording, versions = self.recording, self.language.versions()
        entry = {
            "emitter": recording.emitter,
            "language": self.language.name,
            "instrumentation": named(recording.instrumentation, versions),
            "client": named(recording.client, versions),
            "broker": broker,
            "script": f"{self.language.folder}/{self.language.script(recording.program)}",
            "advice": recording.advice,
        }
        if recording.config:
            entry["config"] = recording.config
        if recording.note:
            entry["note"] = recording.note
        command = [os.environ["RECORDINGS_PYTHON"], HERE / "derive.py", recording.name, self.spans]
        command += ["--data", os.environ["RECORDINGS_DATA"], "--entry", json.dumps(entry)]
        command += ["--variants", ",".join(recording.variants)]
        if self.mode == "off":
            command.append("--off")
        if self.mode == "off" or recording.bodies or recording.both:
            command += ["--pairs", self.pairs]
        if recording.both:
            command.append("--both")
        if recording.sends:
            command += ["--sends", recording.sends]
        if recording.received:
            command += ["--received", recording.received]
        if self.language.services_apart:
            command.append("--services-apart")
        subprocess.run(command, check=True)


def named(packages, versions):
    """Packages with their versions: `kafkajs 2.2.4`. Words that are no package
    stay as they are."""
    return ", ".join(f"{one} {versions[one]}" if one in versions else one for one in packages)


def main(language, catalog):
    """Records what is named on the command line, or all."""
    work = pathlib.Path(os.environ["RECORDINGS_WORK"])
    names = sys.argv[1:] or [one.name for one in catalog]
    unknown = set(names) - {one.name for one in catalog}
    if unknown:
        sys.exit(f"record: no such recording: {', '.join(sorted(unknown))}")
    language.prepare(work)
    # So that whatever was started ends with this.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failed = []
    with Servers(work) as started:
        for recording in (one for one in catalog if one.name in names):
            try:
                for mode in recording.runs:
                    environment, broker = started.environment(recording.broker)
                    run = Run(language, recording, mode, work, environment)
                    run()
                    run.derive(broker)
            except (SystemExit, subprocess.SubprocessError) as error:
                print(error, file=sys.stderr)
                failed.append(recording.name)
    if failed:
        sys.exit(f"record: failed: {' '.join(failed)}")
