"""Runs Schemathesis and oasgate against services of others, and prints what they find side by side.

    live.py OASGATE [--only NAME]... [--seconds N] [--keep FOLDER]

Each service is installed into an environment that is thrown away and serves on the loopback, from an empty folder
for each of the two; its document is the one it serves itself. Schemathesis, from PyPI, is run first for at most
`--seconds`; oasgate gets no more requests than that took, the same document and the same credential, and twice the
time. What was started is stopped again, whatever happens. With `--keep` the environments and all reports stay in a folder, and the next call
finds them there.

Exit code:
  0  every kind of breach that Schemathesis found was found by oasgate, or `explained.json` says why it is none
  1  some were neither found nor explained
  2  the command line is wrong
  3  none of that, but a service could not be installed or started, or a tool did not end well
"""

import argparse
import contextlib
import json
import pathlib
import signal
import sys
import tempfile
import time

import compare
import server
import tools
from install import NotInstalled, Pip
from services import SERVICES

HERE = pathlib.Path(__file__).parent
NAMES = [service.name for service in SERVICES]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog=__doc__[__doc__.index("Exit code:"):],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("oasgate", type=pathlib.Path, help="the program")
    parser.add_argument("--only", action="append", choices=NAMES, help="this service alone; repeatable")
    parser.add_argument("--seconds", type=int, default=120, help="the longest that Schemathesis runs [120]")
    parser.add_argument("--keep", type=pathlib.Path, help="where environments and reports are kept")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


def document_of(service, place, credential, folder):
    """The document that the service serves, in a file."""
    header = credential and credential.header
    try:
        body = server.ask(place.origin + service.document, header=header)
    except OSError as error:
        raise server.NotStarted(f"no document at {service.document}: {error}") from error
    path = folder / ("document.json" if body.lstrip().startswith(b"{") else "document.yaml")
    path.write_bytes(body)
    return path


def both(service, programs, schemathesis, options, folder):
    """What each found and with how many requests, on a service without data each."""
    folder.mkdir(parents=True, exist_ok=True)
    with server.running(service, programs, folder / "service-1.log") as (place, credential):
        document = document_of(service, place, credential, folder)
        say(f"{service.name}: Schemathesis ...")
        theirs = tools.schemathesis(
            schemathesis, document, place.origin + service.base, credential, options.seconds, folder
        )
    with server.running(service, programs, folder / "service-2.log") as (place, credential):
        say(f"{service.name}: oasgate, with at most {theirs[1]} requests ...")
        ours = tools.oasgate(
            options.oasgate.resolve(), document, place.origin + service.base, credential, theirs[1], options.seconds,
            folder,
        )
    return ours, theirs


def one(service, schemathesis, options, folder):
    say(f"{service.name}: installing ...")
    programs, version = service.source.install(folder / "environments" / service.name)
    began = time.monotonic()
    (ours, our_requests), (theirs, their_requests) = both(
        service, programs, schemathesis, options, folder / "reports" / service.name
    )
    comparison = compare.compare(
        service.name, ours, theirs, json.loads((HERE / "explained.json").read_text()),
        json.loads((HERE / "judged.json").read_text()),
    )
    print(
        f"\n{service.name} {version}: {our_requests} requests, Schemathesis {their_requests}, "
        f"{time.monotonic() - began:.0f} s\n\n{comparison.table()}\n\n{compare.details(comparison)}",
        flush=True,
    )
    return comparison


def main():
    options = arguments()
    # Otherwise nothing would be stopped or deleted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        if options.keep:
            folder = options.keep.resolve()
        else:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        say("Installing Schemathesis ...")
        try:
            programs, version = Pip("schemathesis").install(folder / "environments" / "schemathesis")
        except NotInstalled as error:
            say(f"Schemathesis could not be installed: {error}")
            return 3
        print(f"Schemathesis {version}", flush=True)
        done, failed = [], []
        for service in SERVICES:
            if options.only and service.name not in options.only:
                continue
            try:
                done.append(one(service, programs / "schemathesis", options, folder))
            except NotInstalled as error:
                failed.append(f"{service.name} could not be installed: {error}")
            except server.NotStarted as error:
                failed.append(f"{service.name} did not start: {error}")
            except tools.Failed as error:
                failed.append(f"{service.name}: a tool did not end well: {error}")
    return summary(done, failed)


def summary(done, failed):
    kinds = list(dict.fromkeys(tools.THEIR_CHECKS.values()))
    print("\nKinds of breach: both / oasgate alone / Schemathesis alone / false findings of oasgate\n")
    print(compare.matrix(done, kinds))
    for line in failed:
        print(f"\nNOT COMPARED: {line}")
    unexplained = sum(comparison.unexplained for comparison in done)
    if unexplained:
        print(f"\n{unexplained} of their kinds are neither found nor explained")
        return 1
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
