//! Reading an invitation or an address out of whatever was pasted: a whole mail, a quoted reply, a
//! line that a mail program has broken in two.

use warproom_client::proto::invitation::{Address, Invitation, InvitationError};

const SCHEME: &str = "warproom://";

const ONLY_AN_ADDRESS: &str = "this is the address of a server, without an invitation's code at its end. If you are a member \
     already, set up another device instead";

/// The length of an invitation's code: 16 bytes, base64url without padding.
const CODE_CHARS: usize = 22;

/// The invitation in a text, or a sentence that says what one looks like.
pub(super) fn invitation(text: &str) -> Result<Invitation, String> {
    let mut refusal = InvitationError::Scheme;
    for (at, _) in text.match_indices(SCHEME) {
        let rest = &text[at..];
        match word(rest).parse().or_else(|_| mended(rest).parse()) {
            Ok(invitation) => return Ok(invitation),
            Err(_) if word(rest).parse::<Address>().is_ok() => {
                return Err(ONLY_AN_ADDRESS.to_owned());
            }
            Err(why) => refusal = why,
        }
    }
    Err(format!(
        "{refusal}. An invitation is one line such as {SCHEME}warp.example:7443/…/…, with two long \
         parts of letters and digits after the server's name"
    ))
}

/// The address in a text; an invitation begins with one.
pub(super) fn address(text: &str) -> Result<Address, String> {
    for (at, _) in text.match_indices(SCHEME) {
        let word = word(&text[at..]);
        let short = word.rsplit_once('/').map_or(word, |(short, _)| short);
        if let Some(address) = [word, short].into_iter().find_map(|text| text.parse().ok()) {
            return Ok(address);
        }
    }
    Err(format!(
        "the address looks like {SCHEME}warp.example:7443/… with 43 letters and digits at its end. Your \
         old invitation begins with it; or ask your WARP's manager"
    ))
}

/// Up to the first sign that neither an address nor an invitation has.
fn word(text: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || "<>\"'(),;|".contains(c);
    let end = text.find(is_end).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '!', '?', ':'])
}

/// The same with broken lines joined, without the signs of a quoted reply, and no longer than it can be.
fn mended(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start_matches(['>', ' ', '\t']).trim_end());
    let joined: String = lines.collect();
    let whole = word(&joined);
    let code = whole.match_indices('/').nth(3).map_or(whole.len(), |(at, _)| at + 1);
    whole.get(..code + CODE_CHARS).unwrap_or(whole).to_owned()
}
