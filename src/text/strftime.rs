//! `strftime` in the C locale, with glibc's flags and widths. Knows nothing of where the fields come from.

use super::dates::{DAY_NAMES, EPOCH_ORDINAL, MONTH_NAMES, iso_calendar, to_ordinal};

/// The fields that directives show.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// The year.
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
    /// Monday is 0.
    pub weekday: u32,
    /// January 1 is 1.
    pub year_day: u32,
    /// How far local time is ahead of UTC, in seconds (`None`: `%z` shows nothing).
    pub offset: Option<i64>,
    /// The zone's name for `%Z`.
    pub zone: String,
    /// What only `datetime` knows; without it `%f` and `%:z` are left as they are, as in `time.strftime`.
    pub fine: Option<Fine>,
}

/// The parts of a `datetime` below a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fine {
    /// For `%f`.
    pub microsecond: u32,
    /// The microseconds of the offset, for `%z`; negative where the offset is.
    pub offset_microsecond: i32,
}

/// Flags and width between `%` and the directive.
#[derive(Clone, Copy, Default)]
struct Style {
    pad: Option<char>,
    upper: bool,
    swap: bool,
    width: usize,
}

/// Widths above this are cut: nobody pads further, and memory is not free.
const MAX_WIDTH: usize = 1 << 20;

/// `strftime(format)`.
pub fn strftime(fields: &Fields, format: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (head, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(head);
        match directive(fields, tail) {
            Some((text, length)) => {
                out.push_str(&text);
                rest = tail.get(length..).unwrap_or("");
            }
            None => {
                out.push('%');
                rest = tail.get(1..).unwrap_or("");
            }
        }
    }
    out + rest
}

/// What the directive at the start of `text` shows, and its length; `None` where it is none.
fn directive(fields: &Fields, text: &str) -> Option<(String, usize)> {
    if let Some(fine) = fields.fine {
        if text.starts_with("%f") {
            return Some((format!("{:06}", fine.microsecond), 2));
        }
        if text.starts_with("%:z") {
            return Some((offset_text(fields, ":"), 3));
        }
    }
    let mut style = Style::default();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((_, flag)) = chars.next_if(|(_, c)| matches!(c, '-' | '_' | '0' | '^' | '#')) {
        match flag {
            '^' => style.upper = true,
            '#' => style.swap = true,
            _ => style.pad = Some(flag),
        }
    }
    while let Some((_, digit)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
        style.width = (style.width * 10 + digit.to_digit(10).unwrap_or(0) as usize).min(MAX_WIDTH);
    }
    // The modifiers for other locales change nothing in this one.
    chars.next_if(|(_, c)| matches!(c, 'E' | 'O'));
    let Some((at, code)) = chars.next() else {
        return Some((pad_text(text.to_string(), style), text.len()));
    };
    let end = at + code.len_utf8();
    // What means nothing is shown as it is, but padded.
    let unknown = || text.get(..end).map(|raw| pad_text(raw.to_string(), style));
    let shown = number(fields, code, style)
        .or_else(|| words(fields, code, style))
        .or_else(unknown)?;
    Some((shown, end))
}

fn number(fields: &Fields, code: char, style: Style) -> Option<String> {
    let hour12 = if fields.hour.is_multiple_of(12) {
        12
    } else {
        fields.hour % 12
    };
    let iso = || iso_calendar(fields.year, fields.month, fields.day);
    let weekday = fields.weekday % 7;
    let week = |first_day: u32| {
        fields
            .year_day
            .saturating_add(6)
            .saturating_sub((weekday + 7 - first_day) % 7)
            / 7
    };
    let (value, digits, pad) = match code {
        'C' => (fields.year.div_euclid(100), 1, '0'),
        'd' => (fields.day.into(), 2, '0'),
        'e' => (fields.day.into(), 2, '_'),
        'g' => (iso().0.rem_euclid(100), 2, '0'),
        'G' => (iso().0, 1, '0'),
        'H' => (fields.hour.into(), 2, '0'),
        'I' => (hour12.into(), 2, '0'),
        'j' => (fields.year_day.into(), 3, '0'),
        'k' => (fields.hour.into(), 2, '_'),
        'l' => (hour12.into(), 2, '_'),
        'm' => (fields.month.into(), 2, '0'),
        'M' => (fields.minute.into(), 2, '0'),
        's' => (epoch(fields), 1, '0'),
        'S' => (fields.second.into(), 2, '0'),
        'u' => ((weekday + 1).into(), 1, '0'),
        'U' => (week(6).into(), 2, '0'),
        'V' => (iso().1.into(), 2, '0'),
        'w' => (((weekday + 1) % 7).into(), 1, '0'),
        'W' => (week(0).into(), 2, '0'),
        'y' => (fields.year.rem_euclid(100), 2, '0'),
        'Y' => (fields.year, 1, '0'),
        _ => return None,
    };
    Some(pad_number(
        value,
        digits,
        style.pad.unwrap_or(pad),
        style.width,
    ))
}

fn pad_number(value: i64, digits: usize, pad: char, width: usize) -> String {
    let body = value.unsigned_abs().to_string();
    let sign = if value < 0 { "-" } else { "" };
    let wanted = if pad == '-' { width } else { digits.max(width) };
    let missing = wanted.saturating_sub(body.len() + sign.len());
    match pad {
        '_' | '-' => format!("{}{sign}{body}", " ".repeat(missing)),
        _ => format!("{sign}{}{body}", "0".repeat(missing)),
    }
}

fn epoch(fields: &Fields) -> i64 {
    let days = to_ordinal(fields.year, fields.month, fields.day) - EPOCH_ORDINAL;
    let seconds =
        i64::from(fields.hour) * 3600 + i64::from(fields.minute) * 60 + i64::from(fields.second);
    days.saturating_mul(86_400)
        .saturating_add(seconds)
        .saturating_sub(fields.offset.unwrap_or(0))
}

fn words(fields: &Fields, code: char, style: Style) -> Option<String> {
    let day = DAY_NAMES
        .get(fields.weekday as usize)
        .copied()
        .unwrap_or("?");
    let month = MONTH_NAMES
        .get((fields.month as usize).wrapping_sub(1))
        .copied()
        .unwrap_or("?");
    let short = |name: &str| name.get(..3).unwrap_or(name).to_string();
    let half = if fields.hour < 12 { "AM" } else { "PM" };
    let nested = |format: &str| strftime(fields, format);
    // What `#` does to a name: some have capitals, which it makes small; others it makes capitals.
    let (text, swaps_to_lower) = match code {
        'a' => (short(day), false),
        'A' => (day.to_string(), false),
        'b' | 'h' => (short(month), false),
        'B' => (month.to_string(), false),
        'p' => (half.to_string(), true),
        'P' => return Some(pad_text(half.to_ascii_lowercase(), style)),
        'Z' => (fields.zone.clone(), true),
        'z' => return Some(styled_offset(fields, style)),
        'c' if style.upper => return Some(nested("%^a %^b %e %H:%M:%S %Y")),
        'c' => return Some(nested("%a %b %e %H:%M:%S %Y")),
        'D' | 'x' => return Some(pad_text(nested("%m/%d/%y"), style)),
        'F' => return Some(pad_text(nested("%Y-%m-%d"), style)),
        'r' => return Some(pad_text(nested("%I:%M:%S %p"), style)),
        'R' => return Some(pad_text(nested("%H:%M"), style)),
        'T' | 'X' => return Some(pad_text(nested("%H:%M:%S"), style)),
        'n' => return Some(pad_text("\n".to_string(), style)),
        't' => return Some(pad_text("\t".to_string(), style)),
        '%' => return Some(pad_text("%".to_string(), style)),
        _ => return None,
    };
    let text = match style {
        Style { swap: true, .. } if swaps_to_lower => text.to_lowercase(),
        Style { swap: true, .. } | Style { upper: true, .. } => text.to_uppercase(),
        _ => text,
    };
    Some(pad_text(text, style))
}

fn pad_text(text: String, style: Style) -> String {
    let missing = style.width.saturating_sub(text.chars().count());
    match style.pad {
        Some('0') => "0".repeat(missing) + &text,
        _ => " ".repeat(missing) + &text,
    }
}

/// `%z` with flags: sign and digits are padded each on their own.
fn styled_offset(fields: &Fields, style: Style) -> String {
    let text = offset_text(fields, "");
    let Some((sign, digits)) = text
        .split_at_checked(1)
        .filter(|_| style.width > 0 || style.pad.is_some())
    else {
        return text;
    };
    let value = digits.parse().unwrap_or(0);
    pad_text(sign.to_string(), style) + &pad_number(value, 4, style.pad.unwrap_or('0'), style.width)
}

/// `%z`: `+HHMM`, with seconds and microseconds only where there are any.
fn offset_text(fields: &Fields, separator: &str) -> String {
    let Some(offset) = fields.offset else {
        return String::new();
    };
    let micros = fields.fine.map_or(0, |fine| fine.offset_microsecond);
    let sign = if offset < 0 || micros < 0 { '-' } else { '+' };
    let size = offset.unsigned_abs();
    let (hours, minutes, seconds) = (size / 3600, size / 60 % 60, size % 60);
    let mut text = format!("{sign}{hours:02}{separator}{minutes:02}");
    if fields.fine.is_some() && (seconds != 0 || micros != 0) {
        text.push_str(&format!("{separator}{seconds:02}"));
        if micros != 0 {
            text.push_str(&format!(".{:06}", micros.unsigned_abs()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn early() -> Fields {
        Fields {
            year: 5,
            month: 1,
            day: 2,
            hour: 3,
            minute: 4,
            second: 5,
            weekday: 6,
            year_day: 2,
            fine: Some(Fine {
                microsecond: 678,
                offset_microsecond: 0,
            }),
            ..Fields::default()
        }
    }

    fn leap_day() -> Fields {
        Fields {
            year: 2024,
            month: 2,
            day: 29,
            hour: 14,
            minute: 5,
            second: 6,
            weekday: 3,
            year_day: 60,
            offset: Some(0),
            zone: "UTC".into(),
            fine: None,
        }
    }

    #[test]
    fn directives() {
        for (format, first, second) in [
            ("%Y-%m-%d", "5-01-02", "2024-02-29"),
            ("%G %g %V %u", "4 04 53 7", "2024 24 09 4"),
            ("%C %y", "0 05", "20 24"),
            ("%c", "Sun Jan  2 03:04:05 5", "Thu Feb 29 14:05:06 2024"),
            (
                "%x|%X|%D",
                "01/02/05|03:04:05|01/02/05",
                "02/29/24|14:05:06|02/29/24",
            ),
            ("%e|%k|%l|%I", " 2| 3| 3|03", "29|14| 2|02"),
            ("%p %P", "AM am", "PM pm"),
            (
                "%r %R %T",
                "03:04:05 AM 03:04 03:04:05",
                "02:05:06 PM 14:05 14:05:06",
            ),
            ("%j %U %W %w", "002 01 00 0", "060 08 09 4"),
            ("%s", "-62009268955", "1709215506"),
            ("%f", "000678", "%f"),
            ("%z|%:z|%Z", "||", "+0000|%:z|UTC"),
        ] {
            assert_eq!(strftime(&early(), format), first, "{format}");
            assert_eq!(strftime(&leap_day(), format), second, "{format}");
        }
    }

    #[test]
    fn flags_and_widths() {
        for (format, text) in [
            ("%-d %-I %_d %5Y %_5Y", "29 2 29 02024  2024"),
            ("%^a %#a %#p %#Z", "THU THU pm utc"),
            ("%10A|%010A|%^10b", "  Thursday|00Thursday|       FEB"),
            ("%Q %N %5% %-% %é %", "%Q %N     % % %é %"),
            ("%Ey %Od %E", "24 29 %E"),
            ("%%d", "%d"),
        ] {
            assert_eq!(strftime(&leap_day(), format), text, "{format}");
        }
    }

    #[test]
    fn offsets() {
        let mut fields = Fields {
            offset: Some(-3661),
            ..early()
        };
        fields.fine = Some(Fine {
            microsecond: 0,
            offset_microsecond: -5,
        });
        assert_eq!(
            strftime(&fields, "%z %:z"),
            "-010101.000005 -01:01:01.000005"
        );
        fields.offset = Some(-19800);
        fields.fine = Some(Fine::default());
        assert_eq!(strftime(&fields, "%z %:z"), "-0530 -05:30");
    }
}
