//! The mixing of scrypt (RFC 7914): what makes a key expensive in time and memory. Knows nothing
//! of passwords.

/// Words of one block of Salsa20.
const WORDS: usize = 16;

/// The columns and rows that a double round of Salsa20 goes through, each as the four words of one
/// quarter round.
const QUARTERS: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [5, 9, 13, 1],
    [10, 14, 2, 6],
    [15, 3, 7, 11],
    [0, 1, 2, 3],
    [5, 6, 7, 4],
    [10, 11, 8, 9],
    [15, 12, 13, 14],
];

type Block = [u32; WORDS];

/// Salsa20/8: four double rounds.
fn salsa(block: &mut Block) {
    let mut x = *block;
    for _ in 0..4 {
        for [a, b, c, d] in QUARTERS {
            x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
            x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
            x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
            x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
        }
    }
    for (word, mixed) in block.iter_mut().zip(x) {
        *word = word.wrapping_add(mixed);
    }
}

fn xor(into: &mut Block, other: &Block) {
    for (word, other) in into.iter_mut().zip(other) {
        *word ^= other;
    }
}

/// Mixes an even number of blocks; those at even places come first.
fn mix_blocks(blocks: &mut [Block], order: &mut Vec<Block>) {
    let Some(mut x) = blocks.last().copied() else {
        return;
    };
    order.clear();
    for block in blocks.iter() {
        xor(&mut x, block);
        salsa(&mut x);
        order.push(x);
    }
    let even = order.iter().step_by(2);
    let odd = order.iter().skip(1).step_by(2);
    for (place, block) in blocks.iter_mut().zip(even.chain(odd)) {
        *place = *block;
    }
}

/// Mixes `2 * r` blocks of 64 bytes with `n` earlier states of theirs; `n` is a power of two.
pub fn mix(bytes: &[u8], n: usize) -> Vec<u8> {
    let mut blocks: Vec<Block> = bytes
        .chunks_exact(WORDS * 4)
        .map(|chunk| {
            let mut block = [0; WORDS];
            for (word, bytes) in block.iter_mut().zip(chunk.chunks_exact(4)) {
                *word = bytes.iter().rev().fold(0, |w, b| w << 8 | u32::from(*b));
            }
            block
        })
        .collect();
    let (count, mut order) = (blocks.len(), Vec::new());
    let mut states: Vec<Block> = Vec::with_capacity(count * n);
    for _ in 0..n {
        states.extend_from_slice(&blocks);
        mix_blocks(&mut blocks, &mut order);
    }
    for _ in 0..n {
        let picked = blocks.last().map_or(0, |last| last[0] as usize) & (n - 1);
        let state = states.iter().skip(picked * count).take(count);
        for (block, other) in blocks.iter_mut().zip(state) {
            xor(block, other);
        }
        mix_blocks(&mut blocks, &mut order);
    }
    blocks
        .iter()
        .flatten()
        .flat_map(|word| word.to_le_bytes())
        .collect()
}
