"""Brokers beyond those of ../python/brokers.py: of the Go program in
../go/brokers, and PostgreSQL."""

import os
import pathlib
import pwd
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

import brokers  # noqa: E402  (its folder is known only now)

GO_BROKERS = HERE.parent / "go/brokers"
POSTGRES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))


class Servers(brokers.Brokers):
    """Brokers by name: those of Python, and kfake, nats, pubsub, postgres."""

    def kfake(self):
        address = self.from_go("kafka")
        return {"KAFKA": address}, f"kfake {go_version('github.com/twmb/franz-go/pkg/kfake')}"

    def nats(self):
        address = self.from_go("nats")
        return {"NATS": address}, f"nats-server {go_version('github.com/nats-io/nats-server/v2')}"

    def pubsub(self):
        address = self.from_go("pubsub")
        version = go_version("cloud.google.com/go/pubsub/v2")
        environment = {"PUBSUB_EMULATOR_HOST": address, "PUBSUB_PROJECT_ID": "recordings"}
        return environment, f"pstest of cloud.google.com/go/pubsub/v2 {version}"

    def from_go(self, which):
        """Starts a broker of the Go program; gives the address that it prints."""
        folder = self.own(which)
        program = folder.parent / "brokers"
        subprocess.run(["go", "build", "-o", program, "."], cwd=GO_BROKERS, check=True)
        with open(folder / "output", "ab") as output:
            process = subprocess.Popen(
                [program, which],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                start_new_session=True,
            )
        self.ends.callback(brokers.stop, process)
        address = process.stdout.readline().strip()
        if not address:
            raise SystemExit(f"record: brokers {which} did not start: {folder}/output")
        return address

    def postgres(self):
        """A cluster of its own; PostgreSQL refuses to run as root."""
        if not POSTGRES:
            raise SystemExit("record: no PostgreSQL: install postgresql (Debian)")
        folder, port = self.own("postgres"), brokers.free_port()
        # Sockets need a short path, and the server's user a way to its folder.
        data = pathlib.Path(f"/var/tmp/recordings-postgres-{port}")
        data.mkdir(mode=0o700)
        self.ends.callback(shutil.rmtree, data, ignore_errors=True)
        user = {}
        if os.getuid() == 0:
            server = pwd.getpwnam("postgres")
            os.chown(data, server.pw_uid, server.pw_gid)
            user = {"user": server.pw_uid, "group": server.pw_gid, "extra_groups": []}
        programs = POSTGRES[-1]
        initialise = [programs / "initdb", "--username=postgres", "--auth=trust", data / "cluster"]
        subprocess.run(initialise, check=True, cwd=data, stdout=subprocess.DEVNULL, **user)
        serve = [programs / "postgres", "-D", data / "cluster", "-p", str(port)]
        serve += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}"]
        with open(folder / "output", "ab") as output:
            process = subprocess.Popen(
                serve,
                cwd=data,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **user,
            )
        self.ends.callback(brokers.stop, process)
        brokers.until(lambda: accepts(programs, port), f"PostgreSQL ({folder}/output)")
        version = brokers.debian_version(f"postgresql-{programs.parent.name}")
        address = f"postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
        return {"POSTGRES": address}, f"PostgreSQL {version}"


def accepts(programs, port):
    ready = [programs / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]
    return subprocess.run(ready, check=False).returncode == 0


def go_version(module):
    return go_versions(GO_BROKERS)[module]


def go_versions(folder):
    """The versions that a go.mod pins, without their v."""
    lines = (line.split() for line in (folder / "go.mod").read_text().splitlines())
    found = [line for line in lines if line and line[0] not in ("module", "go", "//")]
    if any(line[0] == "require" and line[-1] != "(" for line in found):
        found = [line[1:] if line[0] == "require" else line for line in found]
    return {line[0]: line[1].removeprefix("v") for line in found if len(line) > 1}
