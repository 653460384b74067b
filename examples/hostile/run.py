#!/usr/bin/env python3
"""Runs oasgate on every hostile input and prints what came of it as a Markdown table.

    run.py OASGATE [FOLDER] [--only TEXT] [--mib N] [--seconds N] [--out FILE] [--about TEXT] [--rows FILE]

OASGATE is the binary. FOLDER holds `documents/`, `servers/` and `recordings/` of others; our own inputs
(`inputs.py`) run without it. `--only` keeps the rows whose name holds a text, `--about` says in the table what was measured where, and `--rows`
keeps the rows in a file, so that some of them can be measured anew. The end is 1 when a row is
beyond a limit: an exit code other than 0 to 3, too long, or too much memory.

Time is the wall clock of the process and its CPU time, memory its peak resident set (`wait4`), all of the process
alone. A row that waits for nobody is judged by its CPU time, so that a busy machine changes nothing.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
import types

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inputs  # noqa: E402

# A process that asks for more address space than this is refused it, so that one bad row does not take
# the machine with it. Far above the limit that is judged.
ADDRESS_SPACE = 4 << 30
# A row is ended after this long, and counts as one that never ends.
LONGEST = 120


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("oasgate", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    parser.add_argument("--only", default="")
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--about", default="")
    parser.add_argument("--rows", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.oasgate = arguments.oasgate.resolve()
    folder = arguments.folder.resolve() if arguments.folder else None

    with tempfile.TemporaryDirectory(prefix="oasgate-hostile-") as scratch:
        rows = list(inputs.rows(folder, pathlib.Path(scratch)))
        rows = [row for row in rows if arguments.only in f"{row.kind} {row.name} {' '.join(row.command)}"]
        measured = [run(arguments, row) for row in rows]
    inputs.stop_servers()
    measured = together(arguments.rows, measured)
    table = render(measured, arguments)
    if arguments.out:
        arguments.out.write_text(table)
    else:
        print(table)
    beyond = [one for one in measured if one["beyond"]]
    for one in beyond:
        print(f"beyond a limit: {one['row'].name} ({one['row'].command[0]}): {one['beyond']}", file=sys.stderr)
    sys.exit(1 if beyond else 0)


def together(path, measured):
    """What was measured now and, where a file keeps the rows, what was measured before."""
    if not path:
        return measured
    rows = json.loads(path.read_text()) if path.exists() else []
    known = {(row["kind"], row["name"], row["shown"]): row for row in rows}
    for one in measured:
        row = one.pop("row")
        known[(row.kind, row.name, row.shown)] = {"kind": row.kind, "name": row.name, "shown": row.shown, "command": row.command[0], **one}
    path.write_text(json.dumps(list(known.values()), indent=1))
    return [{**row, "row": types.SimpleNamespace(**{**row, "command": [row["command"]]})} for row in known.values()]


def run(arguments, row):
    """One row: a process in a folder of its own, measured."""
    if row.prepare:
        row.prepare()
    with tempfile.TemporaryDirectory(prefix="oasgate-row-") as folder:
        command = [str(arguments.oasgate), *row.command]
        started = time.monotonic()
        with open(os.path.join(folder, ".stdout"), "wb") as out, open(os.path.join(folder, ".stderr"), "wb") as err:
            stdin = open(row.stdin, "rb") if row.stdin else subprocess.DEVNULL
            process = subprocess.Popen(
                command, cwd=folder, stdin=stdin, stdout=out, stderr=err, env=environment(row),
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE)),
            )
            timer = threading.Timer(LONGEST, process.kill)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            timer.cancel()
        seconds = time.monotonic() - started
        cpu = usage.ru_utime + usage.ru_stime
        mib = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
        texts = [open(os.path.join(folder, name), errors="replace").read(1 << 20) for name in (".stdout", ".stderr")]
        wrong = row.look(pathlib.Path(folder), texts) if row.look else None
    beyond = []
    code = process.returncode
    judged = min(seconds, row.limit + cpu) if row.is_computing else seconds
    if seconds > LONGEST:
        beyond.append("did not end")
    elif code < 0 or code > 3:
        beyond.append(f"exit {code}")
    allowed = row.limit + arguments.seconds + row.more
    if judged > allowed:
        beyond.append(f"{judged:.1f} s of {allowed:g} s")
    if mib > arguments.mib:
        beyond.append(f"{mib:.0f} MiB of {arguments.mib} MiB")
    if wrong:
        beyond.append(wrong)
    said = last_words(*texts)
    print(f"{row.kind} {row.name}: {code}, {seconds:.1f} s ({cpu:.1f} s CPU), {mib:.0f} MiB {'; '.join(beyond)}", file=sys.stderr, flush=True)
    return {"row": row, "code": code, "seconds": seconds, "cpu": cpu, "mib": mib, "said": said, "beyond": "; ".join(beyond)}


def environment(row):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")}
    return {**kept, "NO_COLOR": "1", **row.environment}


def last_words(out, err):
    """What a run said in the end: the error, else its last line."""
    for text in (err, out):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("error")]
        if errors or lines:
            return (errors or lines)[-1 if not errors else 0]
    return ""


def render(measured, arguments):
    lines = [
        "# Hostile input",
        "",
        "Written by `make hostile`: what a stranger may write, given to oasgate, one process each. The limit of a",
        f"row is its own time limit and {arguments.seconds:g} s, and {arguments.mib} MiB of peak memory; "
        "an exit code other than 0, 1, 2 and 3 is",
        "beyond it too. A large ordinary document (millions of keys, 20,000 operations) has some seconds more, by its size. Documents and recordings are judged by the CPU time that they take, services by the clock. A mark",
        "in the last column is a row that is beyond a limit.",
    ]
    if arguments.about:
        lines += ["", arguments.about]
    kinds = list(dict.fromkeys(one["row"].kind for one in measured))
    for kind in kinds:
        lines += ["", f"## {kind}", "", "| input | command | exit | seconds | CPU | MiB | what was said | beyond |", "|---|---|--:|--:|--:|--:|---|---|"]
        for one in measured:
            row = one["row"]
            if row.kind == kind:
                lines.append(
                    f"| {cell(row.name)} | `{row.shown}` | {one['code']} | {one['seconds']:.1f} | {one['cpu']:.1f} | {one['mib']:.0f} "
                    f"| {cell(one['said'])[:110]} | {cell(one['beyond'])} |"
                )
    ended = sum(not one["beyond"] for one in measured)
    lines += ["", f"{len(measured)} rows, {ended} of them within their limits.", ""]
    return "\n".join(lines)


def cell(text):
    # What stands here was written by a hostile input: no markup, no paths of this run.
    text = re.sub(re.escape(tempfile.gettempdir()) + r"/(?:[^/\s]+/)*", "", text)
    text = re.sub(r"/\S*/(oasgate-\w+-)?[^/\s]*/", "", text)
    text = "".join(one if one.isprintable() and one not in "`<>[]*_#@" else " " for one in text)
    return re.sub(r"\s+", " ", text.replace("|", " ")).strip()


if __name__ == "__main__":
    main()
