"""Batches of rows through the program: Arrow in, a state out."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from oasgate._program import OasgateError, find_program
from oasgate._state import State

if TYPE_CHECKING:
    import pyarrow

#: The configuration that the program finds on its own where it runs.
CONFIGURATION = "oasgate.toml"


@dataclass(frozen=True)
class Spec:
    """A document by its content, so that it can be sent to where the rows are.

    ``files`` are its files by their paths below one folder, ``main`` is the path of the document itself.
    """

    main: str
    files: Mapping[str, bytes] = field(repr=False)
    configuration: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        spec: str | Path | Spec,
        *,
        folder: str | Path | None = None,
        configuration: str | Path | None = None,
    ) -> Spec:
        """Reads a document. One that refers to other files needs the ``folder`` that has them all.

        Without ``configuration``, ``oasgate.toml`` in the current folder is used where it is there, as the program
        does.
        """
        if isinstance(spec, Spec):
            return spec
        spec = Path(spec)
        if folder is None:
            main, files = spec.name, {spec.name: spec.read_bytes()}
        else:
            folder = Path(folder)
            main = spec.resolve().relative_to(folder.resolve()).as_posix()
            names = (path for path in sorted(folder.rglob("*")) if path.suffix in (".json", ".yaml", ".yml"))
            files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in names if path.is_file()}
        if configuration is None and Path(CONFIGURATION).is_file():
            configuration = CONFIGURATION
        return cls(main, files, None if configuration is None else Path(configuration).read_bytes())

    def write(self, folder: Path) -> Path:
        """Writes the files into a folder; gives the path of the document."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if self.configuration is not None:
            (folder / CONFIGURATION).write_bytes(self.configuration)
        return folder / self.main


def batches(
    rows: Iterable[pyarrow.RecordBatch],
    spec: str | Path | Spec,
    *,
    columns: Mapping[str, str] | None = None,
    workers: int | None = None,
    options: Iterable[str] = (),
    folder: str | Path | None = None,
    configuration: str | Path | None = None,
) -> State | None:
    """Checks record batches, one process for all of them; ``None`` where there are no rows.

    The batches share one schema. ``columns`` says which column is what, as ``--columns`` does: a row that has a
    ``source`` and an ``entry`` is known by them, whichever part of the table it comes in. Without, the rows
    are numbered as they come and are all of the recording ``-``, so that states of several parts overlap.
    ``options`` are further arguments of ``oasgate replay``, such as ``["--host", "api.test"]``.
    """
    rows = iter(rows)
    first = next((batch for batch in rows if batch.num_rows > 0), None)
    if first is None:
        return None
    spec = Spec.of(spec, folder=folder, configuration=configuration)
    with tempfile.TemporaryDirectory(prefix="oasgate-") as scratch:
        place = Path(scratch)
        document = spec.write(place / "spec")
        written = place / "state.json"
        arguments = [find_program(), "replay", str(document), "-", "--state", str(written), "--quiet"]
        options = list(options)
        if "--snapshots" not in options:
            # They are compared where the whole is known; `--snapshots check` keeps what that needs.
            arguments += ["--snapshots", "off"]
        if spec.configuration is not None:
            arguments += ["--config", str(place / "spec" / CONFIGURATION)]
        if columns:
            arguments += ["--columns", ",".join(f"{name}={column}" for name, column in columns.items())]
        if workers is not None:
            arguments += ["--workers", str(workers)]
        arguments += options
        return State(_through(arguments, first, rows, written, place / "stderr"))


def _through(
    arguments: list[str],
    first: pyarrow.RecordBatch,
    rows: Iterator[pyarrow.RecordBatch],
    written: Path,
    told: Path,
) -> bytes:
    import pyarrow

    with told.open("wb") as stderr:
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        assert process.stdin is not None
        stream = pyarrow.ipc.new_stream(process.stdin, first.schema)
        # What goes wrong with the rows themselves is raised: half of a partition is no partition.
        is_read = all(_is_taken(stream.write_batch, batch) for batch in itertools.chain([first], rows))
        is_read = is_read and _is_taken(stream.close)
        is_read = _is_taken(process.stdin.close) and is_read
        code = process.wait()
    finally:
        # A partition that fails on its way leaves no process and no half of a state behind.
        if process.poll() is None:
            process.kill()
            process.wait()
    if is_read and code in (0, 1, 2) and written.is_file():
        # What a part comes to is decided when all of it is merged: a part in which every exchange is another
        # service's, say, is none that failed.
        state = written.read_bytes()
        if State(state).value["end"] == {"kind": "complete"}:
            return state
    said = told.read_text(errors="replace").strip()
    raise OasgateError(said or f"the process of a partition ended with {code} and said nothing")


def _is_taken(write: Callable[..., None], *arguments: object) -> bool:
    """Whether the program still reads. Why it does not, it says itself."""
    try:
        write(*arguments)
    except OSError:
        return False
    return True
