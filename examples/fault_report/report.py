"""Prints, for the faults of the stand-in services, who finds them and after how many requests.

    report.py OURS.json [SCHEMATHESIS]

OURS.json is what `make fault-report` lets the test write. SCHEMATHESIS is its executable; without it only
oasgate's figures are printed. Both tools get the same services with the same faults, one at a time, the same
operations and the same credential. For Schemathesis a fault is found when it tells a failure that it does not
tell of the service without a fault.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

EXAMPLES = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "debug" / "examples"
SEED = "1"

SERVICES = {
    "orders": {
        "document": "tests/specs/orders.yaml",
        "executable": "orders_service",
        "token": "alice-token",
        "values": {},
    },
    "vantage": {
        "document": "spec/vantage-data-exports.yaml",
        "executable": "vantage_service",
        "token": "demo-token",
        "values": {"path.data_export_token": "dta_xprt_964b2adb9bff37fb"},
    },
}


def failures(schemathesis, service, operations, fault):
    """What Schemathesis tells of a service, each failure with the number of its first request."""
    about = SERVICES[service]
    command = [str(EXAMPLES / about["executable"]), "--port", "0"]
    if fault:
        command += ["--fault", fault]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().removeprefix("listening on ").strip()
        with tempfile.TemporaryDirectory() as folder:
            return run(schemathesis, about, url, operations, pathlib.Path(folder))
    finally:
        server.terminate()
        server.wait()


def run(schemathesis, about, url, operations, folder):
    settings = folder / "schemathesis.toml"
    pairs = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in about["values"].items()]
    settings.write_text("[parameters]\n" + "\n".join(pairs) + "\n" if pairs else "")
    command = [
        schemathesis, "--config-file", str(settings), "run", str(pathlib.Path(about["document"]).resolve()), "--url", url,
        "--header", f"Authorization: Bearer {about['token']}", "--checks", "all", "--seed", SEED,
        "--max-examples", "20", "--continue-on-failure", "--no-shrink", "--max-response-time", "0.5",
        "--request-timeout", "2", "--suppress-health-check", "all",
        "--report", "ndjson", "--report-ndjson-path", str(folder / "events.ndjson"),
    ]
    for operation in operations:
        command += ["--include-operation-id", operation]
    try:
        # It leaves a cache where it runs.
        subprocess.run(command, capture_output=True, check=False, timeout=180, cwd=folder)
    except subprocess.TimeoutExpired:
        # What it told until then still counts.
        pass
    interactions = []
    with open(folder / "events.ndjson", encoding="utf-8") as events:
        for line in events:
            event = json.loads(line).get("ScenarioFinished")
            if event:
                recorder = event["recorder"]
                checks = recorder.get("checks", {})
                for case, interaction in recorder.get("interactions", {}).items():
                    interactions.append((interaction["timestamp"], checks.get(case, [])))
    interactions.sort(key=lambda pair: pair[0])
    found = {}
    for number, (_, checks) in enumerate(interactions, 1):
        for check in checks:
            if check["status"] == "failure":
                found.setdefault(identity(check["failure_info"]["failure"]), number)
    return found


def identity(failure):
    """What tells a failure from another: for statuses, the status too."""
    status = re.search(r"Received: (\d+)", failure["message"])
    return failure["type"], failure["title"], failure["operation"], status and status[1]


def theirs(schemathesis, rows):
    """For each fault the number of requests, or None."""
    groups = {(row["service"], tuple(row["operations"])) for row in rows}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        clean = {
            group: pool.submit(failures, schemathesis, *group, None) for group in sorted(groups)
        }
        faulty = [
            pool.submit(failures, schemathesis, row["service"], tuple(row["operations"]), row["fault"])
            for row in rows
        ]
        found = []
        for number, (row, future) in enumerate(zip(rows, faulty), 1):
            known = clean[row["service"], tuple(row["operations"])].result()
            new = [first for failure, first in future.result().items() if failure not in known]
            found.append(min(new, default=None))
            print(f"\r{number} of {len(rows)} faults", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return found


def median(numbers):
    return f"{statistics.median(numbers):g}" if numbers else "-"


def table(rows):
    print("| check | faults | oasgate finds | requests | Schemathesis finds | requests |")
    print("|---|---|---|---|---|---|")
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row["check"]].append(row)
        groups["all"].append(row)
    for check in [*sorted(set(groups) - {"all"}), "all"]:
        group = groups[check]
        ours = [number for row in group for number in row["requests"] if number is not None]
        found = sum(all(number is not None for number in row["requests"]) for row in group)
        others = [row["theirs"] for row in group if row.get("theirs") is not None]
        has_theirs = any("theirs" in row for row in group)
        print(
            f"| {check} | {len(group)} | {found} | {median(ours)} | "
            f"{len(others) if has_theirs else '-'} | {median(others)} |"
        )
    print()
    print("A fault counts as found by oasgate when its check finds it from every seed.")
    missed = [row["fault"] for row in rows if None in row["requests"]]
    print(f"oasgate misses: {', '.join(missed) or 'none'}")
    if any("theirs" in row for row in rows):
        missed = [row["fault"] for row in rows if row["theirs"] is None]
        print(f"Schemathesis misses: {', '.join(missed) or 'none'}")


def main():
    rows = json.loads(pathlib.Path(sys.argv[1]).read_text())
    only = os.environ.get("FAULTS", "").split()
    rows = [row for row in rows if not only or row["fault"] in only]
    if len(sys.argv) > 2:
        for row, first in zip(rows, theirs(sys.argv[2], rows)):
            row["theirs"] = first
    else:
        print("Schemathesis is not installed here: its columns stay empty.\n")
    table(rows)


main()
