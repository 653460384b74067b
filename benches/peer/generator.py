"""Draws values of a schema with Schemathesis' own generator: values and seconds on one line.

python generator.py SCHEMA.json SECONDS
"""

import json
import sys
import time
import warnings

import jsonschema_rs
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation.jsonschema.builder import build

warnings.simplefilter("ignore")

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
limit = float(sys.argv[2])

strategy = build(schema, draft=jsonschema_rs.Draft202012, formats={})
count = 0
started = time.perf_counter()
while time.perf_counter() - started < limit:

    @settings(
        max_examples=200,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(_value):
        global count
        count += 1

    draw()
print(count, time.perf_counter() - started)
