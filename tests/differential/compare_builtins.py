#!/usr/bin/env python3
"""Call every method of every built-in type, and every builtin, with a grid of arguments, by CPython and by coro.

    tests/differential/compare_builtins.py --python PATH/TO/python3.13 --coro PATH/TO/coro [--module NAME ...]

What is called stands in `calls.py`, a program of both; it prints one line for each call: the result, or the
exception and its text. Names come from CPython's dir(), so that what coro lacks is shown as missing. With
--module the functions of library modules are called instead. Known differences (the order of sets, addresses,
texts that name C functions) are left to the reader.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    text = done.stdout.decode(errors="replace")
    return re.sub(r"0x[0-9a-f]+", "0x..", text).splitlines()


def by_call(lines):
    calls = collections.defaultdict(list)
    for line in lines:
        calls[line.partition(" -> ")[0]].append(line)
    return calls


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True)
    parser.add_argument("--coro", default="target/release/coro")
    parser.add_argument("--module", nargs="*", default=["builtins"])
    parser.add_argument("--show", type=int, default=2, help="differences to show of each function")
    options = parser.parse_args()
    program = (HERE / "calls.py").read_text()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "calls.coro"
        file.write_text(program)
        names = pathlib.Path(folder) / "names"
        for module in options.module:
            text = run([options.python, str(file), "names", module])
            names.write_text("\n".join(text))
            theirs, ours = (by_call(run([which, str(file), str(names)])) for which in (options.python, options.coro))
            differing = collections.defaultdict(list)
            for call, lines in theirs.items():
                if ours.get(call) != lines:
                    differing[call.partition("(")[0]].append((lines, ours.get(call, ["(missing)"])))
            total = sum(map(len, differing.values()))
            print(f"{module}: {len(theirs)} calls, {total} differ")
            for function, pairs in differing.items():
                print(f"  {function}: {len(pairs)}")
                for lines, other in pairs[: options.show]:
                    print(f"    - {lines[0][:300]}\n    + {other[0][:300]}")


main()
