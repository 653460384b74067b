"""A service that answers with what no service should: the first segment of the path names how.

To add one, add a function to `MODES`: it is given the connection, whose request was read, and the head of the request.
"""
import socket
import struct
import threading
import time

DOCUMENT = """openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /r:
    get:
      operationId: r
      responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/R'}}}}}
    post:
      operationId: p
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/R'}}}}
      responses:
        '201': {description: d, headers: {Location: {schema: {type: string, format: uri-reference}}}, content: {application/json: {schema: {$ref: '#/components/schemas/R'}}}}
        '202': {description: d}
components:
  schemas:
    R: {type: object, properties: {a: {type: string}, n: {type: number, multipleOf: 0.01}, l: {type: array, uniqueItems: true}, R: {$ref: '#/components/schemas/R'}}}
"""


def patterned(pattern):
    """The same with a pattern of a text, and of names."""
    schema = "{type: object, properties: {a: {type: string, pattern: '%s'}, l: {type: array, items: {type: string, pattern: '%s'}}}, patternProperties: {'%s': {type: string}}}"
    return DOCUMENT.replace("$ref: '#/components/schemas/R'}}}}}", "$ref: '#/components/schemas/P'}}}}}", 1) + "    P: " + schema % (pattern, pattern, pattern) + "\n"


def answer(body, status="200 OK", more="", kind="application/json"):
    body = body if isinstance(body, bytes) else body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def sent(text):
    return lambda connection, head: connection.sendall(text() if callable(text) else text)


def reset(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\":")
    # Closed with a reset instead of an end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(parts):
    def dripped(connection, _):
        for part in parts():
            connection.sendall(part)
            time.sleep(0.05)
    return dripped


def unasked(connection, _):
    connection.sendall(answer('{"a":"c"}') + answer('{"n":1}', "500 Oops", "X-Unasked: yes\r\n") * 3)


def chunked(*chunks):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


COMMANDS = "::error::pwned%0A::set-output name=x::y\\n##[error]pwned\\n##vso[task.setvariable variable=P]1\\n##teamcity[buildStatus status='FAILURE']\\nsection_start:1:x"

MODES = {
    "headers100000": sent(lambda: answer("{}", more="".join(f"X-{number}: a\r\n" for number in range(100_000)))),
    "interim10000": sent(lambda: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 10_000 + answer("{}")),
    "deep": sent(lambda: answer("[" * 1_000_000)),
    "deepobject": sent(lambda: answer('{"R":' * 200_000 + "{}" + "}" * 200_000)),
    "twice": sent(lambda: answer("{" + '"a":"c",' * 500_000 + '"a":1}')),
    "exponent": sent(answer('{"n":1e400000}')),
    "exponents": sent(lambda: answer('{"l":[' + "1e999999999," * 50_000 + "1]}")),
    "digits": sent(lambda: answer('{"n":' + "9" * 3_000_000 + "}")),
    "alike": sent(lambda: answer('{"l":[' + ",".join('{"a":[%d]}' % (number % 60_000) for number in range(120_000)) + "]}")),
    "longtext": sent(lambda: answer('{"a":"' + "ab" * 1_000_000 + '"}')),
    "longtexts": sent(lambda: answer('{"l":[' + ",".join(['"' + "ab" * 2_000 + '"'] * 500) + "]}")),
    "longname": sent(lambda: answer('{"' + "ab" * 1_000_000 + '":1}')),
    "lookahead": sent(lambda: answer('{"a":"' + "a" * 1_000_000 + '"}')),
    "lookaheadnames": sent(lambda: answer("{" + ",".join('"%s%d":1' % ("a" * 200, number) for number in range(20_000)) + "}")),
    "references": sent(lambda: answer('{"l":[' + ",".join(['"' + "a" * 40 + 'b"'] * 20_000) + "]}")),
    "surrogates": sent(lambda: answer('{"a":"' + "\\ud800" * 100_000 + '"}')),
    "notutf8": sent(answer(b'{"a":"\xff\xfe\xc0\x80"}')),
    "nul": sent(answer(b'{"a":"\x00"}')),
    "commands": sent(answer('{"a":"%s","%s":1}' % (COMMANDS, COMMANDS), "500 ::error::pwned", "X-A: ##vso[task.complete result=Succeeded;]\r\n")),
    "location": sent(answer("{}", "201 Created", "Location: http://[::1:]:99999999/%zz\\..\\..//\t?#%%\r\nLink: <<>>;;rel==next,,<\r\n")),
    "location1e6": sent(lambda: answer("{}", "201 Created", "Location: /" + "a/" * 30_000 + "\r\n")),
    "elsewhere": sent(answer("{}", "201 Created", "Location: http://169.254.169.254/latest/meta-data\r\n")),
    "redirect": sent(answer("", "302 Found", "Location: /redirect/r\r\n")),
    "retrylater": sent(answer("{}", "429 Too Many Requests", "Retry-After: 1000000000000\r\n")),
    "retrynever": sent(answer("{}", "503 Unavailable", "Retry-After: -1\r\nRetry-After: 1e99\r\nRetry-After: Thu, 99 Foo 99999 99:99:99 GMT\r\n")),
    "cookies": sent(lambda: answer("{}", more="".join(f"Set-Cookie: c{number}=x; Domain=.com; Path=/; Max-Age=99999999999999\r\n" for number in range(5_000)))),
    "pending": sent(answer("{}", "202 Accepted", "Location: /pending/r\r\nRetry-After: 0\r\n")),
    "chunkhuge": sent(chunked(b"ffffffffffffffff\r\n{}")),
    "chunkwrong": sent(chunked(b"zz\r\n{}\r\n0\r\n\r\n")),
    "chunkshort": sent(chunked(b"1\r\n{}\r\n0\r\n\r\n")),
    "chunknegative": sent(chunked(b"-2\r\n{}\r\n0\r\n\r\n")),
    "longer": sent(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{}{}{}{}"),
    "shorter": sent(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000000000\r\n\r\n{}"),
    "reset": reset,
    "unasked": unasked,
    "drippedhead": drip(lambda: [bytes([byte]) for byte in answer("{}", more="X-A: " + "a" * 10_000 + "\r\n")]),
    "drippedbody": drip(lambda: [answer("{" + " " * 10_000 + "}")[:100]] + [b" "] * 10_000),
    "events": sent(lambda: answer("data: {}\n\n" * 200_000, kind="text/event-stream")),
    "parts": sent(lambda: answer("--b\r\n\r\nx\r\n" * 100_000 + "--b--", kind="multipart/mixed; boundary=b")),
}

# The documents of modes that are about patterns.
COUNTED = patterned("[ab]{3000}[cd]")
LOOKING = patterned("(?=.*[0-9])x")
DOCUMENTS = {
    "longtext": COUNTED,
    "longtexts": COUNTED,
    "longname": COUNTED,
    "lookahead": LOOKING,
    "lookaheadnames": LOOKING,
    "references": patterned(r"^(a|aa)+\1$"),
}


def start():
    """Listens at a free port of this machine; the URL."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=accept, args=[listener], daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=[connection], daemon=True).start()


def serve(connection):
    with connection:
        try:
            connection.settimeout(30)
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(65536)
                if not more:
                    return
                head += more
            mode = head.split(b" ")[1].decode("latin1").lstrip("/").split("/")[0]
            MODES[mode](connection, head)
        except (OSError, KeyError, IndexError):
            pass
