#!/bin/sh
# The breach of the example, which exactly one of its tests is to find.
set -eu
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
code=0
cargo test --workspace --features axum-service/breach --test contract >"$log" 2>&1 || code=$?
# A failure is what is wanted, but that one alone: what else goes wrong is shown.
if [ "$code" -eq 0 ] || ! grep -q '8 passed; 1 failed' "$log"; then
    cat "$log"
    echo "exactly one test of the example should fail" >&2
    exit 1
fi
echo "the breach of the example is found, by one of its tests"
