"""The program of compare_builtins.py: calls functions and methods with a grid of arguments.

`names MODULE` prints what there is to call; else the argument is a file with such lines.
"""

import re
import sys
import warnings

warnings.simplefilter("ignore")


def gen():
    x = yield 1
    yield x


async def co():
    return 5


async def agen():
    yield 1


class C:
    pass


class Index:
    def __index__(self):
        return 2

    def __repr__(self):
        return "Index()"


def function(a, b=2):
    return a


# Made anew for each call.
ARGUMENTS = [
    lambda: 0, lambda: -1, lambda: 3, lambda: 10**20, lambda: 1.5, lambda: True, lambda: None, lambda: "a", lambda: "",
    lambda: b"a", lambda: [1, 2], lambda: (1, "a"), lambda: {"a": 1}, lambda: {1, 2}, lambda: slice(0, 2), lambda: 2j,
    lambda: Index(), lambda: range(3), lambda: iter([1]), lambda: int, lambda: object(), lambda: function,
    lambda: float("nan"), lambda: bytearray(b"xy"), lambda: memoryview(b"q"), lambda: frozenset("a"), lambda: "utf-8",
    lambda: ValueError("v"), lambda: ("a", 1, 2),
]
PAIRED = [0, 3, 6, 7, 10, 11, 16, 19, 4]
LONGER = [(0, 1, 2), ("a", "b", 1), ("a", 0, 3), (None, None, None), (1, 2, 3, 4), ("a", "b", "c", "d", "e")]
NAMED = [
    ((), {"bogus": 1}), (("a",), {"bogus": 1}), ((1, 2), {"key": 3}), ((), {"key": None}), ((), {"sep": "a"}),
    ((), {"keepends": True}), ((), {"encoding": "ascii"}), ((), {"maxsplit": 1}), ((), {"self": 1}), ((), {"tabsize": 3}),
    ((1,), {"length": 1}), ((), {"byteorder": "big"}), (("a", "b"), {"count": 1}), (([1, 3],), {"reverse": 1}),
    ((), {"default": 1}), (([],), {"default": 1}), (([1],), {"start": 5}), ((), {"base": 2, "exp": 3}), (("11",), {"base": 2}),
]
OBJECTS = {
    "int": [lambda: 5, lambda: -7], "bool": [lambda: True], "float": [lambda: 2.5, lambda: float("inf")],
    "complex": [lambda: 1 + 2j], "str": [lambda: "abc a", lambda: ""], "bytes": [lambda: b"abc a"],
    "bytearray": [lambda: bytearray(b"abc a")], "list": [lambda: [3, 1, 2]], "tuple": [lambda: (3, 1, 2)],
    "dict": [lambda: {"a": 1, 1: 2}], "dict_keys": [lambda: {"a": 1}.keys()], "dict_values": [lambda: {"a": 1}.values()],
    "dict_items": [lambda: {"a": 1}.items()], "set": [lambda: {1, 2, 3}], "frozenset": [lambda: frozenset([1, 2, 3])],
    "range": [lambda: range(1, 10, 2)], "slice": [lambda: slice(1, 5, 2)],
    "memoryview": [lambda: memoryview(bytearray(b"abcd"))], "NoneType": [lambda: None], "generator": [gen],
    "coroutine": [co], "async_generator": [agen], "Exception": [lambda: Exception("x", 1)],
    "OSError": [lambda: OSError(2, "no", "f")], "StopIteration": [lambda: StopIteration(4)],
    "ExceptionGroup": [lambda: ExceptionGroup("g", [ValueError(1), TypeError(2)])],
    "UnicodeDecodeError": [lambda: UnicodeDecodeError("u", b"abc", 0, 1, "r")],
    "ImportError": [lambda: ImportError("m", name="n", path="p")], "KeyError": [lambda: KeyError("k")],
    "function": [lambda: function], "builtin": [lambda: len], "method": [lambda: [].append], "type": [lambda: C],
    "object": [lambda: object()], "property": [lambda: property(function)], "staticmethod": [lambda: staticmethod(function)],
    "classmethod": [lambda: classmethod(function)], "super": [lambda: super(C, C())], "enumerate": [lambda: enumerate("ab")],
    "zip": [lambda: zip("ab", "cd")], "map": [lambda: map(function, "ab")], "filter": [lambda: filter(None, "ab")],
    "reversed": [lambda: reversed([1, 2])], "list_iterator": [lambda: iter([1, 2])], "str_iterator": [lambda: iter("ab")],
    "alias": [lambda: list[int]], "union": [lambda: int | str], "mappingproxy": [lambda: type(dict.__dict__)({"a": 1})],
}
# They show what differs by nature, end the program, or wait for somebody.
LEFT_OUT = {
    "__sizeof__", "__hash__", "__dir__", "__reduce__", "__reduce_ex__", "__init_subclass__", "__class__", "__doc__",
    "__code__", "__builtins__", "__dict__", "__globals__", "__subclasses__", "breakpoint", "input", "help", "exit",
    "quit", "globals", "locals", "vars", "dir", "id", "hash", "open", "copyright", "credits", "license", "__spec__",
    "__loader__", "mro", "sleep", "setrecursionlimit", "settrace", "setprofile",
}
# A great number would make these work for ever.
SMALL_ONLY = {
    "__mul__", "__rmul__", "__imul__", "__lshift__", "__rlshift__", "__pow__", "__rpow__", "zfill", "ljust", "rjust",
    "center", "expandtabs", "to_bytes", "bytes", "bytearray", "pow", "range", "perm", "comb", "factorial", "ldexp",
    "repeat", "combinations", "combinations_with_replacement", "permutations", "product", "lshift", "mul", "imul",
    "ilshift", "gmtime", "localtime",
}


def shown(value):
    kind = type(value).__name__
    if kind in ("generator", "coroutine"):
        value.close()
        return f"<{kind}>"
    try:
        text = repr(value)
    except BaseException as error:
        text = f"repr fails: {type(error).__name__} {error}"
    return f"{kind} {text[:400]}"


def attempt(label, function, args, kwargs={}):
    try:
        result = shown(function(*args, **kwargs))
    except BaseException as error:
        result = f"{type(error).__name__}: {error}"
    print(label, "->", result)


def grid(label, name, function_of):
    """Calls what `function_of` gives with all arguments."""
    small = name in SMALL_ONLY
    few = [i for i in range(len(ARGUMENTS)) if not (small and i == 3)]
    attempt(f"{label}()", function_of(), ())
    for i in few:
        attempt(f"{label}(#{i})", function_of(), (ARGUMENTS[i](),))
    for i in PAIRED:
        for j in PAIRED:
            if i in few and j in few:
                attempt(f"{label}(#{i}, #{j})", function_of(), (ARGUMENTS[i](), ARGUMENTS[j]()))
    for args in LONGER:
        attempt(f"{label}{args}", function_of(), args)
    for args, kwargs in NAMED:
        attempt(f"{label}(*{args}, **{kwargs})", function_of(), args, kwargs)


def methods(line):
    kind, name = line.split()
    for i, make in enumerate(OBJECTS[kind]):
        label = f"{kind}[{i}].{name}"
        try:
            found = getattr(make(), name)
        except BaseException as error:
            print(label, "->", type(error).__name__, error)
            continue
        if callable(found) and not isinstance(found, type):
            grid(label, name, lambda: getattr(make(), name))
        else:
            print(label, "->", shown(found))


def functions(line):
    module, name = line.split(":")
    found = getattr(__import__(module, fromlist=["*"]), name, None)
    if callable(found):
        grid(f"{module}.{name}", name, lambda: found)
    else:
        print(f"{module}.{name}", "->", shown(found))


def names(module):
    """A line for each thing to call."""
    if module == "builtins":
        for kind, makers in OBJECTS.items():
            for name in dir(makers[0]()):
                if name not in LEFT_OUT:
                    print(kind, name)
    for name in dir(__import__(module, fromlist=["*"])):
        if name not in LEFT_OUT and not (module != "builtins" and name.startswith("_")):
            print(f"{module}:{name}")


if sys.argv[1] == "names":
    names(sys.argv[2])
else:
    for line in open(sys.argv[1]).read().splitlines():
        (functions if ":" in line else methods)(line)
