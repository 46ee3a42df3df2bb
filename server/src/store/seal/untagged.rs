//! The planted fault of a tag that nobody checks: AES-256-GCM-SIV (RFC 8452) opened by hand, because no
//! library gives out what it has not authenticated. Only in builds with faults planted in them.

use aws_lc_rs::aead::NONCE_LEN;
use aws_lc_rs::cipher::{AES_256, EncryptingKey, UnboundCipherKey};

use super::TAG_BYTES;

const BLOCK_BYTES: usize = 16;

/// Opens `nonce ‖ ciphertext ‖ tag` and appends whatever comes out to `plain`.
pub(super) fn open(key: &[u8; 32], sealed: &[u8], plain: &mut Vec<u8>) -> Option<()> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
    let (text, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG_BYTES)?)?;
    let mut counter: [u8; BLOCK_BYTES] = tag.try_into().ok()?;
    counter[BLOCK_BYTES - 1] |= 0x80;
    let key = encryption_key(key, nonce)?;
    for block in text.chunks(BLOCK_BYTES) {
        let stream = encrypted(&key, counter)?;
        plain.extend(block.iter().zip(stream).map(|(byte, mask)| byte ^ mask));
        let [a, b, c, d, ..] = counter;
        let next = u32::from_le_bytes([a, b, c, d]).wrapping_add(1);
        counter[..4].copy_from_slice(&next.to_le_bytes());
    }
    Some(())
}

/// The key for one nonce (section 4): the first halves of four blocks, numbered from 2.
fn encryption_key(key: &[u8; 32], nonce: &[u8]) -> Option<[u8; 32]> {
    let mut derived = [0; 32];
    for (number, half) in (2u32..).zip(derived.chunks_mut(8)) {
        let mut block = [0; BLOCK_BYTES];
        block[..4].copy_from_slice(&number.to_le_bytes());
        block[4..].copy_from_slice(nonce);
        half.copy_from_slice(&encrypted(key, block)?[..8]);
    }
    Some(derived)
}

fn encrypted(key: &[u8; 32], mut block: [u8; BLOCK_BYTES]) -> Option<[u8; BLOCK_BYTES]> {
    let key = UnboundCipherKey::new(&AES_256, key).ok()?;
    EncryptingKey::ecb(key).ok()?.encrypt(&mut block).ok()?;
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::super::DataKey;

    #[test]
    fn it_opens_what_was_sealed_and_what_was_bent() {
        let key = DataKey::new(&[7; 32]);
        let text = b"longer than one block, and not a whole number of them";
        let mut sealed = key.seal(5, b"here", text).unwrap();
        let mut plain = Vec::new();
        super::open(&[7; 32], &sealed[2..], &mut plain).unwrap();
        assert_eq!(plain, text);
        sealed[2 + 12] ^= 1;
        plain.clear();
        super::open(&[7; 32], &sealed[2..], &mut plain).unwrap();
        assert_eq!((plain[0], &plain[1..]), (text[0] ^ 1, &text[1..]));
    }
}
