//! Bytes of lines under construction. Most pieces are a few bytes long and known beforehand: to
//! append one of those is to write it where it belongs, and no call.

use crate::text::json::quote_into;
use std::fmt::{self, Write};

impl fmt::Write for Buffer {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.push_str(piece);
        Ok(())
    }
}

/// A text that grows at its end.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// Where the text ends; what follows is room.
    end: usize,
}

impl Buffer {
    #[inline(always)]
    pub fn push(&mut self, piece: &[u8]) {
        let end = self.end + piece.len();
        if end > self.bytes.len() {
            self.grow(end);
        }
        if let Some(room) = self.bytes.get_mut(self.end..end) {
            room.copy_from_slice(piece);
            self.end = end;
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, end: usize) {
        self.bytes.resize(end.next_power_of_two().max(256), 0);
    }

    #[inline(always)]
    pub fn push_str(&mut self, piece: &str) {
        self.push(piece.as_bytes());
    }

    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.end
    }

    pub fn clear(&mut self) {
        self.end = 0;
    }

    // JSON

    #[inline]
    pub fn int(&mut self, number: u64) {
        if number < 10 {
            return self.push(&[b'0' + number as u8]);
        }
        self.push_str(itoa::Buffer::new().format(number));
    }

    /// JSON has no infinity.
    pub fn float(&mut self, number: f64) {
        // Times of a clock that jumps are mostly whole.
        let whole = number as u64;
        if number.to_bits() == (whole as f64).to_bits() && whole < 1 << 50 {
            self.int(whole);
        } else if number.is_finite() {
            // Nothing is refused here.
            let _ = write!(self, "{number}");
        } else {
            self.push(b"null");
        }
    }

    /// A text in quotes.
    #[inline]
    pub fn quoted(&mut self, text: &str) {
        self.push(b"\"");
        self.bare(text);
        self.push(b"\"");
    }

    /// What stands in the quotes.
    #[inline]
    pub fn bare(&mut self, text: &str) {
        match is_plain(text.as_bytes()) {
            true => self.push_str(text),
            false => self.escaped(text),
        }
    }

    #[cold]
    fn escaped(&mut self, text: &str) {
        let mut escaped = String::new();
        quote_into(&mut escaped, text, false);
        let inner = escaped.get(1..escaped.len() - 1);
        self.push_str(inner.unwrap_or_default());
    }
}

/// Whether nothing in a text needs an escape. Eight bytes at a time: a byte is lower than another
/// one if a borrow comes out of it.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGH;
    let same = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let special = |eight: &[u8; 8]| {
        let word = u64::from_ne_bytes(*eight);
        below(word, b' ') | same(word, b'"') | same(word, b'\\')
    };
    let (eights, rest) = text.as_chunks::<8>();
    let found = eights.iter().fold(0, |found, eight| found | special(eight));
    // The rest is looked at in the last eight bytes, or with blanks behind it.
    let mut last = [b' '; 8];
    match text.last_chunk::<8>() {
        Some(eight) => last = *eight,
        None => last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from),
    }
    found | special(&last) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_escape_is_found_by_eights() {
        for byte in 0..=255u8 {
            for place in 0..12 {
                let mut text = *b"plain enough";
                if let Some(at) = text.get_mut(place) {
                    *at = byte;
                }
                let needs = byte < b' ' || byte == b'"' || byte == b'\\';
                assert_eq!(is_plain(&text), !needs, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn pieces_stand_one_after_the_other() {
        let mut buffer = Buffer::default();
        buffer.quoted("a \"line\"\n");
        buffer.int(7);
        buffer.int(1234);
        buffer.float(0.5);
        buffer.float(f64::NAN);
        assert_eq!(buffer.as_slice(), br#""a \"line\"\n"712340.5null"#);
    }
}
