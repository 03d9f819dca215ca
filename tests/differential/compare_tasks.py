"""Runs random programs under CPython 3.13 and under coro, and compares what they print.

    python3 tests/differential/compare_tasks.py --python PYTHON3.13 --coro target/debug/coro [--seeds 1:1000]
    python3 tests/differential/compare_tasks.py ... --reduce FILE     shortens a program that differs
    python3 tests/differential/compare_tasks.py ... FILE...           compares these programs

Programs that differ are written to --keep (a folder), with both outputs beside them.
"""
import argparse
import ast
import pathlib
import re
import subprocess
import sys
import tempfile

import tasks

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 10
HANGS = 99  # the referee's exit status for a program in which nothing can happen any more
MARK = "\n# The program\n"
# What may differ: addresses, and places in files of the library.
VARYING = [(re.compile(r"0x[0-9a-f]+"), "0x"), (re.compile(r" at (?:<coro>)?[^ \]<>]*:\d+(?=[\]>,])"), "")]


class Referee:
    """CPython's fork server."""

    def __init__(self, python, folder):
        self.output = folder / "referee.out"
        self.process = subprocess.Popen(
            [python, "-c", "import referee; exec(referee.next_program())"], cwd=HERE, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"PYTHONUTF8": "1", "NO_COLOR": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"})

    def run(self, program):
        self.process.stdin.write(f"{program} {self.output}\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return code, tidy(self.output.read_bytes()), pathlib.Path(f"{self.output}.err").read_text()


def coro(binary, program):
    try:
        done = subprocess.run([binary, "--virtual-time", program], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LIMIT_S)
    except subprocess.TimeoutExpired as expired:
        return "timeout", tidy(expired.stdout or b""), ""
    return done.returncode, tidy(done.stdout), done.stderr.decode("utf-8", "replace")


def tidy(output):
    text = output.decode("utf-8", "replace")
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return text


class Comparison:
    def __init__(self, python, binary, folder):
        self.folder = pathlib.Path(folder)
        self.referee = Referee(python, self.folder)
        self.binary = binary
        self.skipped = 0  # they hang, or find the depth at which CPython's stack ends

    def differ(self, text):
        """None, or both results."""
        program = self.folder / "program.coro"
        program.write_text(text)
        expected = self.referee.run(program)
        if expected[0] == HANGS or "RecursionError" in expected[1]:
            self.skipped += 1
            return None
        found = coro(self.binary, program)
        return None if expected[:2] == found[:2] else (expected, found)


def first_difference(expected, found):
    theirs, ours = expected[1].splitlines(), found[1].splitlines()
    for number, (a, b) in enumerate(zip(theirs, ours), 1):
        if a != b:
            return f"line {number}: CPython {a!r}, coro {b!r}"
    return f"CPython ends after {len(theirs)} lines with {expected[0]}, coro after {len(ours)} with {found[0]}"


# Reduction: take statements away as long as the outputs differ


def statement_lists(tree):
    """(node, name of the field) of every list of statements, the outer ones first."""
    return [(node, field) for node in ast.walk(tree) for field in ("body", "orelse", "finalbody", "handlers")
            if isinstance(getattr(node, field, None), list) and getattr(node, field)]


def block_of(tree, number):
    lists = statement_lists(tree)
    return getattr(*lists[number]) if number < len(lists) else None


class Reduction:
    """A program that gets shorter. What stands before the MARK is never touched."""

    BROKEN = re.compile(r"NameError|UnboundLocalError|SyntaxError")

    def __init__(self, comparison, text):
        self.comparison = comparison
        self.head, mark, body = text.rpartition(MARK)
        self.head += mark
        self.body = ast.unparse(ast.parse(body))
        self.kind = self.kind_of(comparison.differ(text))

    def kind_of(self, results):
        """What must stay the same, so that no other difference takes the place of this one."""
        broken = len(self.BROKEN.findall("".join(result[1] + result[2] for result in results)))
        return re.sub(r"\d+", "", first_difference(*results)), broken

    def attempt(self, change):
        """Keeps a change of the tree if what comes out is shorter and still differs."""
        tree = ast.parse(self.body)
        try:
            change(tree)
            candidate = ast.unparse(ast.fix_missing_locations(tree))
            compile(candidate, "candidate", "exec")
        except (SyntaxError, ValueError, AttributeError, TypeError):
            return False
        if len(candidate) >= len(self.body):
            return False
        results = self.comparison.differ(self.head + candidate)
        if not results or self.kind_of(results) != self.kind:
            return False
        self.body = candidate
        return True

    def remove(self, number, begin, size):
        def change(tree):
            node, field = statement_lists(tree)[number]
            block = getattr(node, field)
            del block[begin:begin + size]
            if not block and field == "body":
                block.append(ast.Pass())
        return self.attempt(change)

    def unwrap(self, number, begin, field):
        """`with a: b` becomes `b`."""
        def change(tree):
            block = block_of(tree, number)
            block[begin:begin + 1] = getattr(block[begin], field)
        return self.attempt(change)

    def round(self):
        before = self.body
        number = 0
        while (block := block_of(ast.parse(self.body), number)) is not None:
            size = len(block)
            while size:
                begin = 0
                while begin < len(block_of(ast.parse(self.body), number) or ()):
                    if not self.remove(number, begin, size):
                        begin += size
                size //= 2
            for begin in range(len(block_of(ast.parse(self.body), number) or ())):
                any(self.unwrap(number, begin, field) for field in ("body", "finalbody", "orelse"))
            number += 1
        return len(self.body) < len(before)

    def text(self):
        while self.round():
            print(len(self.body), file=sys.stderr)
        return self.head + self.body + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--coro", default=HERE.parent.parent / "target/debug/coro", type=pathlib.Path)
    parser.add_argument("--seeds", default="1:1000", help="from:to")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for programs that differ")
    parser.add_argument("--reduce", action="store_true")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    begin, end = map(int, args.seeds.split(":"))
    differing = count = 0
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(args.python, args.coro.resolve(), folder)
        cases = ((path, path.read_text()) for path in args.files) if args.files else (
            (seed, tasks.program(seed)) for seed in range(begin, end))
        for name, text in cases:
            count += 1
            results = comparison.differ(text)
            if results is None:
                continue
            differing += 1
            if args.reduce:
                text = Reduction(comparison, text).text()
                results = comparison.differ(text)
                print(text.rpartition(MARK)[2])
            print(f"{name}: {first_difference(*results)}", flush=True)
            if args.keep:
                args.keep.mkdir(exist_ok=True)
                stem = args.keep / pathlib.Path(str(name)).stem
                stem.with_suffix(".coro").write_text(text)
                for suffix, result in zip((".cpython", ".ours"), results):
                    stem.with_suffix(suffix).write_text(result[1] + f"exit {result[0]}\n" + result[2])
        print(f"{count} programs, {differing} differ, {comparison.skipped} skipped")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
