//! Tracebacks in both forms. Everything in CPython's form was recorded from CPython 3.13.

use super::*;

fn entry(source: &Source, part: &str, function: &str) -> FrameEntry {
    let start = source.text().find(part).map_or(0, |i| i as u32);
    let span = Span::new(start, start + part.len() as u32);
    FrameEntry {
        source: source.clone(),
        span,
        told: None,
        function: function.into(),
        qualname: function.into(),
        task: None,
        library: false,
    }
}

fn error(last_line: &str, entries: Vec<FrameEntry>) -> UncaughtError {
    UncaughtError {
        entries,
        last_line: last_line.into(),
        ..UncaughtError::default()
    }
}

const CALLS: &str = "\
def f(x):
    return x[1] + x[2]['a'](
        1, 2)
try:
    f([1,2,{'a': lambda *a: 1/0}])
except ZeroDivisionError as e:
    raise ValueError('a') from e
";

fn calls() -> UncaughtError {
    let source = Source::new("t.py", CALLS);
    let cause = error(
        "ZeroDivisionError: division by zero",
        vec![
            entry(&source, "f([1,2,{'a': lambda *a: 1/0}])", "<module>"),
            entry(&source, "x[2]['a'](\n        1, 2)", "f"),
            entry(&source, "1/0", "<lambda>"),
        ],
    );
    let mut last = error(
        "ValueError: a",
        vec![entry(&source, "raise ValueError('a') from e", "<module>")],
    );
    last.notes = vec!["n1\nn2".into()];
    last.chain = vec![(Relation::Cause, cause)];
    last
}

#[test]
fn cpython_form_with_a_cause() {
    let want = "\
Traceback (most recent call last):
  File \"t.py\", line 5, in <module>
    f([1,2,{'a': lambda *a: 1/0}])
    ~^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File \"t.py\", line 2, in f
    return x[1] + x[2]['a'](
                  ~~~~~~~~~^
        1, 2)
        ^^^^^
  File \"t.py\", line 5, in <lambda>
    f([1,2,{'a': lambda *a: 1/0}])
                            ~^~
ZeroDivisionError: division by zero

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"t.py\", line 7, in <module>
    raise ValueError('a') from e
ValueError: a
n1
n2
";
    assert_eq!(render_python(&calls()), want);
}

#[test]
fn drawn_with_a_cause() {
    insta::assert_snapshot!(render_uncaught(&calls(), &RenderOptions::default()), @r"
    [E0301] Error: ZeroDivisionError: division by zero
       ╭─[ t.py:5:29 ]
       │
     2 │ ╭─▶     return x[1] + x[2]['a'](
     3 │ ├─▶         1, 2)
       │ │
       │ ╰──────────────────── called from here, in f()
       │
     5 │         f([1,2,{'a': lambda *a: 1/0}])
       │         ───────────────┬─────────┬────
       │                        ╰──────────────── called from here
       │                                  │
       │                                  ╰────── raised here, in a lambda
    ───╯
    ZeroDivisionError: division by zero

    The above exception was the direct cause of the following exception:

    [E0301] Error: ValueError: a
       ╭─[ t.py:7:5 ]
       │
     7 │     raise ValueError('a') from e
       │     ──────────────┬─────────────
       │                   ╰─────────────── raised here
    ───╯
    ValueError: a
    n1
    n2
    ");
}

#[test]
fn marks_are_left_out_where_they_say_nothing() {
    let cases = [
        (
            "def g():\n    return f(1)  # why\n",
            "f(1)",
            "    return f(1)  # why\n",
        ),
        ("x = f(1)\n", "f(1)", "    x = f(1)\n"),
        ("x.y = f(1)\n", "f(1)", "    x.y = f(1)\n          ~^^^\n"),
        ("x = o.f(1)\n", "o.f(1)", "    x = o.f(1)\n"),
        (
            "def g():\n    return o.f(1)\n",
            "o.f(1)",
            "    return o.f(1)\n           ~~~^^^\n",
        ),
        ("x = o[1]\n", "o[1]", "    x = o[1]\n        ~^^^\n"),
        ("f(1)\n", "f(1)", "    f(1)\n    ~^^^\n"),
        ("raise E\n", "raise E", "    raise E\n"),
        (
            "if x: raise E\n",
            "raise E",
            "    if x: raise E\n          ^^^^^^^\n",
        ),
        ("name\n", "name", "    name\n"),
        ("print(name)\n", "name", "    print(name)\n          ^^^^\n"),
        (
            "print('漢', name)\n",
            "name",
            "    print('漢', name)\n                ^^^^\n",
        ),
    ];
    for (text, part, want) in cases {
        let source = Source::new("t.py", text);
        let drawn = render_python(&error("E", vec![entry(&source, part, "g")]));
        let lines: String = drawn.lines().skip(2).map(|l| format!("{l}\n")).collect();
        assert_eq!(lines, format!("{want}E\n"), "{text}");
    }
}

#[test]
fn long_expressions_are_abridged() {
    let text = "f(\n    1,\n    2,\n    3,\n    4,\n)\n";
    let source = Source::new("t.py", text);
    let want = "\
Traceback (most recent call last):
  File \"t.py\", line 1, in <module>
    f(
    ~^
        1,
        ^^
    ...<2 lines>...
        4,
        ^^
    )
    ^
E
";
    let drawn = render_python(&error(
        "E",
        vec![entry(&source, text.trim_end(), "<module>")],
    ));
    assert_eq!(drawn, want);
}

#[test]
fn repeated_frames_are_counted() {
    let source = Source::new("t.py", "def f():\n    f()\nf()\n");
    let mut entries = vec![FrameEntry {
        span: Span::new(17, 20),
        ..entry(&source, "f()", "<module>")
    }];
    entries.extend((0..996).map(|_| FrameEntry {
        span: Span::new(13, 16),
        ..entry(&source, "f()", "f")
    }));
    let e = error("RecursionError: maximum recursion depth exceeded", entries);
    let want = "\
Traceback (most recent call last):
  File \"t.py\", line 3, in <module>
    f()
    ~^^
  File \"t.py\", line 2, in f
    f()
    ~^^
  File \"t.py\", line 2, in f
    f()
    ~^^
  File \"t.py\", line 2, in f
    f()
    ~^^
  [Previous line repeated 993 more times]
RecursionError: maximum recursion depth exceeded
";
    assert_eq!(render_python(&e), want);
    insta::assert_snapshot!(render_uncaught(&e, &RenderOptions::default()), @r"
    [E0329] Error: RecursionError: maximum recursion depth exceeded
       ╭─[ t.py:2:5 ]
       │
     2 │     f()
       │     ─┬─
       │      ╰─── raised here, in f(), in the last of 996 such calls
     3 │ f()
       │ ─┬─
       │  ╰─── called from here
    ───╯
    RecursionError: maximum recursion depth exceeded
    ");
}

fn group() -> UncaughtError {
    let source = Source::new(
        "t.py",
        "raise ExceptionGroup('g', [V, ExceptionGroup('h', [T])])\n",
    );
    let inner = UncaughtError {
        children: Some(vec![error("TypeError: t", vec![])]),
        ..error("ExceptionGroup: h (1 sub-exception)", vec![])
    };
    let mut value = error("ValueError: v", vec![entry(&source, "V", "<module>")]);
    value.chain = vec![(Relation::Context, error("KeyError: 'k'", vec![]))];
    UncaughtError {
        children: Some(vec![value, inner]),
        ..error(
            "ExceptionGroup: g (2 sub-exceptions)",
            vec![entry(&source, source.text().trim_end(), "<module>")],
        )
    }
}

#[test]
fn groups_are_trees() {
    let want = "  \
  + Exception Group Traceback (most recent call last):
  |   File \"t.py\", line 1, in <module>
  |     raise ExceptionGroup('g', [V, ExceptionGroup('h', [T])])
  | ExceptionGroup: g (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | KeyError: 'k'
    | 
    | During handling of the above exception, another exception occurred:
    | 
    | Traceback (most recent call last):
    |   File \"t.py\", line 1, in <module>
    |     raise ExceptionGroup('g', [V, ExceptionGroup('h', [T])])
    |                                ^
    | ValueError: v
    +---------------- 2 ----------------
    | ExceptionGroup: h (1 sub-exception)
    +-+---------------- 1 ----------------
      | TypeError: t
      +------------------------------------
";
    assert_eq!(render_python(&group()), want);
    insta::assert_snapshot!(render_uncaught(&group(), &RenderOptions::default()), @r"
    + [E0301] Error: ExceptionGroup: g (2 sub-exceptions)
    |    ╭─[ t.py:1:1 ]
    |    │
    |  1 │ raise ExceptionGroup('g', [V, ExceptionGroup('h', [T])])
    |    │ ────────────────────────────┬───────────────────────────
    |    │                             ╰───────────────────────────── raised here
    | ───╯
    | ExceptionGroup: g (2 sub-exceptions)
    +-+---------------- 1 ----------------
      | KeyError: 'k'
      | 
      | During handling of the above exception, another exception occurred:
      | 
      | [E0301] Error: ValueError: v
      |    ╭─[ t.py:1:28 ]
      |    │
      |  1 │ raise ExceptionGroup('g', [V, ExceptionGroup('h', [T])])
      |    │                            ┬
      |    │                            ╰── raised here
      | ───╯
      | ValueError: v
      +---------------- 2 ----------------
      | ExceptionGroup: h (1 sub-exception)
      +-+---------------- 1 ----------------
        | TypeError: t
        +------------------------------------
    ");
}

#[test]
fn wide_groups_are_cut() {
    let mut wide = error("ExceptionGroup: g (20 sub-exceptions)", vec![]);
    wide.children = Some((0..20).map(|i| error(&format!("E: {i}"), vec![])).collect());
    let drawn = render_python(&wide);
    assert!(
        drawn.contains("+---------------- ... ----------------\n    | and 5 more exceptions\n"),
        "{drawn}"
    );
    assert!(
        drawn.ends_with("    +------------------------------------\n"),
        "{drawn}"
    );
}

#[test]
fn library_frames_are_folded() {
    let user = Source::new(
        "t.coro",
        "async def main():\n    await q.get()\nasyncio.run(main())\n",
    );
    let lib = Source::new("<asyncio>", "raise QueueEmpty\n");
    let inside = FrameEntry {
        library: true,
        ..entry(&lib, "raise QueueEmpty", "get")
    };
    let entries = vec![
        entry(&user, "asyncio.run(main())", "<module>"),
        FrameEntry {
            library: true,
            ..entry(&lib, "raise", "run")
        },
        entry(&user, "await q.get()", "main"),
        inside.clone(),
    ];
    insta::assert_snapshot!(render_uncaught(&error("QueueEmpty", entries), &RenderOptions::default()), @r"
    [E0301] Error: QueueEmpty
       ╭─[ t.coro:2:5 ]
       │
     2 │     await q.get()
       │     ──────┬──────
       │           ╰──────── raised inside the library's get(), called here, in main()
     3 │ asyncio.run(main())
       │ ─────────┬─────────
       │          ╰─────────── called from here
    ───╯
    QueueEmpty
    ");
    // Nothing but library code: then that is shown.
    insta::assert_snapshot!(render_uncaught(&error("QueueEmpty", vec![inside]), &RenderOptions::default()), @r"
    [E0301] Error: QueueEmpty
       ╭─[ <asyncio>:1:1 ]
       │
     1 │ raise QueueEmpty
       │ ────────┬───────
       │         ╰───────── raised here, in get()
    ───╯
    QueueEmpty
    ");
}

#[test]
fn a_long_way_shows_both_ends() {
    let text: String = (0..12).map(|i| format!("call{i:02}()\n")).collect();
    let source = Source::new("t.coro", text);
    let entries = (0..12)
        .map(|i| entry(&source, &format!("call{i:02}()"), &format!("f{i}")))
        .collect();
    insta::assert_snapshot!(render_uncaught(&error("E: long", entries), &RenderOptions::default()), @r"
    [E0301] Error: E: long
        ╭─[ t.coro:12:1 ]
        │
      1 │ call00()
        │ ────┬───
        │     ╰───── called from here, in f0()
      2 │ call01()
        │ ────┬───
        │     ╰───── called from here, in f1()
        │
      8 │ call07()
        │ ────┬───
        │     ╰───── called from here, in f7()
      9 │ call08()
        │ ────┬───
        │     ╰───── called from here, in f8()
     10 │ call09()
        │ ────┬───
        │     ╰───── called from here, in f9()
     11 │ call10()
        │ ────┬───
        │     ╰───── called from here, in f10()
     12 │ call11()
        │ ────┬───
        │     ╰───── raised here, in f11()
        │
        │ Note: 5 more calls between these are not shown
    ────╯
    E: long
    ");
}
