"""Hostile Parquet files, written by hand: each claims what no writer would.

A function of `FILES` makes the bytes of a file. Thrift's compact protocol is written by `struct`, `text` and the
like; the numbers of fields are those of the format's `parquet.thrift`.
"""
import gzip
import struct as bytes_of
import zlib

MAGIC = b"PAR1"
COLUMNS = ("method", "url", "status", "response_body")
# Kinds of values in the compact protocol.
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
# The format's own numbers.
BYTE_ARRAY, REQUIRED, OPTIONAL, UTF8 = 6, 0, 1, 0
PLAIN, RLE, DELTA_LENGTH, DELTA_BYTES, DICTIONARY = 0, 3, 6, 7, 8
UNCOMPRESSED, SNAPPY, GZIP, ZSTD = 0, 1, 2, 6
MOST = (1 << 31) - 1


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def text(value):
    return varint(len(value)) + value


def listed(kind, count, elements):
    head = bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + varint(count)
    return head + elements


def struct(*fields):
    """Fields as (number, kind, bytes), in order."""
    out, last = bytearray(), 0
    for field, kind, value in fields:
        out += bytes([field - last << 4 | kind]) + value
        last = field
    return bytes(out) + b"\0"


def group(name, children):
    return struct((3, I32, number(REQUIRED)), (4, BINARY, text(name)), (5, I32, number(children)))


def root(children):
    return struct((4, BINARY, text(b"schema")), (5, I32, number(children)))


def column(name, repetition=REQUIRED, kind=BYTE_ARRAY):
    annotated = ((6, I32, number(UTF8)),) if kind == BYTE_ARRAY else ()
    return struct((1, I32, number(kind)), (3, I32, number(repetition)), (4, BINARY, text(name.encode())), *annotated)


def chunk(name, place, size, rows, codec=UNCOMPRESSED, dictionary=None, kind=BYTE_ARRAY):
    fields = [
        (1, I32, number(kind)), (2, LIST, listed(I32, 1, number(PLAIN))), (3, LIST, listed(BINARY, 1, text(name.encode()))),
        (4, I32, number(codec)), (5, I64, number(rows)), (6, I64, number(size)), (7, I64, number(size)), (9, I64, number(place)),
    ]
    if dictionary is not None:
        fields.append((11, I64, number(dictionary)))
    return struct((2, I64, number(place)), (3, STRUCT, struct(*fields)))


def row_group(chunks, rows):
    return struct((1, LIST, listed(STRUCT, len(chunks), b"".join(chunks))), (2, I64, number(100)), (3, I64, number(rows)))


def contents(schema, groups, rows=1, count=None):
    """`schema` and `groups` are lists of structs; `count` is how many row groups are claimed."""
    return struct(
        (1, I32, number(2)), (2, LIST, listed(STRUCT, len(schema), b"".join(schema))), (3, I64, number(rows)),
        (4, LIST, listed(STRUCT, len(groups) if count is None else count, b"".join(groups))),
    )


def file(pages, table):
    return MAGIC + pages + table + bytes_of.pack("<I", len(table)) + MAGIC


def page(body, values, size=None, encoding=PLAIN):
    """A page of data, which may say that it comes to another size."""
    about = struct((1, I32, number(values)), (2, I32, number(encoding)), (3, I32, number(RLE)), (4, I32, number(RLE)))
    return struct((1, I32, number(0)), (2, I32, number(len(body) if size is None else size)), (3, I32, number(len(body))), (5, STRUCT, about)) + body


def dictionary_page(body, values, size=None):
    about = struct((1, I32, number(values)), (2, I32, number(PLAIN)))
    return struct((1, I32, number(2)), (2, I32, number(len(body) if size is None else size)), (3, I32, number(len(body))), (7, STRUCT, about)) + body


def plain(value):
    return bytes_of.pack("<I", len(value)) + value


def runs(count, value, width):
    """`count` times one value, in a run."""
    return varint(count << 1) + value.to_bytes((width + 7) // 8 or 1, "little")


def ordinary(name):
    return {"method": b"POST", "url": b"http://a.test/x", "status": b"200", "response_body": b"{}"}[name]


def table(rows, repetition=REQUIRED, **special):
    """A file of the four columns; `special` has for some a pair of the pages and the codec, or with a dictionary's length a
    third. The others have the same value in each row."""
    pages, chunks = b"", []
    for name in COLUMNS:
        codec, first = UNCOMPRESSED, None
        made = special.get(name)
        if made is None:
            held = dictionary_page(plain(ordinary(name)), 1)
            made = held + page(levels(rows, repetition) + b"\x01" + runs(rows, 0, 1), rows, encoding=DICTIONARY), UNCOMPRESSED, len(held)
        body, codec, *dictionary = made
        place = len(MAGIC) + len(pages)
        if dictionary:
            first = place
        chunks.append(chunk(name, place + (dictionary[0] if dictionary else 0), len(body), rows, codec, first))
        pages += body
    schema = [root(len(COLUMNS)), *(column(name, repetition) for name in COLUMNS)]
    return file(pages, contents(schema, [row_group(chunks, rows)], rows))


def levels(rows, repetition, value=1):
    if repetition == REQUIRED:
        return b""
    run = runs(rows, value, 1)
    return bytes_of.pack("<I", len(run)) + run


def deep_groups():
    schema = [root(1), *(group(b"g", 1) for _ in range(90_000)), column("method")]
    return file(b"", contents(schema, []))


def claimed_columns():
    return file(b"", contents([root(1), group(b"g", MOST), column("method")], []))


def long_names():
    schema = [root(1), group(b"g" * (1 << 20), 10_000), *(column(f"c{number}") for number in range(10_000))]
    return file(b"", contents(schema, []))


def row_groups():
    schema = [root(len(COLUMNS)), *map(column, COLUMNS)]
    return file(b"", contents(schema, [row_group([], 0)] * 1_000_000))


def row_groups_of_none():
    """As many row groups as are read, each without a row."""
    schema = [root(len(COLUMNS)), *map(column, COLUMNS)]
    chunks = [chunk(name, 4, 0, 0) for name in COLUMNS]
    return file(b"", contents(schema, [row_group(chunks, 0)] * 99_000))


def claimed_chunk():
    chunks = [chunk(name, 4, 8 << 30, 1) for name in COLUMNS]
    schema = [root(len(COLUMNS)), *map(column, COLUMNS)]
    return file(b"", contents(schema, [row_group(chunks, 1)]))


def negative_chunk():
    chunks = [chunk(name, -4, -9, 1) for name in COLUMNS]
    schema = [root(len(COLUMNS)), *map(column, COLUMNS)]
    return file(b"", contents(schema, [row_group(chunks, 1)]))


def of_numbers():
    schema = [root(len(COLUMNS)), *(column(name, kind=1) for name in COLUMNS)]
    return file(b"", contents(schema, []))


def claimed_dictionary():
    held = dictionary_page(plain(b"GET"), MOST)
    return table(1, method=(held + page(b"\x01" + runs(1, 0, 1), 1, encoding=DICTIONARY), UNCOMPRESSED, len(held)))


def claimed_page():
    return table(1, response_body=(page(varint(MOST) + b"\x00a" * 20, 1, MOST), SNAPPY))


def gzip_page():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(128)) + packer.flush()
    return table(1, response_body=(page(packed, 1, 100), GZIP))


def gzip_members():
    return table(1, response_body=(page(gzip.compress(b"") * 2_000_000, 1, 100), GZIP))


def zstd_of(length, beginning=b""):
    """A frame of runs, four bytes for each 128 KiB, that says how long it is; a beginning stands before them."""
    whole = length + len(beginning)
    blocks, out = length >> 17, bytearray(b"\x28\xb5\x2f\xfd\xa0" + bytes_of.pack("<I", whole))
    out += bytes_of.pack("<I", len(beginning) << 3)[:3] + beginning
    for _ in range(blocks):
        out += bytes_of.pack("<I", (1 << 17) << 3 | 1 << 1)[:3] + b"a"
    # A last block of nothing.
    return bytes(out) + b"\x01\0\0"


def zstd_page():
    length = (1 << 31) - (1 << 17)
    return table(1, response_body=(page(zstd_of(length), 1, length), ZSTD))


def zstd_pages():
    length = 32 << 20
    return table(1, response_body=(page(zstd_of(length), 0, length) * 10_000, ZSTD))


def dense_end():
    """Many rows without a body, behind them a thousand with one of a megabyte each."""
    rows, length = 990_000, 1 << 20
    empty = levels(rows, OPTIONAL, 0)
    short = page(zstd_of(0, empty), rows, len(empty))
    beginning = levels(1, OPTIONAL) + bytes_of.pack("<I", length)
    long = page(zstd_of(length, beginning), 1, length + len(beginning))
    return table(rows + 1_000, OPTIONAL, response_body=(short + long * 1_000, ZSTD))


def nulls():
    rows = MOST
    empty = page(levels(rows, OPTIONAL, 0), rows), UNCOMPRESSED
    return table(rows, OPTIONAL, **{name: empty for name in COLUMNS})


def constants():
    return table(MOST)


def claimed_lengths():
    deltas = varint(128) + varint(4) + varint(1 << 40) + number(0)
    return table(1, response_body=(page(deltas + b"\0" * 100, 1, encoding=DELTA_LENGTH), UNCOMPRESSED))


def claimed_prefixes():
    one = varint(128) + varint(4) + varint(1) + number(0)
    many = varint(128) + varint(4) + varint(1 << 40) + number(0)
    return table(1, response_body=(page(one + many + b"\0" * 100, 1, encoding=DELTA_BYTES), UNCOMPRESSED))


def one_text():
    """A text of a megabyte in a million rows."""
    value = b'{"a":"' + b"b" * (1 << 20) + b'"}'
    held = dictionary_page(plain(value), 1)
    return table(1_000_000, response_body=(held + page(b"\x01" + runs(1_000_000, 0, 1), 1_000_000, encoding=DICTIONARY), UNCOMPRESSED, len(held)))


def cut_off():
    return table(1)[:-20]


def whole():
    return table(3)


FILES = {
    "whole": whole,
    "cut-off": cut_off,
    "of-numbers": of_numbers,
    "deep-groups": deep_groups,
    "claimed-columns": claimed_columns,
    "long-names": long_names,
    "row-groups": row_groups,
    "row-groups-of-none": row_groups_of_none,
    "claimed-chunk": claimed_chunk,
    "negative-chunk": negative_chunk,
    "claimed-dictionary": claimed_dictionary,
    "claimed-page": claimed_page,
    "gzip-page": gzip_page,
    "gzip-members": gzip_members,
    "zstd-page": zstd_page,
    "zstd-pages": zstd_pages,
    "dense-end": dense_end,
    "nulls": nulls,
    "constants": constants,
    "claimed-lengths": claimed_lengths,
    "claimed-prefixes": claimed_prefixes,
    "one-text": one_text,
}
