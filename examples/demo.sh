#!/bin/sh
# Runs the gate on the Vantage contract: derived schemas, a live check against a stand-in service that
# commits two faults, a replay of bundled recordings, snapshots compared. Stops what it started.
set -eu

target="${CARGO_TARGET_DIR:-target}/debug"
log="$(mktemp)"
VANTAGE_TOKEN=demo-token
export VANTAGE_TOKEN

"$target/examples/vantage_service" --port 0 --fault errors-text --fault attributes-grow >"$log" &
service=$!

# Whoever reads along may go away in the middle, as `head` does.
stop() {
    trap - EXIT
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    rm -f "$log"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

page="${CARGO_TARGET_DIR:-target}/demo.html"
url=""
for _ in 1 2 3 4 5 6 7 8 9 10; do
    url="$(sed -n 's/^listening on //p' "$log")"
    [ -n "$url" ] && break
    sleep 0.2
done
if [ -z "$url" ]; then
    echo "the stand-in service did not start" >&2
    exit 2
fi

# The gate finds breaches here on purpose: exit code 1 is what the demo is to show.
gate() {
    echo
    echo "\$ oasgate $*"
    echo
    set +e
    "$target/oasgate" "$@"
    code=$?
    set -e
    if [ "$code" -gt 1 ]; then
        exit "$code"
    fi
}

echo "A stand-in for the data-export API listens on $url. It commits two faults: its errors are"
echo "one text in place of a list, and the open object \`attributes\` has a property that nobody accepted."

gate schema spec/vantage-data-exports.yaml DataExportManifest

gate check spec/vantage-data-exports.yaml --url "$url" --snapshots check
gate replay spec/vantage-data-exports.yaml tests/recordings/vantage --snapshots check --report "html=$page"

echo "The page for people is $page"

echo
echo "Both runs end with exit code 1: the contract does not hold. What a finding means:"
echo "  oasgate explain undeclared-status"
