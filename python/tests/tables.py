"""Four Parquet files of recorded exchanges, made of the recordings in ``tests/recordings/``."""

import argparse
import json
from pathlib import Path

import pyarrow
from pyarrow import parquet

PROJECT = Path(__file__).resolve().parents[2]
SPEC = PROJECT / "spec" / "vantage-data-exports.yaml"
RECORDING = PROJECT / "tests" / "recordings" / "vantage" / "exchanges.ndjson"

HEADERS = pyarrow.map_(pyarrow.string(), pyarrow.string())
SCHEMA = pyarrow.schema(
    [
        ("file", pyarrow.string()),
        ("row", pyarrow.int64()),
        ("method", pyarrow.string()),
        ("url", pyarrow.string()),
        ("status", pyarrow.int32()),
        ("request_headers", HEADERS),
        ("response_headers", HEADERS),
        ("response_body", pyarrow.string()),
        ("elapsed_ms", pyarrow.float64()),
    ]
)


def exchanges() -> list[dict]:
    """The recorded exchanges, and what is made of them: breaches of several kinds, and rows that are none."""
    recorded = [json.loads(line) for line in RECORDING.read_text().splitlines()]
    rows = []
    for exchange in recorded:
        request, response = exchange["request"], exchange["response"]
        rows.append(
            {
                "method": request["method"],
                "url": request["url"],
                "status": response["status"],
                "request_headers": list(request.get("headers", {}).items()),
                "response_headers": list(response.get("headers", {}).items()),
                "response_body": response.get("body"),
                "elapsed_ms": exchange.get("elapsed_ms"),
            }
        )
    whole = next(row for row in rows if row["status"] == 200)
    body = json.loads(whole["response_body"])
    rows.append({**whole, "status": 418})
    rows.append({**whole, "response_body": json.dumps({**body, "status": 7})})
    rows.append({**whole, "response_body": json.dumps({**body, "token": None})})
    rows.append({**whole, "response_body": "{"})
    rows.append({**whole, "url": whole["url"].replace("data_exports", "nothing")})
    rows.append({**whole, "url": None})
    rows.append({**whole, "status": None})
    return rows


def write(folder: Path, count: int) -> list[Path]:
    """Writes the files, ``count`` rows in each, in small row groups; gives their paths."""
    made = exchanges()
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(4):
        path = folder / f"{number + 1}.parquet"
        rows = []
        for at in range(count):
            # Each file begins elsewhere, so that the first of each breach is in another one.
            row = made[(at * 5 + number * 3) % len(made)]
            elapsed = None if row["elapsed_ms"] is None else row["elapsed_ms"] + at % 97
            rows.append({**row, "file": str(path), "row": at + 1, "elapsed_ms": elapsed})
        table = pyarrow.Table.from_pylist(rows, schema=SCHEMA)
        parquet.write_table(table, path, row_group_size=max(count // 4, 1))
        paths.append(path)
    return paths


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--count", type=int, default=400)
    typed = arguments.parse_args()
    for written in write(typed.folder, typed.count):
        print(written)
