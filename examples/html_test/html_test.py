"""Opens HTML reports in a headless browser and holds what is promised of them.

Three reports: of the demo's recordings, of five thousand findings, and of a service that answers with hostile texts. Each is
opened at 320 and at 1280 pixels; the browser is spoken to over a pipe, so that nothing but Python and a chromium is needed.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else "target/html-test")
PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "debug" / "oasgate"
WIDTHS = (320, 1280)
FINDINGS = 5000
MAX_MS = 1000
MAX_BYTES_BESIDE_DATA = 200 << 10
HOSTILE = [
    "<script>document.title='broken'</script>", "</summary></details><img src=x onerror=\"document.title='broken'\">",
    "\"><svg onload=document.title='broken'>", "</script><iframe src=//evil.example></iframe>",
    "</style><link rel=stylesheet href=//evil.example>", "<!--", "]]>", "&lt;b&gt;", "\u202egnp.exe", "javascript:alert(1)",
]
failures = []


def hold(is_so, what):
    if not is_so:
        failures.append(what)
        print("FAILED:", what)


def replay(document, recordings, report, *options):
    command = [PROGRAM, "replay", document, *recordings, "--snapshots", "off", "--quiet", "--report", f"html={report}", *options]
    code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if code > 1:
        sys.exit(f"the report could not be made: {code}")
    return report


def exchange(path, body, status=200):
    return json.dumps({
        "request": {"method": "GET", "url": f"http://service.test{path}"},
        "response": {"status": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)},
    })


def document(operations):
    return {"openapi": "3.0.3", "info": {"title": "Made for a test", "version": "1"}, "paths": operations}


def operation(schema):
    content = {"application/json": {"schema": schema}}
    return {"get": {"responses": {"200": {"description": "Fine", "content": content}}}}


def made(name, paths, lines):
    spec, recording = OUT / f"{name}.json", OUT / f"{name}.ndjson"
    spec.write_text(json.dumps(document(paths), indent=1), encoding="utf-8")
    recording.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return replay(spec, [recording], OUT / f"{name}.html")


def large():
    """Operations of fifty properties each, every one of which comes with another type than it should."""
    names = [f"property{number}" for number in range(50)]
    paths, lines = {}, []
    for number in range(FINDINGS // len(names)):
        # A schema of its own for each, so that each is a cause of its own: the most that a page has to show.
        own = {f"{name}_{number}": {"type": "integer"} for name in names}
        paths[f"/things{number}"] = operation({"type": "object", "properties": own})
        lines.append(exchange(f"/things{number}", {name: "no integer" for name in own}))
    return made("large", paths, lines)


def hostile():
    schema = {"type": "object", "properties": {text: {"enum": [text]} for text in HOSTILE}}
    paths = {"/things": operation(schema)}
    lines = [exchange("/things", {text: f"{text} came" for text in HOSTILE})]
    lines += [exchange(f"/things?{index}", {}, 418) for index in range(3)]
    return made("hostile", paths, lines)


def aged():
    """Three findings, of which a baseline has two."""
    paths = {f"/things{number}": operation({"type": "integer"}) for number in range(3)}
    spec, recording, baseline = OUT / "aged.json", OUT / "aged.ndjson", OUT / "aged.baseline.json"
    spec.write_text(json.dumps(document(paths)), encoding="utf-8")
    lines = [exchange(path, "no integer") + "\n" for path in paths]
    baseline.unlink(missing_ok=True)
    recording.write_text("".join(lines[:2]), encoding="utf-8")
    replay(spec, [recording], OUT / "aged.html", "--baseline", baseline, "--baseline-update")
    recording.write_text("".join(lines), encoding="utf-8")
    return replay(spec, [recording], OUT / "aged.html", "--baseline", baseline)


class Browser:
    """A chromium that is spoken to over its debugging pipe."""

    def __init__(self):
        named = os.environ.get("BROWSER")
        found = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not found:
            sys.exit("no chromium is installed (Debian: apt-get install chromium); BROWSER names another one")
        to_read, self.write = os.pipe()
        self.read, to_write = os.pipe()

        def pipes():
            os.dup2(to_read, 10)
            os.dup2(to_write, 11)
            os.dup2(10, 3)
            os.dup2(11, 4)

        self.process = subprocess.Popen(
            [found, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             "--disable-background-networking", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number, self.rest, self.told, self.session = 0, b"", [], None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.ask(f"{domain}.enable")

    def message(self):
        while b"\0" not in self.rest:
            came = os.read(self.read, 1 << 20)
            if not came:
                sys.exit("the browser went away")
            self.rest += came
        first, self.rest = self.rest.split(b"\0", 1)
        return json.loads(first)

    def ask(self, method, **parameters):
        self.number += 1
        order = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            order["sessionId"] = self.session
        os.write(self.write, json.dumps(order).encode() + b"\0")
        while True:
            came = self.message()
            if came.get("id") == self.number:
                if "error" in came:
                    raise RuntimeError(f"{method}: {came['error']}")
                return came["result"]
            self.told.append(came)

    def open(self, page, width, height=1400):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.told = []
        self.ask("Page.navigate", url=page.resolve().as_uri())
        while not any(one.get("method") == "Page.loadEventFired" for one in self.told):
            self.told.append(self.message())

    def value(self, script):
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def press(self, key, code, number, text=""):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=number,
                     text=text if kind == "keyDown" else "")

    def complaints(self):
        """What the page's policy refused, what its script threw, and what it asked the network for."""
        found = []
        for one in self.told:
            method, told = one.get("method"), one.get("params", {})
            if method == "Log.entryAdded" and told["entry"]["level"] == "error":
                found.append(told["entry"]["text"])
            if method == "Runtime.exceptionThrown":
                found.append(str(told["exceptionDetails"]))
            if method == "Network.requestWillBeSent" and not told["request"]["url"].startswith("file:"):
                found.append(told["request"]["url"])
        return found

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))
        print(path)

    def close(self):
        self.process.terminate()
        self.process.wait()


def contrast(browser):
    """The least contrast of any text that is shown, by WCAG 2.2."""
    return browser.value("""(() => {
        const of = color => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(v => {
            v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const behind = node => { for (; node; node = node.parentElement) {
            const color = getComputedStyle(node).backgroundColor;
            if (!color.endsWith(', 0)') && color !== 'transparent') return color; } return 'rgb(255, 255, 255)'; };
        let least = [99, ''];
        for (const node of document.querySelectorAll('body *')) {
            const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
            if (!own || !node.getClientRects().length || /SCRIPT|STYLE|BUTTON/.test(node.tagName)) continue;
            const [a, b] = [of(getComputedStyle(node).color), of(behind(node))].sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < least[0]) least = [ratio, node.outerHTML.slice(0, 120)];
        }
        return least; })()""")


def look_at(browser, name, page):
    for width in WIDTHS:
        browser.open(page, width)
        hold(not browser.complaints(), f"{name} at {width}: {browser.complaints()[:3]}")
        widest = browser.value("document.documentElement.scrollWidth")
        hold(widest <= width, f"{name} is {widest} pixels wide at {width}")
        browser.value("document.querySelectorAll('details').forEach((one, at) => { if (at < 60) one.open = true; })")
        widest = browser.value("document.documentElement.scrollWidth")
        hold(widest <= width, f"{name}, opened, is {widest} pixels wide at {width}")
        if name != "large":
            browser.picture(OUT / f"{name}-{width}.png")
    hold(browser.value("!document.getElementById('filters').hidden"), f"{name}: the script did not run")


def look_at_colours(browser, page):
    for scheme in ("light", "dark"):
        browser.ask("Emulation.setEmulatedMedia", media="",
                    features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.open(page, 1280)
        least, where = contrast(browser)
        print(f"{scheme}: the least contrast is {least:.1f}")
        hold(least >= 4.5, f"{scheme}: contrast {least:.2f} at {where}")
    browser.picture(OUT / "dark-1280.png")
    browser.ask("Emulation.setEmulatedMedia", media="print", features=[])
    browser.open(page, 800)
    hidden = browser.value("['form', 'nav'].every(name => getComputedStyle(document.querySelector(name)).display === 'none')")
    hold(hidden, "what a reader of paper cannot use is printed")
    pages = base64.b64decode(browser.ask("Page.printToPDF")["data"])
    hold(pages.startswith(b"%PDF"), "it cannot be printed")
    browser.ask("Emulation.setEmulatedMedia", media="", features=[])


def look_at_keys(browser, page):
    browser.open(page, 1280)
    stops = []
    for _ in range(40):
        browser.press("Tab", "Tab", 9)
        stops.append(browser.value("(e => e.tagName + ' ' + (e.getAttribute('href') || e.id || ''))(document.activeElement)"))
        if stops[-1].startswith("SUMMARY"):
            break
    hold(stops[0] == "A #causes", f"the first stop is {stops[0]}")
    hold(stops[-1].startswith("SUMMARY"), f"no cause is reached by keys: {stops}")
    is_open = "document.activeElement.parentElement.open"
    before = browser.value(is_open)
    browser.press("Enter", "Enter", 13, "\r")
    hold(browser.value(is_open) != before, "a cause is not opened and closed by a key")
    outline = browser.value("getComputedStyle(document.activeElement).outlineStyle")
    hold(outline != "none", "what has the focus is not shown")


def look_without_script(browser, page):
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page, 1280)
    root = browser.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
    count = lambda selector: len(browser.ask("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"])
    hold(count("form[hidden]") == 1, "filters that do nothing are shown")
    hold(count("#causes details[open]") >= 1 and count("#findings details") >= 1, "nothing can be read without a script")
    browser.ask("Emulation.setScriptExecutionDisabled", value=False)


def look_at_large(browser, page):
    size = page.stat().st_size
    # What the page itself takes, whatever else the machine does: the time of the processor, not of the clock.
    browser.ask("Performance.enable", timeDomain="threadTicks")
    spent = lambda: next(one["value"] for one in browser.ask("Performance.getMetrics")["metrics"]
                         if one["name"] == "TaskDuration")
    times = []
    for _ in range(5):
        browser.open(page, 1280)
        times.append(spent() * 1000)
    found = browser.value("document.querySelectorAll('#findings details[id]').length")
    filtered = browser.value("""(() => { const text = document.getElementById('text'), start = performance.now();
        text.value = 'property7_3'; text.dispatchEvent(new Event('input', { bubbles: true }));
        document.body.offsetHeight; return performance.now() - start; })()""")
    print(f"{found} findings, {size >> 10} KiB: open in {min(times):.0f} to {max(times):.0f} ms of a processor, filtered in {filtered:.0f} ms")
    hold(found >= FINDINGS, f"{found} findings")
    hold(min(times) < MAX_MS, f"it takes {min(times):.0f} ms of a processor to open")


def look_at_aged(browser, page):
    browser.open(page, 1280)
    shown = lambda: browser.value("[...document.querySelectorAll('#findings .item')].filter(one => !one.hidden && !one.parentElement.hidden).length")
    tick = lambda value: browser.value(f"document.querySelector('input[value={value}]').click()")
    counts = [shown()]
    for value in ("known", "new", "known"):
        tick(value)
        counts.append(shown())
    hold(counts == [3, 1, 0, 2], f"known and new findings are not told apart: {counts}")


def look_at_hostile(browser, page):
    browser.open(page, 1280)
    foreign = browser.value("""['img', 'iframe', 'svg', 'link', 'object', 'embed', 'base'].filter(
        name => document.querySelector(name))""")
    hold(not foreign, f"hostile text brought {foreign}")
    hold(browser.value("document.scripts.length === 1 && document.querySelectorAll('style').length === 1"),
         "hostile text brought a script or a style")
    hold(browser.value("document.title !== 'broken'"), "hostile text ran")
    attributes = browser.value("""[...document.querySelectorAll('*')].flatMap(one => [...one.attributes])
        .filter(one => /^on/.test(one.name) || (one.name === 'href' && !one.value.startsWith('#'))).map(one => one.name)""")
    hold(not attributes, f"hostile text brought attributes: {attributes}")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    demo = replay("spec/vantage-data-exports.yaml", ["tests/recordings/vantage"], OUT / "report.html")
    many, bad, old = large(), hostile(), aged()
    bare = made("bare", {"/things": operation({})}, [exchange("/things", 1)])
    hold(bare.stat().st_size < MAX_BYTES_BESIDE_DATA, f"{bare.stat().st_size} bytes beside the data")
    print(f"{bare.stat().st_size} bytes beside the data")
    browser = Browser()
    try:
        for name, page in (("report", demo), ("large", many), ("hostile", bad)):
            look_at(browser, name, page)
        look_at_colours(browser, demo)
        look_at_keys(browser, demo)
        look_without_script(browser, demo)
        look_at_large(browser, many)
        look_at_hostile(browser, bad)
        look_at_aged(browser, old)
    finally:
        browser.close()
    sys.exit(1 if failures else 0)


main()
