"""The law of partitions through engines: whatever the partitioning, and whoever dies on the way, a table comes to the
state and the report of a local replay, byte for byte.

``python engine_test.py spark`` needs pyspark and Java 17, ``sail`` pysail and pyspark-client, ``arrow`` pyarrow alone.
Where polars is installed, its batches are looked at too. OASGATE names the program.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pyarrow  # noqa: E402
import tables  # noqa: E402
from pyarrow import dataset  # noqa: E402

import oasgate  # noqa: E402
from oasgate import spark as engine  # noqa: E402

#: What the columns of the tables say of where their rows are from.
PLACE = {"source": "file", "entry": "row"}


class Local:
    """The tables, and what a local replay says of them."""

    def __init__(self, scratch: Path, count: int) -> None:
        self.scratch = scratch
        self.folder = scratch / "traffic"
        self.files = tables.write(self.folder, count)
        state = scratch / "local.json"
        began = time.monotonic()
        done = subprocess.run(
            [oasgate.find_program(), "replay", tables.SPEC, *self.files, "--state", state, "--snapshots", "off"],
            capture_output=True,
            check=False,
        )
        self.seconds = time.monotonic() - began
        assert done.returncode == 1, done
        self.state = oasgate.State.read(state)
        self.report = self.report_of(self.state)
        assert self.state.value["unread"]["count"] > 0

    def report_of(self, state: oasgate.State) -> bytes:
        path = self.scratch / "report.json"
        oasgate.report(state, tables.SPEC, json=path)
        return path.read_bytes()

    def same(self, name: str, state: oasgate.State) -> None:
        assert state.data == self.state.data, f"{name}: the state differs"
        assert self.report_of(state) == self.report, f"{name}: the report differs"
        print(f"{name}: the state and the report of a local replay", flush=True)


def check(df, **options):
    return engine.check(df, tables.SPEC, **options)


def partitionings(local: Local, df) -> None:
    for number in (1, 3, 7):
        local.same(f"{number} partitions", check(df.repartition(number), **PLACE))
    local.same("by status", check(df.repartition("status"), **PLACE))


def dying(local: Local, df) -> None:
    """A process that dies in mid-partition, once each: the program, and the worker that feeds it."""
    for victim in ("program", "worker"):
        marker = local.scratch / f"{victim} died"
        spec = oasgate.Spec.of(tables.SPEC)
        work = killing(engine._partition(spec, PLACE, 1, []), victim, str(marker))
        rows = df.repartition(3).mapInArrow(work, engine.ANSWER).collect()
        assert marker.exists(), f"no {victim} died"
        local.same(f"a {victim} that dies", oasgate.merge(oasgate.State(bytes(row[0])) for row in rows))


def killing(work, victim: str, marker: str):
    """The same work, in which the first process of all dies after the first rows."""

    def broken(rows):
        for number, batch in enumerate(rows):
            half = max(batch.num_rows // 2, 1)
            yield batch.slice(0, half)
            if number == 0:
                try:
                    os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    pass
                else:
                    # Time to read what was written, so that it dies in the middle.
                    time.sleep(0.5)
                    if victim == "worker":
                        os.kill(os.getpid(), signal.SIGKILL)
                    for child in children(os.getpid()):
                        os.kill(child, signal.SIGKILL)
            yield batch.slice(half)

    return lambda rows: work(broken(rows))


def children(parent: int) -> list[int]:
    """The programs that a process has started."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)
            name = fields[0].split("(", 1)[1]
            if int(fields[1].split()[1]) == parent and name.startswith("oasgate"):
                found.append(int(folder.name))
        except (OSError, IndexError, ValueError):
            continue
    return found


def streaming(local: Local, session, schema) -> None:
    """The files one by one, as a stream; then the last batch once more, as after a restart."""
    states = local.scratch / "states"
    batch = engine.for_each_batch(tables.SPEC, states, **PLACE)
    last = []

    def both(df, number: int) -> None:
        batch(df, number)
        last[:] = [number]
        batch(df, number)

    stream = session.readStream.schema(schema).option("maxFilesPerTrigger", 1).parquet(str(local.folder))
    query = stream.writeStream.foreachBatch(both).trigger(availableNow=True)
    query.option("checkpointLocation", str(local.scratch / "checkpoint")).start().awaitTermination()
    written = sorted(states.iterdir())
    assert len(written) == 4 and last == [3], written
    local.same("a stream whose batches come twice", oasgate.merge(map(oasgate.State.read, written)))


def on_spark(local: Local) -> None:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2,4]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.files.maxPartitionBytes", "64k")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    try:
        df = session.read.parquet(str(local.folder))
        began = time.monotonic()
        local.same("files and rows by _metadata", check(df))
        print(f"  {time.monotonic() - began:.1f} s, a local replay {local.seconds:.1f} s", flush=True)
        partitionings(local, df)
        dying(local, df)
        streaming(local, session, df.schema)
        refusals(df)
    finally:
        session.stop()


def refusals(df) -> None:
    """What goes wrong in a partition is told by the program's own words."""
    try:
        check(df.withColumnRenamed("url", "address"), **PLACE)
    except Exception as error:  # noqa: BLE001 (each engine has its own)
        assert "no column has the url" in str(error), error
    else:
        raise AssertionError("a table without a URL is checked")
    print("a column that is missing is told", flush=True)


def on_sail(local: Local) -> None:
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer()
    server.start()
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()
    try:
        df = session.read.parquet(str(local.folder))
        local.same("Sail", check(df, **PLACE))
        partitionings(local, df)
        refusals(df)
    finally:
        session.stop()
        server.stop()


def on_arrow(local: Local) -> None:
    """Batches that no engine moves."""
    rows = dataset.dataset(local.folder).to_batches(batch_size=100)
    local.same("one process", oasgate.batches(rows, tables.SPEC, columns=PLACE))
    states = []
    for path in reversed(local.files):
        batches = dataset.dataset(path).to_batches()
        states.append(oasgate.batches(batches, tables.SPEC, columns=PLACE))
    local.same("a process for each file", oasgate.merge(states))
    assert oasgate.batches(iter([]), tables.SPEC) is None
    failing(local)
    try:
        import polars
    except ImportError:
        return
    frame = polars.read_parquet(local.folder / "*.parquet")
    local.same("Polars", oasgate.batches(frame.to_arrow().to_batches(), tables.SPEC, columns=PLACE))


def failing(local: Local) -> None:
    """What goes wrong with the rows themselves is raised, and no half of them counts."""

    def rows():
        yield from dataset.dataset(local.files[0]).to_batches(batch_size=50)
        raise OSError("the disk is gone")

    try:
        oasgate.batches(rows(), tables.SPEC, columns=PLACE)
    except OSError as error:
        assert str(error) == "the disk is gone"
    else:
        raise AssertionError("half of the rows look whole")
    try:
        oasgate.batches([pyarrow.record_batch({"url": ["x"]})], tables.SPEC)
    except oasgate.OasgateError as error:
        assert "no column has the method" in str(error), error
    else:
        raise AssertionError("a table without a method is checked")
    print("rows that fail are no part of a state", flush=True)


def main() -> None:
    engines = {"spark": on_spark, "sail": on_sail, "arrow": on_arrow}
    with tempfile.TemporaryDirectory() as scratch:
        local = Local(Path(scratch), int(os.environ.get("OASGATE_ROWS", "400")))
        for name in sys.argv[1:] or engines:
            engines[name](local)


if __name__ == "__main__":
    main()
