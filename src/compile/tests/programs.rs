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
