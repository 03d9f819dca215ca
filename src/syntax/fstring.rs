//! The literal text of f-strings (PEP 701): where it stops, and what it stands for.

use super::string::Quoting;
use crate::source::Span;

/// An f-string that is being read.
#[derive(Clone, Copy, Debug)]
pub struct FStringMode {
    pub quoting: Quoting,
    /// Prefix and opening quotes.
    pub start: Span,
}

/// Why the literal text stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// At a `{` that opens a replacement field.
    FieldOpens,
    /// At the `}` that ends the field whose format spec this text is.
    FieldCloses,
    /// At the closing quotes.
    Closes,
    /// At a `}` that closes nothing.
    SingleBrace,
    /// At a line end inside single quotes.
    LineEnds,
    TextEnds,
}

/// A run of literal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextRun {
    pub length: usize,
    pub stop: Piece,
}

/// Reads literal text from the start of `rest`. Doubled braces are part of the text, except in a
/// format spec, where every brace counts.
pub fn scan_text(rest: &str, quoting: Quoting, in_spec: bool) -> TextRun {
    let bytes = rest.as_bytes();
    let mut at = 0;
    // Between the braces of `\N{…}`: the second one ends the name and no field.
    let mut in_name = false;
    let stop = loop {
        let Some(byte) = bytes.get(at) else {
            break Piece::TextEnds;
        };
        let doubled = bytes.get(at + 1) == Some(byte) && !in_spec;
        match byte {
            b'}' if in_name => {
                in_name = false;
                at += 1;
            }
            b'{' | b'}' if doubled => at += 2,
            b'{' => break Piece::FieldOpens,
            b'}' if in_spec => break Piece::FieldCloses,
            b'}' => break Piece::SingleBrace,
            b'\n' | b'\r' if !quoting.triple => break Piece::LineEnds,
            b'\\' if !quoting.raw && bytes.get(at + 1..at + 3) == Some(b"N{") => {
                in_name = true;
                at += 3;
            }
            b'\\' => at += backslash(bytes, at),
            b if *b == quoting.quote && quoting.closes_at(bytes, at) => break Piece::Closes,
            _ => at += 1,
        }
    };
    TextRun {
        length: at.min(bytes.len()),
        stop,
    }
}

/// The length of an escape: it may hide a quote or a line end, but never a brace that opens a field.
fn backslash(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'{' | b'}') => 1,
        Some(b'\r') if bytes.get(at + 2) == Some(&b'\n') => 3,
        _ => 2,
    }
}

/// Literal text with doubled braces made single.
pub fn undouble(text: &str) -> String {
    text.replace("{{", "{").replace("}}", "}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str, opening: &str, in_spec: bool) -> (usize, Piece) {
        let run = scan_text(text, Quoting::of(opening), in_spec);
        (run.length, run.stop)
    }

    #[test]
    fn text_runs() {
        assert_eq!(run("abc{x}", "f'", false), (3, Piece::FieldOpens));
        assert_eq!(run("a{{b}}c'", "f'", false), (7, Piece::Closes));
        assert_eq!(run(">{w}", "f'", true), (1, Piece::FieldOpens));
        assert_eq!(run(">10}", "f'", true), (3, Piece::FieldCloses));
        assert_eq!(run("a}b'", "f'", false), (1, Piece::SingleBrace));
        assert_eq!(run("a\\'b'", "f'", false), (4, Piece::Closes));
        assert_eq!(run("a\nb", "f'", false), (1, Piece::LineEnds));
        assert_eq!(run("a\nb\"\"\"", "f\"\"\"", false), (3, Piece::Closes));
        assert_eq!(run("\\N{BULLET}'", "f'", false), (10, Piece::Closes));
        assert_eq!(run("\\N{BULLET}'", "rf'", false), (2, Piece::FieldOpens));
        assert_eq!(run("\\{x}'", "f'", false), (1, Piece::FieldOpens));
    }
}
