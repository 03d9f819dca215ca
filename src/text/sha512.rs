//! SHA-512, which `random.seed` uses to spread strings. Not meant for secrets.

use num_bigint::BigUint;

/// How many rounds a block goes through.
const ROUNDS: usize = 80;

/// The first `count` primes.
fn primes(count: usize) -> Vec<u64> {
    (2u64..)
        .filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
        .take(count)
        .collect()
}

/// The first 64 bits of the fractional part of a prime's square or cube root (`degree` 2 or 3).
fn root_fraction(prime: u64, degree: u32) -> u64 {
    let scaled = BigUint::from(prime) << (64 * degree);
    scaled
        .nth_root(degree)
        .iter_u64_digits()
        .next()
        .unwrap_or(0)
}

/// The SHA-512 digest of `data`.
pub fn sha512(data: &[u8]) -> [u8; 64] {
    let primes = primes(ROUNDS);
    let constants: Vec<u64> = primes
        .iter()
        .map(|prime| root_fraction(*prime, 3))
        .collect();
    let mut state = [0u64; 8];
    for (word, prime) in state.iter_mut().zip(&primes) {
        *word = root_fraction(*prime, 2);
    }
    for block in padded(data).chunks_exact(128) {
        compress(&mut state, block, &constants);
    }
    let mut digest = [0u8; 64];
    for (bytes, word) in digest.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// `data`, a 1 bit, zeros, and the length in bits, in whole blocks.
fn padded(data: &[u8]) -> Vec<u8> {
    let mut message = data.to_vec();
    message.push(0x80);
    while message.len() % 128 != 112 {
        message.push(0);
    }
    message.extend_from_slice(&(data.len() as u128).wrapping_mul(8).to_be_bytes());
    message
}

fn compress(state: &mut [u64; 8], block: &[u8], constants: &[u64]) {
    let schedule = schedule(block);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (constant, word) in constants.iter().zip(schedule) {
        let sigma1 = e.rotate_right(14) ^ e.rotate_right(18) ^ e.rotate_right(41);
        let choice = (e & f) ^ (!e & g);
        let first = h
            .wrapping_add(sigma1)
            .wrapping_add(choice)
            .wrapping_add(*constant)
            .wrapping_add(word);
        let sigma0 = a.rotate_right(28) ^ a.rotate_right(34) ^ a.rotate_right(39);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(first));
        (d, c, b, a) = (c, b, a, first.wrapping_add(sigma0).wrapping_add(majority));
    }
    for (word, add) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(add);
    }
}

/// The block's sixteen words, and what follows from them.
fn schedule(block: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0u64, |word, byte| (word << 8) | u64::from(*byte))
    };
    let mut words: Vec<u64> = block.chunks_exact(8).map(word).collect();
    let at = |words: &[u64], back: usize| {
        words
            .len()
            .checked_sub(back)
            .and_then(|i| words.get(i))
            .copied()
            .unwrap_or(0)
    };
    while words.len() < ROUNDS {
        let (near, far) = (at(&words, 2), at(&words, 15));
        let sigma0 = far.rotate_right(1) ^ far.rotate_right(8) ^ (far >> 7);
        let sigma1 = near.rotate_right(19) ^ near.rotate_right(61) ^ (near >> 6);
        words.push(
            at(&words, 16)
                .wrapping_add(sigma0)
                .wrapping_add(at(&words, 7))
                .wrapping_add(sigma1),
        );
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(data: &[u8]) -> String {
        sha512(data)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    #[test]
    fn digests() {
        assert!(
            hex(b"")
                .starts_with("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce")
        );
        assert!(
            hex(b"abc")
                .ends_with("2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
        );
        assert!(
            hex(&[b'a'; 200])
                .starts_with("4b11459c33f52a22ee8236782714c150a3b2c60994e9acee17fe68947a3e6789")
        );
    }
}
