//! Which part of a failing expression CPython's traceback marks with `^`, the rest with `~`: the
//! operator of a binary operation, the parentheses of a call, the brackets of a subscript.
//!
//! It works on the text alone, since an error outlives its syntax tree: a scan splits the
//! expression into its top-level items, and the loosest operator among them is its root.

/// Where the marks change, as (line, character) inside the segment: `~` up to `left`, `^` up to
/// `right`, then `~` again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Anchors {
    pub left: (usize, usize),
    pub right: (usize, usize),
    pub root: Root,
}

/// What the whole expression is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Root {
    /// A call of a plain name, as in `f(x)`.
    NameCall,
    /// Any other call.
    Call,
    /// A binary operation or a subscript.
    Other,
}

/// The anchors of an expression; none where its root is nothing of the three kinds.
pub(super) fn anchors(segment: &str) -> Option<Anchors> {
    let chars: Vec<char> = segment.chars().collect();
    let items = scan(&chars)?;
    if items.iter().any(|item| matches!(item.kind, Kind::Loose)) {
        return None;
    }
    let (range, root) = match binary_root(&items) {
        Some(index) => (operator_range(&chars, &items, index)?, Root::Other),
        None => (bracket_range(&chars, &items)?, bracket_root(&items)),
    };
    Some(Anchors {
        left: place(&chars, range.0),
        right: place_end(&chars, range.1),
        root,
    })
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Name,
    Literal,
    /// `(…)`, `[…]`, `{…}` with the opening character; `plain` where no comma, `for` or `yield`
    /// stands directly inside, and something does.
    Group {
        open: char,
        plain: bool,
    },
    Dot,
    /// An operator that may be binary or unary, with its binding strength.
    Operator {
        level: u8,
        unary: bool,
    },
    Await,
    /// Anything that makes the root something else: commas, comparisons, `and`, `lambda`…
    Loose,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    kind: Kind,
    start: usize,
}

const POWER: u8 = 8;

const LOOSE_WORDS: &[&str] = &[
    "if", "else", "and", "or", "not", "in", "is", "lambda", "for", "async", "yield", "return",
    "raise", "assert", "del", "import", "from", "as", "with", "while", "class", "def", "global",
    "nonlocal", "pass", "break", "continue", "try", "except", "finally", "elif",
];

fn scan(chars: &[char]) -> Option<Vec<Item>> {
    let mut items: Vec<Item> = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let start = at;
        if c.is_whitespace() || c == '\\' {
            at += 1;
            continue;
        }
        if c == '#' {
            at = skip_comment(chars, at);
            continue;
        }
        let kind = if c.is_alphabetic() || c == '_' || !c.is_ascii() {
            at = skip_word(chars, at);
            word_kind(chars, start, &mut at)?
        } else if c.is_ascii_digit()
            || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit))
        {
            at = skip_number(chars, at);
            Kind::Literal
        } else if c == '"' || c == '\'' {
            at = skip_string(chars, at, false)?;
            Kind::Literal
        } else if matches!(c, '(' | '[' | '{') {
            let (end, plain) = skip_group(chars, at)?;
            at = end;
            Kind::Group { open: c, plain }
        } else {
            let (kind, length) = operator(chars, at, items.last());
            at += length;
            kind
        };
        items.push(Item { kind, start });
    }
    Some(items)
}

fn skip_comment(chars: &[char], mut at: usize) -> usize {
    while chars.get(at).is_some_and(|c| *c != '\n') {
        at += 1;
    }
    at
}

fn skip_word(chars: &[char], mut at: usize) -> usize {
    while chars
        .get(at)
        .is_some_and(|c| c.is_alphanumeric() || *c == '_' || !c.is_ascii())
    {
        at += 1;
    }
    at
}

fn skip_number(chars: &[char], mut at: usize) -> usize {
    while let Some(c) = chars.get(at) {
        let sign =
            matches!(c, '+' | '-') && matches!(chars.get(at.wrapping_sub(1)), Some('e' | 'E'));
        if !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || sign) {
            break;
        }
        at += 1;
    }
    at
}

/// A word is a name, a keyword, or the prefix of a string.
fn word_kind(chars: &[char], start: usize, at: &mut usize) -> Option<Kind> {
    let word: String = chars.get(start..*at)?.iter().collect();
    if matches!(chars.get(*at), Some('"' | '\'')) && word.len() <= 2 {
        let formatted = word.contains(['f', 'F']);
        *at = skip_string(chars, *at, formatted)?;
        return Some(Kind::Literal);
    }
    Some(match word.as_str() {
        "await" => Kind::Await,
        w if LOOSE_WORDS.contains(&w) => Kind::Loose,
        _ => Kind::Name,
    })
}

/// The position after a string that starts with the quote at `at`.
fn skip_string(chars: &[char], at: usize, formatted: bool) -> Option<usize> {
    let quote = *chars.get(at)?;
    let triple = chars.get(at + 1) == Some(&quote) && chars.get(at + 2) == Some(&quote);
    let mut i = at + if triple { 3 } else { 1 };
    loop {
        let c = *chars.get(i)?;
        let double_brace = formatted && c == '{' && chars.get(i + 1) == Some(&'{');
        if c == '\\' || double_brace {
            i += 2;
        } else if formatted && c == '{' {
            i = skip_field(chars, i)?;
        } else if c == quote && !triple {
            return Some(i + 1);
        } else if c == quote && chars.get(i + 1) == Some(&quote) && chars.get(i + 2) == Some(&quote)
        {
            return Some(i + 3);
        } else {
            i += 1;
        }
    }
}

/// The position after a replacement field: its expression may hold strings and comments, its format
/// only fields.
fn skip_field(chars: &[char], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut i = at;
    while let Some(&c) = chars.get(i) {
        match c {
            ':' if depth == 1 => return skip_format(chars, i),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        i = match c {
            '#' => skip_comment(chars, i),
            '"' | '\'' => skip_string(chars, i, false)?,
            _ => i + 1,
        };
        if depth == 0 {
            return Some(i);
        }
    }
    None
}

fn skip_format(chars: &[char], at: usize) -> Option<usize> {
    let mut i = at;
    loop {
        match chars.get(i)? {
            '{' => i = skip_field(chars, i)?,
            '}' => return Some(i + 1),
            _ => i += 1,
        }
    }
}

/// The position after a bracket's partner, and whether the brackets only group one expression.
fn skip_group(chars: &[char], at: usize) -> Option<(usize, bool)> {
    let mut depth = 0_usize;
    let mut i = at;
    let (mut plain, mut empty) = (true, true);
    while let Some(&c) = chars.get(i) {
        match c {
            '(' | '[' | '{' => {
                empty &= depth == 0;
                depth += 1;
                i += 1;
            }
            ')' | ']' | '}' => {
                depth -= 1;
                i += 1;
                if depth == 0 {
                    return Some((i, plain && !empty));
                }
            }
            '#' => i = skip_comment(chars, i),
            '"' | '\'' => {
                empty = false;
                i = skip_string(chars, i, false)?;
            }
            c if c.is_alphabetic() || c == '_' => {
                empty = false;
                let start = i;
                i = skip_word(chars, i);
                let word: String = chars.get(start..i)?.iter().collect();
                if depth == 1 && matches!(word.as_str(), "for" | "yield") {
                    plain = false;
                }
                word_kind(chars, start, &mut i)?;
            }
            c => {
                empty &= c.is_whitespace();
                plain &= !(c == ',' && depth == 1);
                i += 1;
            }
        }
    }
    None
}

/// The operator at a position and its length. After an operand it is binary, else unary.
fn operator(chars: &[char], at: usize, before: Option<&Item>) -> (Kind, usize) {
    let first = chars.get(at).copied().unwrap_or(' ');
    let second = chars.get(at + 1).copied().unwrap_or(' ');
    let unary =
        !before.is_some_and(|i| matches!(i.kind, Kind::Name | Kind::Literal | Kind::Group { .. }));
    let op = |level, length| (Kind::Operator { level, unary }, length);
    match (first, second) {
        ('*', '*') => op(POWER, 2),
        ('/', '/') => op(6, 2),
        ('<', '<') | ('>', '>') => op(4, 2),
        (_, '=') => (Kind::Loose, 2),
        ('|', _) => op(1, 1),
        ('^', _) => op(2, 1),
        ('&', _) => op(3, 1),
        ('+' | '-' | '~', _) => op(5, 1),
        ('*' | '/' | '%' | '@', _) => op(6, 1),
        ('.', _) => (Kind::Dot, 1),
        _ => (Kind::Loose, 1),
    }
}

/// The item that is the root's operator, if the root is a binary operation.
fn binary_root(items: &[Item]) -> Option<usize> {
    let binary = |item: &Item| match item.kind {
        Kind::Operator {
            level,
            unary: false,
        } => Some(level),
        _ => None,
    };
    let loosest = items.iter().filter_map(binary).min()?;
    if loosest == POWER {
        // A sign in front takes in the whole power; powers group from the right.
        let signed = matches!(items.first()?.kind, Kind::Operator { unary: true, .. });
        return items
            .iter()
            .position(|i| binary(i) == Some(POWER))
            .filter(|_| !signed);
    }
    items.iter().rposition(|i| binary(i) == Some(loosest))
}

/// From the operator to its end. CPython takes in a second character unless the right operand
/// starts there, and it does not count the operand's own parentheses as the operand.
fn operator_range(chars: &[char], items: &[Item], index: usize) -> Option<(usize, usize)> {
    let operator = items.get(index)?;
    let mut end = operator.start + 1;
    let next = chars.get(end)?;
    let lone_parentheses = matches!(
        items.get(index + 1..),
        Some([Item {
            kind: Kind::Group {
                open: '(',
                plain: true
            },
            ..
        }])
    );
    let right = items.get(index + 1)?.start;
    let inside_right = end >= right && !lone_parentheses;
    if !inside_right && !next.is_whitespace() && !matches!(next, '\\' | '#') {
        end += 1;
    }
    Some((operator.start, end))
}

/// The last brackets of a call or subscript.
fn bracket_range(chars: &[char], items: &[Item]) -> Option<(usize, usize)> {
    let (last, before) = items.split_last()?;
    let called = matches!(
        before.last()?.kind,
        Kind::Name | Kind::Literal | Kind::Group { .. }
    );
    let prefixed = matches!(items.first()?.kind, Kind::Await | Kind::Operator { .. });
    let bracket = matches!(
        last.kind,
        Kind::Group {
            open: '(' | '[',
            ..
        }
    );
    (called && bracket && !prefixed).then_some((last.start, chars.len()))
}

fn bracket_root(items: &[Item]) -> Root {
    match items {
        [
            Item {
                kind: Kind::Name, ..
            },
            Item {
                kind: Kind::Group { open: '(', .. },
                ..
            },
        ] => Root::NameCall,
        [
            ..,
            Item {
                kind: Kind::Group { open: '(', .. },
                ..
            },
        ] => Root::Call,
        _ => Root::Other,
    }
}

/// (line, character) of a position.
fn place(chars: &[char], at: usize) -> (usize, usize) {
    let before = chars.get(..at).unwrap_or(chars);
    let line = before.iter().filter(|c| **c == '\n').count();
    let column = before.iter().rev().take_while(|c| **c != '\n').count();
    (line, column)
}

/// As [`place`], for the end of a range: it stays on the line of the last character.
fn place_end(chars: &[char], at: usize) -> (usize, usize) {
    let (line, column) = place(chars, at.saturating_sub(1));
    (line, column + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::anchors;

    /// The marks CPython 3.13 draws under a one-line expression; no anchors: all `^`.
    fn marks(segment: &str) -> String {
        let length = segment.chars().count();
        match anchors(segment) {
            None => "^".repeat(length),
            Some(a) => (0..length)
                .map(|i| {
                    if i >= a.left.1 && i < a.right.1 {
                        '^'
                    } else {
                        '~'
                    }
                })
                .collect(),
        }
    }

    // Recorded from CPython 3.13.
    #[test]
    fn marks_as_cpython() {
        let recorded = [
            ("a + b", "~~^~~"),
            ("a+b", "~^~"),
            ("1/(0)", "~^^~~"),
            ("1/(0, 1)", "~^~~~~~~"),
            ("a // b", "~~^^~~"),
            ("a + b * c", "~~^~~~~~~"),
            ("a * b + c", "~~~~~~^~~"),
            ("a - b - c", "~~~~~~^~~"),
            ("a ** b ** c", "~~^^~~~~~~~"),
            ("-a ** b", "^^^^^^^"),
            ("-a * b", "~~~^~~"),
            ("a ** -b", "~~^^~~~"),
            ("f(x)", "~^^^"),
            ("f(x)(y)", "~~~~^^^"),
            ("o.m(x)[1]", "~~~~~~^^^"),
            ("a[1:2]", "~^^^^^"),
            ("a.b", "^^^"),
            ("a < b", "^^^^^"),
            ("a and b", "^^^^^^^"),
            ("await f(x)", "^^^^^^^^^^"),
            ("-f(x)", "^^^^^"),
            ("f'{a + b}' + c", "~~~~~~~~~~~^~~"),
            ("'a(' + x[1]", "~~~~~^~~~~~"),
            ("lambda: f(x)", "^^^^^^^^^^^^"),
            ("x if f(y) else z", "^^^^^^^^^^^^^^^^"),
            ("[1, 2][5]", "~~~~~~^^^"),
            ("{}['k']", "~~^^^^^"),
            ("'a' 'b'(1)", "~~~~~~~^^^"),
            ("f(a)(\"x)\")", "~~~~^^^^^^"),
            ("1e-5 / zero", "~~~~~^~~~~~"),
            ("not a", "^^^^^"),
        ];
        for (segment, want) in recorded {
            assert_eq!(marks(segment), want, "{segment}");
        }
    }

    #[test]
    fn broken_text_has_no_anchors() {
        for segment in [
            "",
            "(",
            "f(",
            "'abc",
            "f'{",
            ")",
            "+",
            "a +",
            "\\",
            "#",
            "f'{a!r:>{",
        ] {
            let _ = anchors(segment);
        }
        assert_eq!(anchors("f("), None);
    }
}
