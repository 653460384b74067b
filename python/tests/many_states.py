"""What the driver's merge takes: a state as that of many partitions, merged by the program (docs/scale.md).

``python many_states.py STATE 10000`` makes 10,000 states that have read different entries of 100 recordings.
"""

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import oasgate


def moved(value, source: str, by: int):
    """The same state of other entries: every place in it is in another recording, further on."""
    if isinstance(value, dict):
        if {"source", "entry"} <= value.keys():
            return {**value, "source": source, "entry": value["entry"] + by}
        return {key: moved(one, source, by) for key, one in value.items()}
    if isinstance(value, list):
        return [moved(one, source, by) for one in value]
    return value


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("state", type=Path)
    arguments.add_argument("count", type=int)
    typed = arguments.parse_args()
    one = json.loads(typed.state.read_bytes())
    read = next(ranges for ranges in one["inputs"].values() if ranges)
    most = read[-1][1]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "states"
        folder.mkdir()
        size = 0
        for number in range(typed.count):
            source, by = f"s3://traffic/2026-11-26/part-{number % 100:05}.parquet", number // 100 * (most + 1)
            state = moved(one, source, by)
            state["inputs"] = {source: [[first + by, last + by] for first, last in read]}
            text = json.dumps(state)
            size += len(text)
            (folder / f"{number:08}.json").write_text(text)
        began = time.monotonic()
        subprocess.run(
            [oasgate.find_program(), "merge", str(folder), "--out", str(Path(scratch) / "joined.json")], check=False
        )
        took = time.monotonic() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        joined = (Path(scratch) / "joined.json").stat().st_size
    print(
        f"{typed.count} states of {size / typed.count / 1024:.1f} KiB: merged in {took:.1f} s, "
        f"peak {peak:.0f} MiB, joined {joined / 1024:.0f} KiB"
    )


if __name__ == "__main__":
    main()
