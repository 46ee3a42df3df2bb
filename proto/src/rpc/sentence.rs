//! What is said of fields that a call does not take, without what stood there: in the wrong place it may be
//! a password, a code or a token, and a refusal gets into the logs of whoever sent it.

use crate::limits;

/// What the parser calls the call's own object.
const ROOT: &str = ".";

/// The parser's sentence, without the text that it is about.
pub(super) fn of(problem: &str) -> String {
    for kind in ["field", "variant"] {
        let start = format!("unknown {kind} `");
        let Some((text, rest)) = problem.strip_prefix(&start).and_then(|rest| {
            let none = rest.rfind("`, there are no ");
            rest.rfind("`, expected ").or(none).map(|at| rest.split_at(at))
        }) else {
            continue;
        };
        return if is_name(text) {
            problem.to_owned()
        } else {
            let rest = rest.trim_start_matches('`');
            format!("unknown {kind}{rest}")
        };
    }
    // The last one: a text may have these words in it.
    let about_text = ["invalid type: string ", "invalid value: string "]
        .iter()
        .find_map(|start| problem.strip_prefix(start)?.rsplit_once(", expected "));
    match about_text {
        Some((_, expected)) => format!("invalid type: a string, expected {expected}"),
        None => problem.to_owned(),
    }
}

/// What is said of a field too many, within the field that it is in.
pub(super) fn surplus(within: &str, name: &str) -> String {
    let within = if within == ROOT { String::new() } else { format!("{within}.") };
    if is_name(name) {
        format!("unknown field `{within}{name}`")
    } else {
        format!("unknown field `{within}…`")
    }
}

/// Whether it can only be a field's name: shorter than any password, code or token, and without the digits
/// of a TOTP code.
fn is_name(text: &str) -> bool {
    let is_plain = text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_plain && text.len() < limits::PASSWORD_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_secret_is_named_and_all_else_is_not_repeated() {
        for (said, expected) in [
            (
                "unknown field `evry`, expected `room` at 1",
                "unknown field `evry`, expected `room` at 1",
            ),
            (
                "unknown field `hunter2`, expected `room` or `id`",
                "unknown field, expected `room` or `id`",
            ),
            ("unknown field `a`, expected `b`, expected `room`", "unknown field, expected `room`"),
            (
                "unknown field `longer_than_that`, there are no fields",
                "unknown field, there are no fields",
            ),
            (
                "unknown variant `123456`, expected `a` or `b`",
                "unknown variant, expected `a` or `b`",
            ),
            (
                r#"invalid type: string "x\", expected y", expected a sequence"#,
                "invalid type: a string, expected a sequence",
            ),
            (
                "invalid value: integer `-1`, expected u64",
                "invalid value: integer `-1`, expected u64",
            ),
            ("missing field `room`", "missing field `room`"),
        ] {
            assert_eq!(of(said), expected);
        }
        assert_eq!(surplus("device", "colour"), "unknown field `device.colour`");
        assert_eq!(surplus(ROOT, "wpbot_AAAA"), "unknown field `…`");
        assert_eq!(surplus(ROOT, "colour"), "unknown field `colour`");
    }
}
