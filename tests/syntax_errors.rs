//! What the parser says to broken programs: CPython's words, in the lines that CPython blames; several
//! errors in one run; and no panic and no overflow, whatever the input.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use coro::diagnostic::Code;
use coro::source::Source;
use coro::syntax::ast::{Constant, Expr, ExprKind, StmtKind};
use coro::syntax::{self, Parsed};
use proptest::prelude::*;

/// A stack as the program gives its front end.
fn with_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(work)
        .unwrap();
    thread.join().unwrap()
}

fn parse(text: &str) -> Parsed {
    syntax::parse_module(&Source::new("test", text))
}

/// The first error as CPython names it, with its line.
fn verdict(text: &str) -> (i64, String) {
    let source = Source::new("test", text);
    let parsed = syntax::parse_module(&source);
    let Some(error) = parsed.errors.first() else {
        return (0, "fine".into());
    };
    let name = error.code.refusal().unwrap_or("no refusal");
    let label = error.labels.first().map(|label| label.span);
    let at = error.pointed.or(label).map_or(0, |span| span.start);
    (
        i64::from(source.line_of(at)),
        format!("{name}: {}", error.title),
    )
}

fn text_of(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Constant(Constant::Str(text)) => text.to_string(),
        other => panic!("no string: {other:?}"),
    }
}

/// The recorded programs; the file is read by our own parser.
fn recorded() -> Vec<(String, i64, String)> {
    let parsed = parse(include_str!("syntax/messages.coro"));
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    let Some(StmtKind::Assign { value, .. }) = parsed.module.body.first().map(|stmt| &stmt.kind)
    else {
        panic!("no list");
    };
    let ExprKind::List(items) = &value.kind else {
        panic!("no list")
    };
    let case = |item: &Expr| match &item.kind {
        ExprKind::Tuple(parts) => match &parts[1].kind {
            ExprKind::Constant(Constant::Int(line)) => {
                (text_of(&parts[0]), *line, text_of(&parts[2]))
            }
            other => panic!("no line: {other:?}"),
        },
        other => panic!("no case: {other:?}"),
    };
    items.iter().map(case).collect()
}

#[test]
fn messages_are_those_of_cpython() {
    let cases = recorded();
    assert!(cases.len() > 800);
    let mut wrong = Vec::new();
    for (program, line, message) in cases {
        let said = verdict(&program);
        if said != (line, message.clone()) {
            wrong.push(format!(
                "{program:?}\n    CPython: {line} {message}\n    coro:    {} {}",
                said.0, said.1
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_message_belongs_to_a_code() {
    for (_, _, message) in recorded() {
        let Some((exception, title)) = message.split_once(": ") else {
            continue;
        };
        let code = Code::of_refusal(title);
        assert_eq!(code.refusal(), Some(exception), "{message}");
        assert!(code.says(title), "{message}: in no pattern of the table");
    }
}

#[test]
fn the_parser_leaves_to_the_compiler_what_cpython_leaves_to_it() {
    let programs = ["def f[T=1, U](): pass", "match x:\n  case f\"a\": pass"];
    for program in programs {
        assert_eq!(verdict(program).1, "fine");
    }
}

#[test]
fn one_run_reports_several_errors() {
    let parsed = parse("x = = 1\ndef f(a,\n    pass\ny = = 2\n");
    let titles: Vec<_> = parsed
        .errors
        .iter()
        .map(|error| error.title.as_str())
        .collect();
    assert_eq!(
        titles,
        ["invalid syntax", "'(' was never closed"],
        "an open bracket hides what follows"
    );
    let text = "x = = 1\nif y\n    z +\nfor i in 3:\n    i = \nprint 'a'\nwhile :\n    break\n";
    let titles: Vec<_> = parse(text)
        .errors
        .into_iter()
        .map(|error| error.title)
        .collect();
    assert_eq!(
        titles,
        [
            "invalid syntax",
            "expected ':'",
            "invalid syntax",
            "invalid syntax",
            "Missing parentheses in call to 'print'. Did you mean print(...)?",
            "invalid syntax",
        ]
    );
    assert_eq!(
        parse(&"x y\n".repeat(1000)).errors.len(),
        20,
        "a flood is cut"
    );
}

#[test]
fn what_parses_is_kept() {
    let parsed = parse("a = 1\nb = = 2\nc = 3\n");
    assert_eq!(parsed.module.body.len(), 2);
}

#[test]
fn the_repl_knows_what_is_unfinished() {
    let unfinished = [
        "(",
        "f(1,\n",
        "x = [",
        "if a:",
        "if a:\n",
        "'''abc",
        "f'''abc",
        "x = \\",
        "def f():\n",
        "@a\n",
        "try:\n    a\n",
        "class A:",
        "{'a': 1,",
        "x = (1 +",
        "if a:\n    b\nelse:",
        "match a:",
        "f'''{",
        "f'{",
        "f(\n# note\n",
    ];
    for text in unfinished {
        assert!(parse(text).incomplete, "{text:?} can be continued");
    }
    let complete = [
        "a",
        "a b",
        "'abc",
        "a)",
        "if a:\n    b\n",
        "x = = (",
        "for",
        "f'{a b}'",
        "1 +",
        "",
    ];
    for text in complete {
        assert!(
            !parse(text).incomplete,
            "{text:?} cannot be mended by more lines"
        );
    }
}

#[test]
fn nothing_overflows_the_stack() {
    with_stack(|| {
        let pieces = [
            "1 + ",
            "a.",
            "a()",
            "a[0]",
            "not ",
            "- ",
            "lambda: ",
            "lambda a, b: ",
            "a if b else ",
            "a ** ",
            "await ",
            "(",
            "[",
            "{",
            "{1: ",
            "f(",
            "f'{",
            "f\"{",
            "f'{a:{",
            "a = ",
            "a, ",
            "a; ",
            "a and ",
            "a < ",
            "'a' ",
            "print ",
            "yield ",
            "(yield ",
            "* ",
            "** ",
            "[a for b in ",
            "[a if ",
            "f(a for b in ",
            "f(a=",
            "a := ",
            "(a := ",
            "lambda a=",
            "if a: ",
            "@",
            "\\\n",
            "'",
            "\"\"\"",
            "f'",
            "if a:\n ",
            "try:\n",
            "elif a:\n pass\n",
            "else:\n",
            "match a:\n case [",
            "case ",
            "(a, ",
            "del (",
            "for (",
            "with (",
            "import a.",
            "from .",
            ")",
            "]",
            "}",
            ":",
            "\t",
            "\n ",
            "f(a b, ",
            "a = b, ",
            "{**",
            "a[b:",
            "a[*",
            "global a, ",
            "x: int = ",
            "type X[T: ",
        ];
        for piece in pieces {
            for count in [150, 1100, 20_000] {
                let text = piece.repeat(count);
                let _ = parse(&text);
                let _ = parse(&format!("{text}1"));
                let _ = parse(&format!("x = ({text}1)"));
            }
        }
        let blocks: String = (0..2000)
            .map(|i| format!("{}if a:\n", " ".repeat(i)))
            .collect();
        assert_eq!(
            parse(&blocks).errors[0].title,
            "too many levels of indentation"
        );
        let elifs = format!("if a:\n pass\n{}", "elif a:\n pass\n".repeat(3000));
        assert!(parse(&elifs).errors.is_empty());
        assert!(
            parse(&format!("a{}", " + a".repeat(4000)))
                .errors
                .is_empty()
        );
        assert!(
            parse(&format!("a{}", " and a".repeat(50_000)))
                .errors
                .is_empty()
        );
        assert!(
            parse(&format!("a{}", " < a".repeat(50_000)))
                .errors
                .is_empty()
        );
    });
}

#[test]
fn warnings_are_not_errors() {
    // Of each literal the first.
    let parsed = parse(r"x = '\d\w', '\777', b'\q', f'\w{x}', r'\d'");
    assert!(parsed.errors.is_empty());
    let titles: Vec<_> = parsed
        .warnings
        .iter()
        .map(|warning| warning.title.as_str())
        .collect();
    let expected = [
        r"invalid escape sequence '\d'",
        r"invalid octal escape sequence '\777'",
        r"invalid escape sequence '\q'",
        r"invalid escape sequence '\w'",
    ];
    assert_eq!(titles, expected);
}

/// Words that programs are made of, for mutants that get past the lexer.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "if", "elif", "else", ":", "\n", "\n    ", "\n  ", "a", "(", ")", "[", "]", "{", "}", ",",
        "=", "==", ":=", "+", "-", "*", "**", "f'{", "}'", "f\"", "\"", "'", "lambda", "for", "in",
        "async", "await", "def", "class", "match", "case", "_", "type", "with", "as", "try",
        "except", "finally", "return", "yield", "from", "import", ".", "...", "->", "!", "!r", "1",
        "0x", "1.5e", "@", ";", "not", "and", "is", "\\", "\\\n", "#", "\t", "é", "\u{a0}", "del",
        "global", "print", "'''", "\0", "None", "rb'", "\r\n", "=1", "{{", "}}", "~",
    ];
    prop::sample::select(words.to_vec()).prop_map(str::to_string)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let _ = parse(&text);
        let _ = syntax::tokens(&Source::new("test", text));
    }

    #[test]
    fn any_words_are_answered(words in prop::collection::vec(word(), 0..60), spaced in any::<bool>()) {
        let text = words.join(if spaced { " " } else { "" });
        let source = Source::new("test", text);
        let parsed = syntax::parse_module(&source);
        let _ = syntax::parse_expression(&source);
        let _ = syntax::dump::dump_with_places(&parsed.module, &source);
        for error in &parsed.errors {
            let span = error.labels[0].span;
            prop_assert!(span.start <= span.end && source.text().get(span.range()).is_some(), "{error:?}");
        }
    }

    #[test]
    fn a_broken_program_is_answered(cut in 0usize..4000, length in 0usize..30, word in word()) {
        let text = include_str!("syntax/samples.coro");
        let at = |mut i: usize| {
            i = i.min(text.len());
            while !text.is_char_boundary(i) {
                i -= 1;
            }
            i
        };
        let (start, end) = (at(cut), at(cut + length));
        let _ = parse(&format!("{}{word}{}", &text[..start], &text[end..]));
    }
}
