#!/usr/bin/env python3
"""Record what CPython 3.13 does with the programs of examples/ and tests/conformance/.

    tests/record.py --python PATH/TO/python3.13 [--check] [FILE or FOLDER ...]

For each NAME.coro this writes beside it

    NAME.out      stdout, byte for byte; or, where one of the first lines of the program
                  says "# output: pattern",
    NAME.pattern  stdout with <time>, <address> and <path> where those stand
    NAME.code     the exit code, where it is not 0
    NAME.err      the last line of stderr, where the exit code is not 0 or the program says
                  "# stderr: compared", unless it says "# stderr: not compared"
    NAME.stderr   warnings, one per line, that must occur somewhere on stderr (examples only)

Each program runs twice; one whose runs differ is reported and not recorded.
With --check nothing is written: the recorded files are compared. `cargo test` needs neither
this script nor CPython.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent
EXAMPLES = TESTS.parent / "examples"
LIMIT_S = 30

# What the examples use of the codetiming package.
CODETIMING = '''
import time

class Timer:
    def __init__(self, name=None, text="Elapsed time: {:0.4f} seconds", logger=print):
        self.name, self.text, self.logger, self.started = name, text, logger, None

    def start(self):
        self.started = time.perf_counter()

    def stop(self):
        elapsed = time.perf_counter() - self.started
        self.started = None
        self.logger(self.text.format(elapsed))
        return elapsed

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()
'''

# Placeholders, and what the test matches them with; the same table is in tests/it/examples.rs.
VARYING = [
    ("<address>", r"0x[0-9a-f]+"),
    ("<path>", r"(?<= at )\S+(?=:\d+>)"),
    ("<time>", r"\b\d+:\d\d:\d\d\b|\b\d+\.\d+(?:e-\d+)?\b"),
]


def programs(paths):
    for path in paths or [EXAMPLES, TESTS / "conformance"]:
        path = pathlib.Path(path)
        yield from sorted(path.rglob("*.coro")) if path.is_dir() else [path]


def execute(python, path, helpers, seed):
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    env.update(PYTHONHASHSEED=str(seed), PYTHONUTF8="1", NO_COLOR="1",
               PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=helpers)
    done = subprocess.run([python, path.name], cwd=path.parent, env=env, timeout=LIMIT_S,
                          stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def as_pattern(out):
    text = out.decode()
    for placeholder, regex in VARYING:
        text = re.sub(regex, placeholder, text)
    return text.encode()


def warnings(stderr):
    found = re.findall(r"\b\w*Warning: .*", stderr)
    return "".join(f"{line}\n" for line in found if "tracemalloc" not in line)


def results(python, path, helpers, seed):
    """The files that ought to stand beside a program: suffix -> content."""
    head = path.read_text(encoding="utf-8").splitlines()[:5]
    code, out, stderr = execute(python, path, helpers, seed)
    last = [line for line in stderr.splitlines() if line.strip()][-1:]
    files = dict.fromkeys([".out", ".pattern", ".code", ".err", ".stderr"])
    files[".pattern" if "# output: pattern" in head else ".out"] = out
    if ".pattern" in files and files[".pattern"] is not None:
        files[".pattern"] = as_pattern(out)
    if code:
        files[".code"] = f"{code}\n".encode()
    compared = "# stderr: compared" in head or (code and last)
    if compared and "# stderr: not compared" not in head:
        files[".err"] = "".join(f"{line}\n" for line in last or [""]).encode()
    if path.parent == EXAMPLES and warnings(stderr):
        files[".stderr"] = warnings(stderr).encode()
    return files


def store(path, suffix, data, check):
    """Writes or compares one file; the complaint, if any."""
    target = path.with_suffix(suffix)
    old = target.read_bytes() if target.exists() else None
    if old == data:
        return None
    if check:
        return f"{suffix} differs from the record"
    if data is None:
        target.unlink()
    else:
        target.write_bytes(data)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="a CPython 3.13")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("paths", nargs="*", metavar="FILE or FOLDER")
    args = parser.parse_args()
    ask = [args.python, "-c", "import sys; print(*sys.version_info[:2])"]
    if subprocess.run(ask, capture_output=True, text=True).stdout.split() != ["3", "13"]:
        sys.exit("record.py: --python must be a CPython 3.13")
    complaints = count = 0
    with tempfile.TemporaryDirectory() as helpers:
        (pathlib.Path(helpers) / "codetiming.py").write_text(CODETIMING)
        for path in programs(args.paths):
            count += 1
            path = path.resolve()
            first, second = (results(args.python, path, helpers, seed) for seed in (1, 20250))
            notes = ["two runs differ"] if first != second else [
                note for suffix, data in first.items() if (note := store(path, suffix, data, args.check))]
            for note in notes:
                complaints += 1
                print(f"{path}: {note}")
    print(f"{count} programs, {complaints} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
