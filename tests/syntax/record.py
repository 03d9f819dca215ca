"""Records in messages.coro what CPython says to each program in it. Run by hand, with Python 3.13:

    python3.13 tests/syntax/record.py

To add a program, append ("…", 0, "") to the list and run this.
"""

import ast
import pathlib
import warnings

warnings.simplefilter("ignore")
path = pathlib.Path(__file__).parent / "messages.coro"
cases = ast.literal_eval(path.read_text(encoding="utf-8").split("=", 1)[1].strip())
with path.open("w", encoding="utf-8") as out:
    out.write("# Broken programs, the line that CPython 3.13 blames, and its message. See record.py.\ncases = [\n")
    for source, *_ in cases:
        try:
            ast.parse(source)
            line, message = 0, "fine"
        except SyntaxError as error:
            line, message = error.lineno, f"{type(error).__name__}: {error.msg}"
        out.write(f"    ({source!a}, {line}, {message!a}),\n")
    out.write("]\n")
