//! Case mappings and the `is…` predicates of `str`. Knows nothing of values.

use super::unicode::{
    self, is_assigned, is_lower, is_space, is_title, is_upper, push_fold, push_lower, push_title,
    push_upper,
};

/// Whether each capital sigma of `text`, in order, ends its word and so becomes `ς` in lower case.
///
/// The standard library decides it; small sigmas are masked, so that only those that were capitals are seen.
fn final_sigmas(text: &str) -> Vec<bool> {
    if !text.contains('Σ') {
        return Vec::new();
    }
    let masked = text.replace(['σ', 'ς'], "a");
    masked
        .to_lowercase()
        .chars()
        .filter(|c| matches!(c, 'σ' | 'ς'))
        .map(|c| c == 'ς')
        .collect()
}

/// Maps every character, with lower case as its place in the text demands.
struct CaseMapper {
    sigmas: std::vec::IntoIter<bool>,
    out: String,
}

impl CaseMapper {
    fn new(text: &str) -> Self {
        CaseMapper {
            sigmas: final_sigmas(text).into_iter(),
            out: String::with_capacity(text.len()),
        }
    }

    /// Appends `c` in lower case, or as `other` writes it.
    fn push(&mut self, c: char, lower: bool, other: fn(&mut String, char)) {
        let last = c == 'Σ' && self.sigmas.next().unwrap_or(false);
        match lower {
            true if last => self.out.push('ς'),
            true => push_lower(&mut self.out, c),
            false => other(&mut self.out, c),
        }
    }
}

/// `str.lower`.
pub fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut mapper = CaseMapper::new(text);
    for c in text.chars() {
        mapper.push(c, true, push_lower);
    }
    mapper.out
}

/// `str.upper`.
pub fn upper(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_upper(&mut out, c);
    }
    out
}

/// `str.casefold`.
pub fn casefold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_fold(&mut out, c);
    }
    out
}

/// `str.capitalize`.
pub fn capitalize(text: &str) -> String {
    let mut mapper = CaseMapper::new(text);
    for (at, c) in text.chars().enumerate() {
        mapper.push(c, at > 0, push_title);
    }
    mapper.out
}

/// `str.title`.
pub fn title(text: &str) -> String {
    let mut mapper = CaseMapper::new(text);
    let mut inside = false;
    for c in text.chars() {
        mapper.push(c, inside, push_title);
        inside = is_cased(c);
    }
    mapper.out
}

/// `str.swapcase`.
pub fn swapcase(text: &str) -> String {
    let mut mapper = CaseMapper::new(text);
    for c in text.chars() {
        let keep_or_raise = if is_lower(c) {
            push_upper
        } else {
            String::push
        };
        mapper.push(c, is_upper(c), keep_or_raise);
    }
    mapper.out
}

fn is_cased(c: char) -> bool {
    is_lower(c) || is_upper(c) || is_title(c)
}

/// At least one character, and `test` holds for each.
fn all(text: &str, test: impl FnMut(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(test)
}

/// `str.isalpha`.
pub fn isalpha(text: &str) -> bool {
    all(text, unicode::is_alpha)
}

/// `str.isalnum`.
pub fn isalnum(text: &str) -> bool {
    all(text, unicode::is_alnum)
}

/// `str.isdecimal`.
pub fn isdecimal(text: &str) -> bool {
    all(text, unicode::is_decimal)
}

/// `str.isdigit`.
pub fn isdigit(text: &str) -> bool {
    all(text, unicode::is_digit)
}

/// `str.isnumeric`.
pub fn isnumeric(text: &str) -> bool {
    all(text, unicode::is_numeric)
}

/// `str.isspace`.
pub fn isspace(text: &str) -> bool {
    all(text, is_space)
}

/// `str.isprintable`; true for the empty string.
pub fn isprintable(text: &str) -> bool {
    text.chars().all(unicode::is_printable)
}

/// `str.isidentifier`: `XID_Start` or `_`, then `XID_Continue`.
pub fn isidentifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|c| c == '_' || (unicode_ident::is_xid_start(c) && is_assigned(c)))
        && chars.all(|c| unicode_ident::is_xid_continue(c) && is_assigned(c))
}

/// `str.isupper`: at least one cased character, all upper case.
pub fn isupper(text: &str) -> bool {
    text.chars().any(is_upper) && !text.chars().any(|c| is_lower(c) || is_title(c))
}

/// `str.islower`: at least one cased character, all lower case.
pub fn islower(text: &str) -> bool {
    text.chars().any(is_lower) && !text.chars().any(|c| is_upper(c) || is_title(c))
}

/// `str.istitle`: capitals only at the start of words, small letters only inside.
pub fn istitle(text: &str) -> bool {
    let (mut inside, mut any) = (false, false);
    for c in text.chars() {
        let starts = is_upper(c) || is_title(c);
        if (starts && inside) || (!starts && is_lower(c) && !inside) {
            return false;
        }
        inside = starts || is_lower(c);
        any |= inside;
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigma_at_the_end_of_words() {
        assert_eq!(lower("ΑΣ ΣΑΣ Σ σΣ."), "ας σας σ σς.");
        assert_eq!(title("ΑΣ ΣΑΣ"), "Ας Σας");
        assert_eq!(capitalize("ΣΑΣ Σ"), "Σας σ");
        assert_eq!(swapcase("αΣ"), "Ας");
    }

    #[test]
    fn mappings() {
        assert_eq!(title("they're bill's ǆ ßa"), "They'Re Bill'S ǅ Ssa");
        assert_eq!(capitalize("ﬁx IT"), "Fix it");
        assert_eq!(swapcase("Hello ß ǅ"), "hELLO SS ǅ");
        assert_eq!(casefold("Straße Σςİꭰᏸ"), "strasse σσi\u{307}ᎠᏰ");
        assert_eq!(upper("straße ŉ"), "STRASSE ʼN");
        assert_eq!(lower("İI"), "i\u{307}i");
    }

    #[test]
    fn predicates() {
        for (text, flags) in [
            ("", "p"),
            ("a", "anlip"),
            ("A1", "nuitp"),
            ("²", "n#0p"),
            ("½", "n#p"),
            ("٣", "nd#0p"),
            ("一", "an#ip"),
            (" \u{1c}", "s"),
            ("ǅ", "antip"),
            ("Ab cD", "p"),
            ("_x1", "lip"),
            ("A B", "utp"),
        ] {
            let all = [
                (isalpha(text), 'a'),
                (isalnum(text), 'n'),
                (isdecimal(text), 'd'),
                (isnumeric(text), '#'),
                (isdigit(text), '0'),
                (isspace(text), 's'),
                (islower(text), 'l'),
                (isupper(text), 'u'),
                (isidentifier(text), 'i'),
                (istitle(text), 't'),
                (isprintable(text), 'p'),
            ];
            let mut found: Vec<char> = all
                .iter()
                .filter(|entry| entry.0)
                .map(|entry| entry.1)
                .collect();
            let mut expected: Vec<char> = flags.chars().collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
