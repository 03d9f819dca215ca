//! The items that a buffer can be looked at as: single letters as in `struct`, native sizes and
//! byte order.

/// What stands in a buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    /// Wide enough for all ints.
    Int(i128),
    Float(f64),
    Bool(bool),
    /// One byte as a bytes object.
    Char(u8),
}

/// A letter with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemFormat {
    pub letter: char,
    pub size: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Signed,
    Unsigned,
    Float,
    Bool,
    Char,
}

impl ItemFormat {
    /// Plain bytes.
    pub const BYTES: ItemFormat = ItemFormat {
        letter: 'B',
        size: 1,
        kind: Kind::Unsigned,
    };

    /// A letter, perhaps after `@`.
    pub fn parse(text: &str) -> Option<ItemFormat> {
        let mut letters = text.strip_prefix('@').unwrap_or(text).chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else {
            return None;
        };
        let (size, kind) = match letter {
            'b' => (1, Kind::Signed),
            'B' => (1, Kind::Unsigned),
            'c' => (1, Kind::Char),
            '?' => (1, Kind::Bool),
            'h' => (2, Kind::Signed),
            'H' => (2, Kind::Unsigned),
            'e' => (2, Kind::Float),
            'i' => (4, Kind::Signed),
            'I' => (4, Kind::Unsigned),
            'f' => (4, Kind::Float),
            'l' | 'q' | 'n' => (8, Kind::Signed),
            'L' | 'Q' | 'N' | 'P' => (8, Kind::Unsigned),
            'd' => (8, Kind::Float),
            _ => return None,
        };
        Some(ItemFormat { letter, size, kind })
    }

    pub fn kind(self) -> Kind {
        self.kind
    }

    /// Whether its items are single bytes.
    pub fn is_bytes(self) -> bool {
        matches!(self.letter, 'b' | 'B' | 'c')
    }

    /// The item in its bytes; missing bytes are 0.
    pub fn read(self, bytes: &[u8]) -> Item {
        let mut all = [0_u8; 8];
        for (place, byte) in all.iter_mut().zip(bytes).take(self.size) {
            *place = *byte;
        }
        let raw = u64::from_le_bytes(all);
        let unused = 64 - 8 * self.size as u32;
        match (self.kind, self.size) {
            (Kind::Signed, _) => Item::Int(i128::from(((raw << unused) as i64) >> unused)),
            (Kind::Unsigned, _) => Item::Int(i128::from(raw)),
            (Kind::Bool, _) => Item::Bool(raw != 0),
            (Kind::Char, _) => Item::Char(raw as u8),
            (Kind::Float, 2) => Item::Float(f64_from_half(raw as u16)),
            (Kind::Float, 4) => Item::Float(f64::from(f32::from_bits(raw as u32))),
            (Kind::Float, _) => Item::Float(f64::from_bits(raw)),
        }
    }

    /// The bytes of an item; `None` if it does not fit.
    pub fn write(self, item: Item) -> Option<Vec<u8>> {
        let bits = 8 * self.size as u32;
        let raw = match (self.kind, item) {
            (Kind::Signed, Item::Int(i)) => {
                let most = 1_i128 << (bits - 1);
                (-most..most).contains(&i).then_some(i as u64)?
            }
            (Kind::Unsigned, Item::Int(i)) => {
                (0..1_i128 << bits).contains(&i).then_some(i as u64)?
            }
            (Kind::Bool, Item::Bool(b)) => u64::from(b),
            (Kind::Char, Item::Char(c)) => u64::from(c),
            (Kind::Float, Item::Float(f)) => match self.size {
                2 => u64::from(half_from_f64(f)?),
                4 => u64::from((f as f32).to_bits()),
                _ => f.to_bits(),
            },
            _ => return None,
        };
        let mut bytes = raw.to_le_bytes().to_vec();
        bytes.truncate(self.size);
        Some(bytes)
    }
}

/// A number of 16 bits as IEEE 754 has it.
fn f64_from_half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    }
}

/// The nearest number of 16 bits, ties to even; `None` if it is too large.
fn half_from_f64(x: f64) -> Option<u16> {
    let sign = u16::from(x.is_sign_negative()) << 15;
    let x = x.abs();
    if x.is_nan() {
        return Some(sign | 0x7e00);
    }
    if x.is_infinite() {
        return Some(sign | 0x7c00);
    }
    let exponent = (x.to_bits() >> 52) as i32 - 1023;
    if exponent < -14 {
        let fraction = (x * 2_f64.powi(24)).round_ties_even();
        return Some(sign | fraction as u16);
    }
    if exponent > 15 {
        return None;
    }
    let fraction = (x * 2_f64.powi(10 - exponent)).round_ties_even() as u32;
    let bits = ((exponent + 15) as u32) << 10;
    let bits = bits + fraction - 1024;
    (bits < 0x7c00).then_some(sign | bits as u16)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]
mod tests {
    use super::*;

    #[test]
    fn items_come_back_as_they_were() {
        let cases = [
            ("b", Item::Int(-5)),
            ("H", Item::Int(65_535)),
            ("i", Item::Int(-70_000)),
            ("Q", Item::Int(i128::from(u64::MAX))),
            ("d", Item::Float(0.1)),
            ("f", Item::Float(1.5)),
            ("e", Item::Float(-2.5)),
            ("?", Item::Bool(true)),
            ("@c", Item::Char(7)),
        ];
        for (letter, item) in cases {
            let format = ItemFormat::parse(letter).unwrap();
            let bytes = format.write(item).unwrap();
            assert_eq!(bytes.len(), format.size);
            assert_eq!(format.read(&bytes), item, "{letter}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let byte = ItemFormat::BYTES;
        assert_eq!(byte.write(Item::Int(256)), None);
        assert_eq!(byte.write(Item::Int(-1)), None);
        assert_eq!(ItemFormat::parse("<i"), None);
        let half = ItemFormat::parse("e").unwrap();
        assert_eq!(half.write(Item::Float(1e6)), None);
    }
}
