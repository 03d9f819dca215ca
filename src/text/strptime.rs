//! `strptime` in the C locale: what CPython's `_strptime` accepts, with its errors. Knows nothing of clocks; the names
//! of the local zone come in.
//!
//! CPython makes a regular expression of the format, so a directive that took too much gives some back. Here each
//! directive offers its matches in the same order of preference, and a search with memory tries them.

use super::dates::{self, DAY_NAMES, MONTH_NAMES};
use super::repr::str_repr;
use super::unicode::{decimal_value, is_space};
use std::collections::HashSet;

/// What the text said; parts that it did not mention have CPython's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// 1900 where not given.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 61.
    pub second: u32,
    /// `%f`.
    pub microsecond: u32,
    /// Monday is 0.
    pub weekday: u32,
    /// January 1 is 1.
    pub year_day: i64,
    /// 0 or 1 where `%Z` tells, else −1.
    pub dst: i64,
    /// `%Z` as written.
    pub zone: Option<String>,
    /// `%z` in seconds.
    pub offset: Option<i64>,
    /// The microseconds of `%z`, negative where it is.
    pub offset_microsecond: i32,
    /// A day of the month without a year: CPython warns (DeprecationWarning) that this is ambiguous.
    pub ambiguous_day: bool,
}

/// A piece of a format.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    Directive(char),
    Literal(char),
    /// One blank or more.
    Space,
}

/// `strptime(text, format)`. `zones` are the names of the local zone without and with daylight saving, in small
/// letters. The error is the ValueError's text.
pub fn strptime(text: &str, format: &str, zones: (&str, Option<&str>)) -> Result<Parsed, String> {
    let pieces = pieces(format)?;
    let chars: Vec<char> = text.chars().collect();
    let names = zone_names(zones);
    let search = Search {
        pieces: &pieces,
        text: &chars,
        zones: &names,
    };
    let Some((captures, end)) = search.run() else {
        return Err(format!(
            "time data {} does not match format {}",
            str_repr(text),
            str_repr(format)
        ));
    };
    if end < chars.len() {
        let rest: String = chars.iter().skip(end).collect();
        return Err(format!("unconverted data remains: {rest}"));
    }
    let mut found = Found::default();
    for (code, value) in &captures {
        found.take(*code, value, &names)?;
    }
    let has = |codes: &str| {
        pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Directive(c) if codes.contains(*c)))
    };
    found.parsed.ambiguous_day = has("d") && !has("YyG");
    found.finish()
}

/// Zone names with the `dst` they stand for.
fn zone_names(zones: (&str, Option<&str>)) -> Vec<(String, i64)> {
    let mut names = vec![
        ("utc".to_string(), 0),
        ("gmt".to_string(), 0),
        (zones.0.to_lowercase(), 0),
    ];
    names.extend(zones.1.map(|name| (name.to_lowercase(), 1)));
    names.retain(|(name, _)| !name.is_empty());
    // Longest first, as alternatives in a regular expression have to be.
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names
}

fn pieces(format: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => match chars.next() {
                None => return Err(format!("stray % in format '{format}'")),
                Some('%') => pieces.push(Piece::Literal('%')),
                Some('c') => pieces.extend(self::pieces("%a %b %d %H:%M:%S %Y")?),
                Some('x') => pieces.extend(self::pieces("%m/%d/%y")?),
                Some('X') => pieces.extend(self::pieces("%H:%M:%S")?),
                Some(code) if "dfHIGjmMSUWwuVyYzAaBbpZ".contains(code) => {
                    pieces.push(Piece::Directive(code))
                }
                // CPython has escaped what is special in a regular expression, and sees the backslash.
                Some(code) if is_space(code) || "\\.^$*+?(){}[]|".contains(code) => {
                    return Err(format!("'%' is a bad directive in format '{format}'"));
                }
                Some(code) => {
                    return Err(format!("'{code}' is a bad directive in format '{format}'"));
                }
            },
            _ if is_space(c) => {
                if pieces.last() != Some(&Piece::Space) {
                    pieces.push(Piece::Space);
                }
            }
            _ => pieces.push(Piece::Literal(c)),
        }
    }
    Ok(pieces)
}

struct Search<'a> {
    pieces: &'a [Piece],
    text: &'a [char],
    zones: &'a [(String, i64)],
}

/// Where the search stands: the end of what each piece took, and what it would try next.
struct Attempt {
    start: usize,
    ends: std::vec::IntoIter<usize>,
}

impl Search<'_> {
    /// The captures of all directives and the end of the match.
    fn run(&self) -> Option<(Vec<(char, String)>, usize)> {
        let mut failed = HashSet::new();
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut at = 0;
        loop {
            if attempts.len() == self.pieces.len() {
                return Some((self.captures(&attempts, at), at));
            }
            let fresh = failed.insert((attempts.len(), at));
            let ends = if fresh {
                self.ends(*self.pieces.get(attempts.len())?, at)
            } else {
                Vec::new()
            };
            attempts.push(Attempt {
                start: at,
                ends: ends.into_iter(),
            });
            at = loop {
                match attempts.last_mut()?.ends.next() {
                    Some(end) => break end,
                    None => drop(attempts.pop()),
                }
            };
        }
    }

    fn captures(&self, attempts: &[Attempt], end: usize) -> Vec<(char, String)> {
        let ends = attempts
            .iter()
            .skip(1)
            .map(|attempt| attempt.start)
            .chain([end]);
        let taken = |start: usize, end: usize| {
            self.text
                .get(start..end)
                .unwrap_or(&[])
                .iter()
                .collect::<String>()
        };
        self.pieces
            .iter()
            .zip(attempts.iter().zip(ends))
            .filter_map(|(piece, (attempt, end))| match piece {
                Piece::Directive(code) => Some((*code, taken(attempt.start, end))),
                _ => None,
            })
            .collect()
    }

    /// Where `piece` may end when it starts at `at`, best first.
    fn ends(&self, piece: Piece, at: usize) -> Vec<usize> {
        let rest = self.text.get(at..).unwrap_or(&[]);
        let lengths = match piece {
            Piece::Literal(c) => rest
                .first()
                .filter(|other| same_letter(**other, c))
                .map(|_| 1)
                .into_iter()
                .collect(),
            Piece::Space => (1..=rest.iter().take_while(|c| is_space(**c)).count())
                .rev()
                .collect(),
            Piece::Directive(code) => self.lengths(code, rest),
        };
        lengths.into_iter().map(|length| at + length).collect()
    }

    fn lengths(&self, code: char, rest: &[char]) -> Vec<usize> {
        let names = |all: &[&str], cut: usize| {
            let names = all
                .iter()
                .map(|name| name.get(..cut.min(name.len())).unwrap_or(name));
            let mut found: Vec<usize> = names
                .filter(|name| starts_with(rest, name))
                .map(str::len)
                .collect();
            found.sort_unstable_by_key(|length| std::cmp::Reverse(*length));
            found
        };
        match code {
            'A' => names(&DAY_NAMES, usize::MAX),
            'a' => names(&DAY_NAMES, 3),
            'B' => names(&MONTH_NAMES, usize::MAX),
            'b' => names(&MONTH_NAMES, 3),
            'p' => names(&["AM", "PM"], 2),
            'Z' => {
                let zones = self
                    .zones
                    .iter()
                    .filter(|(name, _)| starts_with(rest, name));
                zones.map(|(name, _)| name.chars().count()).collect()
            }
            'z' => offset_lengths(rest),
            'f' => {
                let digits = rest
                    .iter()
                    .take(6)
                    .take_while(|c| c.is_ascii_digit())
                    .count();
                (1..=digits).rev().collect()
            }
            _ => number_lengths(code, rest),
        }
    }
}

fn same_letter(a: char, b: char) -> bool {
    a == b || a.to_lowercase().eq(b.to_lowercase())
}

fn starts_with(rest: &[char], name: &str) -> bool {
    let mut rest = rest.iter();
    name.chars()
        .all(|c| rest.next().is_some_and(|other| same_letter(*other, c)))
}

/// Digits, in the order in which CPython's alternatives try them.
fn number_lengths(code: char, rest: &[char]) -> Vec<usize> {
    let digit = |at: usize| rest.get(at).copied().and_then(decimal_value);
    // Only the last digits of a number may be of another script.
    let ascii = |at: usize| rest.get(at).and_then(|c| c.to_digit(10));
    let pair = |at: usize| Some(ascii(at)? * 10 + digit(at + 1)?);
    let ascii_pair = |at: usize| Some(ascii(at)? * 10 + ascii(at + 1)?);
    let two = |low: u32, high: u32| pair(0).is_some_and(|value| (low..=high).contains(&value));
    let strict_two =
        |low: u32, high: u32| ascii_pair(0).is_some_and(|value| (low..=high).contains(&value));
    let mut lengths = Vec::new();
    let mut push = |accepted: bool, length: usize| {
        if accepted {
            lengths.push(length);
        }
    };
    let one_to_nine = ascii(0).is_some_and(|value| value > 0);
    match code {
        'Y' | 'G' => push((0..4).all(|at| digit(at).is_some()), 4),
        'y' => push((0..2).all(|at| digit(at).is_some()), 2),
        'd' => {
            push(strict_two(30, 31) || two(10, 29) || strict_two(1, 9), 2);
            push(one_to_nine, 1);
            push(
                rest.first() == Some(&' ') && ascii(1).is_some_and(|value| value > 0),
                2,
            );
        }
        'm' | 'I' => {
            push(strict_two(1, 12), 2);
            push(one_to_nine, 1);
        }
        'H' => {
            push(strict_two(20, 23) || two(0, 19), 2);
            push(digit(0).is_some(), 1);
        }
        'M' => {
            push(two(0, 59), 2);
            push(digit(0).is_some(), 1);
        }
        'S' => {
            push(strict_two(60, 61) || two(0, 59), 2);
            push(digit(0).is_some(), 1);
        }
        'U' | 'W' => {
            push(strict_two(50, 53) || two(0, 49), 2);
            push(digit(0).is_some(), 1);
        }
        'V' => {
            push(strict_two(50, 53) || strict_two(1, 9) || two(10, 49), 2);
            push(digit(0).is_some(), 1);
        }
        'w' => push(ascii(0).is_some_and(|value| value <= 6), 1),
        'u' => push(ascii(0).is_some_and(|value| (1..=7).contains(&value)), 1),
        'j' => {
            let three = ascii(0).zip(pair(1)).map(|(high, low)| high * 100 + low);
            let last_is_ascii = ascii(2).is_some();
            let small = three.is_some_and(|value| !(10..360).contains(&value));
            push(
                three.is_some_and(|value| (1..=366).contains(&value)) && (last_is_ascii || !small),
                3,
            );
            push(two(10, 99), 2);
            push(strict_two(1, 9), 2);
            push(one_to_nine, 1);
        }
        _ => {}
    }
    lengths
}

/// `Z`, or a sign with hours and minutes, then perhaps seconds, then perhaps a fraction of a second.
fn offset_lengths(rest: &[char]) -> Vec<usize> {
    let is_digit = |at: usize| rest.get(at).copied().and_then(decimal_value).is_some();
    let is_sixty = |at: usize| matches!(rest.get(at), Some('0'..='5')) && is_digit(at + 1);
    let after_colon = |at: usize| at + usize::from(rest.get(at) == Some(&':'));
    let mut lengths = Vec::new();
    if matches!(rest.first(), Some('+' | '-'))
        && is_digit(1)
        && is_digit(2)
        && is_sixty(after_colon(3))
    {
        let minutes_end = after_colon(3) + 2;
        let seconds = after_colon(minutes_end);
        if is_sixty(seconds) {
            let end = seconds + 2;
            let fraction = rest
                .iter()
                .skip(end + 1)
                .take(6)
                .take_while(|c| decimal_value(**c).is_some())
                .count();
            if rest.get(end) == Some(&'.') {
                lengths.extend((1..=fraction).rev().map(|count| end + 1 + count));
            }
            lengths.push(end);
        }
        lengths.push(minutes_end);
    }
    if rest.first() == Some(&'Z') {
        lengths.push(1);
    }
    lengths
}

/// What the directives have said so far.
#[derive(Default)]
struct Found {
    parsed: Parsed,
    year: Option<i64>,
    month: Option<u32>,
    day: Option<u32>,
    iso_year: Option<i64>,
    iso_week: Option<i64>,
    week: Option<(i64, bool)>,
    weekday: Option<u32>,
    year_day: Option<i64>,
    hour12: Option<u32>,
    afternoon: bool,
}

fn to_number(text: &str) -> u32 {
    text.chars()
        .filter_map(decimal_value)
        .fold(0, |value, digit| {
            value.saturating_mul(10).saturating_add(digit)
        })
}

fn index_of(names: &[&str], text: &str, cut: usize) -> Option<u32> {
    let wanted = text.to_lowercase();
    let at = names.iter().position(|name| {
        name.get(..cut.min(name.len()))
            .unwrap_or(name)
            .to_lowercase()
            == wanted
    });
    at.and_then(|at| u32::try_from(at).ok())
}

impl Found {
    fn take(&mut self, code: char, text: &str, zones: &[(String, i64)]) -> Result<(), String> {
        let value = to_number(text);
        match code {
            'y' => self.year = Some(i64::from(value) + if value <= 68 { 2000 } else { 1900 }),
            'Y' => self.year = Some(value.into()),
            'G' => self.iso_year = Some(value.into()),
            'm' => self.month = Some(value),
            'B' => self.month = index_of(&MONTH_NAMES, text, usize::MAX).map(|at| at + 1),
            'b' => self.month = index_of(&MONTH_NAMES, text, 3).map(|at| at + 1),
            'd' => self.day = Some(value),
            'H' => (self.parsed.hour, self.hour12) = (value, None),
            'I' => self.hour12 = Some(value),
            'p' => self.afternoon = text.eq_ignore_ascii_case("pm"),
            'M' => self.parsed.minute = value,
            'S' => self.parsed.second = value,
            'f' => self.parsed.microsecond = to_number(&format!("{text:0<6}")),
            'A' => self.weekday = index_of(&DAY_NAMES, text, usize::MAX),
            'a' => self.weekday = index_of(&DAY_NAMES, text, 3),
            'w' => self.weekday = Some((value + 6) % 7),
            'u' => self.weekday = Some(value.saturating_sub(1)),
            'j' => self.year_day = Some(value.into()),
            'U' => self.week = Some((value.into(), false)),
            'W' => self.week = Some((value.into(), true)),
            'V' => self.iso_week = Some(value.into()),
            'z' => self.take_offset(text)?,
            _ => {
                let name = text.to_lowercase();
                self.parsed.dst = -1;
                self.parsed.zone = Some(text.to_string());
                if let Some((_, dst)) = zones.iter().find(|(zone, _)| *zone == name) {
                    self.parsed.dst = *dst;
                }
            }
        }
        Ok(())
    }

    fn take_offset(&mut self, text: &str) -> Result<(), String> {
        if text == "Z" {
            self.parsed.offset = Some(0);
            return Ok(());
        }
        let mut digits: Vec<char> = text.chars().collect();
        if digits.get(3) == Some(&':') {
            digits.remove(3);
            if digits.len() > 5 {
                if digits.get(5) != Some(&':') {
                    return Err(format!("Inconsistent use of : in {text}"));
                }
                digits.remove(5);
            }
        }
        let part = |from: usize, to: usize| digits.iter().take(to).skip(from).collect::<String>();
        let seconds = i64::from(to_number(&part(1, 3))) * 3600
            + i64::from(to_number(&part(3, 5))) * 60
            + i64::from(to_number(&part(5, 7)));
        let micros = i32::try_from(to_number(&format!("{:0<6}", part(8, 14)))).unwrap_or(0);
        let sign = if text.starts_with('-') { -1 } else { 1 };
        self.parsed.offset = Some(seconds * i64::from(sign));
        self.parsed.offset_microsecond = micros * sign;
        Ok(())
    }

    fn check_iso(&self) -> Result<(), String> {
        const WEEKDAY: &str = "and a weekday directive ('%A', '%a', '%w', or '%u').";
        let text = match (self.iso_year, self.iso_week) {
            (None, None) => return Ok(()),
            (Some(_), _) if self.year_day.is_some() => {
                "Day of the year directive '%j' is not compatible with ISO year directive '%G'. Use '%Y' instead."
                    .into()
            }
            (Some(_), week) if week.is_none() || self.weekday.is_none() => {
                format!("ISO year directive '%G' must be used with the ISO week directive '%V' {WEEKDAY}")
            }
            (Some(_), _) => return Ok(()),
            (None, _) if self.year.is_none() || self.weekday.is_none() => {
                format!("ISO week directive '%V' must be used with the ISO year directive '%G' {WEEKDAY}")
            }
            (None, _) => "ISO week directive '%V' is incompatible with the year directive '%Y'. Use the ISO year '%G' \
                          instead."
                .to_string(),
        };
        Err(text)
    }

    fn finish(self) -> Result<Parsed, String> {
        self.check_iso()?;
        let (mut month, mut day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        // Without a year, 1904 stands in for 1900 where February 29 is asked for.
        let leap_fix = self.year.is_none() && month == 2 && day == 29;
        let mut year = self.year.unwrap_or(if leap_fix { 1904 } else { 1900 });
        let mut julian = self.year_day;
        if let (None, Some(weekday)) = (julian, self.weekday) {
            if let Some((week, monday_first)) = self.week {
                dates::check_date(year, 1, 1)?;
                julian = Some(day_of_week(year, week, weekday, monday_first));
            } else if let (Some(iso_year), Some(iso_week)) = (self.iso_year, self.iso_week) {
                let ordinal = dates::from_iso_calendar(iso_year, iso_week, i64::from(weekday) + 1)?;
                (year, month, day) = dates::from_ordinal(ordinal);
            }
            if let Some(before) = julian.filter(|day| *day <= 0) {
                year -= 1;
                julian = Some(before + i64::from(dates::days_in_year(year)));
            }
        }
        match julian {
            None => {
                dates::check_date(year, month.into(), day.into())?;
                julian = Some(dates::year_day(year, month, day).into());
            }
            Some(days) => {
                dates::check_date(year, 1, 1)?;
                let ordinal = dates::to_ordinal(year, 1, 1) + days - 1;
                if ordinal > dates::MAX_ORDINAL {
                    return Err(format!("year {} is out of range", year + 1));
                }
                (year, month, day) = dates::from_ordinal(ordinal);
            }
        }
        let weekday = self
            .weekday
            .unwrap_or_else(|| dates::weekday(year, month, day));
        let year = if leap_fix { 1900 } else { year };
        let hour = self.hour12.map_or(self.parsed.hour, |hour| {
            hour % 12 + if self.afternoon { 12 } else { 0 }
        });
        let dst = if self.parsed.zone.is_some() {
            self.parsed.dst
        } else {
            -1
        };
        Ok(Parsed {
            year,
            month,
            day,
            hour,
            weekday,
            year_day: julian.unwrap_or(1),
            dst,
            ..self.parsed
        })
    }
}

/// The day of the year of a weekday in week `week`, where weeks start on Monday or Sunday.
fn day_of_week(year: i64, week: i64, weekday: u32, monday_first: bool) -> i64 {
    let shift = i64::from(!monday_first);
    let first = (i64::from(dates::weekday(year, 1, 1)) + shift) % 7;
    let day = (i64::from(weekday) + shift) % 7;
    if week == 0 {
        1 + day - first
    } else {
        1 + (7 - first) % 7 + 7 * (week - 1) + day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTC: (&str, Option<&str>) = ("UTC", None);

    fn date(text: &str, format: &str) -> String {
        match strptime(text, format, UTC) {
            Ok(p) => format!(
                "{} {} {} {} {} {} {} {} {}",
                p.year, p.month, p.day, p.hour, p.minute, p.second, p.weekday, p.year_day, p.dst
            ),
            Err(error) => error,
        }
    }

    #[test]
    fn dates() {
        for (text, format, found) in [
            (
                "2024-02-29 14:05:06",
                "%Y-%m-%d %H:%M:%S",
                "2024 2 29 14 5 6 3 60 -1",
            ),
            ("Thu Feb 29 14:05:06 2024", "%c", "2024 2 29 14 5 6 3 60 -1"),
            ("02/29/24", "%x", "2024 2 29 0 0 0 3 60 -1"),
            ("12 AM", "%I %p", "1900 1 1 0 0 0 0 1 -1"),
            ("12pm", "%I%p", "1900 1 1 12 0 0 0 1 -1"),
            ("1112020", "%d%m%Y", "2020 1 11 0 0 0 5 11 -1"),
            ("2024 366", "%Y %j", "2024 12 31 0 0 0 1 366 -1"),
            ("2024 10 1", "%Y %U %w", "2024 3 11 0 0 0 0 71 -1"),
            ("2025 00 1", "%Y %W %w", "2024 12 30 0 0 0 0 365 -1"),
            ("2020 53 7", "%G %V %u", "2021 1 3 0 0 0 6 3 -1"),
            ("29 feb", "%d %b", "1900 2 29 0 0 0 0 60 -1"),
            ("gmt", "%Z", "1900 1 1 0 0 0 0 1 0"),
            (
                "monday,  5",
                "%A,%t %d",
                "'t' is a bad directive in format '%A,%t %d'",
            ),
        ] {
            assert_eq!(date(text, format), found, "{text} {format}");
        }
    }

    #[test]
    fn offsets() {
        let offset = |text| strptime(text, "%z", UTC).map(|p| (p.offset, p.offset_microsecond));
        assert_eq!(offset("-05:30:15.5"), Ok((Some(-19815), -500_000)));
        assert_eq!(offset("Z"), Ok((Some(0), 0)));
        assert_eq!(
            offset("+01:3015"),
            Err("Inconsistent use of : in +01:3015".into())
        );
    }

    #[test]
    fn errors() {
        for (text, format, error) in [
            ("x", "%Y", "time data 'x' does not match format '%Y'"),
            ("2024x", "%Y", "unconverted data remains: x"),
            ("1", "%Q", "'Q' is a bad directive in format '%Q'"),
            ("1", "%.", "'%' is a bad directive in format '%.'"),
            ("1", "%", "stray % in format '%'"),
            ("2023-02-29", "%Y-%m-%d", "day is out of range for month"),
            (
                "2024 5",
                "%Y %V",
                "ISO week directive '%V' must be used with the ISO year directive '%G' and a weekday directive ('%A', \
                 '%a', '%w', or '%u').",
            ),
        ] {
            assert_eq!(date(text, format), error);
        }
    }
}
