//! What the process is connected to: colours, characters and width of messages.

use super::input::Failure;
use super::{ColorChoice, TracebackForm};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{RenderOptions, draw, render, render_python};
use crate::diagnostic::traceback::{self, UncaughtError};
use crate::engine::StandardOutput;
use crate::vm::host::Output;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Exit code of a process whose reader went away, as a shell reports one ended by SIGPIPE.
const BROKEN_PIPE: i32 = 141;

/// Text in wider lines is hard to read.
const WIDEST: usize = 120;

fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stderr())?;
    Some(width.0.into())
}

/// How messages to this terminal look.
pub(super) struct Terminal {
    /// For what goes to standard error.
    pub options: RenderOptions,
    pub form: TracebackForm,
    /// Colours on standard output.
    color_out: bool,
}

/// What stands out in a text on standard output.
#[derive(Clone, Copy)]
pub(super) enum Style {
    Heading,
    Code,
}

impl Terminal {
    pub fn detect(choice: ColorChoice, form: TracebackForm) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let dumb = variable("TERM").as_deref() == Some("dumb");
        let color = |is_terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if variable("NO_COLOR").is_some() => false,
            ColorChoice::Auto if variable("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
            ColorChoice::Auto => is_terminal && !dumb,
        };
        let charset = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(variable);
        let width = variable("COLUMNS").and_then(|v| v.parse().ok());
        let width = width.or_else(|| terminal_width().map(|w| w.min(WIDEST)));
        Terminal {
            form,
            color_out: color(std::io::stdout().is_terminal()),
            options: RenderOptions {
                color: color(std::io::stderr().is_terminal()),
                ascii: dumb || charset.is_some_and(|locale| !speaks_unicode(&locale)),
                width: width.unwrap_or(RenderOptions::default().width),
            },
        }
    }

    /// A piece of text for standard output, coloured if that shows colours.
    pub fn styled(&self, style: Style, text: &str) -> String {
        let on = match style {
            Style::Heading => "1",
            Style::Code => "36",
        };
        if self.color_out {
            format!("\u{1b}[{on}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Whether colours are wanted on standard output.
    pub fn color_out(&self) -> bool {
        self.color_out
    }

    /// Whether a person types what this process reads.
    pub fn interactive(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    /// Whether lines can be edited on it.
    pub fn can_be_drawn_on(&self) -> bool {
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        !dumb && std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
    }

    pub fn show(&self, diagnostics: &[Diagnostic]) {
        complain(&match self.form {
            TracebackForm::Coro => render(diagnostics, &self.options),
            TracebackForm::Python => render_python(diagnostics, &self.options),
        });
    }

    /// The report of a deadlock that the program caught, and the line with which it would have
    /// ended.
    pub fn show_deadlock(&self, report: &Diagnostic) {
        let drawing = render(std::slice::from_ref(report), &self.options);
        complain(&format!("{drawing}{}\n", report.title));
    }

    /// Shows diagnostics in full, without the line with which CPython ends.
    pub fn show_each(&self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            complain(&format!("{}\n", draw(diagnostic, &self.options)));
        }
    }

    pub fn show_uncaught(&self, error: &UncaughtError) {
        if let (TracebackForm::Python, Some(report)) = (self.form, &error.report) {
            // A traceback alone would say nothing about it.
            complain(&render(std::slice::from_ref(&**report), &self.options));
        }
        complain(&match self.form {
            TracebackForm::Coro => traceback::render_uncaught(error, &self.options),
            TracebackForm::Python => traceback::render_python(error),
        });
    }

    /// Shows why there is nothing to run, and gives the exit code for it.
    pub fn fail(&self, failure: &Failure) -> i32 {
        self.show(std::slice::from_ref(&failure.diagnostic));
        failure.exit_code
    }
}

/// The standard output of a program: when its reader goes away, the program has nobody left to
/// talk to, and ends without a word.
pub(super) struct Stdout(StandardOutput);

impl Stdout {
    pub fn new() -> Self {
        Stdout(StandardOutput::stdout())
    }
}

impl Output for Stdout {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.0.write(text).inspect_err(end_if_unheard)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().inspect_err(end_if_unheard)
    }
}

fn end_if_unheard(error: &io::Error) {
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(BROKEN_PIPE);
    }
}

/// Whether box-drawing characters come out right: not if the locale names another character set
/// than UTF-8, and not if it is the bare `C`, which promises ASCII only.
fn speaks_unicode(locale: &str) -> bool {
    match locale.split_once('.') {
        Some((_, charset)) => charset.to_ascii_lowercase().starts_with("utf"),
        None => !matches!(locale, "C" | "POSIX"),
    }
}

/// Writes to standard error; a failure to do so has nobody left to be told to.
pub(super) fn complain(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Writes to standard output; the exit code tells whether somebody read it.
pub(super) fn print(text: &str) -> i32 {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => 0,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => BROKEN_PIPE,
        Err(error) => {
            complain(&format!("coro: cannot write: {error}\n"));
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::speaks_unicode;

    #[test]
    fn locales() {
        for locale in ["C.UTF-8", "de_DE.utf8", "en_US"] {
            assert!(speaks_unicode(locale), "{locale}");
        }
        for locale in ["C", "POSIX", "de_DE.ISO-8859-1"] {
            assert!(!speaks_unicode(locale), "{locale}");
        }
    }
}
