//! What drawings look like.

use super::*;
use crate::diagnostic::Code;
use crate::source::{Source, Span};

fn plain() -> RenderOptions {
    RenderOptions::default()
}

fn span_of(text: &str, part: &str) -> Span {
    let start = text.find(part).map_or(0, |i| i as u32);
    Span::new(start, start + part.len() as u32)
}

fn syntax_error(text: &str, part: &str) -> Diagnostic {
    let source = Source::new("t.coro", text);
    Diagnostic::refusal("invalid syntax").label(&source, span_of(text, part), "not expected here")
}

#[test]
fn a_syntax_error_ends_with_the_line_of_cpython() {
    let d = syntax_error("x = 1\ny = = 2\n", "= = 2")
        .note("a value is missing")
        .help("write `y = 2`");
    insta::assert_snapshot!(render(&[d], &plain()), @r"
    [E0101] Error: invalid syntax
       ╭─[ t.coro:2:3 ]
       │
     2 │ y = = 2
       │   ──┬──
       │     ╰──── not expected here
       │
       │ Help: write `y = 2`
       │
       │ Note: a value is missing
    ───╯
    SyntaxError: invalid syntax
    ");
}

#[test]
fn labels_in_two_sources() {
    let (a, b) = (
        Source::new("a.coro", "one\ntwo\nthree\n"),
        Source::new("b.coro", "import a\n"),
    );
    let d = Diagnostic::error(Code::Uncaught, "two places")
        .label(&a, Span::new(8, 13), "the culprit")
        .label(&b, Span::new(7, 8), "imported here")
        .label(&a, Span::new(0, 3), "first seen here");
    insta::assert_snapshot!(render(&[d], &plain()), @r"
    [E0301] Error: two places
       ╭─[ a.coro:3:1 ]
       │
     1 │ one
       │ ─┬─
       │  ╰─── first seen here
       │
     3 │ three
       │ ──┬──
       │   ╰──── the culprit
       │
       ├─[ b.coro:1:8 ]
       │
     1 │ import a
       │        ┬
       │        ╰── imported here
    ───╯
    ");
}

#[test]
fn ascii_only() {
    let options = RenderOptions {
        ascii: true,
        ..plain()
    };
    let text = render(&[syntax_error("f(1 2)\n", "1 2").help("a comma")], &options);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text, @r"
    [E0101] Error: invalid syntax
       ,-[ t.coro:1:3 ]
       |
     1 | f(1 2)
       |   ^|^
       |    `--- not expected here
       |
       | Help: a comma
    ---'
    SyntaxError: invalid syntax
    ");
}

#[test]
fn colour_only_when_asked() {
    let d = || vec![syntax_error("f(1 2)\n", "1 2").note("n").help("h")];
    assert!(!render(&d(), &plain()).contains('\u{1b}'));
    let colored = render(
        &d(),
        &RenderOptions {
            color: true,
            ..plain()
        },
    );
    assert!(colored.contains('\u{1b}'));
    assert!(colored.ends_with("\nSyntaxError: invalid syntax\n"));
}

#[test]
fn wide_characters_and_tabs() {
    insta::assert_snapshot!(render(&[syntax_error("\t漢字 = 'é' 漢\r\n", "漢\r")], &plain()), @r"
    [E0101] Error: invalid syntax
       ╭─[ t.coro:1:11 ]
       │
     1 │     漢字 = 'é' 漢
       │                ┬─
       │                ╰─── not expected here
    ───╯
    SyntaxError: invalid syntax
    ");
}

#[test]
fn the_end_of_a_file() {
    let text = "print((1,\n";
    let end = text.len() as u32;
    let source = Source::new("t.coro", text);
    let d = Diagnostic::refusal("'(' was never closed")
        .label(&source, Span::new(5, 6), "opened here")
        .label(&source, Span::new(end, end), "the file ends here");
    insta::assert_snapshot!(render(&[d], &plain()), @r"
    [E0104] Error: '(' was never closed
       ╭─[ t.coro:1:6 ]
       │
     1 │ print((1,
       │      ┬
       │      ╰── opened here
     2 │
       │ ┬
       │ ╰── the file ends here
    ───╯
    SyntaxError: '(' was never closed
    ");
    let empty = Source::new("t.coro", "");
    let d = Diagnostic::refusal("nothing").label(&empty, Span::new(0, 0), "");
    insta::assert_snapshot!(render(&[d], &plain()), @r"
    [E0101] Error: nothing
       ╭─[ t.coro:1:1 ]
       │
     1 │
       │ ┬
       │ ╰── here
    ───╯
    SyntaxError: nothing
    ");
}

#[test]
fn a_label_over_several_lines() {
    insta::assert_snapshot!(render(&[syntax_error("f(\n  1,\n  2\n) g\n", "f(\n  1,\n  2\n)")], &plain()), @r"
    [E0101] Error: invalid syntax
       ╭─[ t.coro:1:1 ]
       │
     1 │ ╭─▶ f(
       ┆ ┆
     4 │ ├─▶ ) g
       │ │
       │ ╰────────── not expected here
    ───╯
    SyntaxError: invalid syntax
    ");
}

#[test]
fn a_long_line_shows_the_true_column() {
    let text = format!(
        "x = [{}] @@ {}\n",
        "1, ".repeat(3_000_000),
        "2, ".repeat(1000)
    );
    let start = std::time::Instant::now();
    let drawn = render(&[syntax_error(&text, "@@")], &plain());
    assert!(start.elapsed().as_secs() < 2);
    insta::assert_snapshot!(drawn, @r"
    [E0101] Error: invalid syntax
       ╭─[ t.coro:1:9000008 ]
       │
     1 │ … 1, 1, 1, 1, 1, 1, 1, 1, 1, ] @@ 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2…
       │                                ─┬
       │                                 ╰── not expected here
    ───╯
    SyntaxError: invalid syntax
    ");
}

#[test]
fn without_a_place() {
    let d = Diagnostic::error(Code::Input, "cannot read 'x.coro': no such file")
        .help("did you mean 'y.coro'?")
        .note("looked in the current folder");
    insta::assert_snapshot!(render(&[d], &plain()), @r"
    [E0001] Error: cannot read 'x.coro': no such file
      Help: did you mean 'y.coro'?
      Note: looked in the current folder
    ");
}

#[test]
fn kinds_of_syntax_error() {
    let line = |code| final_line(&Diagnostic::error(code, "m"));
    assert_eq!(
        line(Code::Indentation).as_deref(),
        Some("IndentationError: m")
    );
    assert_eq!(line(Code::Tab).as_deref(), Some("TabError: m"));
    assert_eq!(line(Code::Uncaught), None);
}

#[test]
fn a_message_cannot_reach_the_terminal() {
    let text = "x\u{1b}]0;boo\u{7}\n";
    let source = Source::new("evil\u{1b}[2J.coro", text);
    let d = Diagnostic::error(Code::Uncaught, "a\u{1b}[31m\nb").label(
        &source,
        Span::new(0, 1),
        "c\u{9b}",
    );
    let drawn = render(&[d], &plain());
    assert!(
        !drawn.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{1}']),
        "{drawn:?}"
    );
}

// Recorded from CPython 3.13.
#[test]
fn syntax_errors_in_the_form_of_cpython() {
    let form = |text: &str, span: Span, title: &str| {
        let source = Source::new("t.py", text);
        let d = Diagnostic::refusal(title).label(&source, span, "");
        render_python(&[d], &plain())
    };
    let want =
        "  File \"t.py\", line 2\n    print(x\n         ^\nSyntaxError: '(' was never closed\n";
    assert_eq!(
        form(
            "if 1:\n    print(x\n",
            Span::new(15, 16),
            "'(' was never closed"
        ),
        want
    );
    let want = "  File \"t.py\", line 1\n    \tx = 1\n    \t^\nSyntaxError: m\n";
    assert_eq!(form("\tx = 1", Span::new(1, 1), "m"), want);
    let want = "  File \"t.py\", line 1\n    f(1, é 2)\n         ^^^\nSyntaxError: m\n";
    assert_eq!(form("f(1, é 2)", Span::new(5, 9), "m"), want);
    let want =
        "  File \"t.py\", line 2\n    \t\ty = 2\n    \t^\nIndentationError: unexpected indent\n";
    assert_eq!(
        form("x\n\t\ty = 2", Span::new(4, 4), "unexpected indent"),
        want
    );
    let title = "nonlocal declaration not allowed at module level";
    let want = format!(
        "  File \"t.py\", line 1\n    a; nonlocal xx, yy # why\n       ^^^^^^^^^^^^^^^\nSyntaxError: {title}\n"
    );
    assert_eq!(
        form("a; nonlocal xx, yy # why", Span::new(12, 14), title),
        want
    );
    let want = "  File \"t.py\", line 1\n    f(1,\n      ^^\nSyntaxError: m\n";
    assert_eq!(form("f(1,\n2)", Span::new(2, 6), "m"), want);
}

/// Text with everything that is awkward to draw.
fn awkward_text() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let piece = prop_oneof![
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just("\t"),
        Just("\u{c}"),
        Just("\u{2028}"),
        Just("\u{85}"),
        Just("漢字"),
        Just("e\u{301}"),
        Just("😀"),
        Just("\u{1b}[0m"),
        Just("x = f(1)"),
        Just("(["),
        Just("'"),
        Just(" + "),
        Just("#"),
        Just("\\"),
        Just(""),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest::proptest! {
    #[test]
    fn nothing_is_too_awkward_to_draw(text in awkward_text(), spans in proptest::collection::vec((0_u32..80, 0_u32..80), 1..4), width in 0_usize..120) {
        let source = Source::new("t.coro", text);
        let mut d = Diagnostic::refusal("m");
        let mut error = crate::diagnostic::traceback::UncaughtError { last_line: "E".into(), ..Default::default() };
        for (a, b) in spans {
            let span = Span::new(a, b);
            d = d.label(&source, span, "l");
            let entry = crate::diagnostic::traceback::FrameEntry { source: source.clone(), span, told: None, function: "f".into(), qualname: "f".into(), task: None, library: false };
            error.entries.push(entry);
        }
        let options = RenderOptions { width, ..plain() };
        let drawn = render(std::slice::from_ref(&d), &options);
        assert!(drawn.starts_with("[E0101] Error: m\n") && drawn.ends_with("\nSyntaxError: m\n"), "{drawn}");
        assert!(drawn.contains("l\n"), "{drawn}");
        assert!(render_python(&[d], &options).ends_with("SyntaxError: m\n"));
        assert!(crate::diagnostic::traceback::render_uncaught(&error, &options).ends_with("\nE\n"));
        assert!(crate::diagnostic::traceback::render_python(&error).ends_with("\nE\n"));
    }
}
