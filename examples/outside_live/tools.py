"""Running Schemathesis and oasgate against one URL, and reading what they found in the same terms.

What was found is a dictionary of lists: (operation, kind) to what was said, each with the request and the response.
An operation is `METHOD /path`; an undeclared method belongs to its path, whatever the method.
"""

import base64
import collections
import json
import os
import subprocess

SEED = "1"
WORKERS = "4"
# The longest that one exchange may take, in seconds, of either.
TIMEOUT = "15"
UNDECLARED_METHOD = "undeclared method"

# By check of theirs, and the checks of ours that tell the same.
THEIR_CHECKS = {
    "not_a_server_error": "server error",
    "status_code_conformance": "undeclared status",
    "content_type_conformance": "content type",
    "response_schema_conformance": "schema",
    "response_headers_conformance": "header",
    "positive_data_acceptance": "rejected valid",
    "negative_data_rejection": "accepted invalid",
    "missing_required_header": "accepted invalid",
    "unsupported_method": UNDECLARED_METHOD,
    "allow_header_conformance": UNDECLARED_METHOD,
    "use_after_free": "use after delete",
    "ensure_resource_availability": "missing after create",
    "ignored_auth": "ignored auth",
}
OUR_CHECKS = {
    "server-error": "server error",
    "undeclared-status": "undeclared status",
    "undeclared-content-type": "content type",
    "missing-content-type": "content type",
    "undeclared-body": "content type",
    "missing-body": "content type",
    "schema-mismatch": "schema",
    "malformed-body": "schema",
    "header-mismatch": "header",
    "rejected-valid": "rejected valid",
    "accepted-invalid": "accepted invalid",
    "accepted-incomplete": "accepted invalid",
    "accepted-undeclared-method": UNDECLARED_METHOD,
    "unrouted-method": UNDECLARED_METHOD,
    "allow-mismatch": UNDECLARED_METHOD,
    "missing-allow": UNDECLARED_METHOD,
    "use-after-delete": "use after delete",
    "missing-after-create": "missing after create",
    "ignored-auth": "ignored auth",
}


class Failed(Exception):
    """A tool that did not do its work, with the end of what it said."""


def key(operation, kind):
    return (operation.split(" ")[-1] if kind == UNDECLARED_METHOD else operation, kind)


def text(body):
    """The beginning of a body, which they write down in base64."""
    if isinstance(body, dict):
        body = base64.b64decode(body.get("$base64", "")).decode("utf-8", "replace")
    return (body or "")[:300]


def schemathesis(program, document, url, credential, seconds, folder):
    """What they found, and how many requests that took."""
    events = folder / "schemathesis.ndjson"
    command = [
        program, "run", document, "--url", url, "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
        "--seed", SEED, "--workers", WORKERS, "--continue-on-failure", "--max-time", str(seconds), "--no-color",
        "--request-timeout", TIMEOUT, "--report", "ndjson", "--report-ndjson-path", events,
    ]
    if credential:
        command += ["--header", ": ".join(credential.header)]
    with open(folder / "schemathesis.txt", "w") as output:
        try:
            done = subprocess.run(command, stdout=output, stderr=output, check=False, cwd=folder, timeout=3 * seconds)
        except subprocess.TimeoutExpired:
            done = None
    if not events.exists() or (done and done.returncode not in (0, 1)):
        raise Failed((folder / "schemathesis.txt").read_text()[-2000:])
    return read_events(events)


def read_events(path):
    found, requests = collections.defaultdict(list), 0
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            recorder = (json.loads(line).get("ScenarioFinished") or {}).get("recorder")
        except json.JSONDecodeError:
            continue  # The last line of a run that was stopped.
        if not recorder:
            continue
        interactions = recorder.get("interactions") or {}
        requests += len(interactions)
        for case, checks in (recorder.get("checks") or {}).items():
            for check in checks:
                if check["status"] != "failure":
                    continue
                failure = check["failure_info"]["failure"]
                exchange = interactions.get(case) or {}
                request, response = exchange.get("request") or {}, exchange.get("response") or {}
                kind = THEIR_CHECKS.get(check["name"], check["name"])
                if kind == "undeclared status" and (response.get("status_code") or 0) >= 500:
                    # They tell it as a server error besides; oasgate tells it once.
                    kind = "server error"
                found[key(failure["operation"], kind)].append({
                    "said": f"{failure['title']}: {failure['message']}"[:400],
                    "request": f"{request.get('method')} {request.get('uri')}",
                    "headers": request.get("headers"),
                    "body": text(request.get("body")),
                    "status": response.get("status_code"),
                    "response": text(response.get("content")),
                })
    return dict(found), requests


def oasgate(program, document, url, credential, most, seconds, folder):
    """What we found, and how many requests that took: no more than `most`."""
    report = folder / "oasgate.json"
    command = [
        program, "check", document, "--url", url, "--allow-unsafe", "--seed", SEED, "--workers", WORKERS,
        "--max-requests", str(most), "--max-time", f"{2 * seconds}s", "--timeout", f"{TIMEOUT}s",
        "--snapshots", "off", "--color", "never",
        "--report", f"json={report}", "--record", folder / "oasgate.ndjson",
    ]
    environment = dict(os.environ)
    if credential:
        environment["OUTSIDE_LIVE_TOKEN"] = credential.token
        command += ["--token-env", "OUTSIDE_LIVE_TOKEN"] + ["--basic"] * credential.basic
    with open(folder / "oasgate.txt", "w") as output:
        # In a folder of its own, so that no `oasgate.toml` is read.
        try:
            done = subprocess.run(
                command, env=environment, stdout=output, stderr=output, check=False, cwd=folder, timeout=4 * seconds
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(str(error)) from error
    if done.returncode not in (0, 1) or not report.exists():
        raise Failed((folder / "oasgate.txt").read_text()[-2000:])
    return read_report(json.loads(report.read_text()))


def read_report(report):
    names = {operation["id"]: f"{operation['method']} {operation['path']}" for operation in report["operations"]}
    found = collections.defaultdict(list)
    for finding in report["findings"]:
        if finding["check"] == "unreached":
            continue
        operation = names.get(finding["operation"], finding["operation"] or "")
        kind = OUR_CHECKS.get(finding["check"], finding["check"])
        found[key(operation, kind)].append(finding)
    return dict(found), report["totals"]["sent"]
