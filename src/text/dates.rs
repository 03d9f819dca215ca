//! The proleptic Gregorian calendar: days, weekdays and weeks. Knows nothing of clocks, zones or formats.

/// Weekday names, Monday first.
pub const DAY_NAMES: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
/// Month names, January first.
pub const MONTH_NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// `date.max.toordinal()`.
pub const MAX_ORDINAL: i64 = 3_652_059;
/// The ordinal of 1970-01-01.
pub const EPOCH_ORDINAL: i64 = 719_163;

/// `calendar.isleap`.
pub fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// How many days a month (1 to 12) has; 0 for other months.
pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// How many days a year has.
pub fn days_in_year(year: i64) -> u32 {
    365 + u32::from(is_leap(year))
}

/// How many days of the year lie before the first of a month (1 to 12).
pub fn days_before_month(year: i64, month: u32) -> u32 {
    (1..month.min(13))
        .map(|month| days_in_month(year, month))
        .sum()
}

/// `date(year, month, day).toordinal()`: 1 is January 1 of year 1. Days and months out of range are not checked.
pub fn to_ordinal(year: i64, month: u32, day: u32) -> i64 {
    let before = year
        .saturating_sub(1)
        .clamp(-1_000_000_000_000, 1_000_000_000_000);
    let leaps = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    before * 365 + leaps + i64::from(days_before_month(year, month)) + i64::from(day)
}

/// Days since 1970-01-01.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    to_ordinal(year, month, day) - EPOCH_ORDINAL
}

/// Year, month and day of an ordinal.
pub fn from_ordinal(ordinal: i64) -> (i64, u32, u32) {
    let ordinal = ordinal.clamp(-300_000_000_000_000, 300_000_000_000_000);
    // 400 years are 146097 days: guess the year, then correct by one.
    let mut year = (ordinal - 1) * 400 / 146_097 + 1;
    while to_ordinal(year, 1, 1) > ordinal {
        year -= 1;
    }
    while to_ordinal(year + 1, 1, 1) <= ordinal {
        year += 1;
    }
    let mut day = u32::try_from(ordinal - to_ordinal(year, 1, 1)).unwrap_or(0);
    let mut month = 1;
    while month < 12 && day >= days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    (year, month, day + 1)
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    from_ordinal(days.saturating_add(EPOCH_ORDINAL))
}

/// `date.weekday()` of an ordinal: Monday is 0.
pub fn weekday_of_ordinal(ordinal: i64) -> u32 {
    u32::try_from((ordinal.rem_euclid(7) + 6) % 7).unwrap_or(0)
}

/// `date.weekday()`: Monday is 0.
pub fn weekday(year: i64, month: u32, day: u32) -> u32 {
    weekday_of_ordinal(to_ordinal(year, month, day))
}

/// The day of the year, 1 for January 1.
pub fn year_day(year: i64, month: u32, day: u32) -> u32 {
    days_before_month(year, month).saturating_add(day)
}

/// The ordinal of the Monday that starts the ISO year.
fn iso_year_start(year: i64) -> i64 {
    let first = to_ordinal(year, 1, 1);
    let weekday = i64::from(weekday_of_ordinal(first));
    // The week with the year's first Thursday is its first.
    if weekday > 3 {
        first - weekday + 7
    } else {
        first - weekday
    }
}

/// `date.isocalendar()`: year, week and weekday (Monday is 1).
pub fn iso_calendar(year: i64, month: u32, day: u32) -> (i64, u32, u32) {
    let ordinal = to_ordinal(year, month, day);
    let iso_year = match ordinal {
        _ if ordinal < iso_year_start(year) => year.saturating_sub(1),
        _ if ordinal >= iso_year_start(year.saturating_add(1)) => year.saturating_add(1),
        _ => year,
    };
    let week = (ordinal - iso_year_start(iso_year)) / 7 + 1;
    (
        iso_year,
        u32::try_from(week).unwrap_or(0),
        weekday_of_ordinal(ordinal) + 1,
    )
}

/// `date.fromisocalendar()` as an ordinal; the error is the ValueError's text.
pub fn from_iso_calendar(year: i64, week: i64, day: i64) -> Result<i64, String> {
    if !(1..=9999).contains(&year) {
        return Err(format!("Year is out of range: {year}"));
    }
    let weeks = (iso_year_start(year + 1) - iso_year_start(year)) / 7;
    if !(1..=weeks).contains(&week) {
        return Err(format!("Invalid week: {week}"));
    }
    if !(1..=7).contains(&day) {
        return Err(format!("Invalid day: {day} (range is [1, 7])"));
    }
    Ok(iso_year_start(year) + (week - 1) * 7 + day - 1)
}

/// What `datetime.date` refuses, as the ValueError's text.
pub fn check_date(year: i64, month: i64, day: i64) -> Result<(), String> {
    if !(1..=9999).contains(&year) {
        return Err(format!("year {year} is out of range"));
    }
    if !(1..=12).contains(&month) {
        return Err("month must be in 1..12".to_string());
    }
    let days = days_in_month(year, u32::try_from(month).unwrap_or(0));
    if (1..=i64::from(days)).contains(&day) {
        Ok(())
    } else {
        Err("day is out of range for month".to_string())
    }
}

/// What `datetime.time` refuses, as the ValueError's text.
pub fn check_time(hour: i64, minute: i64, second: i64, microsecond: i64) -> Result<(), String> {
    let ranges = [
        (hour, 23, "hour must be in 0..23"),
        (minute, 59, "minute must be in 0..59"),
        (second, 59, "second must be in 0..59"),
        (microsecond, 999_999, "microsecond must be in 0..999999"),
    ];
    match ranges
        .iter()
        .find(|(value, max, _)| !(0..=*max).contains(value))
    {
        Some((_, _, text)) => Err((*text).to_string()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_both_ways() {
        for (date, ordinal) in [
            ((1, 1, 1), 1),
            ((1970, 1, 1), EPOCH_ORDINAL),
            ((2000, 2, 29), 730179),
            ((2024, 12, 31), 739251),
            ((9999, 12, 31), MAX_ORDINAL),
        ] {
            assert_eq!(to_ordinal(date.0, date.1, date.2), ordinal);
            assert_eq!(from_ordinal(ordinal), date);
        }
        assert_eq!(civil_from_days(-1), (1969, 12, 31));
        assert!((-800_000..800_000).step_by(17).all(|n| {
            let (year, month, day) = from_ordinal(n);
            to_ordinal(year, month, day) == n
        }));
    }

    #[test]
    fn weeks() {
        for (date, iso) in [
            ((2005, 1, 1), (2004, 53, 6)),
            ((2024, 12, 30), (2025, 1, 1)),
            ((2021, 1, 3), (2020, 53, 7)),
            ((1, 1, 1), (1, 1, 1)),
        ] {
            assert_eq!(iso_calendar(date.0, date.1, date.2), iso);
            assert_eq!(
                from_iso_calendar(iso.0, iso.1.into(), iso.2.into()),
                Ok(to_ordinal(date.0, date.1, date.2))
            );
        }
        assert_eq!(
            from_iso_calendar(2021, 53, 1),
            Err("Invalid week: 53".into())
        );
        assert_eq!((weekday(2024, 2, 29), year_day(2024, 12, 31)), (3, 366));
    }

    #[test]
    fn refusals() {
        assert_eq!(
            check_date(2023, 2, 29),
            Err("day is out of range for month".into())
        );
        assert_eq!(check_date(0, 1, 1), Err("year 0 is out of range".into()));
        assert_eq!(
            check_date(2023, 13, 1),
            Err("month must be in 1..12".into())
        );
        assert_eq!(check_time(24, 0, 0, 0), Err("hour must be in 0..23".into()));
    }
}
