"""CPython as the referee for programs of tasks: on a clock that jumps, and with ordered sets.

Run by compare_tasks.py as `python3.13 -c 'import referee; exec(referee.next_program())'`: a fork server,
because starting CPython takes longer than the programs do. It reads lines "PROGRAM OUTPUT", runs
each program in a fork as `__main__`, with stdout and stderr going to the file OUTPUT, and answers
with a line holding the exit status.

Two things are changed in asyncio, and nothing else:
- The loop's clock jumps to the next timer when nothing is ready. It also advances by next to nothing
  whenever it is read, so that of two equal sleeps the one that began first ends first, as on a real clock.
- Sets of tasks are ordered, where CPython's order depends on addresses: by when a task was made.
"""
import ast
import importlib.machinery
import itertools
import os
import resource
import signal
import sys
import types
import weakref

TICK = 2.0 ** -45
UNIT = 2.0 ** -9  # what delays are multiples of
LIMIT_S = 20


made = weakref.WeakKeyDictionary()  # a task and its number


def numbering(create_task):
    numbers = itertools.count()

    def create(self, coro, **options):
        number = next(numbers)
        task = create_task(self, coro, **options)
        made[task] = number
        return task
    return create


class OrderedSet(dict):
    """A set that iterates in insertion order; as much of one as asyncio needs."""

    def __init__(self, items=()):
        super().__init__(dict.fromkeys(items))

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)

    def remove(self, item):
        del self[item]


class OrderedWeakSet:
    def __init__(self, items=()):
        self.refs = OrderedSet()
        for item in items:
            self.add(item)

    def add(self, item):
        self.refs.setdefault(weakref.ref(item, self.refs.discard))

    def discard(self, item):
        self.refs.discard(weakref.ref(item))

    def clear(self):
        self.refs.clear()

    def __iter__(self):
        items = [item for ref in list(self.refs) if (item := ref()) is not None]
        return iter(sorted(items, key=lambda item: made.get(item, len(made))))

    def __len__(self):
        return len(self.refs)


class Ordering(ast.NodeTransformer):
    """Replaces what makes sets by what makes ordered ones."""

    def call(self, node, *args):
        return ast.copy_location(ast.Call(ast.Name("OrderedSet", ast.Load()), list(args), []), node)

    def visit_SetComp(self, node):
        self.generic_visit(node)
        return self.call(node, ast.copy_location(ast.ListComp(node.elt, node.generators), node))

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "set":
            return self.call(node, *node.args)
        return node


class OrderedLoader(importlib.machinery.SourceFileLoader):
    def get_code(self, name):  # never from a cache
        path = self.get_filename(name)
        tree = ast.parse(self.get_data(path), path)
        return compile(ast.fix_missing_locations(Ordering().visit(tree)), path, "exec")

    def exec_module(self, module):
        module.OrderedSet = OrderedSet
        super().exec_module(module)


class OrderedFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in ("asyncio.tasks", "asyncio.taskgroups"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        spec.loader = OrderedLoader(name, spec.origin)
        return spec


class Clock:
    def __init__(self):
        self.base = 0.0
        self.reads = 0

    def time(self):
        self.reads += 1
        return self.base + self.reads * TICK

    def sleep_until(self, when):
        self.base = max(self.base, round(when / UNIT) * UNIT)


def install():
    sys.meta_path.insert(0, OrderedFinder)
    plain, weakref.WeakSet = weakref.WeakSet, OrderedWeakSet
    import asyncio.base_events
    weakref.WeakSet = plain
    # Each loop makes itself a set of its async generators.
    asyncio.base_events.weakref = types.SimpleNamespace(**{**vars(weakref), "WeakSet": OrderedWeakSet})
    clock = Clock()

    def select(selector_select):
        def jumping(timeout=None):
            found = selector_select(0)
            if timeout is None and not found:
                print("deadlock", flush=True)
                os._exit(99)
            if timeout and timeout > 0 and not found:
                clock.sleep_until(clock.base + clock.reads * TICK + timeout)
            return found
        return jumping

    def patched(self, *args, **kwargs):
        init(self, *args, **kwargs)
        self._selector.select = select(self._selector.select)

    loop = asyncio.SelectorEventLoop
    init = loop.__init__
    loop.__init__ = patched
    base = asyncio.base_events.BaseEventLoop
    base.time = lambda self: clock.time()
    base.create_task = numbering(base.create_task)


def prepare(program, output):
    """In the fork: becomes the process that runs one program."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
    out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(os.open(output + ".err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    sys.argv = [program]
    with open(program, encoding="utf-8") as file:
        text = file.read()
    names = sys.modules["__main__"].__dict__
    del names["referee"]
    names["__file__"] = program
    return compile(text, program, "exec")


def next_program():
    """Serves until there is a program to be run by this very process."""
    install()
    for line in sys.stdin:
        program, output = line.split()
        pid = os.fork()
        if pid == 0:
            signal.alarm(2 * LIMIT_S)
            return prepare(program, output)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    os._exit(0)
