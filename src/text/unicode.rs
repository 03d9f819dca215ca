//! Character properties as Python 3.13 (Unicode 15.1) sees them. Knows nothing of strings.

use super::unicode_tables as tables;

/// Whether `c` lies in the set whose membership flips at `flips`.
fn in_set(flips: &[u32], c: char) -> bool {
    flips.partition_point(|&point| point <= c as u32) % 2 == 1
}

fn mapped(table: &'static [(char, &'static str)], c: char) -> Option<&'static str> {
    let at = table.binary_search_by_key(&c, |entry| entry.0).ok()?;
    table.get(at).map(|entry| entry.1)
}

/// Whether Unicode 15.1 knows `c`: later characters have no case and no class yet.
pub(super) fn is_assigned(c: char) -> bool {
    c.is_ascii() || !in_set(tables::UNASSIGNED, c)
}

/// `str.isprintable` of one character.
pub fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        _ => !in_set(tables::UNPRINTABLE, c),
    }
}

/// `str.isspace` of one character: Unicode's White_Space and the four ASCII separators.
pub fn is_space(c: char) -> bool {
    matches!(c, '\u{1c}'..='\u{1f}') || c.is_whitespace()
}

/// What `str.splitlines` breaks at (`\r\n` counts once).
pub fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// `str.isalpha` of one character.
pub fn is_alpha(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphabetic()
    } else {
        in_set(tables::ALPHA, c)
    }
}

/// `str.isdecimal` of one character.
pub fn is_decimal(c: char) -> bool {
    decimal_value(c).is_some()
}

/// The value of a decimal digit of any script.
pub fn decimal_value(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let code = c as u32;
    let row = tables::DECIMAL_ZEROS
        .partition_point(|&zero| zero <= code)
        .checked_sub(1)?;
    let value = code.checked_sub(*tables::DECIMAL_ZEROS.get(row)?)?;
    (value < 10).then_some(value)
}

/// `str.isdigit` of one character.
pub fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_digit()
    } else {
        in_set(tables::DIGIT, c)
    }
}

/// `str.isnumeric` of one character.
pub fn is_numeric(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_digit()
    } else {
        in_set(tables::NUMERIC, c)
    }
}

/// `str.isalnum` of one character.
pub fn is_alnum(c: char) -> bool {
    is_alpha(c) || is_numeric(c)
}

/// Property Lowercase.
pub fn is_lower(c: char) -> bool {
    // Unicode has since taken the small letter from U+0295.
    (c.is_lowercase() && is_assigned(c)) || c == '\u{295}'
}

/// Property Uppercase.
pub fn is_upper(c: char) -> bool {
    c.is_uppercase() && is_assigned(c)
}

/// Category Lt, the digraphs such as `ǅ`.
pub fn is_title(c: char) -> bool {
    matches!(c, '\u{1c5}' | '\u{1c8}' | '\u{1cb}' | '\u{1f2}' | '\u{1f88}'..='\u{1f8f}' | '\u{1f98}'..='\u{1f9f}'
        | '\u{1fa8}'..='\u{1faf}' | '\u{1fbc}' | '\u{1fcc}' | '\u{1ffc}')
}

/// Appends the lower case of `c`, looked at alone.
pub fn push_lower(out: &mut String, c: char) {
    if is_assigned(c) {
        out.extend(c.to_lowercase())
    } else {
        out.push(c)
    }
}

/// Appends the upper case of `c`.
pub fn push_upper(out: &mut String, c: char) {
    if !is_assigned(c) {
        return out.push(c);
    }
    // Characters whose upper case came with a later Unicode than ours stay as they are.
    if c.is_ascii() || c.to_uppercase().all(is_assigned) {
        out.extend(c.to_uppercase())
    } else {
        out.push(c)
    }
}

/// Appends the title case of `c`.
pub fn push_title(out: &mut String, c: char) {
    match mapped(tables::TITLE, c) {
        Some(text) => out.push_str(text),
        None => push_upper(out, c),
    }
}

/// Appends the case folding of `c`.
pub fn push_fold(out: &mut String, c: char) {
    match mapped(tables::FOLD, c) {
        Some(text) => out.push_str(text),
        None => push_lower(out, c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_other_scripts() {
        assert_eq!(decimal_value('\u{665}'), Some(5));
        assert_eq!(decimal_value('\u{1d7ff}'), Some(9));
        assert_eq!(decimal_value('²'), None);
        assert!(is_digit('²') && !is_digit('½') && is_numeric('½'));
    }

    #[test]
    fn printable_as_in_cpython() {
        assert!(is_printable('é') && is_printable(' ') && is_printable('\u{1f600}'));
        assert!(
            !is_printable('\u{a0}')
                && !is_printable('\u{ad}')
                && !is_printable('\u{378}')
                && !is_printable('\n')
        );
    }

    #[test]
    fn case_mappings_with_more_than_one_character() {
        let mut out = String::new();
        push_title(&mut out, 'ß');
        push_fold(&mut out, 'ß');
        push_upper(&mut out, 'ŉ');
        push_title(&mut out, '\u{1c6}');
        assert_eq!(out, "SsssʼN\u{1c5}");
    }
}
