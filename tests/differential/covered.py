#!/usr/bin/env python3
"""Which methods of built-in types, and which builtins, no program of tests/conformance names.

    PATH/TO/python3.13 tests/differential/covered.py

A name counts as covered where some program says `.name` (a method), or the name itself (a builtin, or a special
method, which operators call as well). What is printed wants a program.
"""

import builtins
import pathlib
import re

CONFORMANCE = pathlib.Path(__file__).resolve().parent.parent / "conformance"


async def _agen():
    yield


def _gen():
    yield


TYPES = [
    int, float, complex, bool, str, bytes, bytearray, list, tuple, dict, type({}.keys()), type({}.values()),
    type({}.items()), set, frozenset, range, slice, memoryview, type(_gen()), type(_agen()), property, staticmethod,
    classmethod, BaseException, OSError, ExceptionGroup, ImportError, SyntaxError, UnicodeDecodeError, StopIteration,
]


def main():
    words = set()
    for file in CONFORMANCE.rglob("*.coro"):
        words.update(re.findall(r"\w+", file.read_text()))
    for kind in TYPES:
        lacking = [name for name in dir(kind) if not name.startswith("_") and name not in words]
        if lacking:
            print(f"{kind.__name__}: {' '.join(lacking)}")
    lacking = [name for name in dir(builtins) if not name.startswith("_") and name not in words]
    if lacking:
        print(f"builtins: {' '.join(lacking)}")


main()
