//! Programs that must compile, and whose temporaries must all be accounted for.

use super::*;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "coro") {
            found.push(path);
        }
    }
}

/// Everything written in the language that is part of the project.
fn corpus() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "examples", "tests", "benches"] {
        files(&root.join(folder), &mut found);
    }
    if let Some(more) = std::env::var_os("CORO_CORPUS") {
        files(Path::new(&more), &mut found);
    }
    found
}

#[test]
fn temporaries_of_the_corpus_are_accounted_for() {
    let mut problems = Vec::new();
    for path in corpus() {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let name = path.display().to_string();
        let source = Source::new(&*name, text);
        let parsed = parse_module(&source);
        // Some of the corpus is there to be refused.
        if !parsed.errors.is_empty() {
            continue;
        }
        if let Ok(compiled) = compile_module(&source, &parsed.module, Mode::Module) {
            let found = liveness::problems(&compiled.code);
            problems.extend(found.into_iter().map(|p| format!("{name}: {p}")));
        }
    }
    problems.truncate(60);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn accounted(text: &str) -> Compiled {
    let compiled = compile("case", text, Mode::Module);
    let problems = liveness::problems(&compiled.code);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    compiled
}

#[test]
fn jumps_over_more_than_16_bits() {
    let mut text = String::from("def f(xs, n):\n for x in xs:\n  while 1 < x < n:\n");
    for i in 0..12_000 {
        text.push_str(&format!("   if x == {i}: n = x * n - n % x\n"));
    }
    text.push_str("   if n: continue\n   break\n return n\n");
    let compiled = accounted(&text);
    let crate::bytecode::Const::Code(inner) = &compiled.code.consts[0] else {
        panic!("no function");
    };
    assert!(inner.instrs.len() > 40_000);
}

#[test]
fn long_rows_do_not_recurse() {
    let sum = vec!["x"; 900].join(" + ");
    let known = vec!["1"; 900].join(" + ");
    let mut chain = String::from("if x == 0: pass\n");
    for i in 0..900 {
        chain.push_str(&format!("elif x == {i}: y = {i}\n"));
    }
    let calls = format!("f({})", vec!["x"; 3_000].join(", "));
    let keywords: Vec<String> = (0..2_000).map(|i| format!("k{i}=x")).collect();
    let dict: Vec<String> = (0..5_000).map(|i| format!("{i}: x")).collect();
    let names: Vec<String> = (0..3_000).map(|i| format!("n{i}")).collect();
    accounted(&format!(
        "y = {sum}\nz = {known}\n{chain}{calls}\nf({})\nd = {{{}}}\n{} = x\ng = [{sum}, {calls}]\n",
        keywords.join(", "),
        dict.join(", "),
        names.join(", "),
    ));
}

#[test]
fn too_much_is_refused_and_never_a_panic() {
    let params: Vec<String> = (0..70_000).map(|i| format!("p{i}")).collect();
    let text = format!("def f({}): pass\n", params.join(", "));
    let targets = format!("{} = x\n", params.join(", "));
    let blocks: String = (0..22)
        .map(|i| format!("{}while x:\n", " ".repeat(i)))
        .collect();
    let nested = format!("{blocks}{}pass\n", " ".repeat(22));
    for (text, message) in [
        (
            text,
            "too many values at the same time in one piece of code",
        ),
        (
            targets,
            "too many values at the same time in one piece of code",
        ),
        (nested, "too many statically nested blocks"),
    ] {
        let source = Source::new("case", text);
        let parsed = parse_module(&source);
        assert!(parsed.errors.is_empty());
        let errors = compile_module(&source, &parsed.module, Mode::Module).unwrap_err();
        assert_eq!(errors[0].title, message);
    }
}

#[test]
fn every_mode() {
    let exec = compile("case", "x = 1\ny = [x for z in x]\n", Mode::Exec);
    assert_eq!(&*exec.code.names[0], ".namespace");
    let separate_locals = false;
    let eval = Mode::Eval {
        separate_locals,
        top_await: false,
    };
    let eval = compile("case", "1 + x", eval);
    assert!(disassemble(&eval.code).contains("Return "));
    let top_await = true;
    let repl = compile("case", "x = 1\nawait f()", Mode::Interactive { top_await });
    assert!(repl.code.flags.coroutine && repl.code.flags.module);
    let plain = compile("case", "x", Mode::Interactive { top_await });
    assert!(!plain.code.flags.coroutine);
}
