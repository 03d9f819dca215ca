#!/usr/bin/env python3
"""Drives the page of `coro timeline` in a headless Chromium: steps forward and back, by keys, slider,
buttons and clicks, on a desk and on a phone, in light and dark, and looks at what is to be seen.

    tests/page/drive.py target/release/coro [--keep FOLDER]

Needs Chromium (or Chrome) and Python's standard library. With --keep the pages and a screenshot of
each stay in the folder.
"""

import argparse
import http.server
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).parent
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
FLAGS = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]
PATIENCE = 180

# At the first step, from the last one on, whose words contain the text: what is to be seen where.
MOMENTS = [
    {"words": "starts → squares", "seen": {"where": "t=0.00"}},
    {"words": "squares:8 → yields 0", "seen": {"now": "x = yield x * x", "running": "generator squares"}},
    {"words": "send(7)", "seen": {"running": "x"}},
    {"words": "prints '49'", "seen": {"output": "49", "suspended": "generator squares: suspended"}},
    {"words": "makes task b", "seen": {"ready": "a"}},
    {"words": "a: worker:12 begins", "seen": {"now": "async with lock"}},
    {"words": "waits for asyncio.sleep(1) until 1.00", "seen": {"timers": "t=1  a"}},
    {"words": "waits for lock", "seen": {"shared": "lock 'lock' is held", "suspended": "task a: waits until"}},
    {"words": "chunk 2 begins", "seen": {"where": "t=1.00"}},
    {"words": "prints 'b has the lock'", "seen": {"output": "a has the lock\nb has the lock"}},
    {"words": "</script> is only text", "seen": {"output": "</script> is only text"}},
]

LIGHT, DARK = [], ["--blink-settings=preferredColorScheme=0"]
CASES = [
    ("a desk", "two_tasks", "1280,900", LIGHT, {"dark": False, "steps": True, "moments": MOMENTS}),
    ("a phone", "two_tasks", "390,844", LIGHT, {"dark": False, "steps": True, "moments": MOMENTS}),
    ("in the dark", "two_tasks", "1280,900", DARK, {"dark": True, "moments": MOMENTS[:3]}),
    ("many events", "many_events", "1280,900", LIGHT, {"dark": False, "many": 10_000, "moments": []}),
]


def browser():
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit("drive.py: no Chromium found; CHROMIUM can name one")
    return found


def page_of(coro, program):
    run = subprocess.run(
        [coro, "timeline", "-o", "-", f"{program}.coro"],
        cwd=HERE, capture_output=True, text=True, timeout=PATIENCE,
    )
    if run.returncode:
        sys.exit(f"drive.py: coro timeline failed:\n{run.stderr}")
    return run.stdout


def probed(page, expected):
    """The page with the probe in it."""
    probe = (HERE / "probe.js").read_text()
    told = json.dumps(expected).replace("<", "\\u003c")
    head, tail = page.rsplit("</body>", 1)
    return f"{head}<script>const expected = {told};\n{probe}</script></body>{tail}"


class Desk(http.server.BaseHTTPRequestHandler):
    """Gives out one page, and takes what its probe has found."""

    def do_GET(self):
        found = self.path == "/page"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        if found:
            self.wfile.write(self.server.page)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.server.results.put(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def flags(size, more, profile):
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [*FLAGS, *root, *more, f"--window-size={size}", f"--user-data-dir={profile}"]


def visit(chromium, page, size, more, profile):
    """What the probe has found."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    server.page = page.encode()
    server.results = queue.Queue()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/page"
    command = [chromium, *flags(size, more, profile), "--remote-debugging-port=0", address]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return server.results.get(timeout=PATIENCE)
    except queue.Empty:
        return {"failures": [f"the page has told nothing within {PATIENCE} s"]}
    finally:
        run.terminate()
        run.wait()
        server.shutdown()


def draw(chromium, page, size, more, profile, picture):
    """A screenshot of a page as it is at first."""
    file = picture.with_suffix(".html")
    file.write_text(page)
    command = [chromium, *flags(size, more, profile), f"--screenshot={picture}", file.as_uri()]
    subprocess.run(command, capture_output=True, timeout=PATIENCE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("coro", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    coro = options.coro.resolve()
    chromium = browser()
    bad = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        for i, (name, program, size, more, expected) in enumerate(CASES):
            page = page_of(coro, program)
            result = visit(chromium, probed(page, expected), size, more, f"{scratch}/{i}")
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                picture = options.keep.resolve() / f"{name.replace(' ', '_')}.png"
                draw(chromium, page, size, more, f"{scratch}/picture{i}", picture)
            failures = result.pop("failures")
            bad += len(failures)
            print(f"{name}: {'failed' if failures else 'ok'} {json.dumps(result)}")
            for failure in failures[:20]:
                print(f"    {failure}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
