//! What Unicode 15.1 says of a character, as `unicodedata` tells it. Knows nothing of strings.

use super::unicode::{decimal_value, is_assigned};
use super::unicode_decompositions::{FULL, KINDS, TEXTS};
use super::unicode_numbers::NUMBERS;
use super::unicode_properties::{RECORDS, RUNS};
use unicode_normalization::UnicodeNormalization;

/// The properties of a character that its run of neighbours shares.
pub struct Properties {
    pub category: &'static str,
    pub direction: &'static str,
    pub combining: u8,
    pub mirrored: bool,
    pub width: &'static str,
}

/// The properties of a character.
pub fn properties(c: char) -> Properties {
    let after = RUNS.partition_point(|run| run.0 <= c as u32);
    let run = after.checked_sub(1).and_then(|at| RUNS.get(at));
    let record = run.and_then(|run| RECORDS.get(usize::from(run.1)));
    let (category, direction, combining, mirrored, width) =
        *record.unwrap_or(&("Cn", "", 0, false, "N"));
    Properties {
        category,
        direction,
        combining,
        mirrored,
        width,
    }
}

/// The number that a character stands for.
pub fn numeric(c: char) -> Option<f64> {
    if let Some(digit) = decimal_value(c) {
        return Some(f64::from(digit));
    }
    let at = NUMBERS
        .binary_search_by_key(&(c as u32), |row| row.0)
        .ok()?;
    let (_, numerator, denominator) = NUMBERS.get(at)?;
    Some(*numerator as f64 / f64::from(*denominator))
}

/// The name of a character, if it has one.
pub fn name(c: char) -> Option<String> {
    let name = unicode_names2::name(c).filter(|_| is_assigned(c))?;
    Some(name.to_string())
}

/// What a character decomposes into in one step: its kind if it is one of compatibility, and the
/// numbers of the characters; empty if it does not. Syllables of Hangul are not told of.
pub fn decomposition(c: char) -> String {
    if !is_assigned(c) || ('\u{ac00}'..='\u{d7a3}').contains(&c) {
        return String::new();
    }
    let written = TEXTS.binary_search_by_key(&(c as u32), |row| row.0);
    let written = written.ok().and_then(|at| TEXTS.get(at)).map(|row| row.1);
    let one = || std::iter::once(c);
    let full: String = one().nfd().collect();
    if full.chars().ne(one()) {
        return written.map_or_else(|| points(&canonical_step(c, &full)), str::to_owned);
    }
    let compatible: String = match FULL.binary_search(&(c as u32)) {
        Ok(_) => one().nfkd().collect(),
        Err(_) => one().nfkc().collect(),
    };
    if compatible.chars().eq(one()) {
        return String::new();
    }
    let after = KINDS.partition_point(|row| row.0 <= c as u32);
    let kind = after.checked_sub(1).and_then(|at| KINDS.get(at));
    let kind = kind.map_or("compat", |row| row.1);
    let text = written.map_or_else(|| points(&compatible), str::to_owned);
    format!("<{kind}> {text}")
}

/// From the whole decomposition: another single character, or one that is composed and the last.
fn canonical_step(c: char, full: &str) -> String {
    let mut composed = std::iter::once(c).nfc();
    if let (Some(other), None) = (composed.next(), composed.next())
        && other != c
    {
        return other.to_string();
    }
    let mut head = full.chars();
    let Some(last) = head.next_back() else {
        return String::new();
    };
    let mut composed = head.nfc();
    match (composed.next(), composed.next()) {
        (Some(first), None) => [first, last].iter().collect(),
        _ => full.to_owned(),
    }
}

fn points(text: &str) -> String {
    let numbers: Vec<String> = text.chars().map(|c| format!("{:04X}", c as u32)).collect();
    numbers.join(" ")
}
