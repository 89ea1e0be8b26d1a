"""Virtual environments of the versions that ../python/requirements pins."""

import pathlib
import shutil
import subprocess
import sys

REQUIREMENTS = pathlib.Path(__file__).resolve().parent.parent / "python/requirements"


def python(work, group):
    """The Python that has what GROUP.txt pins; made anew when that changes."""
    wanted, into = REQUIREMENTS / f"{group}.txt", work / "venv" / group
    made_from = into / "made-from"
    if not made_from.exists() or made_from.read_bytes() != wanted.read_bytes():
        shutil.rmtree(into, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", into], check=True)
        pip = [into / "bin/pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*pip, "install", "--no-deps", "--requirement", wanted], check=True)
        subprocess.run([*pip, "check"], check=True, stdout=sys.stderr)
        shutil.copy(wanted, made_from)
    return into / "bin/python"


def pinned(group):
    """The versions of GROUP.txt, by names in their usual form."""
    lines = (REQUIREMENTS / f"{group}.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {name.lower().replace("_", "-"): version for name, version in pairs}


def groups():
    return sorted(file.stem for file in REQUIREMENTS.glob("*.txt"))
