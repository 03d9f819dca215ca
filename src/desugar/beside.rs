//! The program and what it has become, side by side: lines that are the same stand in one row, and
//! what something has become begins beside it.

use crate::source::Source;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Rows that are compared with each other, at most: of longer programs only the origins count.
const MOST: usize = 4_000_000;
/// A column is not narrower than this.
const NARROWEST: usize = 20;

/// A line of what has been written, and the line of the program that it begins to stand for.
struct Written<'a> {
    text: &'a str,
    origin: Option<usize>,
}

/// The two columns, in so many columns of a terminal.
pub(super) fn columns(source: &Source, written: &str, width: usize, bar: char) -> String {
    let left: Vec<&str> = source.text().lines().collect();
    let right = origins(written);
    let digits = left.len().to_string().len().max(2);
    let room = (width.saturating_sub(digits + 5) / 2).max(NARROWEST);
    let mut text = String::new();
    let mut row = |number: Option<usize>, right: &str| {
        let line = number.and_then(|n| left.get(n)).map_or("", |l| *l);
        let number = number.map_or(String::new(), |n| (n + 1).to_string());
        let lefts = folded(line, room);
        let rights = folded(right, room);
        for n in 0..lefts.len().max(rights.len()) {
            let number = if n == 0 { number.as_str() } else { "" };
            let l = lefts.get(n).map_or("", String::as_str);
            let r = rights.get(n).map_or("", String::as_str);
            let pad = " ".repeat(room.saturating_sub(l.width()));
            let line = format!("{number:>digits$} {l}{pad} {bar} {r}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
    };
    let (mut l, mut r) = (0, 0);
    for (to_l, to_r) in pairs(&left, &right)
        .into_iter()
        .chain([(left.len(), right.len())])
    {
        // What is between two pairs stands side by side from the top.
        while l < to_l || r < to_r {
            let number = (l < to_l).then_some(l);
            let written = right.get(r).filter(|_| r < to_r).map_or("", |w| w.text);
            row(number, written);
            l += usize::from(l < to_l);
            r += usize::from(r < to_r);
        }
        if let Some(written) = right.get(r) {
            row(Some(l), written.text);
            (l, r) = (l + 1, r + 1);
        }
    }
    text
}

/// The lines of what has been written; comments that name the origin become one.
fn origins(written: &str) -> Vec<Written<'_>> {
    let mut lines = Vec::new();
    let mut origin = None;
    for text in written.lines() {
        let named = text.trim_start().strip_prefix("# line ");
        let number = named.and_then(|n| n.split_once(": "));
        match number.and_then(|(n, _)| n.parse::<usize>().ok()) {
            Some(n) => origin = n.checked_sub(1).or(origin),
            None => lines.push(Written {
                text,
                origin: origin.take(),
            }),
        }
    }
    lines
}

/// Which lines stand in one row: as many as possible, in order.
fn pairs(left: &[&str], right: &[Written<'_>]) -> Vec<(usize, usize)> {
    let worth = |l: usize, r: usize| -> u32 {
        let (Some(line), Some(written)) = (left.get(l), right.get(r)) else {
            return 0;
        };
        match written.origin {
            Some(origin) if origin == l => 8,
            Some(_) => 0,
            None if line.trim().strip_prefix("async ") == Some(written.text.trim()) => 4,
            None if line.trim() != written.text.trim() => 0,
            None if line.trim().is_empty() => 1,
            None => 4,
        }
    };
    let (rows, columns) = (left.len() + 1, right.len() + 1);
    if rows.saturating_mul(columns) > MOST {
        let found = right.iter().enumerate();
        return found.filter_map(|(r, w)| Some((w.origin?, r))).collect();
    }
    // The best that can be had from here on, by places in both.
    let mut best = vec![0_u32; rows * columns];
    let at = |l: usize, r: usize| l * columns + r;
    let of = |best: &[u32], l: usize, r: usize| best.get(at(l, r)).copied().unwrap_or(0);
    for l in (0..left.len()).rev() {
        for r in (0..right.len()).rev() {
            let both = match worth(l, r) {
                0 => 0,
                worth => worth + of(&best, l + 1, r + 1),
            };
            let most = both.max(of(&best, l + 1, r)).max(of(&best, l, r + 1));
            if let Some(place) = best.get_mut(at(l, r)) {
                *place = most;
            }
        }
    }
    let (mut l, mut r) = (0, 0);
    let mut pairs = Vec::new();
    while l < left.len() && r < right.len() {
        let here = of(&best, l, r);
        let worth = worth(l, r);
        if worth > 0 && here == worth + of(&best, l + 1, r + 1) {
            pairs.push((l, r));
            (l, r) = (l + 1, r + 1);
        } else if here == of(&best, l + 1, r) {
            l += 1;
        } else {
            r += 1;
        }
    }
    pairs
}

/// A line in pieces of at most this width; further ones are set in.
fn folded(line: &str, room: usize) -> Vec<String> {
    let line = line.replace('\t', "    ");
    let blanks = line.len() - line.trim_start().len();
    let inset = " ".repeat((blanks + 4).min(room / 2));
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in line.chars() {
        if piece.width() + c.width().unwrap_or(0) > room {
            // Between two words, if there is a blank near the end.
            let blank = piece.rfind(' ').filter(|at| *at >= room / 2);
            let rest = blank.map_or(String::new(), |at| piece.split_off(at + 1));
            pieces.push(piece.trim_end().to_owned());
            piece = format!("{inset}{rest}");
        }
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_stands_in_one_row() {
        let source = Source::new("t.coro", "a = 1\nb = await c\nd = 2\n");
        let written = "a = 1\n# line 2: b = await c\n_x = c\nb = _x\nd = 2\n";
        assert_eq!(
            columns(&source, written, 50, '|'),
            " 1 a = 1                 | a = 1\n 2 b = await c           | _x = c\n                         | b = _x\n 3 d = 2                 | d = 2\n"
        );
    }

    #[test]
    fn long_lines_are_folded() {
        assert_eq!(folded("  abcdefgh", 6), ["  abcd", "   efg", "   h"]);
        assert_eq!(folded("one two three", 9), ["one two", "    three"]);
        assert_eq!(folded("", 6), [""]);
    }
}
