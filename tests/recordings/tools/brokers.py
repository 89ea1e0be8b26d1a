"""Brokers of the emitters: each started at its first use, on free ports of the
loopback interface and with a folder of its own, and stopped at the end."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import venvs

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def until(ready, what, seconds=240):
    """Waits for `ready()` to be true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.1)
    raise SystemExit(f"record: {what} did not come up within {seconds} s")


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def needed(program, package):
    found = shutil.which(program) or shutil.which(f"/usr/lib/rabbitmq/bin/{program}")
    if not found:
        raise SystemExit(f"record: no {program}: install {package} (Debian)")
    return found


class Brokers:
    """Brokers by name; `environment(name)` starts one and says where it is."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = {}
        self.ends = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        return self.ends.__exit__(*reason)

    def environment(self, name):
        """Environment variables that lead clients to the broker `name`, and
        the name and version that recordings.json gets."""
        if name is None:
            return {}, "none"
        if name not in self.running:
            self.running[name] = getattr(self, name)()
        return self.running[name]

    def own(self, name):
        # Another run may have brokers at the same time.
        folder = self.folder / "brokers" / f"{name}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.ends.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def child(self, folder, command, environment=None):
        """Starts a process that is stopped at the end, by its id."""
        with open(folder / "output", "ab") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self.ends.callback(stop, process)
        return process

    def rabbitmq(self):
        folder = self.own("rabbitmq")
        server = needed("rabbitmq-server", "rabbitmq-server")
        private = "/usr/lib/rabbitmq/bin/rabbitmq-server"
        port, names, inter = free_port(), free_port(), free_port()
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = true\n"
        )
        # The wrapper of Debian insists on the system's user; the server itself
        # does not. Its name service is a private one too.
        environment = {
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_NODENAME": f"recordings-{port}@localhost",
            "RABBITMQ_DIST_PORT": str(inter),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        epmd = needed("epmd", "erlang-base")
        self.child(folder, [epmd, "-port", str(names), "-address", "127.0.0.1"])
        until(lambda: listens(names), "epmd")
        command = private if os.path.exists(private) else server
        self.child(folder, [command], environment)
        until(lambda: listens(port), f"rabbitmq-server ({folder}/output)")
        version = debian_version("rabbitmq-server")
        return {"AMQP": f"amqp://guest:guest@127.0.0.1:{port}/%2F"}, f"RabbitMQ {version}"

    def redis(self):
        folder, port = self.own("redis"), free_port()
        server = needed("redis-server", "redis-server")
        self.child(
            folder,
            [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        )
        until(lambda: listens(port), "redis-server")
        version = debian_version("redis-server")
        return {"REDIS": f"redis://127.0.0.1:{port}/0"}, f"Redis {version}"

    def moto(self):
        folder, port = self.own("moto"), free_port()
        python = venvs.python(self.folder, "aws")
        self.child(folder, [python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)])
        until(lambda: listens(port), "moto")
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "recordings",
            "AWS_SECRET_ACCESS_KEY": "recordings",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }
        return environment, f"moto {venvs.pinned('aws')['moto']}"

    def kafka(self):
        """A real one, from the folder of the Java recordings."""
        script = REPOSITORY / "tests/recordings/jvm/brokers/kafka"
        folder = self.own("kafka")
        subprocess.run([script, "start", folder], check=True, stdout=subprocess.DEVNULL)
        self.ends.callback(subprocess.run, [script, "stop", folder], check=False)
        port = (folder / "port").read_text().strip()
        return {"KAFKA": f"127.0.0.1:{port}"}, "Kafka 4.1.1"

    def pubsub(self):
        address = self.go_broker("pubsub")
        version = go_module("cloud.google.com/go/pubsub/v2")
        return {"PUBSUB_EMULATOR_HOST": address}, f"pstest {version}"

    def nats(self):
        version = go_module("github.com/nats-io/nats-server/v2")
        return {"NATS": self.go_broker("nats")}, f"nats-server {version}"

    def go_broker(self, name):
        """One of those that the folder of the Go recordings has."""
        source = REPOSITORY / "tests/recordings/go/brokers"
        program = self.folder / "go-brokers"
        needed("go", "Go")
        subprocess.run(["go", "-C", source, "build", "-o", program, "."], check=True)
        folder = self.own(name)
        self.child(folder, [program, name])
        output = folder / "output"
        until(lambda: "\n" in output.read_text(), name)
        return output.read_text().splitlines()[0].strip()


def stop(process):
    """Ends a process and those that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def go_module(path):
    """The version of a module that tests/recordings/go/brokers/go.mod asks for."""
    text = (REPOSITORY / "tests/recordings/go/brokers/go.mod").read_text()
    for line in text.splitlines():
        words = line.removeprefix("require").split()
        if words[:1] == [path]:
            return words[1].removeprefix("v")
    raise SystemExit(f"record: go.mod of the brokers does not name {path}")


def debian_version(package):
    """The upstream version of an installed package of Debian."""
    query = ["dpkg-query", "--show", "--showformat=${Version}", package]
    full = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    return full.split(":")[-1].split("-")[0]
