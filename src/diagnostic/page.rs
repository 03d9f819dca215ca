//! The pages of `coro explain`: for each code a few plain words, a program that makes the mistake,
//! and the same program put right. The pages are Markdown files in `pages/`, so that they can be
//! read without coro, too; here they are taken apart. A test runs both programs of each.

use super::Code;

/// A page, in the order of its text.
pub struct Page {
    pub parts: Vec<Part>,
}

/// A piece of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Lines of prose.
    Text(&'static str),
    Heading(&'static str),
    /// A fenced block: its language (`python`, or `sh` for a command line) and its lines.
    Example(&'static str, &'static str),
}

const FENCE: &str = "```";

impl Page {
    /// The page of a code.
    pub fn of(code: Code) -> Page {
        let mut parts = Vec::new();
        let mut rest = code.page();
        while let Some((before, fenced)) = rest.split_once(FENCE) {
            prose(before, &mut parts);
            let (language, block) = fenced.split_once('\n').unwrap_or((fenced, ""));
            let (example, after) = block.split_once(FENCE).unwrap_or((block, ""));
            parts.push(Part::Example(language, example));
            rest = after;
        }
        prose(rest, &mut parts);
        Page { parts }
    }

    /// The example under a heading: language and text.
    pub fn example(&self, heading: &str) -> Option<(&'static str, &'static str)> {
        let at = self
            .parts
            .iter()
            .position(|p| matches!(p, Part::Heading(text) if *text == heading))?;
        self.parts.iter().skip(at).find_map(|part| match part {
            Part::Example(language, text) => Some((*language, *text)),
            _ => None,
        })
    }
}

/// Headings and the text between them.
fn prose(text: &'static str, parts: &mut Vec<Part>) {
    for block in text.split("\n\n") {
        match block.trim().strip_prefix("## ") {
            Some(heading) => parts.push(Part::Heading(heading)),
            None if block.trim().is_empty() => {}
            None => parts.push(Part::Text(block.trim())),
        }
    }
}
