//! `uniqueString` and `guid`, computed exactly as Azure does.

use uuid::Uuid;

/// The namespace of `guid`, reproduced from values of Azure/bicep's tests.
const NAMESPACE: Uuid = Uuid::from_u128(0x11fb_06fb_712d_4ddd_98c7_e71b_bd58_8830);

/// The UUID (version 5) of a text.
pub(super) fn guid(text: &str) -> String {
    Uuid::new_v5(&NAMESPACE, text.as_bytes()).to_string()
}

/// Thirteen characters that represent a text: a 64-bit hash, five bits a character, the highest first.
pub(super) fn unique_string(text: &str) -> String {
    let mut hash = murmur(text.as_bytes());
    let mut out = String::with_capacity(13);
    for _ in 0..13 {
        let index = usize::try_from(hash >> 59).unwrap_or_default();
        out.push(char::from(b"abcdefghijklmnopqrstuvwxyz234567"[index]));
        hash <<= 5;
    }
    out
}

/// A variant of MurmurHash3 with two lanes of 32 bits and seed 0.
fn murmur(text: &[u8]) -> u64 {
    const ONE: u32 = 597_399_067;
    const TWO: u32 = 2_869_860_233;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    let (mut h1, mut h2) = (0_u32, 0_u32);
    let mut chunks = text.chunks_exact(8);
    for chunk in &mut chunks {
        let (k, m) = (number(&chunk[..4]), number(&chunk[4..]));
        h1 ^= k.wrapping_mul(ONE).rotate_left(15).wrapping_mul(TWO);
        h1 = h1.rotate_left(19).wrapping_add(h2).wrapping_mul(5).wrapping_add(1_444_728_091);
        h2 ^= m.wrapping_mul(TWO).rotate_left(17).wrapping_mul(ONE);
        h2 = h2.rotate_left(13).wrapping_add(h1).wrapping_mul(5).wrapping_add(197_830_471);
    }
    let tail = chunks.remainder();
    if !tail.is_empty() {
        let (first, rest) = tail.split_at(tail.len().min(4));
        h1 ^= number(first).wrapping_mul(ONE).rotate_left(15).wrapping_mul(TWO);
        if !rest.is_empty() {
            h2 ^= number(rest).wrapping_mul(TWO).rotate_left(17).wrapping_mul(ONE);
        }
    }
    #[allow(clippy::cast_possible_truncation, reason = "the length is taken modulo 2^32")]
    let length = text.len() as u32;
    h1 ^= length;
    h2 ^= length;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    let finish = |mut h: u32| {
        h ^= h >> 16;
        h = h.wrapping_mul(2_246_822_507);
        h ^= h >> 13;
        h = h.wrapping_mul(3_266_489_909);
        h ^ h >> 16
    };
    h1 = finish(h1);
    h2 = finish(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    u64::from(h2) << 32 | u64::from(h1)
}
