"""Random programs: statements, functions of every kind, classes, and what is done with them.

`program(seed)` is the text of one; the same seed gives the same text.
"""

import itertools
import random
import warnings
from dataclasses import dataclass, field

from expressions import ATTRIBUTES, EXCEPTIONS, NAMES, Expressions
from patterns import Patterns
from prelude import PRELUDE


@dataclass
class Function:
    name: str
    kind: str  # 'def', 'gen', 'async' or 'agen'
    positional: list = field(default_factory=list)
    keyword_only: list = field(default_factory=list)
    defaults: set = field(default_factory=set)
    star: bool = False
    double_star: bool = False


class Scope:
    """The variables that a place knows, with the types they probably have."""

    def __init__(self, kind, parent=None):
        self.kind, self.parent = kind, parent
        self.names = {}
        self.fixed = set()  # names that `global` or `nonlocal` or a comprehension took
        self.loops = 0
        self.in_class = kind == "class"

    def visible(self):
        if self.parent is None:
            return self.names
        return {**self.parent.visible(), **self.names}

    def nested(self, name):
        """That of a comprehension or lambda."""
        scope = Scope(self.kind, self)
        scope.in_class = self.in_class
        scope.names[name] = "any"
        scope.fixed = self.fixed | {name}
        return scope

    @property
    def may_yield(self):
        return self.kind in ("gen", "agen")

    @property
    def may_await(self):
        return self.kind in ("async", "agen")

    @property
    def is_function(self):
        return self.kind in ("def", "gen", "async", "agen")


class Author(Expressions, Patterns):
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.scope = Scope("module")
        self.functions, self.classes = [], []
        self.lines = []
        self.indent = 0
        self.count = 0
        self.in_lambda = self.in_comprehension = 0
        self.in_finally = 0
        self.guarded = self.chance(0.8)

    def emit(self, text):
        self.lines.append("    " * self.indent + text)

    def block(self, write):
        """An indented block; `pass` where nothing is written."""
        self.indent += 1
        before = len(self.lines)
        write()
        if len(self.lines) == before:
            self.emit("pass")
        self.indent -= 1

    def program(self):
        for _ in range(self.dice.randint(2, 5)):
            self.pick([self.function, self.function, self.function, self.a_class])()
        for _ in range(self.dice.randint(3, 8)):
            self.top_statement()
        if self.chance(0.3):
            self.emit("show(gc.collect() > -1)")
        self.emit("print('end')")
        return PRELUDE.lstrip() + "\n".join(self.lines) + "\n"

    def top_statement(self):
        if not self.guarded:
            return self.statement(3)
        self.emit("try:")
        self.block(lambda: self.statement(3))
        self.emit("except Exception as error:")
        self.block(lambda: self.emit("tell(error)"))

    # ---- statements

    def body(self, depth, longest=3):
        for _ in range(self.dice.randint(1, longest)):
            self.statement(depth)

    def statement(self, depth):
        simple = [self.assign, self.assign, self.assign, self.show, self.show, self.augment, self.unpack, self.store, self.delete,
                  self.expression, self.chain, self.use, self.use]
        compound = [self.if_, self.while_, self.for_, self.try_, self.try_, self.with_, self.match_, self.function, self.a_class]
        if self.scope.is_function:
            simple += [self.leave, self.raise_, self.declare, self.jump]
        if self.scope.may_yield:
            simple += [self.yield_] * 4
        if self.scope.may_await:
            simple += [self.await_] * 3
            compound += [self.async_with, self.async_for]
        self.pick(simple if depth <= 0 or self.chance(0.55) else compound)(depth - 1)

    def name(self):
        for _ in range(9):
            name = self.pick(NAMES)
            if name not in self.scope.fixed:
                return name
        return "z"

    def target(self, kind, depth):
        """Something to assign to; a name is then known."""
        roll = self.dice.random()
        if roll < 0.75 or depth < 0:
            name = self.name()
            self.later = (name, kind)
            return name
        self.later = None
        if roll < 0.83:
            return f"{self.leaf('list')}[{self.pick([self.literal('small'), self.slice(0)])}]"
        if roll < 0.91:
            return f"{self.leaf('dict')}[{self.stored_key(0)}]"
        owner, attribute = self.leaf("noisy"), self.pick(ATTRIBUTES)
        # A name is printed, and the order of a set is nobody's.
        return f"{owner}.{'x' if (kind, attribute) == ('set', 'name') else attribute}"

    def stored_key(self, depth):
        """No new object with a finalizer: whether CPython lets go of the key before the dict and what it holds
        depends on how often the statement has run."""
        key = self.expr("key", depth)
        return "'key'" if "Noisy(" in key else key

    def known(self):
        if self.later:
            self.scope.names[self.later[0]] = self.later[1]

    def a_kind(self):
        return self.pick(["int", "float", "str", "bool", "list", "list", "tuple", "dict", "set", "bytes", "noisy", "noisy", "noisy"])

    def assign(self, depth):
        kind = self.a_kind()
        value = self.expr(kind, depth + 1)
        annotation = self.chance(0.06)
        target = self.target(kind, -1 if annotation else depth)
        if self.chance(0.1):
            target += f" = {self.name()}"
        self.emit(f"{target}: int = {value}" if annotation and "=" not in target else f"{target} = {value}")
        self.known()

    def augment(self, depth):
        kind = self.pick(["int", "str", "list", "noisy", "set", "tuple", "float"])
        known = [n for n, k in self.scope.names.items() if k == kind and n not in self.scope.fixed]
        if not known:
            return self.assign(depth)
        operator = {"int": self.pick(["+=", "-=", "*=", "//=", "|=", "%="]), "set": self.pick(["|=", "-=", "&=", "^="]),
                    "float": self.pick(["+=", "/=", "**="])}.get(kind, "+=")
        right = {"float": "2"}.get(kind) if operator == "**=" else self.expr("iterable" if kind == "list" else kind, depth)
        self.emit(f"{self.pick(known)} {operator} {right}")

    def unpack(self, depth):
        names = [self.name() for _ in range(self.dice.randint(1, 3))]
        if self.chance(0.35):
            names[self.dice.randrange(len(names))] = "*" + names[0].lstrip("*")
        if self.chance(0.2):
            names.append(f"({self.name()}, {self.name()})")
        if sum(n.startswith("*") for n in names) > 1:
            names = names[:1]
        self.emit(f"{', '.join(names)}, = {self.expr(self.pick(['iterable', 'tuple', 'list', 'noisy']), depth)}")
        for name in names:
            if name.isidentifier():
                self.scope.names[name] = "any"

    def chain(self, depth):
        self.emit(f"{self.name()} = {self.name()} = {self.expr('any', depth)}")

    def store(self, depth):
        if self.chance(0.4):
            return self.emit(f"{self.leaf('list')}[{self.slice(0)}] = {self.expr('iterable', depth)}")
        if self.chance(0.5):
            return self.emit(f"({self.expr('dict', 0)})[{self.stored_key(depth)}] = {self.expr('any', depth)}")
        owner = self.leaf("noisy")
        self.emit(f"{owner}.{self.pick(ATTRIBUTES)} = {self.expr('any', depth)}")

    def delete(self, depth):
        names = [n for n in self.scope.names if n not in self.scope.fixed]
        if names and self.chance(0.6):
            name = self.pick(names)
            self.emit(f"del {name}")
            if self.chance(0.9):
                del self.scope.names[name]
            return
        kind = self.pick(["list", "dict", "noisy"])
        inside = self.slice(0) if self.chance(0.3) else self.expr("key" if kind != "list" else "small", 0)
        self.emit(f"del ({self.leaf(kind)})[{inside}]")

    def expression(self, depth):
        kind, table = self.pick([("list", "LIST_METHODS"), ("dict", "DICT_METHODS"), ("str", "STR_METHODS"), ("set", "SET_METHODS")])
        import expressions
        text = self.method(kind, getattr(expressions, table), depth + 1)
        self.emit(text if self.chance(0.3) else f"show({text})")

    def show(self, depth):
        values = [self.expr("any", depth + 1) for _ in range(self.dice.randint(1, 2))]
        self.emit(f"{self.pick(['show', 'show', 'print'])}({', '.join(values)})" if self.chance(0.1) and not any("Noisy" in v for v in values)
                  else f"show({', '.join(values)})")

    def use(self, depth):
        """Something with a function that the program has."""
        if not self.functions:
            return self.assign(depth)
        function = self.pick(self.functions)
        call = self.call(depth + 1, [function])
        match function.kind:
            case "def":
                text = f"show({call})"
            case "gen":
                text = self.pick([f"show(list({call}))", f"play({call}, {self.moves()})", self.held(call), f"show(*{call})",
                                  f"show(next({call}))", f"show(*zip({call}, {self.call(depth, [function])}))"])
            case "async":
                text = self.pick([f"show(finish({call}))", f"show(finish({call}, {self.answers()}))", self.held(call),
                                  f"play({call}, {self.moves()})"])
            case "agen":
                text = self.pick([f"aplay({call}, {self.amoves()})", self.held(call, self.amoves(), "aplay"), self.held(call, self.amoves(), "aplay")])
        for line in text.split("\n"):
            self.emit(line)

    def held(self, call, moves=None, how="play"):
        """A generator or coroutine in a variable, moved and let go."""
        name = self.name()
        end = self.pick([f"del {name}", f"{name} = None", f"show({name})", ""])
        self.scope.names[name] = "any"
        return f"{name} = {call}\n{how}({name}, {moves or self.moves()})\n{end}".rstrip("\n")

    def exception(self):
        kind = self.pick(EXCEPTIONS)
        return self.pick([f"{kind}({self.expr('any', 0)})", kind + "()", kind, f"{kind}('{kind[0]}', 2)"])

    def moves(self):
        def move():
            return self.pick(["('__next__',)", "('__next__',)", "('send', None)", f"('send', {self.expr('any', 0)})",
                              f"('throw', {self.exception()})", "('close',)"])
        moves = [move() for _ in range(self.dice.randint(1, 4))]
        return ", ".join(["('send', None)"] + moves if self.chance(0.5) else moves)

    def amoves(self):
        def move():
            return self.pick(["('__anext__',)", "('__anext__',)", f"('asend', {self.expr('any', 0)})", "('asend', None)",
                              f"('athrow', {self.exception()})", "('aclose',)"])
        return ", ".join(move() for _ in range(self.dice.randint(1, 4)))

    def answers(self):
        return ", ".join(self.exception() if self.chance(0.3) else self.expr("any", 0) for _ in range(self.dice.randint(1, 3)))

    # ---- only in functions

    def leave(self, depth):
        if self.scope.kind == "agen":
            return self.emit("return") if self.chance(0.5) else self.yield_(depth)
        if self.in_finally and self.chance(0.5):
            return self.show(depth)
        self.emit(f"return {self.expr('any', depth + 1)}" if self.chance(0.8) else "return")

    def raise_(self, depth):
        cause = self.pick(["", "", "", " from None", f" from {self.exception()}"])
        if self.chance(0.15):
            return self.emit("raise")
        if self.chance(0.15):
            group = self.pick(["ExceptionGroup", "ExceptionGroup", "BaseExceptionGroup"])
            return self.emit(f"raise {group}('g', [{', '.join(self.exception() for _ in range(self.dice.randint(1, 3)))}]){cause}")
        self.emit(f"raise {self.exception()}{cause}")

    def declare(self, depth):
        """global or nonlocal, where that may still be said; always in a function of its own."""
        name = self.pick(NAMES)
        outer = self.scope
        owners, scope = [], outer
        while scope is not None:
            if scope.is_function and name in scope.names and name not in scope.fixed:
                owners.append(scope)
            scope = scope.parent
        word = "nonlocal" if owners and self.chance(0.6) else "global"
        self.count += 1
        helper = f"inner{self.count}"
        self.emit(f"def {helper}():")
        self.scope = Scope("def", outer)
        self.scope.fixed = set()
        def write():
            self.emit(f"{word} {name}")
            self.emit("tick()")
            self.emit(self.pick([f"{name} = {self.expr('any', 1)}", f"del {name}", f"show({name})", f"{name} += {self.expr('int', 0)}"]))
        self.block(write)
        self.scope = outer
        self.emit(f"{helper}()")

    def jump(self, depth):
        if self.scope.loops:
            return self.emit(self.pick(["break", "continue"]))
        self.assign(depth)

    def yield_(self, depth):
        generators = [f for f in self.functions if f.kind == "gen"]
        if self.scope.kind == "gen" and self.chance(0.3):
            source = self.call(depth, generators) if generators and self.chance(0.6) else self.expr("iterable", depth)
            name = self.name()
            self.emit(self.pick([f"yield from {source}", f"{name} = yield from {source}", f"show((yield from {source}))"]))
        elif self.chance(0.5):
            name = self.name()
            self.emit(f"{name} = yield {self.expr('any', depth)}")
            self.scope.names[name] = "any"
        else:
            self.emit(f"yield {self.expr('any', depth)}" if self.chance(0.9) else "yield")

    def await_(self, depth):
        name = self.name()
        value = self.awaited(depth)
        self.emit(self.pick([f"{name} = {value}", value, f"show({value})"]))

    # ---- compound statements

    def looping(self, write):
        """A block in a loop, which counts."""
        def counted():
            self.emit("tick()")
            write()
        self.scope.loops += 1
        self.block(counted)
        self.scope.loops -= 1

    def if_(self, depth):
        self.emit(f"if {self.expr(self.pick(['bool', 'any']), depth)}:")
        self.block(lambda: self.body(depth))
        while self.chance(0.25):
            self.emit(f"elif {self.expr('bool', depth)}:")
            self.block(lambda: self.body(depth, 2))
        if self.chance(0.4):
            self.emit("else:")
            self.block(lambda: self.body(depth, 2))

    def while_(self, depth):
        name = f"i{self.indent}"
        self.emit(f"{name} = 0")
        condition = f"{name} < {self.dice.randint(1, 4)}" + (f" and {self.expr('bool', depth)}" if self.chance(0.3) else "")
        self.emit(f"while {condition}:")
        def write():
            self.emit(f"{name} += 1")
            self.body(depth)
            if self.chance(0.3):
                self.emit(f"if {self.expr('bool', 0)}: {self.pick(['break', 'continue'])}")
        self.looping(write)
        self.loop_else(depth)

    def for_(self, depth):
        target = self.name()
        self.emit(f"for {target} in {self.expr('iterable', depth)}:" if self.chance(0.8)
                  else f"for {target}, {self.name()} in {self.expr(self.pick(['iterable', 'list']), depth)}:")
        self.scope.names[target] = "any"
        self.looping(lambda: self.body(depth))
        self.loop_else(depth)

    def loop_else(self, depth):
        if self.chance(0.25):
            self.emit("else:")
            self.block(lambda: self.body(depth, 2))

    def try_(self, depth):
        if self.chance(0.15):
            return self.try_star(depth)
        self.emit("try:")
        self.block(lambda: self.body(depth))
        only_finally = self.chance(0.25)
        if not only_finally:
            for _ in range(self.dice.randint(1, 2)):
                kinds = self.pick(EXCEPTIONS) if self.chance(0.6) else f"({self.pick(EXCEPTIONS)}, {self.pick(EXCEPTIONS)})"
                self.handler(f"except {kinds}", depth)
            if self.chance(0.5):
                self.handler("except Exception", depth)
            if self.chance(0.2):
                self.emit("else:")
                self.block(lambda: self.body(depth, 2))
        if only_finally or self.chance(0.35):
            self.emit("finally:")
            self.in_finally += 1
            loops, self.scope.loops = self.scope.loops, 0
            self.block(lambda: (self.emit(f"print('finally {self.indent}')"), self.body(depth, 2)))
            self.scope.loops = loops
            self.in_finally -= 1

    def handler(self, head, depth):
        name = self.name() if self.chance(0.7) else ""
        self.emit(f"{head} as {name}:" if name else f"{head}:")
        def write():
            if name:
                self.scope.names[name] = "error"
                if self.chance(0.7):
                    self.emit(f"tell({name})")
            if self.chance(0.25):
                self.emit(self.pick(["raise", f"raise {self.exception()}", f"raise {self.exception()} from {name or None}",
                                     f"{self.name()} = {name or None}"] if self.scope.is_function else [f"show({name or None})"]))
            else:
                self.body(depth, 2)
        self.block(write)
        if name:
            self.scope.names.pop(name, None)

    def try_star(self, depth):
        self.emit("try:")
        def write():
            self.emit(f"raise ExceptionGroup('e', [{self.exception()}, {self.exception()}])") if self.chance(0.5) else self.body(depth)
        self.block(write)
        leave, self.leave = self.leave, self.show  # no return, break or continue here
        jump, self.jump = self.jump, self.show
        for kind in self.dice.sample(EXCEPTIONS, self.dice.randint(1, 3)):
            name = self.name()
            self.emit(f"except* {kind} as {name}:")
            self.block(lambda: (self.emit(f"tell({name})"), self.body(min(depth, 0), 1)))
            self.scope.names.pop(name, None)
        self.leave, self.jump = leave, jump

    def with_(self, depth):
        items = []
        for _ in range(1 if self.chance(0.75) else 2):
            manager = self.expr("noisy", depth)
            items.append(manager if self.chance(0.4) else f"{manager} as {self.name()}")
        self.emit(f"with {', '.join(items)}:" if self.chance(0.8) else f"with ({', '.join(items)}):")
        self.block(lambda: self.body(depth))

    def async_with(self, depth):
        self.emit(f"async with {self.expr('noisy', depth)}{self.pick(['', ' as ' + self.name()])}:")
        self.block(lambda: self.body(depth))

    def async_for(self, depth):
        generators = [f for f in self.functions if f.kind == "agen"]
        if not generators:
            return self.async_with(depth)
        target = self.name()
        source = self.call(depth, generators)
        if self.chance(0.3):
            element = self.pick([target, f"t({target}, {target})", f"[{target}, await Pause({target})]"])
            return self.emit(f"show([{element} async for {target} in {source}])")
        self.emit(f"async for {target} in {source}:")
        self.scope.names[target] = "any"
        self.looping(lambda: self.body(depth))
        self.loop_else(depth)

    # ---- functions and classes

    def function(self, depth=3, kind=None, name=None, first=()):
        kind = kind or self.pick(["def", "def", "gen", "gen", "async", "agen"])
        self.count += 1
        made = Function(name or f"f{self.count}", kind)
        signature = self.signature(made, first)
        if self.chance(0.08) and not first:
            self.emit(f"@{self.pick(['tidy_call', 'Noisy(7)'])}" if False else "@(lambda f: f)")
        self.emit(f"{'async ' if kind in ('async', 'agen') else ''}def {made.name}({signature}):")
        outer, self.scope = self.scope, Scope(kind, self.scope if self.scope.kind != "class" else self.scope.parent)
        lambdas, self.in_lambda = self.in_lambda, 0
        comprehensions, self.in_comprehension = self.in_comprehension, 0
        functions, classes = len(self.functions), len(self.classes)
        in_finally, self.in_finally = self.in_finally, 0
        for parameter in made.positional + made.keyword_only:
            self.scope.names[parameter] = "any"
        def write():
            self.emit("tick()")
            self.body(min(depth, 2), 5)
            if kind in ("gen", "agen"):
                self.emit(f"yield {self.expr('any', 1)}")
            elif self.chance(0.7):
                self.emit(f"return {self.expr('any', 2)}")
        self.block(write)
        self.scope, self.in_lambda, self.in_comprehension = outer, lambdas, comprehensions
        self.in_finally = in_finally
        del self.functions[functions:], self.classes[classes:]
        if not first:
            self.functions.append(made)

    def signature(self, made, first):
        parts = list(first)
        available = self.dice.sample(NAMES, 5)
        defaults = False
        count = self.dice.choice([0, 1, 1, 2, 3])
        slash = self.dice.randint(1, count) if count and self.chance(0.2) else None
        for i in range(count):
            name = available.pop()
            made.positional.append(name)
            defaults = defaults or self.chance(0.3)
            if defaults:
                made.defaults.add(name)
            parts.append(f"{name}={self.expr('any', 1)}" if defaults else name)
            if slash == i + 1:
                parts.append("/")
        if self.chance(0.2):
            made.star = True
            parts.append("*rest")
        if self.chance(0.2):
            if not made.star:
                parts.append("*")
            name = available.pop()
            made.keyword_only.append(name)
            if self.chance(0.5):
                made.defaults.add(name)
                parts.append(f"{name}={self.expr('any', 1)}")
            else:
                parts.append(name)
        if self.chance(0.15):
            made.double_star = True
            parts.append("**more")
        return ", ".join(parts)

    def a_class(self, depth=3):
        self.count += 1
        name = f"C{self.count}"
        bases = [self.pick(["Noisy", "Noisy", "", "dict", "list", "Exception", "int"] + self.classes * 2)]
        if self.classes and self.chance(0.2):
            bases.append(self.pick(self.classes))
        self.emit(f"class {name}({', '.join(dict.fromkeys(b for b in bases if b))}):")
        outer, self.scope = self.scope, Scope("class", self.scope)
        self.block(lambda: self.class_body(name))
        self.scope = outer
        self.classes.append(name)

    def class_body(self, name):
        from classes import METHODS
        if self.chance(0.3):
            self.assign(1)
        methods = self.dice.sample(sorted(METHODS), self.dice.randint(1, 4))
        for method in methods:
            head, kinds = METHODS[method]
            parameters = head.split(", ") if head else []
            kind = self.pick(kinds)
            if method == "plain":
                self.function(1, name=self.pick(["go", "name", "size"]), first=["self"])
                continue
            if method in ("size", "wide"):
                self.emit(self.pick(["@property", "@property", "@staticmethod", "@classmethod"]))
            self.method_body(method, parameters, kind)
        if self.chance(0.2):
            self.emit(f"def __del__(self):")
            self.block(lambda: self.emit(f"print('del of {name}')"))

    def method_body(self, method, parameters, kind):
        self.emit(f"{'async ' if kind == 'async' else ''}def {method}({', '.join(parameters)}):")
        outer, self.scope = self.scope, Scope(kind, self.scope.parent)
        for parameter in parameters:
            self.scope.names[parameter.lstrip("*")] = "any"
        functions, classes = len(self.functions), len(self.classes)
        def write():
            self.emit("tick()")
            self.emit(f"print('{method}')")
            if self.chance(0.4):
                self.body(1, 2)
            if self.chance(0.4) and method.startswith("__") and parameters[:1] in (["self"], ["cls"]):
                rest = ", ".join(parameters[1:])
                self.emit(f"return super().{method}({rest})")
            elif kind == "gen":
                self.emit(f"yield {self.expr('any', 1)}")
            else:
                from classes import RESULTS
                self.emit(f"return {self.expr(RESULTS.get(method, 'any'), 1)}")
        self.block(write)
        del self.functions[functions:], self.classes[classes:]
        self.scope = outer


def sound(text):
    """Whether a program compiles without a word of warning."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(text, "program", "exec")
        return True
    except (SyntaxError, SyntaxWarning, ValueError, RecursionError):
        return False


def program(seed):
    for attempt in itertools.count():
        text = Author(f"{seed} {attempt}").program()
        if sound(text):
            return text


if __name__ == "__main__":
    import sys
    print(program(int(sys.argv[1])), end="")
