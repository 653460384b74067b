"""Tables of recorded exchanges on Spark, batch and streaming.

Each partition goes to one process of ``oasgate`` as an Arrow stream (``DataFrame.mapInArrow``) and comes back as one
line, its state; the driver merges them. Every row is known by its ``source`` and ``entry``, so the result does
not depend on how the rows are partitioned, and a task that is tried again counts once. Nothing here imports
pyspark: what is called is the ``DataFrame`` itself, of Spark, Spark Connect or Sail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oasgate._check import Spec, batches
from oasgate._program import OasgateError
from oasgate._state import State, merge

if TYPE_CHECKING:
    import pyarrow

#: The columns that say where a row is from, where the table has none of its own.
SOURCE, ENTRY = "__oasgate_source", "__oasgate_entry"

#: What a partition answers.
ANSWER = "state binary"


def check(
    df: Any,
    spec: str | Path | Spec,
    *,
    columns: Mapping[str, str] | None = None,
    source: str | None = None,
    entry: str | None = None,
    workers: int = 1,
    options: Iterable[str] = (),
    folder: str | Path | None = None,
    configuration: str | Path | None = None,
) -> State:
    """Checks the exchanges of a table against a document; gives the state of all of it.

    ``source`` and ``entry`` name the columns that say from which recording a row is and which of its entries, from 1:
    two rows never share both. Without them, the file and the row's number in it are taken (Parquet, Delta:
    ``_metadata``). A table that has neither is refused: number its rows first, for example by a key.

    ``columns`` says which column is what where they have other names, ``options`` are further arguments of
    ``oasgate replay``, such as ``["--host", "api.test"]``. ``workers`` is the number of threads of each process; a task
    of Spark has one core unless ``spark.task.cpus`` says more.
    """
    spec = Spec.of(spec, folder=folder, configuration=configuration)
    df, place = _placed(df, source, entry)
    named = {**(columns or {}), **place}
    work = _partition(spec, named, workers, list(options))
    rows = df.mapInArrow(work, ANSWER).collect()
    states = [State(bytes(row[0])) for row in rows]
    if not states:
        raise OasgateError("the table has no rows: nothing was checked")
    return merge(states)


def for_each_batch(
    spec: str | Path | Spec,
    states: str | Path,
    *,
    source: str,
    entry: str,
    **options: Any,
) -> Callable[[Any, int], None]:
    """What ``writeStream.foreachBatch`` calls: each batch leaves its state in the folder ``states``.

    ``source`` and ``entry`` name the columns with a topic's partition and the offset in it (plus 1), say, so that what a
    batch has read is ranges of offsets. A batch that comes twice, as after a restart, writes the same file again and
    counts once. ``oasgate merge STATES --spec SPEC`` tells what they come to at any time; batches that overlap are
    refused there.
    """
    spec = Spec.of(spec, folder=options.pop("folder", None), configuration=options.pop("configuration", None))
    folder = Path(states)
    folder.mkdir(parents=True, exist_ok=True)

    def batch(df: Any, number: int) -> None:
        if df.isEmpty():
            return
        state = check(df, spec, source=source, entry=entry, **options)
        state.write(folder / f"batch-{number:012}.json")

    return batch


def _placed(df: Any, source: str | None, entry: str | None) -> tuple[Any, dict[str, str]]:
    """The table with the columns that say where each row is from, and their names."""
    if (source is None) != (entry is None):
        raise ValueError("source and entry are named together")
    if source is not None and entry is not None:
        return df, {"source": source, "entry": entry}
    path = "regexp_replace(_metadata.file_path, '^file:(//)?/', '/')"
    try:
        placed = df.selectExpr("*", f"{path} AS {SOURCE}", f"_metadata.row_index + 1 AS {ENTRY}")
        # Connect says only now that there is no such column.
        known = placed.columns
    except Exception as error:
        raise OasgateError(
            "the table does not say from which file and row its rows are: name the columns that do (source=, entry=)"
        ) from error
    assert SOURCE in known
    return placed, {"source": SOURCE, "entry": ENTRY}


def _partition(
    spec: Spec, columns: Mapping[str, str], workers: int, options: list[str]
) -> Callable[[Iterator[pyarrow.RecordBatch]], Iterator[pyarrow.RecordBatch]]:
    """The work on one partition."""

    def work(rows: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        import pyarrow

        state = batches(rows, spec, columns=columns, workers=workers, options=options)
        if state is not None:
            yield pyarrow.RecordBatch.from_pydict({"state": pyarrow.array([state.data], pyarrow.binary())})

    return work
