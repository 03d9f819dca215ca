//! What Unicode 15.1 says of a character, as `unicodedata` tells it. Knows nothing of strings.

use super::unicode::{decimal_value, is_assigned};
use super::unicode_numbers::NUMBERS;
use super::unicode_properties::{RECORDS, RUNS};

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
