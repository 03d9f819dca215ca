//! Listings of representative programs, one per idea, as files to read.

use super::*;
use crate::bytecode::disasm::disassemble;

fn listing(text: &str) -> String {
    disassemble(&compile("example.coro", text, Mode::Module).code)
}

macro_rules! listings {
    ($($name:ident: $text:literal;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), listing($text));
        }
    )*};
}

listings! {
    recursion: "\
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)
";
    loops: "\
def f(n):
    total = 0
    i = 0
    while i < n:
        i += 1
        if i % 3 == 0:
            continue
        total += i
    for k, v in enumerate(range(n)):
        if k > 5:
            break
        total = total + k * v
    else:
        total = -total
    return total
";
    conditions: "\
def f(a, b, c):
    if a < b <= c and not (a is None or b in (1, 2)):
        return a if b else c
    x = a and b or c
    return 1 < x < b
";
    operands_before_a_walrus: "\
def f(x):
    return x + (x := 5), [x, (x := 6), x]
";
    calls: "\
def f(o, *args, k=1, **rest):
    o.method(1, key=2)
    print(o, *args, k=k, **rest)
    return o.name[k]
";
    closures: "\
def counter(start):
    count = start
    def step(by=1):
        nonlocal count
        count += by
        return count
    return step
";
    class_with_super: "\
class Dog(Animal, loud=True):
    'Barks.'
    legs: int = 4
    def __init__(self, name):
        super().__init__(name)
        self.__name = name
";
    exceptions: "\
def f(x):
    try:
        return x()
    except ValueError as e:
        print(e)
    finally:
        print('done')
";
    except_star: "\
def f(x):
    try:
        x()
    except* ValueError as e:
        print(e)
";
    contexts: "\
def f(path):
    for line in path:
        with open(path) as file:
            return file.read()
";
    generators: "\
def f(xs):
    got = yield
    yield from (x * got for x in xs if x)
    return 3
";
    coroutines: "\
async def main(source):
    async with source() as s:
        async for item in s:
            await item
    return [x async for x in source]
";
    comprehensions: "\
def f(rows):
    table = {r: [c + 1 for c in r] for r in rows}
    return [lambda: x for x in table]
";
    patterns: "\
def f(command):
    match command:
        case ['go', direction] | {'go': direction}:
            return direction
        case Point(x=0, y=y) if y > 0:
            return y
        case 1 | 2 as n:
            return n
        case _:
            return None
";
    strings: "\
def f(name, width):
    return f'{name!r:>{width}} and {width=}' + 'a' * 3
";
    unpacking: "\
def f(p):
    a, b = p
    a, b = b, a
    first, *rest = p
    p.x = p[0] = a
    return first, rest
";
    type_parameters: "\
def first[T](items: list[T]) -> T:
    return items[0]
";
}
