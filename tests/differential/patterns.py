"""Random match statements."""

from expressions import NAMES


class Patterns:
    def match_(self, depth):
        subject = self.expr(self.pick(["int", "str", "list", "tuple", "dict", "noisy", "any"]), depth)
        self.emit(f"match {subject}:")
        cases = self.dice.randint(1, 4)

        def write():
            for i in range(cases):
                bound = []
                pattern = self.pattern(2, bound)
                if i < cases - 1 and (pattern.isidentifier() or pattern == "_"):
                    pattern, bound = "0", []
                guard = f" if {self.expr('bool', depth)}" if self.chance(0.25) else ""
                self.emit(f"case {pattern}{guard}:")

                def case():
                    if bound:
                        self.emit(f"show({', '.join(bound)})")
                    for name in bound:
                        self.scope.names[name] = "any"
                    self.body(depth, 2)
                self.block(case)
        self.block(write)

    def capture(self, bound):
        free = [n for n in NAMES if n not in bound and n not in self.scope.fixed]
        if not free:
            return "_"
        bound.append(self.pick(free))
        return bound[-1]

    def pattern(self, depth, bound):
        roll = self.dice.randrange(9 if depth > 0 else 3)
        match roll:
            case 0:
                return self.pick(["0", "1", "-1", "'a'", "'abc'", "None", "True", "1.5", "b'abc'"])
            case 1:
                return self.capture(bound)
            case 2:
                return "_"
            case 3 | 4:
                parts = [self.pattern(depth - 1, bound) for _ in range(self.dice.randint(0, 3))]
                if self.chance(0.4):
                    parts.insert(self.dice.randint(0, len(parts)), "*" + (self.capture(bound) if self.chance(0.7) else "_"))
                return "[" + ", ".join(parts) + "]" if self.chance(0.5) else "(" + "".join(p + ", " for p in parts) + ")"
            case 5:
                parts = [f"{key}: {self.pattern(depth - 1, bound)}" for key in self.dice.sample(["'a'", "1", "'k'"], self.dice.randint(0, 2))]
                if self.chance(0.3):
                    rest = self.capture(bound)
                    if rest != "_":
                        parts.append("**" + rest)
                return "{" + ", ".join(parts) + "}"
            case 6:
                kind = self.pick(["int", "str", "list", "dict", "tuple", "float", "bool"])
                return f"{kind}({self.pattern(depth - 1, bound) if self.chance(0.5) else ''})"
            case 7:
                return f"Noisy(name={self.pattern(0, bound)})"
            case _:
                inner = "(0 | 'a' | [_, _] | None)" if self.chance(0.5) else f"({self.pattern(0, [n for n in NAMES])})"
                name = self.capture(bound)
                return f"{inner} as {name}" if name != "_" else inner
