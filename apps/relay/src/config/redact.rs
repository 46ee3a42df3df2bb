//! What is wrong with the configuration, without what stands there: the library's sentence about a
//! value of the wrong kind repeats it, and it may be a secret.

/// The key that a line sets, if it sets one.
pub(super) fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    Some(key.trim().trim_matches('"'))
}

/// The sentence about a value under this key.
pub(super) fn problem(message: &str, key: Option<&str>) -> String {
    let message = message.replace('\n', "; ");
    let Some(rest) = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|start| message.strip_prefix(start))
    else {
        return message;
    };
    // The last one: a value may have these words in it.
    let expected = rest.rsplit_once(", expected ").map_or("another value", |(_, form)| form);
    match (key, key.and_then(form)) {
        (Some(key), Some(form)) => format!("{key} is not written so: write {form}"),
        (_, _) => format!("a value of the wrong kind; expected {expected}"),
    }
}

/// How the keys are written that have secrets in them, or beside which one is easily written.
fn form(key: &str) -> Option<&'static str> {
    let form = match key.rsplit('.').next()?.trim() {
        "auth" => "auth = { user = \"name\", password = { env = \"NAME\" } }",
        "headers" => "headers = { X-Key = { env = \"NAME\" } }",
        "user" => "user = \"name\", and the password as password = { env = \"NAME\" }",
        "token" => "token = \"…\", or better token_file = \"path\"",
        "token_file" => "token_file = \"path\"",
        "proxy" => "proxy = \"http://proxy.example:3128\"",
        "url" => "url = \"https://…\"",
        _ => return None,
    };
    Some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_never_repeated() {
        let said = "invalid type: string \"hunter2, expected x\", expected struct Auth";
        assert!(!problem(said, None).contains("hunter2"));
        assert!(problem(said, Some("auth")).contains("write auth = {"));
        assert_eq!(key("  \"token\" = 5"), Some("token"));
        let said = problem("unknown field `evry`, expected one of `name`", Some("evry"));
        assert_eq!(said, "unknown field `evry`, expected one of `name`");
    }
}
