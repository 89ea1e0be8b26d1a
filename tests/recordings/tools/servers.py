"""Brokers beyond those of brokers.py: kfake, and PostgreSQL."""

import os
import pathlib
import pwd
import shutil
import subprocess

import brokers

POSTGRES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))


class Servers(brokers.Brokers):
    """Brokers by name: those of brokers.py, and kfake and postgres."""

    def kfake(self):
        version = brokers.go_module("github.com/twmb/franz-go/pkg/kfake")
        return {"KAFKA": self.go_broker("kafka")}, f"kfake {version}"

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


def go_versions(folder):
    """The versions that a go.mod pins, without their v."""
    lines = (line.split() for line in (folder / "go.mod").read_text().splitlines())
    found = [line for line in lines if line and line[0] not in ("module", "go", "//")]
    if any(line[0] == "require" and line[-1] != "(" for line in found):
        found = [line[1:] if line[0] == "require" else line for line in found]
    return {line[0]: line[1].removeprefix("v") for line in found if len(line) > 1}
