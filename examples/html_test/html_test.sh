#!/bin/sh
# Opens the HTML report of the demo's recordings in a headless browser at two widths and takes a picture of each.
# Fails when the page's policy refuses a part of it, or when something is wider than the window.
set -eu

out="${1:-target/html-test}"
browser="${BROWSER:-$(command -v chromium || command -v chromium-browser || true)}"
if [ -z "$browser" ]; then
    echo "no chromium is installed (Debian: apt-get install chromium); BROWSER names another one" >&2
    exit 2
fi
mkdir -p "$out"
set +e
"${CARGO_TARGET_DIR:-target}/debug/oasgate" replay spec/vantage-data-exports.yaml tests/recordings/vantage \
    --snapshots off --quiet --report "html=$out/report.html"
code=$?
set -e
[ "$code" -le 1 ] || exit "$code"

for width in 320 1280; do
    "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="$width,1400" \
        --enable-logging=stderr --v=0 --screenshot="$out/report-$width.png" "file://$(realpath "$out/report.html")" \
        2>"$out/browser-$width.log" >/dev/null
    [ -s "$out/report-$width.png" ] || { echo "no picture at $width px" >&2; exit 1; }
    if grep -i "content security policy\|Uncaught" "$out/browser-$width.log" >&2; then
        echo "the page breaks its own policy, or its script fails" >&2
        exit 1
    fi
    echo "$out/report-$width.png"
done
# The script ran when the filters are shown, and it counts nothing as hidden at first.
"$browser" --headless --no-sandbox --disable-gpu --dump-dom "file://$(realpath "$out/report.html")" 2>/dev/null |
    grep -q '<form id="filters">' || { echo "the script did not run" >&2; exit 1; }
