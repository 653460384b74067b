"""States of parts of recordings, and what they come to."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from oasgate._program import OasgateError, find_program


@dataclass(frozen=True)
class State:
    """What the exchanges of some entries came to, as ``oasgate replay --state`` writes it."""

    data: bytes

    @classmethod
    def read(cls, path: str | Path) -> State:
        return cls(Path(path).read_bytes())

    def write(self, path: str | Path) -> None:
        """Writes it beside and renames it, so that nobody sees half of it."""
        path = Path(path)
        beside = path.with_name(f".{path.name}.part")
        beside.write_bytes(self.data)
        beside.replace(path)

    @property
    def value(self) -> dict:
        """The state as JSON; its schema is ``docs/schemas/state.schema.json``."""
        return json.loads(self.data)


@dataclass(frozen=True)
class Report:
    """What states come to: the exit code of the program (0 the contract holds, 1 findings) and what it said."""

    code: int
    text: str

    @property
    def holds(self) -> bool:
        return self.code == 0


def merge(states: Iterable[State]) -> State:
    """The state of all that several have read, in any order; one that is there twice counts once.

    States that have read some of the same entries, or that are about different documents, are refused.
    """
    with tempfile.TemporaryDirectory() as folder:
        _write_all(states, Path(folder) / "states")
        joined = Path(folder) / "joined.json"
        _run(["merge", str(Path(folder) / "states"), "--out", str(joined)])
        return State.read(joined)


def report(
    states: State | Iterable[State], spec: str | Path, *, options: Iterable[str] = (), **reports: str | Path
) -> Report:
    """What states come to by the document: ``report(states, "api.yaml", html="report.html", json="report.json")``.

    ``options`` are further arguments of ``oasgate merge``, such as ``["--fail-on", "unread-entry"]``.
    """
    if isinstance(states, State):
        states = [states]
    with tempfile.TemporaryDirectory() as folder:
        _write_all(states, Path(folder))
        arguments = ["merge", folder, "--spec", str(spec), *options]
        for form, path in reports.items():
            arguments += ["--report", f"{form}={path}"]
        done = _run(arguments)
        return Report(done.returncode, done.stdout.decode())


def _write_all(states: Iterable[State], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    number = 0
    for number, state in enumerate(states, 1):
        (folder / f"{number:08}.json").write_bytes(state.data)
    if number == 0:
        raise OasgateError("there is no state: no rows were checked")


def _run(arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([find_program(), *arguments], capture_output=True, check=False)
    if done.returncode not in (0, 1):
        raise OasgateError(done.stderr.decode(errors="replace").strip() or f"oasgate ended with {done.returncode}")
    return done
