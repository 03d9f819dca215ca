//! The random module's generator, a Mersenne Twister (MT19937) seeded as CPython seeds it. What is drawn from it is in
//! `random`. Knows nothing of values.

use super::int::{Integer, MAX_BITS, from_words_u32, words_u32};
use super::sha512::sha512;
use num_bigint::BigInt;
use num_traits::{Signed, Zero};

const WORDS: usize = 624;
const MIDDLE: usize = 397;

/// A Mersenne Twister and what `gauss` keeps for its next call.
#[derive(Clone, Debug)]
pub struct Random {
    state: Vec<u32>,
    index: usize,
    /// The second number of `gauss`'s last pair.
    pub gauss_next: Option<f64>,
}

impl Random {
    /// Seeded with 0.
    pub fn new() -> Random {
        let mut random = Random {
            state: vec![0; WORDS],
            index: WORDS,
            gauss_next: None,
        };
        random.seed_words(&[0]);
        random
    }

    /// `seed(int)`: the sign does not count. A float is seeded by its hash, taken as an unsigned 64-bit number.
    pub fn seed_int(&mut self, seed: &BigInt) {
        let words = words_u32(seed);
        self.seed_words(if words.is_empty() { &[0] } else { &words });
    }

    /// `seed(str)` (as UTF-8), `seed(bytes)`, `seed(bytearray)`.
    pub fn seed_bytes(&mut self, seed: &[u8]) {
        let digest = sha512(seed);
        let all: Vec<u8> = seed.iter().chain(&digest).copied().collect();
        self.seed_int(&BigInt::from_bytes_be(num_bigint::Sign::Plus, &all));
    }

    fn seed_words(&mut self, key: &[u32]) {
        self.seed_linear(19_650_218);
        let mut at = 1;
        let mut previous = self.state.first().copied().unwrap_or(0);
        for step in 0..WORDS.max(key.len()) {
            let from = step % key.len();
            let word = key
                .get(from)
                .copied()
                .unwrap_or(0)
                .wrapping_add(from as u32);
            previous = self.mix(
                at,
                |old, mixed| (old ^ mixed.wrapping_mul(1_664_525)).wrapping_add(word),
                previous,
            );
            at = self.advance(at, previous);
        }
        for _ in 1..WORDS {
            let word = at as u32;
            previous = self.mix(
                at,
                |old, mixed| (old ^ mixed.wrapping_mul(1_566_083_941)).wrapping_sub(word),
                previous,
            );
            at = self.advance(at, previous);
        }
        if let Some(first) = self.state.first_mut() {
            *first = 0x8000_0000;
        }
        self.gauss_next = None;
    }

    fn seed_linear(&mut self, seed: u32) {
        let mut word = seed;
        for (at, slot) in self.state.iter_mut().enumerate() {
            if at > 0 {
                word = (word ^ (word >> 30))
                    .wrapping_mul(1_812_433_253)
                    .wrapping_add(at as u32);
            }
            *slot = word;
        }
        self.index = WORDS;
    }

    fn mix(&mut self, at: usize, update: impl Fn(u32, u32) -> u32, previous: u32) -> u32 {
        let Some(slot) = self.state.get_mut(at) else {
            return previous;
        };
        *slot = update(*slot, previous ^ (previous >> 30));
        *slot
    }

    /// The next place to mix; behind the last word the first takes its value.
    fn advance(&mut self, at: usize, previous: u32) -> usize {
        if at + 1 < WORDS {
            return at + 1;
        }
        if let Some(first) = self.state.first_mut() {
            *first = previous;
        }
        1
    }

    /// The generator's 624 words and its position, as in `getstate()`.
    pub fn state(&self) -> (&[u32], usize) {
        (&self.state, self.index)
    }

    /// Sets what [`Random::state`] returned; false where it is no state (`ValueError: invalid state`, or `state vector is the wrong size`).
    pub fn set_state(&mut self, words: &[u32], index: usize) -> bool {
        let valid = words.len() == WORDS && index <= WORDS;
        if valid {
            self.state = words.to_vec();
            self.index = index;
        }
        valid
    }

    fn refill(&mut self) {
        for at in 0..WORDS {
            let word = |i: usize| self.state.get(i % WORDS).copied().unwrap_or(0);
            let joined = (word(at) & 0x8000_0000) | (word(at + 1) & 0x7fff_ffff);
            let twist = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            let next = word(at + MIDDLE) ^ (joined >> 1) ^ twist;
            if let Some(slot) = self.state.get_mut(at) {
                *slot = next;
            }
        }
        self.index = 0;
    }

    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.index >= WORDS {
            self.refill();
        }
        let mut word = self.state.get(self.index).copied().unwrap_or(0);
        self.index += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// `random()`: in [0, 1), with 53 random bits.
    pub fn random(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `getrandbits(bits)` for up to 64 bits.
    pub fn bits_u64(&mut self, bits: u32) -> u64 {
        match bits {
            0 => 0,
            1..=32 => u64::from(self.next_u32() >> (32 - bits)),
            _ => {
                let low = u64::from(self.next_u32());
                low | u64::from(self.next_u32() >> (64 - bits.min(64))) << 32
            }
        }
    }

    /// `getrandbits(bits)`; the caller raises MemoryError where they are more than [`MAX_BITS`].
    pub fn getrandbits(&mut self, bits: u64) -> Integer {
        let mut words = Vec::new();
        let mut left = bits.min(MAX_BITS);
        while left > 0 {
            let word = self.next_u32();
            words.push(if left < 32 { word >> (32 - left) } else { word });
            left = left.saturating_sub(32);
        }
        from_words_u32(&words)
    }

    /// `randbytes(count)`, with the same limit.
    pub fn randbytes(&mut self, count: usize) -> Vec<u8> {
        let bits = (count as u64).saturating_mul(8);
        let mut bytes = self.getrandbits(bits).into_big().magnitude().to_bytes_le();
        bytes.resize(count.min((MAX_BITS / 8) as usize), 0);
        bytes
    }

    /// A number below `n > 0` (0 for 0).
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        let bits = 64 - n.leading_zeros();
        loop {
            let value = self.bits_u64(bits);
            if value < n {
                return value;
            }
        }
    }

    /// A number below `n > 0` (0 otherwise).
    pub fn below_big(&mut self, n: &BigInt) -> BigInt {
        if !n.is_positive() {
            return BigInt::zero();
        }
        loop {
            let value = self.getrandbits(n.bits()).into_big();
            if value < *n {
                return value;
            }
        }
    }

    /// An index into a sequence of `len` items, for `choice`.
    pub fn below_len(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }
}

impl Default for Random {
    fn default() -> Self {
        Random::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_traits::One;

    fn seeded(seed: i64) -> Random {
        let mut random = Random::new();
        random.seed_int(&BigInt::from(seed));
        random
    }

    #[test]
    fn seeds() {
        let mut random = seeded(42);
        let first = [random.random(), random.random(), random.random()];
        assert_eq!(
            first,
            [
                0.6394267984578837,
                0.025010755222666936,
                0.27502931836911926
            ]
        );
        random.seed_int(&-BigInt::from(10).pow(30));
        assert_eq!(random.random(), 0.9341508484568806);
        assert_eq!(seeded(0).random(), 0.8444218515250481);
        random.seed_bytes(b"hello");
        assert_eq!(random.random(), 0.3537754404730722);
    }

    #[test]
    fn bits() {
        let mut random = seeded(1);
        let bits: Vec<String> = [1, 5, 32, 33, 64, 100]
            .iter()
            .map(|k| random.getrandbits(*k).to_string())
            .collect();
        let expected = [
            "0",
            "18",
            "3639700191",
            "7740669488",
            "4705193143269049553",
            "614886793670229279908878609289",
        ];
        assert_eq!(bits, expected);
        assert_eq!(seeded(12).randbytes(5), b"\xdev}yD");
        let mut random = seeded(2);
        let below = [1, 2, 10, 1 << 32, 1 << 40].map(|n| random.below(n));
        assert_eq!(below, [0, 0, 1, 3667190760, 350818281077]);
        let big = random.below_big(&(BigInt::one() << 70u32));
        assert_eq!(big.to_string(), "90411325918775307470");
    }
}
