#!/usr/bin/env python3
"""How fast is coro beside CPython and the other runtimes found here?

    benches/compare.py [--coro PATH] [--python PATH] [--rounds N] [NAME or glob ...]

Runs each program of benches/workloads once per runtime, then all of them again, and keeps the
smallest user + system time of each. A ratio is CPython's time divided by the runtime's: 2.00
means twice as fast. The start-up time of each runtime (startup_empty) is subtracted on both
sides. All runtimes must print the same; a program that fails or runs past 60 s has no ratio.
Build first: `cargo build --release`. Needs only the standard library.
"""

import argparse
import fnmatch
import math
import os
import pathlib
import resource
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 60
# Runtimes that run the workloads as they are.
OTHERS = {"pypy3": [], "rustpython": [], "micropython": ["-X", "heapsize=64m"]}


def runtimes(args):
    """Name -> command, the baseline first."""
    found = {"cpython": [args.python], "coro": [args.coro, "run"]}
    found |= {name: [name, *options] for name, options in OTHERS.items() if shutil.which(name)}
    for name, command in found.items():
        if not shutil.which(command[0]):
            sys.exit(f"compare.py: no {name} at {command[0]}")
    return found


def execute(command, path):
    """Seconds of processor time and the output; None where the program fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run([*command, str(path)], capture_output=True, timeout=LIMIT_S,
                              env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    except subprocess.TimeoutExpired:
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        return None
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.stdout


def measure(commands, paths, rounds):
    """(runtime, workload) -> smallest time; programs that fail once are not tried again."""
    best, failed = {}, set()
    for turn in range(rounds):
        for path in paths:
            outputs = set()
            for name, command in commands.items():
                key = name, path.stem
                result = None if key in failed else execute(command, path)
                if result is None:
                    failed.add(key)
                    continue
                best[key] = min(result[0], best.get(key, math.inf))
                outputs.add(result[1])
            if len(outputs) > 1:
                print(f"compare.py: {path.stem}: the outputs differ", file=sys.stderr)
        print(f"round {turn + 1} of {rounds} done", file=sys.stderr)
    return {key: seconds for key, seconds in best.items() if key not in failed}


def ratio(times, name, workload):
    """CPython's time divided by that of a runtime, both without start-up."""
    def net(runtime):
        start = 0 if workload.startswith("startup") else times.get((runtime, "startup_empty"), 0)
        seconds = times.get((runtime, workload))
        return None if seconds is None else max(seconds - start, 0.001)
    ours, base = net(name), net("cpython")
    return base / ours if ours and base else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coro", default=str(HERE.parent / "target/release/coro"))
    parser.add_argument("--python", default="python3.13", help="the CPython to compare with")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads, or globs (default: all)")
    args = parser.parse_args()
    commands = runtimes(args)
    chosen = [p for p in sorted((HERE / "workloads").glob("*.coro"))
              if p.stem == "startup_empty" or not args.names
              or any(fnmatch.fnmatch(p.stem, name) for name in args.names)]
    times = measure(commands, chosen, args.rounds)
    others = [name for name in commands if name != "cpython"]
    print(f"{'workload':<22}{'cpython s':>10}" + "".join(f"{name:>13}" for name in others))
    logs = {name: [] for name in others}
    for path in chosen:
        row = f"{path.stem:<22}{times.get(('cpython', path.stem), math.nan):>10.3f}"
        for name in others:
            value = ratio(times, name, path.stem)
            row += f"{value:>12.2f}x" if value else f"{'-':>13}"
            if value and not path.stem.startswith("startup"):
                logs[name].append(math.log(value))
        print(row)
    means = (math.exp(sum(l) / len(l)) if l else math.nan for l in logs.values())
    print(f"{'geometric mean':<32}" + "".join(f"{mean:>12.2f}x" for mean in means))


if __name__ == "__main__":
    main()
