"""Random programs of tasks: every seed is one program, which logs each of its steps.

    python3 tests/differential/tasks.py SEED        prints the program of that seed

A program stands on its own: the same text runs under CPython and under coro. It is drawn in the
manner of swarm testing: each seed first chooses which kinds of statements it uses at all, so that
few kinds meet often in one program and many in another.

Delays are multiples of 1/512 s: sums of them are exact, so that on a clock that jumps from timer to
timer "at the same time" means the same in both.
"""
import random
import sys

UNIT = "U"

PRELUDE = '''\
import asyncio, contextlib, contextvars, gc, sys, types, warnings

U = 1 / 512
MAX_TASKS = 30
MAX_SPAWNED = 100  # of those that were taken out of `tasks` as well: eager ones nest
MAX_LINES = 700
loop = start = None
over = False
lines = started = spawned = 0
tasks = {}
futures = []
flags = [0, 0]
held = []
early = []
var = contextvars.ContextVar("var", default=0)
locks = [asyncio.Lock(), asyncio.Lock()]
events = [asyncio.Event(), asyncio.Event()]
conditions = [asyncio.Condition(), asyncio.Condition(locks[0])]
semaphores = [asyncio.Semaphore(2), asyncio.BoundedSemaphore(1)]
queues = [asyncio.Queue(), asyncio.Queue(1), asyncio.PriorityQueue(2), asyncio.LifoQueue()]
barriers = [asyncio.Barrier(2), asyncio.Barrier(3)]
gc.disable()
warnings.simplefilter("always")


def log(*values):
    global lines
    lines += 1
    if over:
        return
    if lines > MAX_LINES:
        if lines > 2 * MAX_LINES:
            raise SystemExit("too much")
        return
    try:
        name = asyncio.current_task().get_name()
    except (RuntimeError, AttributeError):
        name = "-"
    now = round((loop.time() - start) / U) if start is not None else "-"
    print(now, name, *values)


def showwarning(message, category, *rest, **more):
    log("warning", category.__name__, message)


def unraisable(what):
    log("unraisable", show(what.exc_value))


warnings.showwarning = showwarning
sys.unraisablehook = unraisable


class Oops(Exception):
    pass


def show(exc, depth=0):
    """An exception with the tree of its group and the chain of its causes and contexts."""
    if exc is None:
        return "None"
    if depth > 6:
        return "..."
    if isinstance(exc, BaseExceptionGroup):
        inner = ", ".join([show(e, depth + 1) for e in exc.exceptions])
        text = f"{type(exc).__name__}({exc.message}: {inner})"
    else:
        text = f"{type(exc).__name__}{exc.args}"
    if exc.__cause__ is not None:
        text += " from " + show(exc.__cause__, depth + 1)
    elif exc.__context__ is not None:
        text += (" hiding " if exc.__suppress_context__ else " during ") + show(exc.__context__, depth + 1)
    return text


def outcome(future):
    """How a future stands."""
    if not future.done():
        return "pending"
    if future.cancelled():
        return "cancelled"
    exc = future.exception()
    return f"result {brief(future.result())}" if exc is None else f"raised {show(exc)}"


def brief(value):
    if isinstance(value, BaseException):
        return show(value)
    if isinstance(value, asyncio.Future):
        return f"<{name_of(value)} {outcome(value)}>"
    if isinstance(value, list):
        return "[" + ", ".join([brief(v) for v in value]) + "]"
    return repr(value)


def name_of(future):
    return future.get_name() if isinstance(future, asyncio.Task) else type(future).__name__


def names(futures):
    return sorted([name_of(f) for f in futures])


def me():
    return asyncio.current_task()


def pick(index):
    """One of the tasks made so far."""
    return list(tasks.values())[index % len(tasks)]


def future(index):
    return futures[index % len(futures)]


def spawn(coro, how=None, **options):
    """Start a task, unless there are many already."""
    global spawned
    label = coro.__name__
    spawned += 1
    if len(tasks) >= MAX_TASKS or spawned > MAX_SPAWNED:
        coro.close()
        done = loop.create_future()
        done.set_result("no more")
        return done
    name = f"{label}.{len(tasks)}"
    tasks[name] = me()  # a place holder, while an eager task runs
    if how is None:
        task = asyncio.create_task(coro, name=name, **options)
    else:
        task = how(coro, name=name, **options)
    tasks[name] = task
    return task


def few(coro):
    """For what is started in another way: the coroutine, unless there have been many."""
    global started
    started += 1
    if started <= MAX_TASKS:
        return coro
    coro.close()
    return asyncio.sleep(0, "no more")


def eager(coro, **options):
    early.append(coro)
    return loop.create_task(coro, **options)


def factory(loop, coro, **options):
    """Makes tasks, eager ones of those that eager() was asked for."""
    start = coro in early
    if start:
        early.remove(coro)
    return asyncio.Task(coro, loop=loop, eager_start=start, **options)


def handler(loop, context):
    log("handler", context["message"], sorted(context), show(context.get("exception")))


def watchdog(count):
    log("watchdog", count)
    if count == 8:
        raise SystemExit("stuck")
    for task in list(tasks.values()):
        task.cancel("watchdog")
    loop.call_later(200 * U, watchdog, count + 1)


class Awaits:
    """An object that is awaited through its method."""

    def __init__(self, inner):
        self.inner = inner

    def __await__(self):
        log("__await__")
        try:
            return (yield from self.inner.__await__())
        finally:
            log("__await__ ends")


class Yields:
    """An object whose awaiting yields what it was given."""

    def __init__(self, *values):
        self.values = values

    def __await__(self):
        got = []
        for value in self.values:
            got.append((yield value))
        return got


@types.coroutine
def turn():
    yield
    return "turned"


def callback(label, action=None, *args):
    log("callback", label, var.get())
    if action is not None:
        log("callback", label, "gave", brief(action(*args)))


def on_done(label, action=None, *args):
    def called(future):
        log("done", label, name_of(future), outcome(future), var.get())
        if action is not None:
            log("done", label, "gave", brief(action(*args)))
    return called


def settle(future, result=None, exception=None):
    if exception is None:
        future.set_result(result)
    else:
        future.set_exception(exception)


def fail(label):
    raise Oops(label)


async def aclosing_all():
    """Give up the generators that are held."""
    while held:
        await held.pop().aclose()


def setup():
    """What main() begins with."""
    global loop, start
    loop = asyncio.get_running_loop()
    start = loop.time()
    loop.set_exception_handler(handler)
    tasks["main"] = me()
    me().set_name("main")
    futures.extend([loop.create_future() for _ in range(3)])
    loop.call_later(400 * U, watchdog, 0)


def run():
    global over
    try:
        asyncio.run(main())
    except BaseException as exc:
        print("run raised", show(exc))
    for task in list(tasks.values()):
        if isinstance(task, asyncio.Task):
            print(task.get_name(), outcome(task), task.cancelling())
    for f in futures:
        print("future", outcome(f))
    print(*locks, *events, *conditions, *semaphores, *queues, *barriers, sep="\\n")
    tasks.clear()
    futures.clear()
    held.clear()
    print("end")
    over = True
'''

STATEMENTS = {}  # name -> (weight, function)
LEAVES = ("sleep", "note", "value", "spawns", "awaits_task", "cancels", "event", "waits_event", "queue", "plain_future")
AWAITABLES = {}
ACTIONS = {}


def entry(table, weight):
    def register(function):
        table[function.__name__] = (weight, function)
        return function
    return register


def indent(lines):
    return ["    " + line for line in lines]


class Program:
    """Draws one program. The methods give source lines; the functions below, kinds of statements."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.label = 0
        share = self.random.choice([0.15, 0.3, 0.5, 0.8, 1])
        self.kinds = {
            id(table): {name for name in table if self.random.random() < share} | set(basics)
            for table, basics in [(STATEMENTS, ("sleep", "note", "guard")), (AWAITABLES, ("helper", "sleeping")),
                                  (ACTIONS, ("cancel_task",))]
        }
        self.size = self.random.choice([1, 1, 1, 1, 1, 2, 2, 3])
        self.bodies = self.random.randint(1, 1 + self.size)  # coroutines that tasks run
        self.helpers = self.random.randint(0, self.size)  # coroutines that are awaited
        self.role = "main"
        self.level = 0  # helpers and generators use only helpers of a higher number: no recursion

    # Small draws

    def below(self, n):
        return self.random.randrange(n)

    def chance(self, p):
        return self.random.random() < p

    def next_label(self):
        self.label += 1
        return self.label

    def delay(self):
        n = self.random.choice([0, 0, 1, 1, 2, 2, 3, 4, 6, 9])
        return f"{n} * U" if n else "0"

    def choose(self, table, among=None):
        allowed = [name for name in among or table if name in self.kinds[id(table)]]
        weights = [table[name][0] for name in allowed]
        return table[self.random.choices(allowed, weights)[0]][1]

    # Parts

    def awaitable(self, depth=0):
        if depth > 2:
            return f"asyncio.sleep({self.delay()}, {self.next_label()})"
        return self.choose(AWAITABLES)(self, depth)

    def future_like(self):
        """An expression for a task or future that already runs by itself."""
        return self.random.choice([
            f"pick({self.below(9)})", f"future({self.below(3)})", self.spawn(),
            f"asyncio.ensure_future({self.awaitable(2)})"])

    def spawn(self):
        text = f"spawn(t{self.below(self.bodies)}({self.next_label()})"
        if self.chance(0.15) and "eager" in self.kinds[id(STATEMENTS)]:
            text += ", eager"
        if self.chance(0.15):
            text += ", context=contextvars.copy_context()"
        return text + ")"

    def action(self):
        return self.choose(ACTIONS)(self)

    def value(self, depth):
        return f"log({self.next_label()}, brief(await {self.awaitable(depth)}))"

    def exception(self):
        n = self.next_label()
        return self.random.choice([f"ValueError({n})", f"Oops({n})", f"KeyError({n})", f"asyncio.CancelledError({n})",
                                   f"TimeoutError({n})", f"Oops({n})"])

    def block(self, depth, low=1, high=4):
        lines = []
        high = max(low, min(high, self.size + (0 if depth else 1)))
        for _ in range(self.random.randint(low, high)):
            lines += self.statement(depth)
        return lines

    def statement(self, depth):
        if depth > self.size:
            return self.choose(STATEMENTS, LEAVES)(self, depth)
        if self.chance(0.05):
            return guard(self, depth)
        lines = self.choose(STATEMENTS)(self, depth)
        if depth <= self.size and self.chance(0.2):
            n = self.next_label()
            lines = ["try:", *indent(lines), "except Exception as exc:", f"    log({n}, show(exc))"]
        return lines

    def body(self, role, head, before=(), after=(), low=2, high=6):
        self.role = role
        return [head, *indent([*before, *self.block(0, low, high), *after]), ""]

    def text(self):
        parts = [PRELUDE, "", "# The program", ""]
        for level in reversed(range(self.helpers)):
            self.level = level + 1
            n = self.next_label()
            parts += self.body("helper", f"async def h{level}(arg):", [f"log({n}, 'h{level} begins', arg)"],
                               [f"return ({level}, arg)"], 1, 3)
            parts += self.body("agen", f"async def g{level}(arg):", [f"log({n}, 'g{level} begins', arg)"],
                               ["yield 'last'"], 2, 4)
            parts += ["@contextlib.asynccontextmanager"]
            parts += self.body("manager", f"async def c{level}(arg):", [f"log({n}, 'c{level} begins', arg)"],
                               ["try:", f"    yield {n}", "finally:", f"    log({n}, 'c{level} ends')",
                                *indent(self.block(2, 1, 1))], 1, 2)
        self.level = 0
        for number in range(self.bodies):
            n = self.next_label()
            parts += self.body("task", f"async def t{number}(arg):", [f"log({n}, 't{number} begins', arg)"],
                               [f"log({n}, 't{number} ends')", f"return ({number}, arg)"])
        self.role = "main"
        parts += ["async def main():", "    setup()"]
        if self.chance(0.15):
            parts += ["    loop.set_task_factory(asyncio.eager_task_factory)"]
        elif "eager" in self.kinds[id(STATEMENTS)]:
            parts += ["    loop.set_task_factory(factory)"]
        for _ in range(self.random.randint(1, 1 + self.size)):
            parts += [f"    {self.spawn()}"]
        parts += indent(self.block(0, 2, 6))
        if self.chance(0.7):
            parts += ["    await asyncio.wait([t for t in tasks.values() if t is not me()])"]
        parts += [f"    log({self.next_label()}, 'main ends')"]
        parts += ["", "run()", ""]
        return "\n".join(parts)


# Statements: the simple ones


@entry(STATEMENTS, 8)
def sleep(p, depth):
    return [f"await asyncio.sleep({p.delay()})"]


@entry(STATEMENTS, 3)
def note(p, depth):
    return [f"log({p.next_label()})"]


@entry(STATEMENTS, 6)
def guard(p, depth):
    """try with some of except, else and finally around anything."""
    lines = ["try:", *indent(p.block(depth + 1))]
    kind = p.below(6)
    n = p.next_label()
    if kind == 0:
        lines += ["except asyncio.CancelledError as exc:", f"    log({n}, show(exc))", *indent(p.block(depth + 1, 0, 1)),
                  p.random.choice(["    raise", "    raise", "    pass", f"    raise Oops({n}) from exc"])]
    elif kind == 1:
        lines += ["except Exception as exc:", f"    log({n}, show(exc))", *indent(p.block(depth + 1, 0, 1))]
    elif kind == 2:
        lines += ["except asyncio.CancelledError as exc:", f"    log({n}, show(exc), me().uncancel())"]
    elif kind == 3:
        lines += ["except TimeoutError as exc:", f"    log({n}, show(exc))", "except Oops as exc:",
                  f"    log({n}, show(exc))", *indent(p.block(depth + 1, 1, 1)), "    raise",
                  "else:", f"    log({n}, 'else')"]
    elif kind == 4 and p.chance(0.3):
        lines += ["except BaseException as exc:", f"    log({n}, show(exc))", "    if isinstance(exc, GeneratorExit): raise"]
    elif kind == 5 and p.chance(0.3):
        lines += ["except* (ValueError, Oops) as group:", f"    log({n}, show(group))"]
        return lines
    if kind >= 4 or p.chance(0.3):
        lines += ["finally:", f"    log({n}, 'finally')", *indent(p.block(depth + 1, 1, 2))]
    return lines


@entry(STATEMENTS, 2)
def repeat(p, depth):
    return [f"for _ in range({p.random.choice([2, 2, 3])}):", *indent(p.block(depth + 1, 1, 2))]


@entry(STATEMENTS, 2)
def fails(p, depth):
    return [f"raise {p.exception()}"] if depth else [f"if lines % 3 == {p.below(3)}:", f"    raise {p.exception()}"]


@entry(STATEMENTS, 1)
def returns(p, depth):
    if p.role == "manager" or not depth:
        return [f"log({p.next_label()})"]
    return ["return"] if p.role == "agen" else [f"return {p.next_label()}"]


@entry(STATEMENTS, 0.15)
def leaves(p, depth):
    n = p.next_label()
    return [p.random.choice([f"raise SystemExit({n})", f"raise KeyboardInterrupt({n})"])]


@entry(STATEMENTS, 7)
def value(p, depth):
    return [p.value(0)]


@entry(STATEMENTS, 2)
def yields(p, depth):
    if p.role != "agen":
        return [f"log({p.next_label()}, await turn())"]
    n = p.next_label()
    return [f"log({n}, (yield {n}))"]


# Statements: tasks


@entry(STATEMENTS, 5)
def spawns(p, depth):
    return [p.spawn()]


@entry(STATEMENTS, 4)
def awaits_task(p, depth):
    return [f"log({p.next_label()}, brief(await pick({p.below(9)})))"]


@entry(STATEMENTS, 6)
def cancels(p, depth):
    message = p.random.choice(["", "", f"'m{p.next_label()}'"])
    n = p.next_label()
    lines = [f"log({n}, pick({p.below(9)}).cancel({message}))"]
    return lines * 2 if p.chance(0.15) else lines


@entry(STATEMENTS, 2)
def cancels_me(p, depth):
    n = p.next_label()
    return [p.random.choice([f"log({n}, me().cancel())", f"log({n}, me().uncancel())", f"log({n}, me().cancelling())",
                             f"log({n}, me().cancel({n}))"])]


@entry(STATEMENTS, 2)
def looks(p, depth):
    n = p.next_label()
    return [p.random.choice([
        f"log({n}, outcome(pick({p.below(9)})))",
        f"log({n}, names(asyncio.all_tasks()))",
        f"log({n}, pick({p.below(9)}).result())",
        f"log({n}, show(pick({p.below(9)}).exception()))",
        f"log({n}, pick({p.below(9)}))",
        f"log({n}, repr(future({p.below(3)})))",
        f"log({n}, pick({p.below(9)}).cancelling())",
        f"log({n}, me().get_coro().__name__)",
    ])]


@entry(STATEMENTS, 1)
def eager(p, depth):
    return [f"spawn(t{p.below(p.bodies)}({p.next_label()}), eager)"]


@entry(STATEMENTS, 1)
def forgets(p, depth):
    """Nobody holds a reference to this task or future any more."""
    n = p.next_label()
    return [p.random.choice([
        f"loop.create_future().set_exception({p.exception().replace('asyncio.CancelledError', 'Oops')})",
        f"asyncio.create_task({p.awaitable(1)}, name='f{n}')" if p.chance(0.5) else
        f"asyncio.ensure_future({p.awaitable(1)})",
        f"asyncio.gather({p.awaitable(1)}, {p.awaitable(1)})",
        f"asyncio.shield({p.awaitable(1)})",
        f"{p.awaitable(1)}",
        f"tasks.pop(next(iter(tasks)))",
    ])]


@entry(STATEMENTS, 3)
def task_group(p, depth):
    n = p.next_label()
    name = f"tg{n}"
    lines = [f"async with asyncio.TaskGroup() as {name}:"]
    for _ in range(p.random.randint(1, 3)):
        target = p.random.choice([f"few(t{p.below(p.bodies)}({n}))", p.coroutine(1)])
        lines += [f"    {name}.create_task({target}, name='{name}.{p.next_label()}')"]
    lines += indent(p.block(depth + 1, 0, 2))
    if p.chance(0.2):
        lines += [f"    log({n}, {name})"]
    if p.chance(0.5):
        lines = ["try:", *indent(lines), "except* Exception as group:", f"    log({n}, show(group))"]
    return lines


@entry(STATEMENTS, 3)
def waits(p, depth):
    n = p.next_label()
    when = p.random.choice(["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"])
    timeout = p.random.choice(["None", p.delay(), p.delay()])
    items = ", ".join(p.future_like() for _ in range(p.random.randint(1, 3)))
    return [f"done, pending = await asyncio.wait([{items}], timeout={timeout}, return_when=asyncio.{when})",
            f"log({n}, names(done), names(pending))"]


@entry(STATEMENTS, 3)
def as_completed(p, depth):
    n = p.next_label()
    items = ", ".join(p.future_like() for _ in range(p.random.randint(1, 3)))
    timeout = p.random.choice(["None", "None", p.delay()])
    head = f"for each in asyncio.as_completed([{items}], timeout={timeout}):"
    if p.chance(0.5):
        return ["async " + head, f"    log({n}, brief(each))", *indent(p.block(depth + 1, 0, 1))]
    return [head, f"    log({n}, brief(await each))", *indent(p.block(depth + 1, 0, 1))]


@entry(STATEMENTS, 2)
def keeps_gather(p, depth):
    """A gather that is cancelled, looked at or awaited later."""
    n = p.next_label()
    lines = [f"outer = asyncio.gather({p.future_like()}, {p.future_like()}, return_exceptions={p.chance(0.5)})",
             *p.block(depth + 1, 0, 1)]
    if p.chance(0.5):
        lines += [f"log({n}, outer.cancel({p.random.choice(['', repr('outer')])}))"]
    if p.chance(0.3):
        lines += [f"log({n}, outer)"]
    if p.chance(0.8):
        lines += [f"log({n}, brief(await outer))"]
    return lines


# Statements: time


@entry(STATEMENTS, 5)
def timeout(p, depth):
    n = p.next_label()
    name = f"cm{n}"
    make = p.random.choice([f"asyncio.timeout({p.delay()})", f"asyncio.timeout({p.delay()})", "asyncio.timeout(None)",
                            f"asyncio.timeout_at(loop.time() + {p.delay()})"])
    lines = [f"async with {make} as {name}:", *indent(p.block(depth + 1))]
    if p.chance(0.3):
        when = p.random.choice(["None", f"loop.time() + {p.delay()}", "loop.time() - U"])
        lines += [f"    {name}.reschedule({when})", *indent(p.block(depth + 1, 1, 1))]
    if p.chance(0.6):
        lines = ["try:", *indent(lines), "except TimeoutError as exc:", f"    log({n}, show(exc))"]
        lines += ["finally:", f"    log({n}, {name}.expired(), {name})"] if p.chance(0.4) else []
    return lines


@entry(STATEMENTS, 4)
def calls_back(p, depth):
    n = p.next_label()
    how = p.random.choice(["call_soon(", f"call_later({p.delay()}, ", f"call_at(loop.time() + {p.delay()}, ",
                           "call_soon_threadsafe("])
    action = p.action() if p.chance(0.8) else ""
    call = f"loop.{how}callback, {n}{', ' + action if action else ''})"
    if p.chance(0.1):
        call = call[:-1] + ", context=contextvars.Context())"
    if p.chance(0.2):
        return [f"handle = {call}", *p.block(depth + 1, 0, 1), "handle.cancel()", f"log({n}, handle.cancelled())"]
    return [call]


@entry(STATEMENTS, 3)
def done_callback(p, depth):
    n = p.next_label()
    target = p.random.choice([f"pick({p.below(9)})", f"future({p.below(3)})", "me()"])
    action = p.action() if p.chance(0.5) else ""
    call = f"on_done({n}{', ' + action if action else ''})"
    if p.chance(0.2):
        return [f"seen = {call}", f"{target}.add_done_callback(seen)", *p.block(depth + 1, 0, 1),
                f"log({n}, {target}.remove_done_callback(seen))"]
    return [f"{target}.add_done_callback({call})"]


# Statements: primitives


@entry(STATEMENTS, 5)
def locked(p, depth):
    i = p.below(2)
    return [f"async with locks[{i}]:", f"    log({p.next_label()}, locks[{i}])", *indent(p.block(depth + 1))]


@entry(STATEMENTS, 1)
def releases(p, depth):
    return [f"{p.random.choice(['locks', 'semaphores'])}[{p.below(2)}].release()"]


@entry(STATEMENTS, 4)
def event(p, depth):
    return [f"events[{p.below(2)}].{p.random.choice(['set', 'clear', 'set'])}()"]


@entry(STATEMENTS, 3)
def waits_event(p, depth):
    return [f"log({p.next_label()}, await events[{p.below(2)}].wait())"]


@entry(STATEMENTS, 5)
def condition(p, depth):
    i = p.below(2)
    n = p.next_label()
    inside = []
    for _ in range(p.random.randint(1, 3)):
        inside += p.random.choice([
            [f"log({n}, await conditions[{i}].wait())"],
            [f"log({n}, await conditions[{i}].wait())"],
            [f"log({n}, await conditions[{i}].wait_for(lambda: flags[{i}] > {p.below(4)}))"],
            [f"flags[{i}] += 1", f"conditions[{i}].notify({p.random.randint(0, 2)})"],
            [f"conditions[{i}].notify_all()"],
            p.statement(depth + 1)])
    return [f"async with conditions[{i}]:", *indent(inside), f"    log({n}, conditions[{i}])"]


@entry(STATEMENTS, 1)
def notifies(p, depth):
    return [f"conditions[{p.below(2)}].notify({p.below(3)})"]


@entry(STATEMENTS, 4)
def semaphore(p, depth):
    i = p.below(2)
    return [f"async with semaphores[{i}]:", f"    log({p.next_label()}, semaphores[{i}])", *indent(p.block(depth + 1))]


@entry(STATEMENTS, 6)
def queue(p, depth):
    i = p.below(4)
    n = p.next_label()
    q = f"queues[{i}]"
    return [p.random.choice([
        f"await {q}.put({n})", f"await {q}.put({n})", f"log({n}, await {q}.get())", f"log({n}, await {q}.get())",
        f"{q}.put_nowait({n})", f"log({n}, {q}.get_nowait())", f"{q}.task_done()", f"log({n}, {q})",
        f"log({n}, {q}.qsize(), {q}.empty(), {q}.full(), repr({q}))"])]


@entry(STATEMENTS, 1)
def queue_ends(p, depth):
    i = p.below(4)
    return [p.random.choice([f"await queues[{i}].join()", f"queues[{i}].shutdown({p.chance(0.5)})"])]


@entry(STATEMENTS, 3)
def barrier(p, depth):
    i = p.below(2)
    n = p.next_label()
    b = f"barriers[{i}]"
    return p.random.choice([
        [f"log({n}, await {b}.wait())"], [f"log({n}, await {b}.wait())"], [f"log({n}, await {b}.wait(), {b})"],
        [f"async with {b} as position:", f"    log({n}, position)", *indent(p.block(depth + 1, 1, 1))],
        [f"await {b}.{p.random.choice(['reset', 'abort'])}()"],
        [f"log({n}, {b}, {b}.n_waiting, {b}.broken)"]])


@entry(STATEMENTS, 4)
def plain_future(p, depth):
    i = p.below(3)
    n = p.next_label()
    return p.random.choice([
        [f"settle(future({i}), {n})"],
        [f"settle(future({i}), exception=Oops({n}))"],
        [f"log({n}, future({i}).cancel({p.random.choice(['', n])}))"],
        [f"log({n}, brief(await future({i})))"],
        [f"log({n}, brief(await future({i})))"],
        [f"futures[{i}] = loop.create_future()"]])


# Statements: generators, managers, contexts


@entry(STATEMENTS, 4)
def iterates(p, depth):
    if p.level >= p.helpers:
        return note(p, depth)
    n = p.next_label()
    k = p.random.randrange(p.level, p.helpers)
    lines = [f"async for each in g{k}({n}):", f"    log({n}, each)", *indent(p.block(depth + 1, 0, 2))]
    if p.chance(0.3):
        lines += ["    break"]
    return lines


@entry(STATEMENTS, 2)
def holds_generator(p, depth):
    if p.level >= p.helpers:
        return note(p, depth)
    n = p.next_label()
    k = p.random.randrange(p.level, p.helpers)
    lines = [f"it = g{k}({n})", f"log({n}, await anext(it))"]
    if p.chance(0.5):
        lines += ["held.append(it)"]
    lines += p.block(depth + 1, 0, 1)
    lines += [p.random.choice([f"await it.aclose()", f"log({n}, await it.asend({n}))", f"log({n}, await it.athrow(Oops({n})))",
                               f"log({n}, await anext(it, 'over'))", "del it", "it = None"])]
    if p.chance(0.2):
        lines += ["await aclosing_all()"]
    return lines


@entry(STATEMENTS, 3)
def manager(p, depth):
    if p.level >= p.helpers:
        return note(p, depth)
    n = p.next_label()
    k = p.random.randrange(p.level, p.helpers)
    if p.chance(0.2):
        return ["async with contextlib.AsyncExitStack() as stack:", f"    await stack.enter_async_context(c{k}({n}))",
                f"    stack.push_async_callback({p.random.choice([f'h{k}', f'asyncio.sleep'])}, 0)",
                *indent(p.block(depth + 1, 1, 2))]
    return [f"async with c{k}({n}) as got:", f"    log({n}, got)", *indent(p.block(depth + 1, 1, 2))]


@entry(STATEMENTS, 2)
def context(p, depth):
    n = p.next_label()
    if p.chance(0.3):
        return [f"token = var.set({n})", *p.block(depth + 1, 1, 1), f"log({n}, var.get())", "var.reset(token)"]
    return [p.random.choice([f"var.set({n})", f"log({n}, var.get())"])]


# Awaitables


def coroutine(p, depth):
    """An expression for a coroutine object."""
    for _ in range(9):
        text = p.awaitable(depth)
        if text.split("(")[0] not in ("pick", "future", "spawn", "Awaits", "Yields", "asyncio.gather", "asyncio.shield",
                                      "asyncio.ensure_future"):
            return text
    return f"asyncio.sleep({p.delay()}, {p.next_label()})"


Program.coroutine = coroutine


@entry(AWAITABLES, 4)
def helper(p, depth):
    if p.level >= p.helpers:
        return f"asyncio.sleep(0, {p.next_label()})"
    return f"h{p.random.randrange(p.level, p.helpers)}({p.next_label()})"


@entry(AWAITABLES, 4)
def sleeping(p, depth):
    return f"asyncio.sleep({p.delay()}, {p.next_label()})"


@entry(AWAITABLES, 2)
def running(p, depth):
    return p.future_like()


@entry(AWAITABLES, 3)
def gathered(p, depth):
    items = [p.awaitable(depth + 1) for _ in range(p.random.randint(1, 3))]
    return f"asyncio.gather({', '.join(items)}, return_exceptions={p.chance(0.4)})"


@entry(AWAITABLES, 4)
def wait_for(p, depth):
    timeout = p.random.choice(["None", p.delay(), p.delay(), p.delay()])
    return f"asyncio.wait_for({p.awaitable(depth + 1)}, {timeout})"


@entry(AWAITABLES, 3)
def shielded(p, depth):
    return f"asyncio.shield({p.awaitable(depth + 1)})"


@entry(AWAITABLES, 2)
def primitive(p, depth):
    i = p.below(2)
    return p.random.choice([f"events[{i}].wait()", f"locks[{i}].acquire()", f"semaphores[{i}].acquire()",
                            f"queues[{i}].get()", f"queues[{i}].put({p.next_label()})", f"barriers[{i}].wait()",
                            f"queues[{i}].join()"])


@entry(AWAITABLES, 1)
def by_method(p, depth):
    return f"Awaits(asyncio.ensure_future({p.awaitable(depth + 1)}))"


@entry(AWAITABLES, 0.3)
def by_hand(p, depth):
    return f"Yields({p.random.choice(['None', 'None, None', '5', 'loop.create_future()', 'future(0)', ''])})"


@entry(AWAITABLES, 0.3)
def never_an_awaitable(p, depth):
    return p.random.choice(["None", "5"])


# What a callback may do: `function, argument...`


@entry(ACTIONS, 4)
def cancel_task(p):
    return f"pick({p.below(9)}).cancel"


@entry(ACTIONS, 1)
def cancel_with_message(p):
    return f"pick({p.below(9)}).cancel, {p.next_label()}"


@entry(ACTIONS, 2)
def set_event(p):
    return f"events[{p.below(2)}].{p.random.choice(['set', 'clear'])}"


@entry(ACTIONS, 3)
def settle_future(p):
    n = p.next_label()
    return p.random.choice([f"settle, future({p.below(3)}), {n}", f"settle, future({p.below(3)}), None, Oops({n})",
                            f"future({p.below(3)}).cancel"])


@entry(ACTIONS, 1)
def fail_in_callback(p):
    return f"fail, {p.next_label()}"


@entry(ACTIONS, 2)
def put(p):
    return f"queues[{p.below(4)}].put_nowait, {p.next_label()}"


@entry(ACTIONS, 1)
def spawn_task(p):
    return f"lambda: spawn(t{p.below(p.bodies)}({p.next_label()}))"


@entry(ACTIONS, 1)
def wake(p):
    return p.random.choice(["conditions[0].notify", "conditions[1].notify_all", "locks[0].release", "semaphores[1].release"])


@entry(ACTIONS, 1)
def set_variable(p):
    return f"var.set, {p.next_label()}"


@entry(ACTIONS, 1)
def call_again(p):
    return f"loop.call_soon, callback, {p.next_label()}"


def program(seed):
    """The text of the program of a seed."""
    return Program(seed).text()


if __name__ == "__main__":
    print(program(int(sys.argv[1])))
