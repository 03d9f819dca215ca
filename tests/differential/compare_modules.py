#!/usr/bin/env python3
"""Compare what the library's modules offer, by CPython and by coro: names, signatures, documentation, attributes.

    tests/differential/compare_modules.py --python PATH/TO/python3.13 --coro PATH/TO/coro [MODULE ...]

What is looked at stands in `shapes.py`, a program of both. Without names, all modules that both have are compared.
Shown is what CPython has and coro lacks or has differently; --more shows also what coro alone has.
"""

import argparse
import pathlib
import subprocess

SHAPES = pathlib.Path(__file__).resolve().parent / "shapes.py"
ALL = "import sys; print(*(name for name in sys.stdlib_module_names if not name.startswith('_')))"


def facts(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, text=True)
    if done.returncode:
        print("   ", done.stderr.strip().splitlines()[-1])
    return dict(line.split(" -> ", 1) for line in done.stdout.splitlines() if " -> " in line)


def has(coro, module):
    return not subprocess.run([coro, "-c", f"import {module}"], capture_output=True).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True)
    parser.add_argument("--coro", default="target/release/coro")
    parser.add_argument("--more", action="store_true", help="show also what coro alone has")
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    modules = options.modules
    if not modules:
        named = subprocess.run([options.python, "-c", ALL], capture_output=True, text=True).stdout.split()
        modules = sorted(name for name in named if has(options.coro, name))
    for module in modules:
        theirs, ours = (facts([which, str(SHAPES), module]) for which in (options.python, options.coro))
        differing = {key: value for key, value in theirs.items() if ours.get(key) != value}
        # What is said of a thing that is missing altogether says nothing more.
        lacking = {key for key in differing if key not in ours and " " not in key}
        print(f"{module}: {len(theirs)} facts, {len(differing)} differ")
        for key, value in differing.items():
            path = key.partition(" ")[0]
            parts = path.split(".")
            above = {".".join(parts[:n]) for n in range(1, len(parts))}
            if above & lacking or path in lacking and path != key:
                continue
            print(f"    {key}: {value}   # coro: {ours.get(key, 'missing')}")
        if options.more:
            print("    only here:", *(key for key in ours if key not in theirs and " " not in key))


main()
