//! Whom an entry may have reached, one line each.

use jiff::tz::TimeZone;
use warproom_client::proto::Seq;
use warproom_client::proto::calls::{Reached, Recipient};

use super::{FAINT, STRONG, safe, styled, when};

/// Everyone whom an entry may have reached, and what tells it.
pub(crate) fn reached(of: Seq, reached: &Reached, zone: &TimeZone) -> String {
    let taken_back = reached.taken_back_at_ms.map_or_else(String::new, |at_ms| {
        format!(", before it was taken back at {}", when(at_ms, zone))
    });
    if reached.recipients.is_empty() {
        return format!("#{of} can have reached nobody but its author{taken_back}");
    }
    let count = reached.recipients.len();
    let mut lines = vec![format!("#{of} may have reached {count} besides its author{taken_back}:")];
    lines.extend(reached.recipients.iter().map(recipient));
    lines.push(styled(
        FAINT,
        "Everyone is listed who could read it. The server does not keep what a client was sent, nor \
         which files it fetched",
    ));
    lines.join("\n")
}

fn recipient(one: &Recipient) -> String {
    let organisation = one.organisation_name.as_ref();
    let organisation =
        organisation.map_or_else(String::new, |name| format!(", {}", safe(name.as_str())));
    let mut signs: Vec<_> = one.signs.iter().map(|sign| sign.in_words()).collect();
    if signs.is_empty() {
        signs.push("could read it; nothing tells whether they did");
    }
    let gone = if one.here { "" } else { " (not in the room any more)" };
    let name = styled(STRONG, &safe(one.name.as_str()));
    format!("  {name}{organisation}{gone}: {}", signs.join("; "))
}

#[cfg(test)]
mod tests {
    use warproom_client::proto::calls::Sign;
    use warproom_client::proto::{MemberId, Principal};

    use super::*;

    #[test]
    fn everyone_has_a_line_that_says_how_it_is_known() {
        let one = |name: &str, here, signs: &[Sign]| Recipient {
            who: Principal::Member(MemberId::from_bytes([1; 16])),
            name: name.parse().unwrap(),
            organisation_name: Some("Dover District Council".parse().unwrap()),
            here,
            signs: signs.to_vec(),
        };
        let recipients =
            vec![one("Dan", true, &[Sign::Read, Sign::Exported]), one("Eve", false, &[])];
        let text = reached(5, &Reached { recipients, taken_back_at_ms: Some(0) }, &TimeZone::UTC);
        let text = anstream::adapter::strip_str(&text).to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[..3],
            [
                "#5 may have reached 2 besides its author, before it was taken back at 1970-01-01 00:00:",
                "  Dan, Dover District Council: has read as far; exported it",
                "  Eve, Dover District Council (not in the room any more): could read it; nothing tells whether they did",
            ]
        );
        let nobody = Reached { recipients: Vec::new(), taken_back_at_ms: None };
        assert_eq!(
            reached(5, &nobody, &TimeZone::UTC),
            "#5 can have reached nobody but its author"
        );
    }
}
