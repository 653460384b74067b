#!/usr/bin/env python3
"""Writes what fuzzing starts from: seeds.py TARGET FOLDER

The documents, recordings and patterns of tests/, each as a file of its own, and the files of fuzz/seeds/TARGET.
Reads YAML cases by their indentation alone, so that nothing has to be installed.
"""
import gzip
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What is larger teaches a fuzzer nothing that a smaller one does not.
MAX_BYTES = 64 << 10


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    seeds = list(SOURCES.get(target, lambda: [])())
    own = ROOT / "fuzz" / "seeds" / target
    seeds += [path.read_bytes() for path in sorted(own.iterdir())] if own.is_dir() else []
    for number, seed in enumerate(seed for seed in seeds if len(seed) <= MAX_BYTES):
        (folder / f"seed-{number:04}").write_bytes(seed)


def files(*places):
    for place in places:
        for path in sorted((ROOT / place).rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                yield gzip.decompress(content) if path.suffix == ".gz" else content


def blocks(place, key):
    """The block texts (`key: |`) of the cases below a folder."""
    for path in sorted((ROOT / place).rglob("*.yaml")):
        lines = path.read_text().splitlines()
        for at, line in enumerate(lines):
            if not re.fullmatch(rf"[ -]*{key}: \|[-+]?", line):
                continue
            rest = lines[at + 1:]
            indent = len(rest[0]) - len(rest[0].lstrip()) if rest else 0
            block = []
            for one in rest:
                if one.strip() and len(one) - len(one.lstrip()) < indent:
                    break
                block.append(one[indent:])
            yield "\n".join(block).encode()


def documents():
    yield from files("spec", "tests/specs")
    yield from blocks("tests/cases", "document")
    yield from blocks("tests/cases/lint", "text")


def recordings():
    yield from files("tests/recordings")
    yield from blocks("tests/cases/recording", "text")


def patterns():
    for path in sorted((ROOT / "tests/cases").rglob("*.yaml")):
        for quoted in re.findall(r"pattern: '((?:[^']|'')*)'", path.read_text()):
            yield quoted.replace("''", "'").encode()


SOURCES = {"document": documents, "recording": recordings, "pattern": patterns}

if __name__ == "__main__":
    main()
