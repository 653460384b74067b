"""Runs oasgate against services of others, and prints what it finds beside what Schemathesis found.

    live.py SHARED OASGATE

kinto and httpbin are installed into an environment that is thrown away, and serve on the loopback. oasgate gets
as many requests as Schemathesis took when the recordings under SHARED were made, for the same operations of
the same documents. What was started is stopped again, whatever happens.

Exit code 1: Schemathesis found something that oasgate did not find and that `explained.json` does not explain.
"""

import collections
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv

HERE = pathlib.Path(__file__).parent
SEED = "1"

# What they call it, by type of failure and by check, and the checks of ours that hold the same.
KINDS = {
    "server error": {"server-error"},
    "undeclared status": {"undeclared-status"},
    "content type": {"undeclared-content-type", "missing-content-type", "undeclared-body"},
    "schema": {"schema-mismatch", "malformed-body"},
    "header": {"header-mismatch"},
    "rejected valid": {"rejected-valid"},
    "accepted invalid": {"accepted-invalid"},
    "accepted incomplete": {"accepted-incomplete"},
    "undeclared method": {"accepted-undeclared-method", "allow-mismatch"},
    "use after delete": {"use-after-delete"},
    "missing after create": {"missing-after-create"},
    "ignored auth": {"ignored-auth"},
}
THEIR_TYPES = {
    "ServerError": "server error",
    "ContentTypeServerError": "server error",
    "UndefinedStatusCode": "undeclared status",
    "UndefinedContentType": "content type",
    "MissingContentType": "content type",
    "JsonSchemaError": "schema",
    "MalformedJson": "schema",
    "RejectedPositiveData": "rejected valid",
    "AcceptedNegativeData": "accepted invalid",
    "MissingHeaderNotRejected": "accepted incomplete",
    "IgnoredAuth": "ignored auth",
}
THEIR_CHECKS = {
    "not_a_server_error": "server error",
    "status_code_conformance": "undeclared status",
    "content_type_conformance": "content type",
    "response_schema_conformance": "schema",
    "response_headers_conformance": "header",
    "positive_data_acceptance": "rejected valid",
    "negative_data_rejection": "accepted invalid",
    "missing_required_header": "accepted incomplete",
    "unsupported_method": "undeclared method",
    "allow_header_conformance": "undeclared method",
    "use_after_free": "use after delete",
    "ensure_resource_availability": "missing after create",
    "ignored_auth": "ignored auth",
}


class Document:
    """The operations of a document, by id and by path."""

    def __init__(self, path):
        self.path = path
        document = json.loads(path.read_text())
        self.base = document.get("basePath", "").rstrip("/")
        methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
        self.operations = [
            (method.upper(), template, operation.get("operationId"))
            for template, item in document["paths"].items()
            for method, operation in item.items()
            if method in methods
        ]

    def ids(self):
        return {identity or f"{method} {path}": f"{method} {path}" for method, path, identity in self.operations}

    def label(self, method, url):
        """The operation of a request; where several fit, the one with the fewest parameters."""
        path = re.sub(r"^https?://[^/]+", "", url).split("?")[0].removeprefix(self.base)
        fitting = [
            template
            for known, template, _ in self.operations
            if known == method and re.fullmatch(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template)), path)
        ]
        best = min(fitting, key=lambda template: template.count("{"), default=None)
        return best and f"{method} {best}"


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def recorded(shared, name, document):
    """What they found, how many requests that took, and the operations that took part."""
    folder = shared / "recordings" / "servers"
    verdicts = lines(folder / f"{name}.verdicts.ndjson.gz")
    labels = {document.label(verdict["method"], verdict["uri"]) for verdict in verdicts} - {None}
    found = set()
    summary = folder / f"{name}.schemathesis.json"
    if summary.exists():
        summary = json.loads(summary.read_text())
        for failure in summary["failures"]:
            kind = THEIR_TYPES.get(failure["type"], failure["type"])
            found |= {(label, kind) for label in failure["operations"] if label in document.ids().values()}
        return found, summary["test_cases"]["generated"], labels
    for verdict in verdicts:
        label = document.label(verdict["method"], verdict["uri"])
        for check, said in verdict["checks"].items():
            if said == "FAILURE" and label:
                found.add((label, THEIR_CHECKS.get(check, check)))
    return found, len(verdicts), labels


def ask(url, method="GET", body=None):
    request = urllib.request.Request(url, method=method, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as response:
        return response.read()


def until_it_answers(url, server):
    for _ in range(120):
        if server.poll() is not None:
            raise SystemExit(f"the service for {url} ended with {server.returncode}")
        try:
            return ask(url)
        except urllib.error.HTTPError:
            return b""
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"the service for {url} does not answer")


def kinto(programs, folder, start):
    """kinto as `kinto init` sets it up, in memory; the one user is `admin`."""
    settings = folder / "kinto.ini"
    subprocess.run(
        [programs / "kinto", "init", "--ini", settings, "--backend", "memory", "--cache-backend", "memory",
         "--host", "127.0.0.1"],
        check=True, capture_output=True,
    )
    text = settings.read_text().replace("%(http_port)s", "18888")
    text = text.replace(
        "use = egg:kinto\n", "use = egg:kinto\nkinto.experimental_permissions_endpoint = true\n", 1
    )
    settings.write_text(text)
    server = start([programs / "kinto", "start", "--ini", settings])
    url = "http://127.0.0.1:18888/v1"
    until_it_answers(f"{url}/", server)
    ask(f"{url}/accounts/admin", "PUT", b'{"data": {"password": "s3cr3t"}}')
    return url, "admin:s3cr3t"


def httpbin(programs, folder, start):
    server = start([programs / "flask", "--app", "httpbin:app", "run", "--port", "18001"])
    until_it_answers("http://127.0.0.1:18001/get", server)
    return "http://127.0.0.1:18001", None


# What deletes the user that asks is sent last, so that the rest is asked by somebody.
SERVICES = {"kinto": (kinto, {"DELETE /accounts"}), "httpbin": (httpbin, set())}


def check(oasgate, document, url, credential, labels, most, report):
    ids = [identity for identity, label in document.ids().items() if label in labels]
    if not ids or most <= 0:
        return [], 0
    command = [
        oasgate, "check", document.path, "--url", url, "--allow-unsafe", "--seed", SEED, "--workers", "4",
        "--max-requests", str(most), "--snapshots", "off", "--report", f"json={report}", "--quiet",
    ]
    for identity in ids:
        command += ["--operation", identity]
    environment = dict(os.environ)
    if credential:
        environment["OUTSIDE_LIVE_TOKEN"] = credential
        command += ["--token-env", "OUTSIDE_LIVE_TOKEN", "--basic"]
    # Elsewhere, so that no `oasgate.toml` of another service is read.
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=report.parent)
    if done.returncode not in (0, 1):
        raise SystemExit(f"oasgate ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    report = json.loads(report.read_text())
    return report["findings"], sum(operation["held"] for operation in report["operations"])


def side_by_side(name, document, theirs, findings, explained):
    ours = collections.defaultdict(list)
    ids = document.ids()
    kind_of = {rule: kind for kind, rules in KINDS.items() for rule in rules}
    for finding in findings:
        if finding["check"] == "unreached" or finding["severity"] == "note":
            continue
        kind = kind_of.get(finding["check"], finding["check"])
        ours[ids.get(finding["operation"]), kind].append(finding)
    unexplained = 0
    print(f"{'operation':<62} {'kind':<20} oasgate  Schemathesis")
    for operation, kind in sorted(theirs | set(ours), key=str):
        is_theirs, is_ours = (operation, kind) in theirs, (operation, kind) in ours
        why = ""
        if is_theirs and not is_ours:
            why = next(
                (
                    entry["why"]
                    for entry in explained
                    if entry["service"] == name
                    and re.fullmatch(entry["kind"], kind)
                    and re.fullmatch(entry.get("operation", ".*"), operation)
                ),
                None,
            )
            unexplained += why is None
            why = f"  {why or 'NOT EXPLAINED'}"
        said = "yes" if is_ours else "-"
        print(f"{operation or '':<62} {kind:<20} {said:<8} {'yes' if is_theirs else '-':<4}{why}")
    print()
    for key in sorted(ours, key=str):
        for finding in ours[key]:
            print(f"  {finding['check']}: {finding['message']}")
            print(f"    {(finding.get('curl') or '')[:300]}")
    return unexplained


def main():
    shared, oasgate = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    explained = json.loads((HERE / "explained.json").read_text())
    servers = []
    unexplained = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def start(command):
            log = open(folder / f"{len(servers)}.log", "wb")
            servers.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
            return servers[-1]

        try:
            print("Installing kinto and httpbin ...", file=sys.stderr)
            venv.create(folder / "venv", with_pip=True)
            programs = folder / "venv" / "bin"
            subprocess.run([programs / "pip", "install", "--quiet", "kinto", "httpbin"], check=True)
            for name, (serve, last) in SERVICES.items():
                document = Document(shared / "corpus" / "servers" / f"{name}.json")
                theirs, most, labels = recorded(shared, name, document)
                url, credential = serve(programs, folder, start)
                report = folder / f"{name}.json"
                began = time.monotonic()
                findings, held = check(oasgate, document, url, credential, labels - last, most, report)
                more, held_last = check(oasgate, document, url, credential, last, most - held, report)
                seconds = time.monotonic() - began
                print(
                    f"\n{name}: {held + held_last} requests in {seconds:.0f} s; "
                    f"Schemathesis took {most}\n"
                )
                unexplained += side_by_side(name, document, theirs, findings + more, explained)
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.wait()
    if unexplained:
        raise SystemExit(f"{unexplained} of their findings are neither found nor explained")


main()
