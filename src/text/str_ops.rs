//! The searching, splitting, padding and stripping methods of `str`. All indices count characters.
//! Case and character classes are in `str_case`. Knows nothing of values.

use super::slice::{SliceIndices, search_range};
use super::unicode::{is_line_break, is_space};

use memchr::memmem;

/// Where `part` stands first in `text`, in bytes.
pub fn position(text: &str, part: &str) -> Option<usize> {
    match part.as_bytes() {
        [] => Some(0),
        [byte] => memchr::memchr(*byte, text.as_bytes()),
        part => memmem::find(text.as_bytes(), part),
    }
}

/// How many characters `text` has.
pub fn len(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// The byte offset of character `index`; the length in bytes at or behind the end.
pub fn byte_offset(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices()
        .nth(index)
        .map_or(text.len(), |(at, _)| at)
}

/// The character at `index`.
pub fn char_at(text: &str, index: usize) -> Option<char> {
    if text.is_ascii() {
        text.as_bytes().get(index).map(|&byte| char::from(byte))
    } else {
        text.chars().nth(index)
    }
}

/// The characters from `start` to `end`; nothing where `start >= end`.
pub fn substring(text: &str, start: usize, end: usize) -> &str {
    let from = byte_offset(text, start);
    let tail = text.get(from..).unwrap_or("");
    tail.get(..byte_offset(tail, end.saturating_sub(start)))
        .unwrap_or("")
}

/// The characters that a slice selects.
pub fn slice(text: &str, indices: SliceIndices) -> String {
    if indices.step == 1 {
        let start = usize::try_from(indices.start).unwrap_or(0);
        return substring(text, start, start.saturating_add(indices.count)).to_string();
    }
    let chars: Vec<char> = text.chars().collect();
    indices.iter().filter_map(|at| chars.get(at)).collect()
}

/// The part of `text` that `start` and `end` select, and its first character's index; `None` where nothing, not even
/// an empty string, can be found in it.
fn window(text: &str, start: Option<i64>, end: Option<i64>) -> Option<(usize, &str)> {
    if start.is_none() && end.is_none() {
        return Some((0, text));
    }
    let (start, end) = search_range(start, end, len(text));
    (start <= end).then(|| (start, substring(text, start, end)))
}

/// `str.find`.
pub fn find(text: &str, sub: &str, start: Option<i64>, end: Option<i64>) -> Option<usize> {
    let (base, part) = window(text, start, end)?;
    let at = position(part, sub)?;
    Some(base + len(part.get(..at)?))
}

/// `str.rfind`.
pub fn rfind(text: &str, sub: &str, start: Option<i64>, end: Option<i64>) -> Option<usize> {
    let (base, part) = window(text, start, end)?;
    let at = part.rfind(sub)?;
    Some(base + len(part.get(..at)?))
}

/// `str.count`.
pub fn count(text: &str, sub: &str, start: Option<i64>, end: Option<i64>) -> usize {
    match window(text, start, end) {
        None => 0,
        Some((_, part)) if sub.is_empty() => len(part) + 1,
        Some((_, part)) => memmem::find_iter(part.as_bytes(), sub).count(),
    }
}

/// `str.startswith` with one prefix.
pub fn starts_with(text: &str, prefix: &str, start: Option<i64>, end: Option<i64>) -> bool {
    window(text, start, end).is_some_and(|(_, part)| part.starts_with(prefix))
}

/// `str.endswith` with one suffix.
pub fn ends_with(text: &str, suffix: &str, start: Option<i64>, end: Option<i64>) -> bool {
    window(text, start, end).is_some_and(|(_, part)| part.ends_with(suffix))
}

/// `str.split` at runs of whitespace; `max` is the number of splits, `None` for all.
pub fn split_whitespace(text: &str, max: Option<usize>) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        if max.is_some_and(|max| parts.len() >= max) {
            parts.push(rest);
            break;
        }
        let (word, tail) = rest
            .split_at_checked(rest.find(is_space).unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        parts.push(word);
        rest = tail.trim_start_matches(is_space);
    }
    parts
}

/// `str.rsplit` at runs of whitespace.
pub fn rsplit_whitespace(text: &str, max: Option<usize>) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        if max.is_some_and(|max| parts.len() >= max) {
            parts.push(rest);
            break;
        }
        let head = rest.trim_end_matches(|c| !is_space(c));
        parts.push(rest.get(head.len()..).unwrap_or(""));
        rest = head.trim_end_matches(is_space);
    }
    parts.reverse();
    parts
}

/// `str.split` at a separator; `None` is `ValueError: empty separator`.
pub fn split<'a>(text: &'a str, sep: &str, max: Option<usize>) -> Option<Vec<&'a str>> {
    if sep.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    let mut done = 0;
    let mut cut = |at: usize| {
        parts.push(text.get(done..at).unwrap_or(""));
        done = at + sep.len();
    };
    let max = max.unwrap_or(usize::MAX);
    match sep.as_bytes() {
        [byte] => memchr::memchr_iter(*byte, text.as_bytes())
            .take(max)
            .for_each(&mut cut),
        sep => memmem::find_iter(text.as_bytes(), sep)
            .take(max)
            .for_each(&mut cut),
    }
    parts.push(text.get(done..).unwrap_or(""));
    Some(parts)
}

/// `str.rsplit` at a separator; `None` is `ValueError: empty separator`.
pub fn rsplit<'a>(text: &'a str, sep: &str, max: Option<usize>) -> Option<Vec<&'a str>> {
    if sep.is_empty() {
        return None;
    }
    let mut parts: Vec<&str> = match max {
        None => text.rsplit(sep).collect(),
        Some(max) => text.rsplitn(max.saturating_add(1), sep).collect(),
    };
    parts.reverse();
    Some(parts)
}

/// `str.splitlines`.
pub fn splitlines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_line_break).unwrap_or(rest.len());
        let tail = rest.get(end..).unwrap_or("");
        let break_len = if tail.starts_with("\r\n") {
            2
        } else {
            tail.chars().next().map_or(0, char::len_utf8)
        };
        let (line, next) = rest.split_at_checked(end + break_len).unwrap_or((rest, ""));
        lines.push(if keep_ends {
            line
        } else {
            rest.get(..end).unwrap_or("")
        });
        rest = next;
    }
    lines
}

/// Which ends `strip` works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// `lstrip`.
    Left,
    /// `rstrip`.
    Right,
    /// `strip`.
    Both,
}

/// `str.strip` and its kin: takes whitespace, or any of `chars`, off the ends.
pub fn strip<'a>(text: &'a str, chars: Option<&str>, ends: Ends) -> &'a str {
    let drop = |c: char| chars.map_or_else(|| is_space(c), |chars| chars.contains(c));
    let text = if ends == Ends::Right {
        text
    } else {
        text.trim_start_matches(drop)
    };
    if ends == Ends::Left {
        text
    } else {
        text.trim_end_matches(drop)
    }
}

/// `str.partition`; `None` is `ValueError: empty separator`.
pub fn partition<'a>(text: &'a str, sep: &str) -> Option<(&'a str, &'a str, &'a str)> {
    if sep.is_empty() {
        return None;
    }
    Some(
        position(text, sep)
            .and_then(|at| cut_around(text, at, sep.len()))
            .unwrap_or((text, "", "")),
    )
}

/// `str.rpartition`; `None` is `ValueError: empty separator`.
pub fn rpartition<'a>(text: &'a str, sep: &str) -> Option<(&'a str, &'a str, &'a str)> {
    if sep.is_empty() {
        return None;
    }
    Some(
        text.rfind(sep)
            .and_then(|at| cut_around(text, at, sep.len()))
            .unwrap_or(("", "", text)),
    )
}

fn cut_around(text: &str, at: usize, len: usize) -> Option<(&str, &str, &str)> {
    Some((
        text.get(..at)?,
        text.get(at..at + len)?,
        text.get(at + len..)?,
    ))
}

/// `str.replace`; `max` is the number of replacements, `None` for all. `None` if there is nothing
/// to replace.
pub fn replace(text: &str, old: &str, new: &str, max: Option<usize>) -> Option<String> {
    let max = max.unwrap_or(usize::MAX);
    if old.is_empty() {
        return (max > 0).then(|| text.replacen(old, new, max));
    }
    let first = position(text, old).filter(|_| max > 0)?;
    let mut out = String::with_capacity(text.len() + new.len());
    let finder = memmem::Finder::new(old);
    let (mut done, mut found, mut count) = (0, Some(first), 0);
    while let Some(at) = found.filter(|_| count < max) {
        out.push_str(text.get(done..at).unwrap_or(""));
        out.push_str(new);
        done = at + old.len();
        count += 1;
        let rest = text.get(done..).unwrap_or("");
        found = finder.find(rest.as_bytes()).map(|at| done + at);
    }
    out.push_str(text.get(done..).unwrap_or(""));
    Some(out)
}

/// `str.removeprefix`.
pub fn remove_prefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix).unwrap_or(text)
}

/// `str.removesuffix`.
pub fn remove_suffix<'a>(text: &'a str, suffix: &str) -> &'a str {
    text.strip_suffix(suffix).unwrap_or(text)
}

/// How many fill characters `center` puts left of a text that is `missing` short of `width`.
pub(super) fn center_left(missing: usize, width: usize) -> usize {
    missing / 2 + (missing & width & 1)
}

/// No text is padded by more than this; for a larger width the caller raises MemoryError instead of calling us.
pub const MAX_PADDING: usize = 1 << 31;

fn padded(text: &str, left: usize, right: usize, fill: char) -> String {
    let (left, right) = (left.min(MAX_PADDING), right.min(MAX_PADDING));
    let mut out = String::with_capacity(text.len() + (left + right) * fill.len_utf8());
    out.extend(std::iter::repeat_n(fill, left));
    out.push_str(text);
    out.extend(std::iter::repeat_n(fill, right));
    out
}

/// `str.center`.
pub fn center(text: &str, width: usize, fill: char) -> String {
    let missing = width.saturating_sub(len(text));
    let left = center_left(missing, width);
    padded(text, left, missing - left, fill)
}

/// `str.ljust`.
pub fn ljust(text: &str, width: usize, fill: char) -> String {
    padded(text, 0, width.saturating_sub(len(text)), fill)
}

/// `str.rjust`.
pub fn rjust(text: &str, width: usize, fill: char) -> String {
    padded(text, width.saturating_sub(len(text)), 0, fill)
}

/// `str.zfill`: zeros after a sign.
pub fn zfill(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(len(text));
    let (sign, digits) = text
        .split_at_checked(usize::from(text.starts_with(['+', '-'])))
        .unwrap_or(("", text));
    let mut out = sign.to_string();
    out.extend(std::iter::repeat_n('0', missing.min(MAX_PADDING)));
    out.push_str(digits);
    out
}

/// `str.expandtabs`; a size that is not positive drops the tabs.
pub fn expand_tabs(text: &str, size: usize) -> String {
    let size = size.min(MAX_PADDING);
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let blanks = size - column % size;
                out.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            '\t' => {}
            _ => {
                out.push(c);
                column = if matches!(c, '\n' | '\r') {
                    0
                } else {
                    column + 1
                };
            }
        }
    }
    out
}

/// What `str.translate` makes of one character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Translated {
    /// No entry (LookupError): as it is.
    Keep,
    /// `None`: dropped.
    Drop,
    /// An int: this character.
    Char(char),
    /// A string, perhaps empty.
    Text(String),
}

/// `str.translate` over whatever looks characters up, which is asked as often as CPython asks:
/// in ASCII text once for each character that becomes one of ASCII or none, until one becomes
/// something else; from there on each time, and after one that is dropped for the end of the run
/// of those.
pub fn translate<E>(
    text: &str,
    mut lookup: impl FnMut(char) -> Result<Translated, E>,
) -> Result<String, E> {
    let mut out = String::with_capacity(text.len());
    let done = if text.is_ascii() {
        translate_ascii(text, &mut out, &mut lookup)?
    } else {
        0
    };
    let mut rest = text.get(done..).unwrap_or_default().chars();
    while let Some(c) = rest.next() {
        match lookup(c)? {
            Translated::Keep => out.push(c),
            Translated::Drop => {
                let mut next = rest.clone();
                while let Some(c) = next.next() {
                    if lookup(c)? != Translated::Drop {
                        break;
                    }
                    rest = next.clone();
                }
            }
            Translated::Char(other) => out.push(other),
            Translated::Text(other) => out.push_str(&other),
        }
    }
    Ok(out)
}

/// The part of an ASCII text that becomes ASCII, one character for each or none: how long it is.
fn translate_ascii<E>(
    text: &str,
    out: &mut String,
    lookup: &mut impl FnMut(char) -> Result<Translated, E>,
) -> Result<usize, E> {
    /// What a character that was looked up became.
    #[derive(Clone, Copy)]
    enum Known {
        Not,
        Dropped,
        Became(char),
    }
    let mut known = [Known::Not; 128];
    for (i, c) in text.char_indices() {
        let Some(entry) = known.get_mut(c as usize) else {
            return Ok(i);
        };
        if let Known::Not = entry {
            *entry = match lookup(c)? {
                Translated::Keep => Known::Became(c),
                Translated::Drop => Known::Dropped,
                Translated::Char(other) if other.is_ascii() => Known::Became(other),
                Translated::Text(other) if other.len() == 1 => {
                    Known::Became(other.chars().next().unwrap_or(c))
                }
                Translated::Char(_) | Translated::Text(_) => return Ok(i),
            };
        }
        if let Known::Became(other) = entry {
            out.push(*other);
        }
    }
    Ok(text.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;
    use crate::text::slice::slice_indices;

    #[test]
    fn searching_counts_characters() {
        assert_eq!(find("añb", "b", None, None), Some(2));
        assert_eq!(find("añb", "", Some(3), None), Some(3));
        assert_eq!(find("añb", "", Some(4), None), None);
        assert_eq!(find("añb", "a", Some(-3), Some(-2)), Some(0));
        assert_eq!(rfind("ñaña", "ña", None, Some(-1)), Some(0));
        assert_eq!(rfind("ñaña", "", None, None), Some(4));
        assert_eq!(count("ñañañ", "ñ", Some(1), None), 2);
        assert_eq!(count("ñañañ", "", Some(1), Some(3)), 3);
        assert_eq!(count("abc", "", Some(3), Some(1)), 0);
        assert!(starts_with("abc", "", Some(3), None) && !starts_with("abc", "", Some(4), None));
        assert!(ends_with("abc", "bc", Some(1), None) && !ends_with("abc", "abc", Some(1), None));
    }

    #[test]
    fn splitting() {
        assert_eq!(split_whitespace(" a  b c ", None), ["a", "b", "c"]);
        assert_eq!(split_whitespace(" a  b c ", Some(1)), ["a", "b c "]);
        assert_eq!(split_whitespace(" a b", Some(0)), ["a b"]);
        assert_eq!(rsplit_whitespace(" a  b c ", Some(1)), [" a  b", "c"]);
        assert_eq!(rsplit_whitespace(" a b ", Some(0)), [" a b"]);
        assert_eq!(split("a,b,,c", ",", Some(2)).unwrap(), ["a", "b", ",c"]);
        assert_eq!(rsplit("a,b,,c", ",", Some(2)).unwrap(), ["a,b", "", "c"]);
        assert_eq!(rsplit("aaa", "aa", None).unwrap(), ["a", ""]);
        assert_eq!(split("", ",", None).unwrap(), [""]);
        assert_eq!(split("a", "", None), None);
        assert_eq!(
            splitlines("a\r\nb\n\nc\u{2028}d\u{b}", true),
            ["a\r\n", "b\n", "\n", "c\u{2028}", "d\u{b}"]
        );
        assert_eq!(splitlines("a\n", false), ["a"]);
        assert_eq!(splitlines("", false), [""; 0]);
        assert_eq!(partition("a.b.c", "."), Some(("a", ".", "b.c")));
        assert_eq!(rpartition("a.b.c", "."), Some(("a.b", ".", "c")));
        assert_eq!(rpartition("abc", "."), Some(("", "", "abc")));
    }

    #[test]
    fn padding() {
        assert_eq!(center("ab", 5, '*'), "**ab*");
        assert_eq!(center("a", 4, '*'), "*a**");
        assert_eq!(zfill("-5", 4), "-005");
        assert_eq!(zfill("é", 3), "00é");
        assert_eq!(expand_tabs("a\tbc\r\td", 4), "a   bc\r    d");
        assert_eq!(expand_tabs("a\tb", 0), "ab");
    }

    #[test]
    fn replacing_and_stripping() {
        assert_eq!(replace("abc", "", "-", None).unwrap(), "-a-b-c-");
        assert_eq!(replace("abc", "", "-", Some(2)).unwrap(), "-a-bc");
        assert_eq!(replace("abcabca", "bc", "--", Some(1)).unwrap(), "a--abca");
        assert_eq!(replace("aaaaa", "aa", "b", None).unwrap(), "bba");
        assert_eq!(replace("abc", "x", "y", None), None);
        assert_eq!(replace("", "", "x", Some(0)), None);
        assert_eq!(strip("\u{a0}\u{1c}a ", None, Ends::Both), "a");
        assert_eq!(strip("xyaxy", Some("yx"), Ends::Left), "axy");
        assert_eq!(
            slice("añb", slice_indices(None, None, Some(-1), 3).unwrap()),
            "bña"
        );
        assert_eq!(
            slice("añbc", slice_indices(Some(1), Some(3), None, 4).unwrap()),
            "ñb"
        );
    }
}
