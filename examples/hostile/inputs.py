"""The rows of the table: what is given to oasgate, and within which limits.

To add a row, add a `Row` to a list below. Files that are too large to keep are written into a scratch
folder when they are wanted.
"""
import dataclasses
import gzip
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import typing

import tables

SERVERS = []


@dataclasses.dataclass
class Row:
    """One process to run."""

    kind: str
    name: str
    # The arguments of oasgate.
    command: typing.List[str]
    # How long it may take by its own limits, in seconds (`--timeout` times what is sent, `--max-time`).
    limit: float = 0.0
    # How much more CPU time its size takes, where it is large and no attack.
    more: float = 0.0
    stdin: typing.Optional[str] = None
    environment: typing.Dict[str, str] = dataclasses.field(default_factory=dict)
    # Writes what is too large to be written where the row is not wanted, or starts a server.
    prepare: typing.Optional[typing.Callable] = None
    # Whether it waits for nobody but within its own limit.
    is_computing: bool = False
    # Looks at the folder and at what was printed, and says what is wrong.
    look: typing.Optional[typing.Callable] = None

    @property
    def shown(self):
        short = [os.path.basename(word) if word.startswith("/") and not word.startswith("/dev/") else word for word in self.command]
        return " ".join(re.sub(r"(http://127\.0\.0\.1):\d+", r"\1", word) for word in short).replace("|", "\\|")


def rows(folder, scratch):
    """Every row; `folder` is that of others, `scratch` takes what is written for the run."""
    yield from documents(folder, scratch)
    yield from recordings(folder, scratch)
    yield from servers(folder, scratch)


# -- documents

DOCUMENT_COMMANDS = ("lint", "plan")

HEAD = """openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /x:
    post:
      operationId: x
      requestBody: {required: true, content: {application/json: {schema: %s}}}
      responses: {'200': {description: d, content: {application/json: {schema: %s}}}}
"""

def listed(count, part):
    """A list of so many parts, with their numbers in place of `N`."""
    return ",".join(part.replace("N", str(number)) for number in range(count))


# Our own schemas, by name: each is that of a request and of a response.
SCHEMAS = {
    "minlength-2e9": "{type: string, minLength: 2000000000}",
    "maxlength-2e53": "{type: string, maxLength: 9007199254740991}",
    "maxlength-2e63": "{type: string, maxLength: 9223372036854775807}",
    "minproperties-10000": "{type: object, minProperties: 10000}",
    "minitems-nested": "{type: array, minItems: 1000, items: {type: array, minItems: 1000, items: {type: array, minItems: 1000}}}",
    "required-1e5": "{type: object, required: [" + ",".join(f"k{i}" for i in range(100_000)) + "]}",
    "pattern-cubed": "{type: string, pattern: 'a{1000}{1000}{1000}'}",
    "unique-all-values": "{type: array, uniqueItems: true, minItems: 257, maxItems: 257, items: {type: integer, minimum: 0, maximum: 255}}",
    "dependent-list": "{type: object, dependentRequired: {a: [" + listed(20_000, "pN") + "]}}",
    "dependent-names": "{type: object, dependentRequired: {" + listed(20_000, "pN: [qN]") + "}}",
    "dependent-choices": "{type: object, dependentRequired: {" + listed(24, "pN: [qN]") + "}}",
    "dependent-schemas": "{type: object, dependentSchemas: {" + listed(500, "pN: {required: [qN]}") + "}}",
    "exclusive-pairs": "{type: object, allOf: [" + listed(10, "{not: {required: [aN, bN]}}") + "]}",
    "exclusive-branches": "{oneOf: [" + listed(2_000, "{type: object, required: [k, pN], properties: {k: {const: N}}}") + "]}",
    "none-of-2000": "{not: {anyOf: [" + listed(2_000, "{type: object, required: [kN], properties: {kN: {const: N}}}") + "]}}",
    "multiples": "{type: number, allOf: [" + listed(2_000, "{multipleOf: N.5}") + "]}",
    "patterns-of-names": "{type: object, patternProperties: {" + listed(3_000, "'^kN_': {type: string}") + "}}",
    "contained": "{type: array, allOf: [" + listed(2_000, "{contains: {const: N}}") + "]}",
    "conditions": "{type: object, allOf: [" + listed(2_000, "{if: {properties: {k: {const: N}}, required: [k]}, then: {required: [pN]}}") + "]}",
    "many-patterns": "{type: string, allOf: [" + listed(2_000, "{pattern: '[a-z]+N?'}") + "]}",
    "tuple": "{type: array, prefixItems: [" + listed(2_000, "{type: object, required: [qN]}") + "]}",
    "repeated-letter": "{type: string, pattern: 'a{3001}'}",
    "repeated-repetition": "{type: string, pattern: '^(.{1,50}){1,50}$'}",
    "look-ahead": "{type: string, pattern: '(?=.*[0-9])x'}",
    "look-behind": "{type: string, pattern: '^(a|b(c)d*)\\1(?<=x)(?!y)\\p{L}+$'}",
    "long-enum": "{enum: [" + listed(200_000, "{a: N}") + "]}",
    "nested-quantifiers": "{type: string, pattern: '^(([a-z]+)*)*!$'}",
    "kelvin-name": "{type: object, properties: {K_id: {type: string}, K_id: {type: string}}}",
}


# Components of our own, by name: how many there are, and each, with its number for `N` and that of the next for `M`.
COMPONENTS = {
    "sees-through": (200, "{type: object, properties: {pN: {}}, allOf: [{$ref: '#/components/schemas/AM'}], unevaluatedProperties: false}"),
    "sees-parts": (200, "{type: object, properties: {a: {$ref: '#/components/schemas/AM'}}, unevaluatedProperties: false}"),
    "dynamic": (300, "{$dynamicAnchor: n, type: object, properties: {a: {$dynamicRef: '#n'}, b: {$ref: '#/components/schemas/AM'}}}"),
    "many-ids": (20_000, "{$id: 'http://e.x/dN/s', type: object, properties: {a: {$ref: '../dM/s'}}}"),
    "one-id": (20_000, "{$id: x/s, type: object, properties: {a: {$ref: s}}}"),
}

# Overlays of our own: how many actions, and each, with its number for `N`.
OVERLAYS = {
    "overlay-20000": (20_000, "{target: $.info, update: {x-N: N}}"),
    "overlay-idle": (20_000, "{target: $.nothingN, remove: true}"),
    "overlay-chains": (1, "{target: '$..*..*..*..*..*..*..*..*', remove: true}"),
    "overlay-copies": (60, "{target: $.info, description: 'N', update: {xN: {}}}, {target: $.info.xN, copy: $}"),
}


def documents(folder, scratch):
    here = scratch / "documents"
    here.mkdir(parents=True)
    paths = []
    for name, (count, each) in COMPONENTS.items():
        path = here / f"{name}.yaml"
        reference = "{$ref: '#/components/schemas/A0'}"
        written = "".join(f"    A{number}: {each.replace('N', str(number)).replace('M', str((number + 1) % count))}\n" for number in range(count))
        path.write_text(HEAD % (reference, reference) + "components:\n  schemas:\n" + written)
        paths.append(path)
    for name, path in long_paths(here):
        paths.append(path)
    paths.append(forms(here))
    plain = here / "plain.yaml"
    plain.write_text(HEAD % ("{}", "{}"))
    for name, (count, each) in OVERLAYS.items():
        path = here / f"{name}.yaml"
        path.write_text("overlay: 1.1.0\ninfo: {title: t, version: '1'}\nactions: [" + listed(count, each) + "]\n")
        yield Row("Documents", path.name, ["lint", str(plain), "--overlay", str(path)], is_computing=True)
    for name, schema in SCHEMAS.items():
        path = here / f"{name}.yaml"
        path.write_text(HEAD % (schema, schema))
        paths.append(path)
    if folder and (folder / "documents").is_dir():
        others = folder / "documents"
        paths += sorted(path for path in others.iterdir() if path.suffix in (".yaml", ".json"))
        if (others / "generate.py").is_file():
            subprocess.run([sys.executable, others / "generate.py", here / "generated"], check=True)
            paths += sorted(path for path in (here / "generated").iterdir() if path.is_file())
        for script, arguments in (("deep_alias.py", ("20", "not")), ("deep_alias.py", ("20", "prop")), ("deep_alias.py", ("120", "items")), ("oneof_pairs.py", ("18",)), ("oneof_pairs.py", ("40",))):
            if (others / script).is_file():
                path = here / f"{script[:-3]}-{'-'.join(arguments)}.yaml"
                with open(path, "wb") as out:
                    subprocess.run([sys.executable, others / script, *arguments], check=True, stdout=out)
                paths.append(path)
    # An ordinary large document is no attack: it has the time that its size takes, a quarter of a millisecond for each
    # operation that is read and a tenth for each request that is planned, up to 100,000.
    large = {"keys_1e6.json": 2, "keys_1e6.yaml": 2, "paths_2e4.json": 4, "props_1e5.yaml": 2, "operations-20000.json": 10}
    many = here / "operations-20000.json"
    many.write_text(json.dumps(operations(20_000)))
    paths.append(many)
    url = answering()
    for path in paths:
        for command in DOCUMENT_COMMANDS:
            yield Row("Documents", path.name, [command, str(path)], more=large.get(path.name, 0), is_computing=True)
        # A check of a service that answers `{}` to everything.
        check = ["check", str(path), "--url", url, "--max-time", "2s", "--timeout", "1s", "--seed", "1", "--snapshots", "off"]
        yield Row("Documents", path.name, check, limit=2, more=large.get(path.name, 0), is_computing=True)
    fifo = here / "fifo"
    os.mkfifo(fifo)
    for path in ("/dev/zero", str(fifo), "/dev/null"):
        yield Row("Documents", os.path.basename(path), ["lint", path])
    for target in ("/etc/passwd", "/dev/zero", "../../outside.json", str(fifo)):
        path = here / f"ref-{re.sub('[^a-z]+', '-', target).strip('-')[-12:]}.yaml"
        path.write_text(HEAD % ("{}", "{$ref: '%s'}" % target))
        yield Row("Documents", f"$ref to {target if len(target) < 30 else 'a FIFO'}", ["lint", str(path)])


def long_paths(here):
    """Documents with a path of a thousand parameters and more than are read, and one with texts between them."""
    for name, count, segment in (("path-of-1000", 1_000, "/{pN}"), ("path-of-2000", 2_000, "/{pN}"), ("path-of-texts", 1_000, "/aN/{pN}")):
        document = operations(1)
        schema = {"type": "string", "pattern": "^[a-z]{1,9}$"}
        parameters = [{"name": f"p{number}", "in": "path", "required": True, "schema": schema} for number in range(count)]
        operation = {"parameters": parameters, "responses": {"200": {"description": "d"}}}
        document["paths"] = {"".join(segment.replace("N", str(number)) for number in range(count)): {"get": operation}}
        path = here / f"{name}.json"
        path.write_text(json.dumps(document))
        yield name, path


def forms(here):
    """A document with a body of 3,000 parts, of which each is a file."""
    parts = {f"f{number}": {"type": "string", "format": "binary"} for number in range(3_000)}
    schema = {"type": "object", "properties": parts, "required": list(parts)}
    document = operations(1)
    operation = document["paths"]["/p0/{a}"]["post"]
    operation["requestBody"] = {"content": {"multipart/form-data": {"schema": schema}}}
    path = here / "parts-3000.json"
    path.write_text(json.dumps(document))
    return path


def operations(count):
    """A document of many operations, each with a parameter and a body."""
    parameter = {"name": "a", "in": "path", "required": True, "schema": {"type": "string"}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}}
    operation = {"parameters": [parameter], "requestBody": body, "responses": {"200": {"description": "d"}}}
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "minLength": 2}, "b": {"type": "integer"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {f"/p{number}/{{a}}": {"post": operation} for number in range(count)},
        "components": {"schemas": {"S": schema}},
    }


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"{}")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


def answering():
    """A service in this process that answers `{}`, at its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


# -- recordings

EMPTY_DOCUMENT = HEAD % ("{}", "{type: object, properties: {a: {type: string}}}")


# A million rows are read as such, and a gigabyte of texts.
TABLE_LIMITS = {"one-text": 20, "dense-end": 20, "zstd-pages": 5}


def recordings(folder, scratch):
    here = scratch / "recordings"
    here.mkdir(parents=True)
    document = here / "document.yaml"
    document.write_text(EMPTY_DOCUMENT)
    named = {
        "empty.har": b"",
        "no-entries.har": b'{"log":{"version":"1.2","entries":[]}}',
        "cut-off.har": b'{"log":{"version":"1.2","entries":[{"request":{"method":"GE',
        "deep.har": b'{"log":{"version":"1.2","entries":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}}",
        "aliases.yaml": b"interactions:\n" + b"".join(
            b"- &a%d [%s]\n" % (i, b",".join([b"*a%d" % (i - 1)] * 9) if i else b"1") for i in range(12)),
    }
    for name, content in named.items():
        path = here / name
        path.write_bytes(content)
        yield Row("Recordings", name, ["replay", str(document), str(path)], is_computing=True)
    # One name with a hundred thousand brackets, in a query and in a form.
    form = here / "form.yaml"
    deep = "{name: q, in: query, style: deepObject, schema: {type: object}}"
    form.write_text(EMPTY_DOCUMENT.replace("application/json", "application/x-www-form-urlencoded", 1).replace("operationId: x", f"operationId: x\n      parameters: [{deep}]"))
    brackets = here / "brackets.ndjson"
    brackets.write_text(json.dumps({
        "request": {"method": "POST", "url": "http://a.test/x?q" + "[a]" * 100_000 + "=1", "headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "a" + "[b]" * 100_000 + "=1"},
        "response": {"status": 200},
    }))
    yield Row("Recordings", brackets.name, ["replay", str(form), str(brackets), "--snapshots", "off"], is_computing=True)
    pairs = here / "pairs.ndjson"
    pairs.write_text(json.dumps({
        "request": {"method": "POST", "url": "http://a.test/x", "headers": {"content-type": "application/x-www-form-urlencoded"}, "body": "&".join(f"k{number}={number}" for number in range(500_000))},
        "response": {"status": 200},
    }))
    yield Row("Recordings", pairs.name, ["replay", str(form), str(pairs), "--snapshots", "off"], is_computing=True)
    # 400,000 exchanges of an ordinary recording take some seconds.
    collection = here / "examples.postman.json"
    collection.write_text(postman(response={"code": 200, "header": [{"key": "content-type", "value": "application/json"}], "body": "{}"}, count=400_000))
    yield Row("Recordings", "400,000 examples of Postman", ["replay", str(document), str(collection), "--snapshots", "off"], more=6, is_computing=True)
    repeated = here / "repeated.postman.json"
    repeated.write_text(postman(response={"code": 200}, count=100_000, url="http://a.test/x?{{a}}", value="{{b}}" * 10_000))
    yield Row("Recordings", "a request of variables, repeated", ["replay", str(document), str(repeated), "--snapshots", "off"], is_computing=True)
    for name, make in tables.FILES.items():
        path = here / f"{name}.parquet"
        yield Row("Recordings", path.name, ["replay", str(document), str(path), "--snapshots", "off"], limit=TABLE_LIMITS.get(name, 0), is_computing=True, prepare=lambda path=path, make=make: path.write_bytes(make()))
    objects = here / "objects.ndjson"
    large = here / "one-entry.har.gz"
    yield Row("Recordings", "250 MB of {}", ["replay", str(document), str(objects)], limit=20, is_computing=True, prepare=lambda: write_objects(objects))
    yield Row("Recordings", "one entry of 1.5 GB, gzip", ["replay", str(document), str(large)], limit=20, is_computing=True, prepare=lambda: write_large(large))
    if folder and (folder / "recordings").is_dir():
        yield from injected(folder, here)


def postman(response, count, url="http://a.test/x", value=""):
    """A collection of one item with so many examples, and a variable whose value may have another in it."""
    return json.dumps({
        "info": {"name": "n", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "item": [{"name": "r", "request": {"method": "POST", "url": url}, "response": [response] * count}],
        "variable": [{"key": "a", "value": value}, {"key": "b", "value": "x" * 100}],
    })


def write_objects(path):
    with open(path, "wb") as out:
        for _ in range(50):
            out.write(b"{}\n" * (5 * 1024 * 1024 // 3))


def write_large(path):
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(b'{"log":{"version":"1.2","entries":[{"request":{"method":"GET","url":"http://a.test/x","headers":[]},"response":{"status":200,"headers":[],"content":{"text":"')
        for _ in range(1536):
            out.write(b"a" * (1 << 20))
        out.write(b'"}}}]}}')


def injected(folder, here):
    """Recordings with shell syntax in them: every line that is printed is run with a curl that does nothing."""
    document = here / "shell.yaml"
    document.write_text("openapi: 3.1.0\ninfo: {title: t, version: '1'}\nservers: [{url: 'http://api.test'}]\npaths:\n  /r:\n    get:\n      responses: {200: {description: d, content: {application/json: {schema: {type: object, required: [a], additionalProperties: false, properties: {a: {type: integer, const: 2}}}}}}}\n")
    tools = here / "tools"
    tools.mkdir()
    (tools / "curl").write_text("#!/bin/sh\nexit 0\n")
    (tools / "curl").chmod(0o755)

    def look(place, texts):
        lines = [line[line.index("curl "):] for text in texts for line in text.splitlines() if re.search(r"(^|= |: )curl ", line)]
        for line in lines:
            subprocess.run(["sh", "-c", line], cwd=place, env={"PATH": f"{tools}:/bin:/usr/bin", "TOKEN": "t"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10)
        executed = [path.name for path in place.rglob("*PWNED*")]
        if executed:
            return "a printed line ran " + ", ".join(executed)
        return None if lines else "no curl line was printed"

    for path in sorted((folder / "recordings").iterdir()):
        yield Row("Recordings", path.name, ["replay", str(document), str(path), "--snapshots", "off", "-v"], look=look)


# -- servers

def servers(folder, scratch):
    # Our own server: one mode a row.
    for mode, path in here_server(scratch):
        command = ["check", str(path), "--url", f"{OWN['url']}/{mode}", "--timeout", "1s", "--max-time", "10s", "--cases", "3", "--seed", "1", "--snapshots", "off"]
        yield Row("Servers", f"own: {mode}", command, limit=12, look=neutral)
    if not folder or not (folder / "servers" / "hostile.py").is_file():
        return
    server = folder / "servers" / "hostile.py"
    document = folder / "servers" / "hs.yaml"
    port = free_port()

    def start():
        if not SERVERS:
            command = [sys.executable, str(server), str(port)]
            SERVERS.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            wait_for(port)

    modes = dict.fromkeys(re.findall(r"mode=='(\w+)'", server.read_text()))
    for mode in modes:
        # A first request, one for each other phase and its repetition may each take the whole time limit.
        command = ["check", str(document), "--url", f"http://127.0.0.1:{port}/{mode}", "--timeout", "1s", "--max-time", "10s", "--cases", "3", "--seed", "1", "--snapshots", "off"]
        yield Row("Servers", mode, command, limit=12, prepare=start, look=neutral)
    # The next port answers before it is asked.
    command = ["check", str(document), "--url", f"http://127.0.0.1:{port + 1}", "--timeout", "1s", "--max-time", "10s", "--seed", "1", "--snapshots", "off"]
    yield Row("Servers", "answers before it is asked", command, limit=12, prepare=start, look=neutral)


OWN = {}


def here_server(scratch):
    """Starts the server of `server.py`; its modes, each with its document."""
    import server
    OWN["url"] = server.start()
    found = []
    for mode in server.MODES:
        text = server.DOCUMENTS.get(mode, server.DOCUMENT)
        path = scratch / ("own-server.yaml" if text is server.DOCUMENT else f"own-server-{mode}.yaml")
        path.write_text(text)
        found.append((mode, path))
    return found


# At the start of a line, or behind what we print, a CI system reads these as commands.
COMMANDS = re.compile(r"^\s*(::\w|##\[)|##vso\[|##\[error\]|^::\w", re.M)


def neutral(_, texts):
    for text in texts:
        found = COMMANDS.search(text)
        if found:
            return f"a command for a CI system: {found.group()!r}"
        if re.search("[\x00-\x08\x0b-\x1f\x7f\x9b]", text):
            return "a control character"
    return None


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port):
    # The server compresses its bombs before it listens.
    for _ in range(3600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"the hostile server did not come up at {port}")


def stop_servers():
    for server in SERVERS:
        server.kill()
        server.wait()
