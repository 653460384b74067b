"""Takes the pictures of the guide: the terminal and the HTML report of the bundled recordings, in a headless chromium."""

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "debug" / "oasgate"
COMMAND = ["replay", "spec/vantage-data-exports.yaml", "tests/recordings/vantage", "--snapshots", "off"]
STYLES = {"1": "font-weight:bold", "31": "color:#e06c75", "32": "color:#98c379", "33": "color:#e5c07b",
          "34": "color:#61afef", "35": "color:#c678dd", "36": "color:#56b6c2"}


def browser():
    named = os.environ.get("BROWSER")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        sys.exit("no chromium is installed (Debian: apt-get install chromium); BROWSER names another one")
    return found


def take(page, picture, width, height):
    subprocess.run(
        [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--window-size={width},{height}", f"--screenshot={picture}", page.resolve().as_uri()],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(picture)


def as_html(text):
    """Text with ANSI colours as a page."""
    parts, is_open = [], False
    for piece in re.split(r"(\x1b\[[0-9;]*m)", text):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if not code:
            parts.append(html.escape(piece))
            continue
        if is_open:
            parts.append("</span>")
        # `38;5;9` is a bright red, and so on for the others of the first sixteen.
        words = re.sub(r"38;5;(?:9|1)\b", "31", code[1])
        words = re.sub(r"38;5;(\d+)", lambda number: str(30 + int(number[1]) % 8), words)
        style = ";".join(STYLES[word] for word in words.split(";") if word in STYLES)
        parts.append(f'<span style="{style}">')
        is_open = True
    body = "".join(parts) + ("</span>" if is_open else "")
    return ('<meta charset="utf-8"><body style="background:#1e2127;color:#d7dae0;margin:16px">'
            f'<pre style="font:14px/1.35 monospace">{body}</pre>')


def main():
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        run = subprocess.run([PROGRAM, *COMMAND, "--color", "always", "--report", f"html={report}"],
                             stdout=subprocess.PIPE, text=True)
        if run.returncode > 1:
            sys.exit(run.returncode)
        lines = run.stdout.splitlines()[:38]
        terminal = Path(folder) / "terminal.html"
        terminal.write_text(as_html("\n".join(["$ oasgate " + " ".join(COMMAND), "", *lines])), encoding="utf-8")
        take(terminal, "docs/terminal.png", 1100, 860)
        take(report, "docs/report.png", 1100, 860)


main()
