#!/usr/bin/env python3
"""Compares coro with CPython 3.13 on random programs.

    tests/differential/compare_programs.py --python PATH/TO/python3.13 --coro PATH/TO/coro [--seeds FIRST LAST]

Each seed is a program; stdout, stderr (with tracebacks in CPython's form) and the exit code must
be the same. A program for which they are not is reduced and written to the folder --keep.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import programs
from reduce import reduce

# Much, for the machine may have other things to do.
LIMIT_S = 60
# Addresses and coro's own ids.
VARYING = re.compile(r"0x[0-9a-f]+")
# By so many seeds of its hashes CPython must do the same: in a set of an int and a string there may be one
# place in eight for the string to change the order.
HASH_SEEDS = ("1", *map(str, range(20250, 20310)))


class Referee:
    def __init__(self, python, coro, folder):
        self.python, self.coro, self.folder = python, coro, folder
        self.skipped = []  # CPython took too long

    def execute(self, command, path, seed="1"):
        env = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run([*command, path.name], cwd=path.parent, env=env, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return "timeout", "", ""
        tidy = (VARYING.sub("0x", data.decode("utf-8", "replace")) for data in (done.stdout, done.stderr))
        return done.returncode, *tidy

    def by_python(self, path, seed="1"):
        return self.execute([self.python, "-S", "-X", "utf8"], path, seed)

    def by_coro(self, path):
        return self.execute([self.coro, "--traceback=python"], path)

    def written(self, text, name):
        path = self.folder / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        return path

    def difference(self, text, name, sure=True):
        """What CPython and coro do, where that differs and CPython does it each time."""
        path = self.written(text, name)
        theirs = self.by_python(path)
        if theirs[0] == "timeout":
            self.skipped.append(name)
            return None
        ours = self.by_coro(path)
        if theirs == ours:
            return None
        if sure and any(self.by_python(path, seed) != theirs for seed in HASH_SEEDS[1:]):
            return None
        if sure and self.agrees_uncollected(text, name):
            return None
        if sure and "nan" in theirs[1] and self.agrees_without_nan(text, name):
            return None
        return theirs, ours

    def agrees_uncollected(self, text, name):
        """Whether CPython's collector has run by itself, and all is the same without that: then the difference
        is the moment, of which grammar/divergences.md tells."""
        tells = "gc.callbacks.append(lambda phase, info: info['generation'] < 2 and print('collected'))"
        told = self.by_python(self.written(text.replace("import gc\n", f"import gc; {tells}\n", 1), name))
        if "collected" not in told[1]:
            return False
        path = self.written(text.replace("import gc\n", "import gc; gc.disable()\n", 1), name)
        return self.by_python(path) == self.by_coro(path)

    def agrees_without_nan(self, text, name):
        """Whether all is the same where no number is infinite or a NaN: then the difference is that each NaN of
        arithmetic is an object of its own in CPython, of which grammar/divergences.md tells."""
        path = self.written(text.replace("float('inf')", "1e99").replace("float('nan')", "-1e9"), name)
        return self.by_python(path) == self.by_coro(path)

    def reduced(self, text, name):
        kind = self.kind(self.difference(text, name))
        def still(smaller):
            found = self.difference(smaller, name, sure=False) if programs.sound(smaller) else None
            return found is not None and self.kind(found) == kind
        return reduce(text, still)

    @staticmethod
    def kind(found):
        """What must remain while reducing: that it crashes, or which of the outputs differ."""
        if found is None:
            return None
        theirs, ours = found
        if ours[0] == "timeout" or "panicked" in ours[2] or (isinstance(ours[0], int) and ours[0] < 0):
            return "crash"
        return "stdout" if theirs[1] != ours[1] else "end"


def judge(referee, seed):
    try:
        text = programs.program(seed)
        return seed, text, referee.difference(text, f"p{seed}")
    finally:
        (referee.folder / f"p{seed}.py").unlink(missing_ok=True)


def report(referee, seed, text, keep, quick):
    if not quick:
        text = referee.reduced(text, f"p{seed}")
    keep.mkdir(parents=True, exist_ok=True)
    (keep / f"{seed}.py").write_text(text, encoding="utf-8")
    theirs, ours = referee.difference(text, f"p{seed}") or ((0, "", ""), (0, "", ""))
    for name, (code, out, err) in (("cpython", theirs), ("coro", ours)):
        (keep / f"{seed}.{name}").write_text(f"{out}-- stderr\n{err}-- code {code}\n", encoding="utf-8")
    (referee.folder / f"p{seed}.py").unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="a CPython 3.13")
    parser.add_argument("--coro", default="target/release/coro")
    parser.add_argument("--seeds", nargs=2, type=int, default=[0, 100], metavar=("FIRST", "LAST"))
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("target/differences"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--no-reduce", action="store_true")
    parser.add_argument("--stop-after", type=int, default=20, metavar="DIFFERENCES")
    args = parser.parse_args()
    found = count = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        referee = Referee(args.python, str(pathlib.Path(args.coro).resolve()), pathlib.Path(folder))
        first, last = args.seeds
        for start in range(first, last, 50):
            reports = []
            for seed, text, difference in pool.map(lambda s: judge(referee, s), range(start, min(start + 50, last))):
                count += 1
                if difference:
                    found += 1
                    print(f"seed {seed} differs", flush=True)
                    reports.append(pool.submit(report, referee, seed, text, args.keep, args.no_reduce))
            for done in reports:
                done.result()
            if found >= args.stop_after:
                break
    print(f"{count} programs, {found} differences, {len(referee.skipped)} skipped")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
