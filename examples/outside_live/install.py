"""Installing programs into a folder that can be thrown away."""

import os
import pathlib
import shutil
import subprocess
import venv
from dataclasses import dataclass

SECONDS = 900


class NotInstalled(Exception):
    """Why a program could not be installed, in one line."""


def run(command, **options):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)) from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise NotInstalled(last[-1])
    return done.stdout


@dataclass(frozen=True)
class Pip:
    """A package of PyPI, in an environment of its own."""

    package: str
    extras: str = ""

    def install(self, folder):
        """The folder of its programs, and its version."""
        programs = folder / "bin"
        if not (programs / "pip").exists():
            venv.create(folder, with_pip=True)
        try:
            shown = run([programs / "pip", "show", self.package])
        except NotInstalled:
            run([programs / "pip", "install", "--quiet", "--disable-pip-version-check",
                 self.package + self.extras])
            shown = run([programs / "pip", "show", self.package])
        version = next(line for line in shown.splitlines() if line.startswith("Version: "))
        return programs, version.removeprefix("Version: ")


@dataclass(frozen=True)
class Npm:
    """A package of npm, in a folder of its own."""

    package: str

    def install(self, folder):
        programs = folder / "node_modules" / ".bin"
        if not programs.exists():
            folder.mkdir(parents=True, exist_ok=True)
            run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, self.package])
        return programs, run(["node", "-p", f"require('{self.package}/package.json').version"], cwd=folder).strip()


@dataclass(frozen=True)
class Debian:
    """Packages of Debian, which are looked for and never installed: that would change the machine."""

    program: str
    packages: tuple[str, ...]

    def __init__(self, program, *packages):
        object.__setattr__(self, "program", program)
        object.__setattr__(self, "packages", packages)

    def install(self, _folder):
        found = shutil.which(self.program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        wanted = f"`apt-get install {' '.join(self.packages)}` is to be run first"
        if found is None:
            raise NotInstalled(wanted)
        try:
            versions = [run(["dpkg-query", "-W", "-f", "${Version}", package]) for package in self.packages]
        except NotInstalled as error:
            raise NotInstalled(wanted) from error
        return pathlib.Path(found).parent, versions[0]
