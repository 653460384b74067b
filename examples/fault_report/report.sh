#!/bin/sh
# Prints which faults of the stand-in services are found, and after how many requests: by oasgate, and by
# Schemathesis where it can be installed, which goes into an environment that is thrown away.
set -eu

target="${CARGO_TARGET_DIR:-target}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT INT TERM

echo "Every fault from ten seeds ..." >&2
FAULT_REPORT="$folder/ours.json" cargo test --quiet --test it faults::report -- --ignored >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; exit 1; }

schemathesis="${SCHEMATHESIS:-}"
if [ -z "$schemathesis" ]; then
    echo "Installing Schemathesis ..." >&2
    if python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet schemathesis >&2; then
        schemathesis="$folder/venv/bin/schemathesis"
    else
        echo "Schemathesis cannot be installed here; what follows is of oasgate alone." >&2
    fi
fi
[ -d "$target/debug/examples" ] || exit 2
python3 examples/fault_report/report.py "$folder/ours.json" ${schemathesis:+"$schemathesis"}
