"""Random expressions, by the type that they probably have.

An expression may well raise: what it raises, and what it did before that, is part of the answer.
"""

INTS = ["0", "1", "2", "3", "-1", "7", "10", "255", "-100", "2**31", "2**63", "10**20", "-(2**64)", "True"]
FLOATS = ["0.0", "1.5", "-2.25", "1e10", "0.1", "1e-7", "float('inf')", "-0.0", "3.0", "1e16", "float('nan')"]
STRINGS = ["''", "'a'", "'abc'", "'a,b,,c'", "' pad '", "'Äß'", "'x\\ny'", "'%d-%s'", "'{}{}'", "'ABC'", "'1'", "'-12'",
           "'tick \\'n\\' tock'", "'€uro'", "'a b c'"]
BYTES = ["b''", "b'abc'", "b'\\x00\\xff'", "bytes(3)", "b'a,b'"]
SPECS = ["", ">8", "<6", "^7", "*^9", "05", "x", "#x", "b", ",", "_", "+", ".2f", "e", "g", ".3", "%", "10.3f", "s", "!r", "d", "n",
         "=+6", "#o", "c", ">{w}", ".{w}"]
ARITHMETIC = ["+", "-", "*", "//", "%", "&", "|", "^", "/"]
COMPARISONS = ["<", "<=", "==", "!=", ">", ">=", "is", "is not", "in", "not in"]
NAMES = list("abcdefgh")
ATTRIBUTES = ["name", "x", "y", "size", "items"]
EXCEPTIONS = ["ValueError", "KeyError", "TypeError", "IndexError", "RuntimeError", "StopIteration", "LookupError", "ZeroDivisionError",
              "GeneratorExit", "OSError", "Exception", "AttributeError", "StopAsyncIteration", "ArithmeticError"]

# method of str -> types of its arguments ('?' before a type: may be left out)
STR_METHODS = {
    "upper": [], "lower": [], "title": [], "swapcase": [], "capitalize": [], "casefold": [], "strip": ["?str"],
    "lstrip": ["?str"], "rstrip": ["?str"], "split": ["?str", "?small"], "rsplit": ["?str", "?small"], "splitlines": ["?bool"],
    "replace": ["str", "str", "?small"], "find": ["str", "?small"], "rfind": ["str"], "index": ["str"], "count": ["str"],
    "startswith": ["str"], "endswith": ["str"], "join": ["list"], "center": ["small", "?str"], "ljust": ["small"],
    "rjust": ["small", "?str"], "zfill": ["small"], "partition": ["str"], "rpartition": ["str"], "encode": [],
    "isdigit": [], "isalpha": [], "isupper": [], "isspace": [], "isidentifier": [], "expandtabs": ["?small"],
    "removeprefix": ["str"], "removesuffix": ["str"], "format": ["any", "any"], "translate": ["dict"], "__len__": [],
    "__contains__": ["str"], "__mod__": ["any"], "isalnum": [], "isprintable": [], "isnumeric": [],
}
BYTES_METHODS = {
    "hex": [], "decode": [], "split": ["?bytes"], "find": ["bytes"], "replace": ["bytes", "bytes"], "upper": [], "strip": [],
    "join": ["list"], "startswith": ["bytes"], "count": ["bytes"], "zfill": ["small"], "partition": ["bytes"], "index": ["int"],
}
LIST_METHODS = {
    "append": ["any"], "extend": ["iterable"], "insert": ["small", "any"], "pop": ["?small"], "remove": ["any"], "clear": [],
    "index": ["any"], "count": ["any"], "sort": [], "reverse": [], "copy": [], "__len__": [], "__iadd__": ["iterable"],
    "__getitem__": ["small"], "__imul__": ["small"],
}
DICT_METHODS = {
    "get": ["key", "?any"], "pop": ["key", "?any"], "setdefault": ["key", "?any"], "update": ["dict"], "clear": [], "copy": [],
    "popitem": [], "keys": [], "values": [], "items": [], "__contains__": ["key"], "__or__": ["dict"],
}
SET_METHODS = {
    "add": ["plain"], "discard": ["plain"], "remove": ["plain"], "clear": [], "copy": [], "union": ["str"],
    "intersection": ["str"], "difference": ["set"], "symmetric_difference": ["str"], "update": ["set"],
    "issubset": ["set"], "issuperset": ["set"], "isdisjoint": ["set"],
}
# No sets: nothing may iterate one, since their order differs.
TYPES = ["int", "float", "str", "bool", "list", "tuple", "dict", "bytes", "noisy", "noisy"]


class Expressions:
    """Needs `self.dice` (random.Random), `self.scope` and `self.functions`."""

    def chance(self, probability):
        return self.dice.random() < probability

    def pick(self, items):
        return self.dice.choice(items)

    def expr(self, kind="any", depth=3):
        """An expression of a kind; now and then one of another."""
        if kind == "any" or self.chance(0.04):
            kind = self.pick(TYPES)
        if depth <= 0:
            return self.leaf(kind)
        roll = self.dice.random()
        if roll < 0.18:
            return self.leaf(kind)
        if roll < 0.30:
            return self.any_way(kind, depth - 1)
        return getattr(self, "of_" + kind)(depth - 1)

    # ---- leaves

    def leaf(self, kind):
        known = [name for name, what in self.scope.visible().items() if what == kind]
        if known and self.chance(0.7):
            return self.pick(known)
        return self.literal(kind)

    def literal(self, kind):
        match kind:
            case "int":
                return self.pick(INTS)
            case "small":
                return str(self.dice.randint(-3, 6))
            case "float":
                return self.pick(FLOATS)
            case "str":
                return self.pick(STRINGS)
            case "bytes":
                return self.pick(BYTES)
            case "bool":
                return self.pick(["True", "False"])
            case "list":
                return self.pick(["[]", "[1, 2, 3]", "['a', 'b']", "[3, 1, 2]", "list('hello')", "[[1], [2]]"])
            case "tuple":
                return self.pick(["()", "(1,)", "(1, 'a')", "(3, 1, 2)"])
            case "dict":
                return self.pick(["{}", "{'a': 1}", "{1: 'x', 2: 'y'}", "dict(k=1, j=2)"])
            case "set":
                return self.pick(["set()", "{1, 2}", "frozenset('ab')", "{1, 2, 3}"])
            case "plain":
                return self.pick(["'a'", "1", "'k'", "2", "None"])
            case "key":
                return self.pick(["'a'", "1", "'k'", "2", "(1, 2)", "None"])
            case "iterable":
                return self.pick(["'abc'", "[1, 2, 3]", "range(3)", "(5, 6)", "{'a': 1}", "iter([7, 8])", "b'ab'"])
            case "noisy":
                return self.noisy()
        return "None"

    def noisy(self):
        self.count += 1
        return f"Noisy('{self.pick(['n', 'quiet', 'm'])}{self.count}')"

    # ---- ways that serve every kind

    def any_way(self, kind, depth):
        e = self.expr
        match self.dice.randrange(12):
            case 0:
                return f"({e(kind, depth)} if {e('bool', depth)} else {e(kind, depth)})"
            case 1:
                self.count += 1
                return f"t({self.count}, {e(kind, depth)})"
            case 2:
                return f"({e(kind, depth)} or {e(kind, depth)})"
            case 3:
                return f"({e(kind, depth)} and {e(kind, depth)})"
            case 4:
                return f"[{e(kind, depth)}, {e('any', depth)}][{self.pick(['0', '0', '-2', '1', '2'])}]"
            case 5:
                return f"(lambda: {self.inside_lambda(kind, depth)})()"
            case 6 if not self.scope.in_class and not self.in_comprehension:
                name = self.pick(NAMES)
                if name in self.scope.fixed:
                    return e(kind, depth)
                value = e(kind, depth)
                self.scope.names[name] = kind
                return f"({name} := {value})"
            case 7 if self.functions:
                return self.call(depth)
            case 8 if self.scope.may_yield and not self.in_lambda:
                return f"(yield {e('any', depth)})"
            case 9 if self.scope.may_await and not self.in_lambda:
                return self.awaited(depth)
            case 10:
                return f"(*[{e(kind, depth)}],)[0]"
            case 11:
                return f"{{{e('key', depth)}: {e(kind, depth)}}}.popitem()[1]"
        return self.leaf(kind)

    def inside_lambda(self, kind, depth):
        self.in_lambda += 1
        text = self.expr(kind, depth)
        self.in_lambda -= 1
        return text

    def awaited(self, depth):
        coroutines = [f for f in self.functions if f.kind == "async"]
        if coroutines and self.chance(0.6):
            return f"(await {self.call(depth, coroutines)})"
        self.count += 1
        return f"(await Pause({self.count}))"

    def call(self, depth, among=None):
        """A call of a known function, mostly one that fits it."""
        function = self.pick(among or self.functions)
        args, keywords = [], []
        for name in function.positional:
            if name in function.defaults and self.chance(0.5):
                break
            args.append(self.expr("any", depth - 1))
        for name in function.keyword_only:
            if name not in function.defaults or self.chance(0.5):
                keywords.append(f"{name}={self.expr('any', depth - 1)}")
        if function.star and self.chance(0.5):
            args.append("*" + self.expr("iterable", depth - 1))
        if function.double_star and self.chance(0.5):
            keywords.append(self.pick(["**{'z': 1}", "q=2", "**{'z': Noisy('kw')}"]))
        if args and self.chance(0.06):
            args.pop(self.dice.randrange(len(args)))
        if self.chance(0.04):
            args.append("None")
        return f"{function.name}({', '.join(args + keywords)})"

    # ---- kinds

    def of_int(self, depth):
        e = self.expr
        match self.dice.randrange(14):
            case 0 | 1 | 2:
                return f"({e('int', depth)} {self.pick(ARITHMETIC[:-1])} {e('int', depth)})"
            case 3:
                return f"({self.pick(['-', '~', '+'])}{e('int', depth)})"
            case 4:
                return f"len({e(self.pick(['str', 'list', 'tuple', 'dict', 'set', 'bytes']), depth)})"
            case 5:
                return f"({e('int', depth)} {self.pick(['<<', '>>'])} {self.dice.randint(0, 70)})"
            case 6:
                return f"({e('int', depth)} ** {self.dice.randint(0, 3)})"
            case 7:
                return f"int({e(self.pick(['float', 'str', 'bool', 'int']), depth)})"
            case 8:
                return f"{self.pick(['sum', 'max', 'min'])}({self.comprehension('list', 'int', depth)})"
            case 9:
                return f"abs({e('int', depth)})"
            case 10:
                return f"{self.pick(['divmod({}, {})[0]', 'pow({}, 2, {})', 'round({}, -{})', 'max({}, {})', 'min({}, {})']).format(e('int', depth), self.pick(['3', '7', '-4', '1']))}"
            case 11:
                return f"({e('int', depth)}).bit_length()"
            case 12:
                return f"ord({e('str', depth)}[{self.pick(['0', '-1', '5'])}])"
        return f"({e('list', depth)})[{e('small', 0)}]"

    def of_small(self, depth):
        return self.pick([self.literal("small"), f"len({self.expr('list', depth)})", f"({self.expr('int', depth)} % 5)"])

    def of_float(self, depth):
        e = self.expr
        match self.dice.randrange(5):
            case 0 | 1:
                return f"({e('float', depth)} {self.pick(['+', '-', '*', '/', '//', '%'])} {e(self.pick(['float', 'int']), depth)})"
            case 2:
                return f"float({e(self.pick(['int', 'str', 'float']), depth)})"
            case 3:
                return f"round({e('float', depth)}, {self.dice.randint(0, 3)})"
        return f"(-{e('float', depth)})"

    def of_str(self, depth):
        e = self.expr
        match self.dice.randrange(12):
            case 0 | 1:
                return f"({e('str', depth)} + {e('str', depth)})"
            case 2 | 3:
                return self.fstring(depth)
            case 4 | 5:
                return self.method("str", STR_METHODS, depth)
            case 6:
                return f"({e('str', depth)})[{self.slice(depth)}]"
            case 7:
                return f"({e('str', depth)} * {self.literal('small')})"
            case 8:
                return f"repr(tidy({e('any', depth)}))"
            case 9:
                return f"format({e(self.pick(['int', 'float', 'str', 'noisy']), depth)}, {self.pick(SPECS[:-2])!r})"
            case 10:
                pattern = self.pick(["%s", "%r", "%d", "%5.2f", "%x", "%s and %s", "%-6s|", "%c", "%(a)s", "%%", "%05d", "%+d", "%e", "%.3s"])
                return f"({pattern!r} % {e(self.pick(['int', 'str', 'tuple', 'float', 'dict', 'noisy']), depth)})"
        return f"str({e(self.pick(['int', 'float', 'list', 'bool', 'noisy', 'tuple']), depth)})"

    def fstring(self, depth):
        parts = []
        for _ in range(self.dice.randint(1, 3)):
            kind = self.pick(["int", "str", "float", "noisy", "tuple", "list", "bool"])
            value = self.expr(kind, depth - 1)
            if "lambda" in value or "'" in value and "\\" in value:
                value = self.leaf("int")
            spec = self.pick(SPECS)
            tail = spec if spec.startswith("!") else (":" + spec.replace("{w}", "{" + str(self.dice.randint(1, 9)) + "}") if spec else "")
            if self.chance(0.15):
                tail = "!r" + ("" if self.chance(0.5) else ":>12")
            space = " " if value.startswith("{") else ""
            equals = " = " if self.chance(0.15) and not tail.startswith(":") else ""
            parts.append(f"{{{space}{value}{equals}{tail}}}" if self.chance(0.95) else "{{}}")
            parts.append(self.pick(["", " ", "-", "é"]))
        quotes = self.pick(["'", '"', "'''"])
        return "f" + quotes + "".join(parts) + quotes

    def method(self, kind, table, depth):
        name, wants = self.pick(sorted(table.items()))
        args = []
        for want in wants:
            if want.startswith("?") and self.chance(0.5):
                break
            args.append(self.expr(want.lstrip("?"), depth - 1))
        return f"({self.expr(kind, depth - 1)}).{name}({', '.join(args)})"

    def slice(self, depth):
        def part():
            return "" if self.chance(0.4) else self.literal("small")
        return f"{part()}:{part()}" + (f":{part()}" if self.chance(0.3) else "")

    def of_bytes(self, depth):
        match self.dice.randrange(4):
            case 0:
                return f"({self.expr('bytes', depth)} + {self.expr('bytes', depth)})"
            case 1:
                return f"({self.expr('bytes', depth)})[{self.slice(depth)}]"
            case 2:
                return self.method("bytes", BYTES_METHODS, depth)
        return f"bytes({self.expr(self.pick(['list', 'small']), depth)})"

    def of_bool(self, depth):
        e = self.expr
        match self.dice.randrange(8):
            case 0 | 1 | 2:
                kind = self.pick(["int", "str", "float", "tuple", "list", "noisy", "any", "set"])
                text = e(kind, depth)
                for _ in range(1 if self.chance(0.8) else 2):
                    text += f" {self.pick(COMPARISONS[:6])} {e(kind, depth)}"
                return f"({text})"
            case 3:
                return f"(not {e('any', depth)})"
            case 4:
                return f"({e('key', depth)} {self.pick(['in', 'not in'])} {e(self.pick(['list', 'dict', 'tuple', 'set', 'noisy', 'str']), depth)})"
            case 5:
                return f"isinstance({e('any', depth)}, {self.pick(['int', 'str', '(list, tuple)', 'int | str', 'Noisy'])})"
            case 6:
                return f"{self.pick(['any', 'all'])}({self.comprehension('generator', 'bool', depth)})"
        return f"({e('any', depth)} {self.pick(['is', 'is not'])} None)"

    def of_list(self, depth):
        e = self.expr
        match self.dice.randrange(10):
            case 0 | 1:
                items = [self.star("any", depth) for _ in range(self.dice.randint(0, 3))]
                return "[" + ", ".join(items) + "]"
            case 2 | 3:
                return self.comprehension("list", "any", depth)
            case 4:
                return f"({e('list', depth)} + {e('list', depth)})"
            case 5:
                return f"({e('list', depth)})[{self.slice(depth)}]"
            case 6:
                return f"sorted({e('iterable', depth)}, {self.pick(['reverse=True', 'key=repr', 'key=lambda v: (tick(), str(v))[1]'])})"
            case 7:
                return f"({e('str', depth)}).split({self.pick(['', repr(','), 'None, 1'])})"
            case 8:
                return f"list({e('iterable', depth)})"
        return f"({e('list', depth)} * {self.literal('small')})"

    def star(self, kind, depth):
        return "*" + self.expr("iterable", depth - 1) if self.chance(0.15) else self.expr(kind, depth)

    def of_tuple(self, depth):
        match self.dice.randrange(5):
            case 0 | 1:
                return "(" + "".join(self.star("any", depth) + ", " for _ in range(self.dice.randint(0, 3))) + ")"
            case 2:
                return f"tuple({self.expr('iterable', depth)})"
            case 3:
                return f"({self.expr('tuple', depth)})[{self.slice(depth)}]"
        return f"({self.expr('tuple', depth)} + {self.expr('tuple', depth)})"

    def of_dict(self, depth):
        e = self.expr
        match self.dice.randrange(6):
            case 0 | 1:
                items = []
                for _ in range(self.dice.randint(0, 3)):
                    items.append(f"**{e('dict', depth - 1)}" if self.chance(0.15) else f"{e('key', depth)}: {e('any', depth)}")
                return "{" + ", ".join(items) + "}"
            case 2:
                return self.comprehension("dict", "any", depth)
            case 3:
                return f"({e('dict', depth)} | {e('dict', depth)})"
            case 4:
                return f"dict(zip({e('iterable', depth)}, {e('iterable', depth)}))"
        return f"dict.fromkeys({e('iterable', depth)}, {e('any', depth)})"

    def of_set(self, depth):
        e = self.expr
        match self.dice.randrange(5):
            case 0:
                return "{" + ", ".join(e("plain", depth) for _ in range(self.dice.randint(1, 3))) + "}"
            case 1:
                return self.comprehension("set", "int", depth)
            case 2:
                return self.method("set", SET_METHODS, depth)
            case 3:
                return f"({e('set', depth)} {self.pick(['|', '&', '-', '^'])} {e('set', depth)})"
        return f"{self.pick(['set', 'frozenset'])}({e('str', depth)})"

    def of_plain(self, depth):
        return self.expr(self.pick(["int", "str", "small"]), depth)

    def of_key(self, depth):
        return self.expr(self.pick(["int", "str", "small", "noisy"]), depth)

    def of_iterable(self, depth):
        e = self.expr
        generators = [f for f in self.functions if f.kind == "gen"]
        match self.dice.randrange(12):
            case 0 | 1 if generators:
                return self.call(depth, generators)
            case 2:
                return f"range({self.literal('small')}, {self.dice.randint(1, 6)}{self.pick(['', ', 2', ', -1'])})"
            case 3:
                return f"enumerate({e('iterable', depth)}{self.pick(['', ', 5', ', start=-1'])})"
            case 4:
                return f"zip({e('iterable', depth)}, {e('iterable', depth)}{self.pick(['', '', ', strict=True'])})"
            case 5:
                return f"map({self.pick(['str', 'repr', 'lambda v: t(v, v)', 'tidy', 'Noisy', 'lambda v: v + v'])}, {e('iterable', depth)})"
            case 6:
                return f"filter({self.pick(['None', 'bool', 'lambda v: v'])}, {e('iterable', depth)})"
            case 7:
                return self.comprehension("generator", "any", depth)
            case 8:
                return f"reversed({e(self.pick(['list', 'tuple', 'str', 'dict']), depth)})"
            case 9:
                return f"iter({e('iterable', depth)})"
            case 10:
                return f"({e('dict', depth)}).{self.pick(['keys', 'values', 'items'])}()"
        return e(self.pick(["list", "tuple", "str", "dict", "noisy"]), depth)

    def of_noisy(self, depth):
        e = self.expr
        match self.dice.randrange(8):
            case 0 | 1:
                return f"({e('noisy', depth)} + {e('any', depth)})"
            case 2:
                return f"{e('noisy', depth)}[{self.pick([e('small', depth), self.slice(depth), 'None, 1'])}]"
            case 3:
                return f"{e('noisy', depth)}({', '.join(self.star('any', depth) for _ in range(self.dice.randint(0, 2)))}{self.pick(['', '', ')'])}".removesuffix(")") + ")"
            case 4:
                return f"{e('noisy', depth)}.{self.pick(['name', 'name', 'missing', '__class__.__name__'])}"
            case 5 if self.classes:
                return self.instance(depth)
        return self.noisy()

    def instance(self, depth):
        args = ", ".join(self.expr("any", depth - 1) for _ in range(self.dice.randint(0, 1)))
        return f"{self.pick(self.classes)}({args})"

    def comprehension(self, kind, item, depth):
        """Variables of a comprehension are its own."""
        name = self.pick(NAMES)
        source = self.expr("iterable", depth - 1)
        outer, self.scope = self.scope, self.scope.nested(name)
        self.in_comprehension += 1
        self.in_lambda += 1
        clauses = f"for {name} in {source}"
        if self.chance(0.2):
            second = self.pick(NAMES)
            clauses += f" for {second} in {self.expr('iterable', depth - 1)}"
            self.scope.names[second] = "any"
        if self.chance(0.4):
            clauses += f" if {self.expr('bool', depth - 1)}"
        element = name if self.chance(0.3) else self.expr(item, depth - 1)
        if self.chance(0.2):
            element = f"(tick(), {element})[1]"
        if kind == "dict":
            element = f"{self.expr('key', depth - 1)}: {element}"
        self.in_comprehension -= 1
        self.in_lambda -= 1
        self.scope = outer
        opening, closing = {"list": "[]", "set": "{}", "dict": "{}", "generator": "()"}[kind]
        return f"{opening}{element} {clauses}{closing}"
