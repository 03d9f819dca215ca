//! Programs that are too deep, too long or without end: each ends with a clear error or simply
//! runs, and soon.

use crate::coro::program;

/// The program ends with this last line of stderr.
fn fails_with(name: &str, text: &str, last_line: &str) {
    let run = program(name, text);
    assert_eq!(
        (run.code, run.last_line()),
        (Some(1), last_line),
        "{name}: {:.2000}",
        run.stderr
    );
}

fn prints(name: &str, text: &str, want: &str) {
    let run = program(name, text);
    assert_eq!(
        (run.code, run.out().as_str()),
        (Some(0), want),
        "{name}: {:.2000}",
        run.stderr
    );
}

#[test]
fn ten_thousand_parentheses() {
    let open = "(".repeat(10_000);
    fails_with(
        "parens",
        &format!("x = {open}1{}\n", ")".repeat(10_000)),
        "SyntaxError: too many nested parentheses",
    );
    fails_with(
        "parens_open",
        &format!("x = {open}\n"),
        "SyntaxError: too many nested parentheses",
    );
}

#[test]
fn deep_source() {
    let deep: String = (0..150)
        .map(|i| format!("{}if True:\n", " ".repeat(i)))
        .collect();
    fails_with(
        "indents",
        &format!("{deep}{}pass\n", " ".repeat(150)),
        "IndentationError: too many levels of indentation",
    );
    // Long, not deep.
    prints(
        "chain",
        &format!("print({}1)\n", "1 + ".repeat(4_000)),
        "4001\n",
    );
    prints("signs", &format!("print({}1)\n", "-".repeat(1_000)), "1\n");
    fails_with(
        "chain_too_long",
        &format!("print({}1)\n", "1 + ".repeat(50_000)),
        "SyntaxError: too many nested expressions",
    );
    let elifs: String = (0..3_000)
        .map(|i| format!("elif x == {i}:\n    print({i})\n"))
        .collect();
    prints(
        "elifs",
        &format!("x = 2999\nif x == -1:\n    pass\n{elifs}"),
        "2999\n",
    );
}

#[test]
fn a_line_of_ten_megabytes() {
    let list = "1, ".repeat(3_500_000);
    prints("long_line", &format!("print(len(({list})))\n"), "3500000\n");
    fails_with(
        "long_line_error",
        &format!("x = [{list}) \n"),
        "SyntaxError: closing parenthesis ')' does not match opening parenthesis '['",
    );
    prints(
        "long_string",
        &format!("print(len('{}'))\n", "x".repeat(10_000_000)),
        "10000000\n",
    );
}

#[test]
fn a_long_line_that_is_wrong() {
    let items = "1, ".repeat(100_000);
    fails_with(
        "long_and_wrong",
        &format!("x = [{items} = ]\n"),
        "SyntaxError: invalid syntax",
    );
}

#[test]
fn more_attributes_than_an_operand_can_name() {
    // From the 65,537th on they have no quick way, and what has one is none of theirs.
    let near = "    s += a.x\n".repeat(65_530);
    let far = "    s += a.x\n    a.y = s\n    s += a.twice(1)\n    a.z = a.y\n".repeat(20);
    prints(
        "many_attributes",
        &format!(
            "class A:\n    def __init__(self):\n        self.x = 1\n    def twice(self, n):\n        return 2 * n\n\n\
             def f(a):\n    s = 0\n{near}{far}    return s, a.x, a.y, a.z\n\n\
             print(f(A()))\na = A()\nf(a)\nprint(f(a))\nA.twice = lambda self, n: 0\na.x = 2\nprint(f(a))\n"
        ),
        "(65590, 1, 65588, 65588)\n(65590, 1, 65588, 65588)\n(131100, 2, 131100, 131100)\n",
    );
}

#[test]
fn recursive_reprs() {
    prints(
        "repr",
        "a = []\na.append(a)\nd = {}\nd[1] = d\nprint(a, d)\n",
        "[[...]] {1: {...}}\n",
    );
    fails_with(
        "repr_class",
        "class A:\n    def __repr__(self):\n        return repr(self)\nrepr(A())\n",
        "RecursionError: maximum recursion depth exceeded",
    );
}

#[test]
fn unbounded_recursion() {
    let limit = "RecursionError: maximum recursion depth exceeded";
    fails_with("recursion", "def f():\n    f()\nf()\n", limit);
    fails_with(
        "recursion_init",
        "class A:\n    def __init__(self):\n        A()\nA()\n",
        limit,
    );
    fails_with(
        "recursion_gen",
        "def g():\n    yield from g()\nnext(g())\n",
        limit,
    );
    prints(
        "recursion_caught",
        "def f(n):\n    try:\n        return f(n + 1)\n    except RecursionError:\n        return 'caught'\nprint(f(0))\n",
        "caught\n",
    );
    fails_with(
        "recursion_sort",
        "def key(x):\n    return sorted([x], key=key)\nkey(1)\n",
        limit,
    );
    fails_with(
        "recursion_eq",
        "class A:\n    def __eq__(self, o):\n        return self == o\nA() == A()\n",
        limit,
    );
}

#[test]
fn deep_data_is_freed() {
    prints(
        "nested_lists",
        "a = []\nfor _ in range(1_000_000):\n    a = [a]\ndel a\nprint('freed')\n",
        "freed\n",
    );
    prints(
        "nested_tuples",
        "a = ()\nfor _ in range(300_000):\n    a = (a, {1: a})\ndel a\nprint('freed')\n",
        "freed\n",
    );
    prints(
        "linked_objects",
        "class N:\n    pass\nhead = None\nfor _ in range(300_000):\n    n = N()\n    n.next = head\n    head = n\n\
         del head, n\nprint('freed')\n",
        "freed\n",
    );
}

#[test]
fn deep_chains_of_generators() {
    let chain = "def leaf():\n    yield 1\n    return 2\n\ndef wrap(inner):\n    return (yield from inner)\n\n\
                 def build(n):\n    g = leaf()\n    for _ in range(n):\n        g = wrap(g)\n    return g\n\n";
    prints(
        "chain_dropped",
        &format!("{chain}g = build(1_000_000)\ndel g\nprint('freed')\n"),
        "freed\n",
    );
    // A chain of delegations costs memory, not stack, and does not count against the recursion
    // limit (see grammar/divergences.md). One without end still ends.
    prints(
        "chain_beyond_recursion_limit",
        &format!(
            "import sys\n{chain}print(sys.getrecursionlimit())\nprint(next(build(100_000)))\n"
        ),
        "1000\n1\n",
    );
    fails_with(
        "chain_limit",
        &format!("{chain}next(build(1_300_000))\n"),
        "RecursionError: maximum recursion depth exceeded",
    );
    prints(
        "chain_deep",
        &format!(
            "{chain}g = build(1_000_000)\nprint(next(g))\ntry:\n    next(g)\nexcept StopIteration as e:\n    print(e.value)\n"
        ),
        "1\n2\n",
    );
}

#[test]
fn deep_chains_of_awaits() {
    let text = "import asyncio\n\nasync def leaf():\n    await asyncio.sleep(0)\n    return 1\n\n\
                async def wrap(inner):\n    return await inner + 1\n\n\
                c = leaf()\nfor _ in range(200_000):\n    c = wrap(c)\nprint(asyncio.run(c))\n";
    prints("await_deep", text, "200001\n");
}
