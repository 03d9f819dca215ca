"""What every generated program begins with: helpers that tell what happens, in a fixed order.

Nothing printed here depends on hashes, addresses or time.
"""

PRELUDE = '''
import gc

class Budget(BaseException):
    pass

ticks = 0

def tick():
    global ticks
    ticks += 1
    if ticks > 300:
        raise Budget

def tidy(value, depth=0):
    if depth > 4:
        return "..."
    kind = type(value)
    if kind is set or kind is frozenset:
        return kind.__name__ + "{" + ", ".join(sorted(tidy(v, depth + 1) for v in value)) + "}"
    if kind is list or kind is tuple:
        return kind.__name__[0] + "(" + ", ".join([tidy(v, depth + 1) for v in value]) + ")"
    if kind is dict:
        return "{" + ", ".join([tidy(k, depth + 1) + ": " + tidy(v, depth + 1) for k, v in value.items()]) + "}"
    if kind is str and len(value) > 200:
        return f"str of {len(value)}"
    if kind is int and abs(value) > 10 ** 60:
        return f"int of {value.bit_length()} bits, {value % 1000003}"
    if kind in (int, float, str, bool, bytes, complex, range, slice, type(None), bytearray):
        return repr(value)
    if isinstance(value, BaseException):
        return repr(value)
    if isinstance(value, Noisy):
        return repr(value)
    return "a " + kind.__name__

def show(*values):
    print(*[tidy(value) for value in values])

def tell(error, indent="! "):
    lines = []
    tb = error.__traceback__
    while tb is not None:
        lines.append(f"{tb.tb_frame.f_code.co_name}:{tb.tb_lineno}")
        tb = tb.tb_next
    print(f"{indent}{type(error).__name__}: {error} {' '.join(lines)}")
    if len(indent) > 8:
        return
    if error.__cause__ is not None:
        tell(error.__cause__, indent + "< ")
    if error.__context__ is not None:
        print(indent, "context", "hidden" if error.__suppress_context__ else "shown")
        tell(error.__context__, indent + "~ ")
    for note in getattr(error, "__notes__", ()):
        print(indent, "note", note)
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            tell(inner, indent + "* ")

def t(label, value):
    print("t", label)
    return value

class Noisy:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"<{self.name}>"

    def __del__(self):
        print("del", self.name)

    def __add__(self, other):
        print("add", self, tidy(other))
        return Noisy(f"{self.name}+{tidy(other)}"[:40])

    def __iadd__(self, other):
        print("iadd", self, tidy(other))
        self.name += "'"
        return self

    def __getitem__(self, key):
        print("getitem", self, tidy(key))
        if type(key) is int and key > 2:
            raise IndexError(key)
        return Noisy(f"{self.name}[{tidy(key)}]"[:40])

    def __setitem__(self, key, value):
        print("setitem", self, tidy(key), tidy(value))

    def __delitem__(self, key):
        print("delitem", self, tidy(key))

    def __call__(self, *args, **kwargs):
        print("call", self, tidy(args), tidy(kwargs))
        return args[0] if args else Noisy(f"{self.name}()"[:40])

    def __enter__(self):
        print("enter", self)
        return Noisy(f"in {self.name}"[:40])

    def __exit__(self, kind, error, tb):
        print("exit", self, kind and kind.__name__)
        return self.name.startswith("quiet")

    async def __aenter__(self):
        print("aenter", self)
        await Pause("aenter")
        return self

    async def __aexit__(self, kind, error, tb):
        print("aexit", self, kind and kind.__name__)
        await Pause("aexit")
        return self.name.startswith("quiet")

    def __bool__(self):
        print("bool", self)
        return len(self.name) % 2 == 0

    def __eq__(self, other):
        print("eq", self, tidy(other))
        return isinstance(other, Noisy) and self.name == other.name

    def __lt__(self, other):
        print("lt", self, tidy(other))
        return self.name < other.name if isinstance(other, Noisy) else NotImplemented

    def __hash__(self):
        return len(self.name)

    def __contains__(self, item):
        print("contains", self, tidy(item))
        return 1

    def __format__(self, spec):
        return f"[{self.name}|{spec}]"

class Pause:
    def __init__(self, name):
        self.name = name

    def __await__(self):
        print("pause", self.name)
        try:
            got = yield self.name
        finally:
            print("resume", self.name)
        return got


def play(target, *moves):
    """Makes moves on a generator or a coroutine, and tells what comes of each."""
    for move, *args in moves:
        try:
            show(move, getattr(target, move)(*args))
        except Budget:
            raise
        except BaseException as error:
            tell(error)

def finish(coroutine, *answers):
    """Drives a coroutine to its end, answering what it yields."""
    answers = list(answers)
    value = None
    while True:
        tick()
        try:
            got = coroutine.send(value) if not isinstance(value, BaseException) else coroutine.throw(value)
        except StopIteration as end:
            return end.value
        print("yielded", tidy(got))
        value = answers.pop(0) if answers else None

def aplay(target, *moves):
    """Makes moves on an async generator, each driven to its end."""
    for move, *args in moves:
        try:
            show(move, finish(getattr(target, move)(*args), 1, 2, 3))
        except Budget:
            raise
        except BaseException as error:
            tell(error)
'''
