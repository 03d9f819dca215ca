//! The methods that `bytes` and `bytearray` share, with ASCII's idea of letters, blanks and lines.
//! Knows nothing of values.

use super::slice::search_range;
use super::str_ops::{Ends, MAX_PADDING, center_left};

/// What ASCII calls whitespace: blank, `\t`, `\n`, `\v`, `\f`, `\r`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn window(bytes: &[u8], start: Option<i64>, end: Option<i64>) -> Option<(usize, &[u8])> {
    let (start, end) = search_range(start, end, bytes.len());
    Some((start, bytes.get(start..end)?))
}

fn position(bytes: &[u8], sub: &[u8]) -> Option<usize> {
    match sub {
        [] => Some(0),
        [byte] => bytes.iter().position(|b| b == byte),
        _ => bytes.windows(sub.len()).position(|part| part == sub),
    }
}

fn rposition(bytes: &[u8], sub: &[u8]) -> Option<usize> {
    match sub {
        [] => Some(bytes.len()),
        _ => bytes.windows(sub.len()).rposition(|part| part == sub),
    }
}

/// `bytes.find`.
pub fn find(bytes: &[u8], sub: &[u8], start: Option<i64>, end: Option<i64>) -> Option<usize> {
    let (base, part) = window(bytes, start, end)?;
    Some(base + position(part, sub)?)
}

/// `bytes.rfind`.
pub fn rfind(bytes: &[u8], sub: &[u8], start: Option<i64>, end: Option<i64>) -> Option<usize> {
    let (base, part) = window(bytes, start, end)?;
    Some(base + rposition(part, sub)?)
}

/// `bytes.count`.
pub fn count(bytes: &[u8], sub: &[u8], start: Option<i64>, end: Option<i64>) -> usize {
    match window(bytes, start, end) {
        None => 0,
        Some((_, part)) if sub.is_empty() => part.len() + 1,
        Some((_, part)) => pieces(part, sub, None).len() - 1,
    }
}

/// `bytes.startswith` with one prefix.
pub fn starts_with(bytes: &[u8], prefix: &[u8], start: Option<i64>, end: Option<i64>) -> bool {
    window(bytes, start, end).is_some_and(|(_, part)| part.starts_with(prefix))
}

/// `bytes.endswith` with one suffix.
pub fn ends_with(bytes: &[u8], suffix: &[u8], start: Option<i64>, end: Option<i64>) -> bool {
    window(bytes, start, end).is_some_and(|(_, part)| part.ends_with(suffix))
}

/// The parts between separators (which are not empty): one at least.
fn pieces<'a>(bytes: &'a [u8], sep: &[u8], max: Option<usize>) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while max.is_none_or(|max| parts.len() < max) {
        let Some((head, _, tail)) =
            position(rest, sep).and_then(|at| cut_around(rest, at, sep.len()))
        else {
            break;
        };
        parts.push(head);
        rest = tail;
    }
    parts.push(rest);
    parts
}

fn cut_around(bytes: &[u8], at: usize, len: usize) -> Option<(&[u8], &[u8], &[u8])> {
    Some((
        bytes.get(..at)?,
        bytes.get(at..at + len)?,
        bytes.get(at + len..)?,
    ))
}

/// `bytes.split` at a separator; `None` is `ValueError: empty separator`.
pub fn split<'a>(bytes: &'a [u8], sep: &[u8], max: Option<usize>) -> Option<Vec<&'a [u8]>> {
    (!sep.is_empty()).then(|| pieces(bytes, sep, max))
}

/// `bytes.rsplit` at a separator; `None` is `ValueError: empty separator`.
pub fn rsplit<'a>(bytes: &'a [u8], sep: &[u8], max: Option<usize>) -> Option<Vec<&'a [u8]>> {
    if sep.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    let mut rest = bytes;
    while max.is_none_or(|max| parts.len() < max) {
        let Some((head, _, tail)) =
            rposition(rest, sep).and_then(|at| cut_around(rest, at, sep.len()))
        else {
            break;
        };
        parts.push(tail);
        rest = head;
    }
    parts.push(rest);
    parts.reverse();
    Some(parts)
}

/// `bytes.split` at runs of whitespace.
pub fn split_whitespace(bytes: &[u8], max: Option<usize>) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = strip(bytes, None, Ends::Left);
    while !rest.is_empty() {
        if max.is_some_and(|max| parts.len() >= max) {
            parts.push(rest);
            break;
        }
        let end = rest.iter().position(|b| is_space(*b)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        parts.push(word);
        rest = strip(tail, None, Ends::Left);
    }
    parts
}

/// `bytes.rsplit` at runs of whitespace.
pub fn rsplit_whitespace(bytes: &[u8], max: Option<usize>) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = strip(bytes, None, Ends::Right);
    while !rest.is_empty() {
        if max.is_some_and(|max| parts.len() >= max) {
            parts.push(rest);
            break;
        }
        let start = rest
            .iter()
            .rposition(|b| is_space(*b))
            .map_or(0, |at| at + 1);
        let (head, word) = rest.split_at_checked(start).unwrap_or((&[], rest));
        parts.push(word);
        rest = strip(head, None, Ends::Right);
    }
    parts.reverse();
    parts
}

/// `bytes.splitlines`: lines end at `\n`, `\r` and `\r\n` only.
pub fn splitlines(bytes: &[u8], keep_ends: bool) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|b| matches!(b, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let break_len = if tail.starts_with(b"\r\n") {
            2
        } else {
            tail.len().min(1)
        };
        lines.push(if keep_ends {
            rest.get(..end + break_len).unwrap_or(rest)
        } else {
            line
        });
        rest = tail.get(break_len..).unwrap_or(&[]);
    }
    lines
}

/// `bytes.strip` and its kin.
pub fn strip<'a>(bytes: &'a [u8], chars: Option<&[u8]>, ends: Ends) -> &'a [u8] {
    let drop = |byte: &u8| chars.map_or_else(|| is_space(*byte), |chars| chars.contains(byte));
    let mut rest = bytes;
    while ends != Ends::Right && rest.first().is_some_and(drop) {
        rest = rest.get(1..).unwrap_or(&[]);
    }
    while ends != Ends::Left && rest.last().is_some_and(drop) {
        rest = rest.get(..rest.len() - 1).unwrap_or(&[]);
    }
    rest
}

/// `bytes.partition`; `None` is `ValueError: empty separator`.
pub fn partition<'a>(bytes: &'a [u8], sep: &[u8]) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
    if sep.is_empty() {
        return None;
    }
    Some(
        position(bytes, sep)
            .and_then(|at| cut_around(bytes, at, sep.len()))
            .unwrap_or((bytes, &[], &[])),
    )
}

/// `bytes.rpartition`; `None` is `ValueError: empty separator`.
pub fn rpartition<'a>(bytes: &'a [u8], sep: &[u8]) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
    if sep.is_empty() {
        return None;
    }
    Some(
        rposition(bytes, sep)
            .and_then(|at| cut_around(bytes, at, sep.len()))
            .unwrap_or((&[], &[], bytes)),
    )
}

/// `bytes.replace`; `max` is the number of replacements, `None` for all.
pub fn replace(bytes: &[u8], old: &[u8], new: &[u8], max: Option<usize>) -> Vec<u8> {
    if !old.is_empty() {
        return pieces(bytes, old, max).join(new);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut left = max.unwrap_or(usize::MAX);
    for at in 0..=bytes.len() {
        if left > 0 {
            out.extend_from_slice(new);
            left -= 1;
        }
        out.extend(bytes.get(at));
    }
    out
}

fn padded(bytes: &[u8], left: usize, right: usize, fill: u8) -> Vec<u8> {
    let (left, right) = (left.min(MAX_PADDING), right.min(MAX_PADDING));
    let mut out = vec![fill; left];
    out.extend_from_slice(bytes);
    out.extend(std::iter::repeat_n(fill, right));
    out
}

/// `bytes.center`.
pub fn center(bytes: &[u8], width: usize, fill: u8) -> Vec<u8> {
    let missing = width.saturating_sub(bytes.len());
    let left = center_left(missing, width);
    padded(bytes, left, missing - left, fill)
}

/// `bytes.ljust`.
pub fn ljust(bytes: &[u8], width: usize, fill: u8) -> Vec<u8> {
    padded(bytes, 0, width.saturating_sub(bytes.len()), fill)
}

/// `bytes.rjust`.
pub fn rjust(bytes: &[u8], width: usize, fill: u8) -> Vec<u8> {
    padded(bytes, width.saturating_sub(bytes.len()), 0, fill)
}

/// `bytes.zfill`.
pub fn zfill(bytes: &[u8], width: usize) -> Vec<u8> {
    let signed = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let (sign, digits) = bytes.split_at_checked(signed).unwrap_or((&[], bytes));
    [
        sign,
        &padded(digits, width.saturating_sub(bytes.len()), 0, b'0'),
    ]
    .concat()
}

/// `bytes.expandtabs`.
pub fn expand_tabs(bytes: &[u8], size: usize) -> Vec<u8> {
    let size = size.min(MAX_PADDING);
    let mut out = Vec::with_capacity(bytes.len());
    let mut column = 0;
    for &byte in bytes {
        match byte {
            b'\t' if size > 0 => {
                let blanks = size - column % size;
                out.extend(std::iter::repeat_n(b' ', blanks));
                column += blanks;
            }
            b'\t' => {}
            _ => {
                out.push(byte);
                column = if matches!(byte, b'\n' | b'\r') {
                    0
                } else {
                    column + 1
                };
            }
        }
    }
    out
}

/// `bytes.capitalize`.
pub fn capitalize(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_ascii_lowercase();
    if let Some(first) = out.first_mut() {
        first.make_ascii_uppercase();
    }
    out
}

/// `bytes.title`.
pub fn title(bytes: &[u8]) -> Vec<u8> {
    let mut inside = false;
    let mut cased = |byte: u8| {
        let mapped = if inside {
            byte.to_ascii_lowercase()
        } else {
            byte.to_ascii_uppercase()
        };
        inside = byte.is_ascii_alphabetic();
        mapped
    };
    bytes.iter().map(|&byte| cased(byte)).collect()
}

/// `bytes.swapcase`.
pub fn swapcase(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .map(|&b| if b.is_ascii_alphabetic() { b ^ 0x20 } else { b })
        .collect()
}

fn all(bytes: &[u8], test: impl FnMut(&u8) -> bool) -> bool {
    !bytes.is_empty() && bytes.iter().all(test)
}

/// `bytes.isalpha`.
pub fn isalpha(bytes: &[u8]) -> bool {
    all(bytes, u8::is_ascii_alphabetic)
}

/// `bytes.isalnum`.
pub fn isalnum(bytes: &[u8]) -> bool {
    all(bytes, u8::is_ascii_alphanumeric)
}

/// `bytes.isdigit`.
pub fn isdigit(bytes: &[u8]) -> bool {
    all(bytes, u8::is_ascii_digit)
}

/// `bytes.isspace`.
pub fn isspace(bytes: &[u8]) -> bool {
    all(bytes, |byte| is_space(*byte))
}

/// `bytes.isupper`.
pub fn isupper(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_uppercase) && !bytes.iter().any(u8::is_ascii_lowercase)
}

/// `bytes.islower`.
pub fn islower(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_lowercase) && !bytes.iter().any(u8::is_ascii_uppercase)
}

/// `bytes.istitle`.
pub fn istitle(bytes: &[u8]) -> bool {
    bytes.iter().any(u8::is_ascii_alphabetic) && title(bytes) == bytes
}

/// `bytes.translate`: `table` (256 entries, or `None`) after dropping what is in `delete`.
pub fn translate(bytes: &[u8], table: Option<&[u8]>, delete: &[u8]) -> Vec<u8> {
    let mapped = |byte: &u8| {
        table
            .and_then(|table| table.get(usize::from(*byte)))
            .copied()
            .unwrap_or(*byte)
    };
    bytes
        .iter()
        .filter(|byte| !delete.contains(byte))
        .map(mapped)
        .collect()
}

/// `bytes.hex`; `per_group` counts from the right, or from the left where negative; 0 separates nothing.
pub fn hex(bytes: &[u8], sep: Option<char>, per_group: i64) -> String {
    let size = usize::try_from(per_group.unsigned_abs()).unwrap_or(usize::MAX);
    let mut out = String::with_capacity(bytes.len() * 2);
    for (at, byte) in bytes.iter().enumerate() {
        let done = if per_group < 0 { at } else { bytes.len() - at };
        if let Some(sep) = sep
            && at > 0
            && size > 0
            && done % size == 0
        {
            out.push(sep);
        }
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

/// `bytes.fromhex`; the error is the position in `ValueError: non-hexadecimal number found in fromhex() arg at
/// position N`.
pub fn from_hex(text: &str) -> Result<Vec<u8>, usize> {
    // What is not ASCII is refused before anything else.
    if let Some(at) = text.chars().position(|c| !c.is_ascii()) {
        return Err(at);
    }
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut high: Option<u32> = None;
    let mut count = 0;
    for c in text.chars() {
        match (c.to_digit(16), high.take()) {
            (Some(digit), None) => high = Some(digit),
            (Some(digit), Some(high)) => out.push(u8::try_from(high * 16 + digit).unwrap_or(0)),
            (None, None) if is_space(c as u8) => {}
            (None, _) => return Err(count),
        }
        count += 1;
    }
    if high.is_some() { Err(count) } else { Ok(out) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal() {
        assert_eq!(hex(b"abcde", Some(':'), 2), "61:6263:6465");
        assert_eq!(hex(b"abcde", Some(':'), -2), "6162:6364:65");
        assert_eq!(hex(b"abc", Some(':'), 0), "616263");
        assert_eq!(from_hex(" ab\ncd "), Ok(vec![0xab, 0xcd]));
        for (text, at) in [
            ("a b", 1),
            ("ab c", 4),
            ("abxy", 2),
            ("a", 1),
            ("aé", 1),
            ("f fé", 3),
        ] {
            assert_eq!(from_hex(text), Err(at), "{text}");
        }
    }

    #[test]
    fn splitting() {
        assert_eq!(
            splitlines(b"a\x0bb\r\nc\n", true),
            [&b"a\x0bb\r\n"[..], b"c\n"]
        );
        assert_eq!(
            split_whitespace(b"a\x0bb\x1cc d", None),
            [&b"a"[..], b"b\x1cc", b"d"]
        );
        assert_eq!(split_whitespace(b" a b c ", Some(1)), [&b"a"[..], b"b c "]);
        assert_eq!(rsplit_whitespace(b" a b c ", Some(1)), [&b" a b"[..], b"c"]);
        assert_eq!(
            split(b"a,b,,c", b",", Some(2)).unwrap(),
            [&b"a"[..], b"b", b",c"]
        );
        assert_eq!(
            rsplit(b"a,b,,c", b",", Some(1)).unwrap(),
            [&b"a,b,"[..], b"c"]
        );
        assert_eq!(count(b"aaaa", b"aa", None, None), 2);
        assert_eq!(
            rpartition(b"a.b", b"."),
            Some((&b"a"[..], &b"."[..], &b"b"[..]))
        );
    }

    #[test]
    fn mapping() {
        assert_eq!(title(b"ab-cd e1f"), b"Ab-Cd E1F");
        assert_eq!(swapcase(b"aB[{"), b"Ab[{");
        assert_eq!(zfill(b"-5", 4), b"-005");
        assert_eq!(replace(b"abc", b"", b"-", Some(2)), b"-a-bc");
        assert_eq!(replace(b"aXbXc", b"X", b"--", Some(1)), b"a--bXc");
        assert_eq!(translate(b"abc", None, b"b"), b"ac");
        assert!(istitle(b"Ab Cd") && !istitle(b"AB") && !istitle(b"1"));
        assert_eq!(find(b"abc", b"", Some(4), None), None);
    }
}
