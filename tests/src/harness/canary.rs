//! Unmistakable words that are put somewhere, and looked for where they must not get to.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

/// A word that must not be found, and where it was put.
pub struct Canary {
    /// Where it was put.
    pub what: &'static str,
    /// The word.
    pub text: String,
}

/// In which form a word is in these bytes.
#[must_use]
pub fn found(bytes: &[u8], canary: &Canary) -> Option<&'static str> {
    let plain = canary.text.as_bytes();
    let utf16: Vec<u8> = canary.text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![
        ("as it is", plain.to_vec()),
        ("in UTF-16", utf16),
        ("in hexadecimal", HEXLOWER.encode(plain).into_bytes()),
        ("in upper case", canary.text.to_uppercase().into_bytes()),
    ];
    for offset in 0..3 {
        // What stands before and after shares digits with the word's ends, so those are cut off.
        let (padded, cut) = ([&vec![0; offset][..], plain].concat(), [0, 2, 3][offset]);
        for encode in
            [|bytes: &[u8]| BASE64.encode(bytes), |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes)]
        {
            let text = encode(&padded[..padded.len() / 3 * 3]);
            forms.push(("in base64", text.as_bytes()[cut..].to_vec()));
        }
    }
    forms.retain(|(_, form)| form.len() > 8);
    // A character for each byte: the standard library finds texts fast also in a debug build.
    let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    let haystack = text(bytes);
    let at = |form: &[u8]| haystack.contains(&text(form));
    forms.into_iter().find(|(_, form)| at(form)).map(|(name, _)| name)
}
