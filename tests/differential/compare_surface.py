#!/usr/bin/env python3
"""Compare what modules show of themselves in CPython and in coro: names, attributes, signatures, bases, kinds.

    tests/differential/compare_surface.py --python PATH/TO/python3.13 --coro PATH/TO/coro [--module NAME ...]

The names are CPython's. Which of the differences are meant is left to the reader: `grammar/divergences.md` tells.
"""

import argparse
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ASYNCIO = [
    "asyncio", "asyncio.base_events", "asyncio.base_futures", "asyncio.base_tasks", "asyncio.constants",
    "asyncio.coroutines", "asyncio.events", "asyncio.exceptions", "asyncio.format_helpers", "asyncio.futures",
    "asyncio.locks", "asyncio.log", "asyncio.mixins", "asyncio.protocols", "asyncio.queues", "asyncio.runners",
    "asyncio.staggered", "asyncio.streams", "asyncio.taskgroups", "asyncio.tasks", "asyncio.threads",
    "asyncio.timeouts", "asyncio.transports",
]


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    if done.returncode:
        print(done.stderr)
    return done.stdout.splitlines()


def by_fact(lines):
    return dict(line.partition(": ")[::2] for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True)
    parser.add_argument("--coro", default="target/release/coro")
    parser.add_argument("--module", nargs="*", default=ASYNCIO)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "surface.coro"
        program.write_text((HERE / "surface.py").read_text())
        names = pathlib.Path(folder) / "names"
        names.write_text("\n".join(run(options.python, program, "names", *options.module)))
        theirs, ours = (by_fact(run(which, program, "facts", names)) for which in (options.python, options.coro))
    missing = {fact for fact, answer in ours.items() if answer in ("AttributeError", "ModuleNotFoundError")}
    for fact in sorted(missing):
        print(f"{fact}: missing")
    differing = 0
    for fact, answer in theirs.items():
        if fact.partition(" ")[0] not in missing and ours.get(fact) != answer:
            differing += 1
            print(f"{fact}\n  - {answer}\n  + {ours.get(fact)}")
    print(f"{len(theirs)} facts, {len(missing)} names missing, {differing} facts differ")


main()
