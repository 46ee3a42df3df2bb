//! What stands before an XML document's first element and says how its bytes are to be read. The
//! encoding is settled here, before anything is read: the library cannot change it later. It decodes
//! nothing itself but bytes that no declaration explains.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesDecl, Event};

/// How much of a document is looked at for signs of an encoding of two bytes a character.
const HEAD_BYTES: usize = 200;

/// What a declaration says of the encoding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Utf8,
    /// Another, known or not.
    Other,
}

/// The declaration that a document opens with, and what comes after it. Some servers put empty lines
/// before either. A declaration after a byte-order mark is left where it is: the mark says more.
pub(super) fn split(document: &[u8]) -> (Option<BytesDecl<'static>>, &[u8]) {
    let document = document.trim_ascii_start();
    let opens = document.strip_prefix(b"<?xml").and_then(|rest| rest.first());
    if !opens.is_some_and(u8::is_ascii_whitespace) {
        return (None, document);
    }
    let Some(end) = document.windows(2).position(|pair| pair == b"?>") else {
        return (None, document);
    };
    let (head, rest) = document.split_at(end + 2);
    let declared =
        std::str::from_utf8(head).ok().and_then(|head| match Reader::from_str(head).read_event() {
            Ok(Event::Decl(declared)) => Some(declared.into_owned()),
            _ => None,
        });
    if declared.is_some() { (declared, rest.trim_ascii_start()) } else { (None, document) }
}

/// A document that can be read in its encoding. Bytes that are no UTF-8 in a document that does not say
/// what else they are, are Windows-1252, as browsers take it.
/// Those of one that names an encoding which is not known stay, and are refused: guessed letters would
/// be worse.
pub(super) fn tidy(document: &[u8], said: Said) -> Cow<'_, [u8]> {
    let head = &document[..document.len().min(HEAD_BYTES)];
    let wide = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
    if wide || said == Said::Other || head.contains(&0) || std::str::from_utf8(document).is_ok() {
        return Cow::Borrowed(document);
    }
    if said == Said::Utf8 {
        return Cow::Owned(String::from_utf8_lossy(document).into_owned().into_bytes());
    }
    let text: String = document.iter().map(|byte| windows_1252(*byte)).collect();
    Cow::Owned(text.into_bytes())
}

/// The character of a byte in Windows-1252, as the WHATWG Encoding Standard has it.
fn windows_1252(byte: u8) -> char {
    const C1: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => C1[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}
