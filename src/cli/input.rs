//! Where programs come from: files, standard input, the command line. What cannot be read becomes
//! a diagnostic that says why and, where it can be guessed, what was meant.

use super::USAGE;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};
use crate::text::source_encoding::{self, Refusal};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Offsets in sources are 32 bits wide, and no program is this long.
const MAX_BYTES: u64 = 1 << 30;

pub(super) enum Input {
    File(PathBuf),
    Stdin,
    Code(String),
}

/// Why there is no source, and the exit code that CPython gives for it.
pub(super) struct Failure {
    pub diagnostic: Box<Diagnostic>,
    pub exit_code: i32,
}

impl Failure {
    fn new(title: String, exit_code: i32) -> Self {
        Failure {
            diagnostic: Box::new(Diagnostic::error(Code::Input, title)),
            exit_code,
        }
    }
}

impl Input {
    /// `sys.argv[0]`.
    pub fn argv0(&self) -> String {
        match self {
            Input::File(path) => path.to_string_lossy().into_owned(),
            Input::Stdin => "-".into(),
            Input::Code(_) => "-c".into(),
        }
    }

    /// The folder in which `import` looks for the program's own modules.
    pub fn folder(&self) -> String {
        match self {
            Input::File(path) => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new("."));
                let full = folder.canonicalize();
                let shown = full.as_deref().unwrap_or(folder);
                shown.to_string_lossy().into_owned()
            }
            Input::Stdin | Input::Code(_) => String::new(),
        }
    }

    /// The full path of its file, as CPython gives it: nothing is resolved.
    pub fn full_path(&self) -> Option<String> {
        let Input::File(path) = self else {
            return None;
        };
        let full = std::env::current_dir().map(|here| here.join(path));
        Some(full.as_ref().unwrap_or(path).to_string_lossy().into_owned())
    }

    /// Reads the program. CPython's tracebacks name files by their full path, ours as given.
    pub fn read(&self, full_path: bool) -> Result<Source, Failure> {
        match self {
            Input::Code(text) => Ok(Source::new("<string>", text.clone())),
            Input::Stdin => {
                let mut bytes = Vec::new();
                let read = io::stdin()
                    .lock()
                    .take(MAX_BYTES + 1)
                    .read_to_end(&mut bytes);
                read.map_err(|e| Failure::new(format!("can't read standard input: {e}"), 1))?;
                decode("<stdin>", None, bytes)
            }
            Input::File(path) => {
                let full = self.full_path();
                let name = full.clone().filter(|_| full_path);
                let name = name.unwrap_or_else(|| path.to_string_lossy().into_owned());
                read_file(path).and_then(|bytes| decode(&name, full, bytes))
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    if path.is_dir() {
        let mut failure = Failure::new(format!("can't run '{shown}': it is a folder"), 1);
        failure.diagnostic.help =
            script_in(path).map(|f| format!("run a file in it: coro {}", f.display()));
        return Err(failure);
    }
    let mut bytes = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|f| f.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => {
            let mut failure = Failure::new(
                format!("can't open file '{shown}': {}", describe(&error)),
                USAGE,
            );
            if error.kind() == io::ErrorKind::NotFound {
                failure.diagnostic.help =
                    similar(path).map(|f| format!("did you mean '{}'?", f.display()));
            }
            Err(failure)
        }
    }
}

/// `[Errno 2] No such file or directory`, as Python words it.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {words}"),
        None => words.to_string(),
    }
}

/// A file in the same folder whose name is nearly the one asked for.
fn similar(path: &Path) -> Option<PathBuf> {
    let with_suffix = path.with_extension("coro");
    if with_suffix.is_file() {
        return Some(with_suffix);
    }
    let wanted = path.file_name()?.to_string_lossy().to_lowercase();
    let folder = path.parent().unwrap_or(Path::new(""));
    let listed = std::fs::read_dir(if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    })
    .ok()?;
    let names = listed
        .take(1000)
        .filter_map(|e| e.ok()?.file_name().into_string().ok());
    let near = names.filter(|n| n.ends_with(".coro") || n.ends_with(".py"));
    let scored = near.map(|n| (distance(&wanted, &n.to_lowercase()), n));
    let (far, name) = scored.min()?;
    (far <= wanted.chars().count() / 3).then(|| folder.join(name))
}

/// A program in a folder: `main.coro`, or the only one there is.
fn script_in(folder: &Path) -> Option<PathBuf> {
    let main = folder.join("main.coro");
    if main.is_file() {
        return Some(main);
    }
    let files = std::fs::read_dir(folder)
        .ok()?
        .take(1000)
        .filter_map(|e| Some(e.ok()?.path()));
    let mut scripts = files.filter(|f| f.extension().is_some_and(|e| e == "coro"));
    scripts.next().filter(|_| scripts.next().is_none())
}

/// Edits between two names: insertions, deletions, replacements.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, above) in b.iter().zip(row.iter_mut().skip(1)) {
            left = (diagonal + usize::from(x != *y))
                .min(*above + 1)
                .min(left + 1);
            diagonal = std::mem::replace(above, left);
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Text from bytes.
fn decode(name: &str, path: Option<String>, bytes: Vec<u8>) -> Result<Source, Failure> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::new(
            format!("can't run '{name}': it is larger than 1 GiB"),
            1,
        ));
    }
    match source_encoding::text(&bytes) {
        Ok(text) => Ok(match path {
            Some(path) => Source::of_file(name, path, text),
            None => Source::new(name, text),
        }),
        Err(Refusal::NotUtf8 { at }) => Err(not_utf8(name, &bytes, at)),
        Err(Refusal::Marked(encoding)) => Err(encoding_problem(&format!("{encoding} with BOM"))),
        Err(Refusal::Unknown(encoding) | Refusal::Undecodable { encoding, .. }) => {
            Err(encoding_problem(&encoding))
        }
    }
}

/// CPython's message about an encoding that is declared.
fn encoding_problem(what: &str) -> Failure {
    let diagnostic = Diagnostic::refusal(format!("encoding problem: {what}"))
        .help("save the file as UTF-8, and declare nothing else");
    Failure {
        diagnostic: Box::new(diagnostic),
        exit_code: 1,
    }
}

/// CPython's message, and the place.
fn not_utf8(name: &str, bytes: &[u8], at: usize) -> Failure {
    let line = bytes.iter().take(at).filter(|b| **b == b'\n').count() + 1;
    let byte = bytes.get(at).copied().unwrap_or(0);
    let title = format!(
        "Non-UTF-8 code starting with '\\x{byte:02x}' in file {name} on line {line}, but no encoding declared; \
         see https://peps.python.org/pep-0263/ for details"
    );
    let source = Source::new(name, String::from_utf8_lossy(bytes));
    let span = Span::new(at as u32, at as u32 + '\u{fffd}'.len_utf8() as u32);
    let diagnostic = Diagnostic::refusal(title)
        .label(
            &source,
            span,
            format!("the byte 0x{byte:02x} begins no character of UTF-8"),
        )
        .help("save the file as UTF-8");
    Failure {
        diagnostic: Box::new(diagnostic),
        exit_code: 1,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("hello.coro", "hallo.coro"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn bytes_that_are_not_text() {
        let failure = decode("t.coro", None, b"a = 1\nb = '\xff'\n".to_vec())
            .err()
            .unwrap();
        assert!(
            failure
                .diagnostic
                .title
                .starts_with("Non-UTF-8 code starting with '\\xff' in file t.coro on line 2,")
        );
        assert_eq!(
            failure.diagnostic.labels.first().unwrap().span,
            Span::new(11, 14)
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        let source = decode("t.coro", None, b"\xef\xbb\xbfx".to_vec())
            .ok()
            .unwrap();
        assert_eq!(source.text(), "x");
    }
}
