//! Constants of the tree as `repr` shows them in Python.

use crate::syntax::ast::Constant;

/// A constant as Python's `repr` shows it.
pub(super) fn repr(constant: &Constant) -> String {
    match constant {
        Constant::None => "None".into(),
        Constant::True => "True".into(),
        Constant::False => "False".into(),
        Constant::Ellipsis => "Ellipsis".into(),
        Constant::Int(value) => value.to_string(),
        Constant::BigInt(value) => value.to_string(),
        Constant::Float(value) => float(*value),
        Constant::Imaginary(value) => format!("{}j", float(*value).trim_end_matches(".0")),
        Constant::Str(value) => quoted(value),
        Constant::Bytes(value) => {
            let text: String = value.iter().map(|byte| *byte as char).collect();
            format!(
                "b{}",
                escaped(&text, |c| c.is_ascii() && !c.is_ascii_control())
            )
        }
    }
}

/// The shortest digits that give the number back, in Python's layout.
fn float(value: f64) -> String {
    if value.is_infinite() {
        return "inf".into();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        return if plain.contains('.') {
            plain
        } else {
            format!("{plain}.0")
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

pub(super) fn quoted(text: &str) -> String {
    let invisible = |c: char| {
        c.is_control()
            || (c.is_whitespace() && c != ' ')
            || matches!(c, '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{f0000}'..)
    };
    let visible = |c: char| !invisible(c);
    escaped(text, visible)
}

fn escaped(text: &str, visible: impl Fn(char) -> bool) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if visible(c) => out.push(c),
            c => {
                let code = c as u32;
                out.push_str(&match code {
                    0..=0xff => format!("\\x{code:02x}"),
                    0x100..=0xffff => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08x}"),
                });
            }
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_look_as_in_python() {
        let floats = [
            (1.0, "1.0"),
            (1e16, "1e+16"),
            (1e15, "1000000000000000.0"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
        ];
        for (value, text) in floats {
            assert_eq!(float(value), text);
        }
        assert_eq!(repr(&Constant::Imaginary(2.0)), "2j");
        assert_eq!(quoted("it's\n\u{7f}é"), "\"it's\\n\\x7fé\"");
        assert_eq!(repr(&Constant::Bytes((*b"a'\xff").into())), "b\"a'\\xff\"");
    }
}
