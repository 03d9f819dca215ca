//! `coro explain`: the page of a diagnostic code, or the list of all codes.

use super::USAGE;
use super::terminal::{Style, Terminal, complain, print};
use crate::diagnostic::Code;
use crate::diagnostic::page::{Page, Part};
use std::fmt::Write as _;

/// Shows the page of what the words name: a code, or a message that belongs to one. Without words,
/// or with words that stand in several titles, a list.
pub(super) fn explain(words: &[String], terminal: &Terminal) -> i32 {
    let asked = words.join(" ");
    if asked.trim().is_empty() {
        return print(&list(Code::ALL, terminal));
    }
    if let Some(code) = Code::find(&asked).or_else(|| Code::of_any(&asked)) {
        return print(&page(code, terminal));
    }
    let found: Vec<Code> = Code::ALL
        .iter()
        .filter(|code| mentions(**code, &asked))
        .copied()
        .collect();
    match found.as_slice() {
        [] => unknown(&asked),
        [only] => print(&page(*only, terminal)),
        several => print(&list(several, terminal)),
    }
}

fn mentions(code: Code, words: &str) -> bool {
    let meaning = code.meaning().to_lowercase();
    let mut words = words.split_whitespace();
    words.all(|word| meaning.contains(&word.to_lowercase()))
}

fn unknown(asked: &str) -> i32 {
    complain(&format!(
        "coro explain: no code and no message is called '{asked}'; `coro explain` lists all codes\n"
    ));
    USAGE
}

fn list(codes: &[Code], terminal: &Terminal) -> String {
    let mut out = String::new();
    let mut under = None;
    for code in codes {
        let title = code.stage().title();
        if under.replace(title) != Some(title) {
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{}", terminal.styled(Style::Heading, title));
        }
        let text = terminal.styled(Style::Code, code.text());
        let _ = writeln!(out, "  {text}  {}", code.meaning());
    }
    out.push_str("\n`coro explain CODE` shows the page of one.\n");
    out
}

fn page(code: Code, terminal: &Terminal) -> String {
    let mut out = String::new();
    let text = terminal.styled(Style::Code, code.text());
    let title = terminal.styled(Style::Heading, code.meaning());
    let _ = writeln!(out, "{text}  {title}\n");
    for part in Page::of(code).parts {
        match part {
            Part::Text(text) => {
                let _ = writeln!(out, "{text}\n");
            }
            Part::Heading(heading) => {
                let _ = writeln!(out, "{}\n", terminal.styled(Style::Heading, heading));
            }
            Part::Example(_, program) => {
                for line in program.lines() {
                    let _ = writeln!(out, "{}", format!("    {line}").trim_end());
                }
                out.push('\n');
            }
        }
    }
    messages(code, terminal, &mut out);
    out
}

fn messages(code: Code, terminal: &Terminal, out: &mut String) {
    out.truncate(out.trim_end().len());
    out.push('\n');
    if code.messages().is_empty() {
        return;
    }
    let title = "Messages that belong to it";
    let _ = writeln!(out, "\n{}\n", terminal.styled(Style::Heading, title));
    for message in code.messages() {
        let _ = writeln!(out, "    {}", message.replace('*', "..."));
    }
}
