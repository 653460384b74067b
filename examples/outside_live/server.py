"""Starting a service in an empty folder, waiting until it answers, and stopping all of it."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from services import Place

SECONDS = 180


class NotStarted(Exception):
    """Why a service did not come up, in one line."""


def free_port():
    """A port with two free ones after it, which some services take too."""
    for _ in range(100):
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            try:
                for port in (first + 1, first + 2):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except (OSError, OverflowError):
                continue
            return first
    raise NotStarted("no free ports")


def ask(url, method="GET", body=None, header=None):
    """The body of a response; an error status raises `urllib.error.HTTPError`."""
    request = urllib.request.Request(url, method=method, data=body and body.encode())
    request.add_header("Content-Type", "application/json")
    if header:
        request.add_header(*header)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.read()


def wait(url, server):
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise NotStarted(f"it ended with {server.returncode}")
        try:
            return ask(url)
        except urllib.error.HTTPError:
            return b""
        except OSError:
            time.sleep(0.5)
    raise NotStarted(f"no answer within {SECONDS} s")


def stop(server):
    """Ends the service with all that it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            continue
        if how == signal.SIGKILL:
            return


@contextlib.contextmanager
def running(service, programs, log):
    """The service without data, as a `Place` and a `Credential` or nothing; stopped in the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Place(programs, pathlib.Path(folder), free_port())
        command = service.start(place)
        with open(log, "wb") as output:
            server = subprocess.Popen(
                [str(argument) for argument in command.arguments], env={**os.environ, **command.environment},
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, start_new_session=True,
            )
        try:
            wait(place.origin + service.ready, server)
            for method, path, body in service.prepare:
                ask(place.origin + path, method, body)
            yield place, service.credential and service.credential(place)
        finally:
            stop(server)
