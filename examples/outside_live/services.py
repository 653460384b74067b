"""The services: how each is installed, started and asked, and nothing about what is found on it."""

import json
import os
import pathlib
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

from install import Debian, Npm, Pip


@dataclass(frozen=True)
class Place:
    """Where one start of a service lives: its programs, a folder of its own that is empty, and its port."""

    programs: pathlib.Path
    folder: pathlib.Path
    port: int

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Credential:
    """`token` is what oasgate is given, `header` what Schemathesis sends."""

    token: str
    header: tuple[str, str]
    basic: bool = False


@dataclass(frozen=True)
class Command:
    arguments: list
    environment: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """A service that starts without data in an empty folder: a new folder is its reset."""

    name: str
    source: Pip | Npm | Debian
    start: Callable[[Place], Command]
    # Answers, with whatever status, when the service is up.
    ready: str
    # Where the service serves its own OpenAPI document.
    document: str
    # What the paths of the document are below.
    base: str = ""
    credential: Callable[[Place], Credential] | None = None
    # Requests (method, path, body) that are sent once after each start.
    prepare: tuple[tuple[str, str, str], ...] = ()


def start_kinto(place):
    settings = place.folder / "kinto.ini"
    subprocess.run(
        [place.programs / "kinto", "init", "--ini", settings, "--backend", "memory", "--cache-backend", "memory",
         "--host", "127.0.0.1"],
        check=True, capture_output=True,
    )
    text = settings.read_text().replace("%(http_port)s", str(place.port))
    settings.write_text(
        text.replace("use = egg:kinto\n", "use = egg:kinto\nkinto.experimental_permissions_endpoint = true\n", 1)
    )
    return Command([place.programs / "kinto", "start", "--ini", settings, "--port", str(place.port)])


def start_powerdns(place):
    database = place.folder / "pdns.sqlite"
    with sqlite3.connect(database) as connection:
        connection.executescript(
            pathlib.Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql").read_text()
        )
    # The DNS port is not asked for anything: the next one will do.
    settings = {
        "launch": "gsqlite3", "gsqlite3-database": database, "local-address": "127.0.0.1",
        "local-port": place.port + 1, "webserver": "yes", "webserver-address": "127.0.0.1",
        "webserver-port": place.port, "webserver-allow-from": "127.0.0.0/8", "api": "yes",
        "api-key": "secretkey", "socket-dir": place.folder, "security-poll-suffix": "",
    }
    (place.folder / "pdns.conf").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return Command(
        ["pdns_server", f"--config-dir={place.folder}", "--guardian=no", "--daemon=no", "--disable-syslog",
         "--write-pid=no"],
        {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"},
    )


def start_restate(place):
    return Command(
        [place.programs / "restate-server", "--no-logo", "--base-dir", place.folder / "data", "--node-name", "one",
         "--default-num-partitions", "2"],
        {
            "RESTATE_LISTEN_MODE": "tcp", "RESTATE_BIND_IP": "127.0.0.1", "RESTATE_ADMIN__BIND_PORT": str(place.port),
            "RESTATE_INGRESS__BIND_PORT": str(place.port + 1), "RESTATE_BIND_PORT": str(place.port + 2),
            "RESTATE_DISABLE_TELEMETRY": "true", "RESTATE_LOG_FILTER": "warn",
        },
    )


PHOENIX_SECRET = "abcdefghijklmnopqrstuvwxyz0123456789"


def start_phoenix(place):
    return Command(
        [place.programs / "phoenix", "serve"],
        {
            "PHOENIX_HOST": "127.0.0.1", "PHOENIX_PORT": str(place.port), "PHOENIX_GRPC_PORT": str(place.port + 1),
            "PHOENIX_WORKING_DIR": str(place.folder), "PHOENIX_TELEMETRY_ENABLED": "false",
            "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false", "PHOENIX_ENABLE_AUTH": "true",
            "PHOENIX_SECRET": f"{PHOENIX_SECRET}ABC", "PHOENIX_ADMIN_SECRET": f"{PHOENIX_SECRET}XYZ",
        },
    )


def start_changedetection(place):
    return Command(
        [place.programs / "changedetection.io", "-C", "-d", place.folder, "-h", "127.0.0.1", "-p", str(place.port)],
        {"DISABLE_VERSION_CHECK": "true", "FETCH_WORKERS": "1", "LOGGER_LEVEL": "WARNING"},
    )


def changedetection_key(place):
    settings = json.loads((place.folder / "changedetection.json").read_text())["settings"]
    key = settings["application"]["api_access_token"]
    return Credential(key, ("x-api-key", key))


JUPYTER_TOKEN = "abcdefghijklmnop"


def start_jupyter(place):
    (place.folder / "root").mkdir()
    return Command(
        [place.programs / "jupyter-server", "--allow-root", "--no-browser", "--ServerApp.ip=127.0.0.1",
         f"--ServerApp.port={place.port}", f"--IdentityProvider.token={JUPYTER_TOKEN}",
         f"--ServerApp.root_dir={place.folder / 'root'}"],
        {"JUPYTER_RUNTIME_DIR": str(place.folder), "JUPYTER_CONFIG_DIR": str(place.folder / "config"),
         "JUPYTER_DATA_DIR": str(place.folder / "data")},
    )


def start_prefect(place):
    return Command(
        [place.programs / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(place.port), "--no-ui"],
        {"PREFECT_HOME": str(place.folder), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"},
    )


def start_wiremock(place):
    return Command(
        [place.programs / "wiremock", "--port", str(place.port), "--root-dir", place.folder, "--bind-address",
         "127.0.0.1"],
    )


SERVICES = [
    Service(
        name="kinto",
        source=Pip("kinto"),
        start=start_kinto,
        ready="/v1/",
        document="/v1/__api__",
        base="/v1",
        prepare=(("PUT", "/v1/accounts/admin", '{"data": {"password": "s3cr3t"}}'),),
        credential=lambda _: Credential(
            "admin:s3cr3t", ("Authorization", "Basic YWRtaW46czNjcjN0"), basic=True
        ),
    ),
    Service(
        name="httpbin",
        source=Pip("httpbin", "[mainapp]"),
        start=lambda place: Command(
            [place.programs / "flask", "--app", "httpbin:app", "run", "--port", str(place.port)]
        ),
        ready="/get",
        document="/spec.json",
    ),
    Service(
        name="powerdns",
        source=Debian("pdns_server", "pdns-server", "pdns-backend-sqlite3"),
        start=start_powerdns,
        ready="/api",
        document="/api/docs",
        base="/api/v1",
        credential=lambda _: Credential("secretkey", ("X-API-Key", "secretkey")),
    ),
    Service(
        name="restate",
        source=Npm("@restatedev/restate-server"),
        start=start_restate,
        ready="/health",
        document="/openapi",
    ),
    Service(
        name="changedetection",
        source=Pip("changedetection.io"),
        start=start_changedetection,
        ready="/api/v1/systeminfo",
        document="/api/v1/full-spec",
        base="/api/v1",
        credential=changedetection_key,
    ),
    Service(
        name="phoenix",
        source=Pip("arize-phoenix"),
        start=start_phoenix,
        ready="/healthz",
        document="/openapi.json",
        credential=lambda _: Credential(
            f"{PHOENIX_SECRET}XYZ", ("Authorization", f"Bearer {PHOENIX_SECRET}XYZ")
        ),
    ),
    Service(
        name="jupyter",
        source=Pip("jupyter-server", "[test]"),
        start=start_jupyter,
        ready="/api",
        document="/api/spec.yaml",
        credential=lambda _: Credential(JUPYTER_TOKEN, ("Authorization", f"token {JUPYTER_TOKEN}")),
    ),
    Service(
        name="prefect",
        source=Pip("prefect"),
        start=start_prefect,
        ready="/api/health",
        document="/openapi.json",
        base="/api",
    ),
    Service(
        name="wiremock",
        source=Npm("wiremock"),
        start=start_wiremock,
        ready="/__admin/health",
        document="/__admin/docs/swagger",
    ),
]
