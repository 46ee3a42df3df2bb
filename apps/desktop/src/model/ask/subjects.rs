//! What an entry is about, as people type it: one a line, `supplier Civica`, `product Ivanti Connect
//! Secure`, `CVE-2024-21887`, `subject ransomware`.

use warproom_client::proto::{Name, Subject};

/// What a field for subjects says of itself.
pub const HINT: &str =
    "One a line: supplier Civica, product Ivanti Connect Secure, CVE-2024-21887, subject phishing";

/// Reads subjects, at most so many; otherwise a sentence that says which line is not one.
pub fn read(text: &str, most: usize) -> Result<Vec<Subject>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut subjects = Vec::new();
    for line in lines {
        let subject = subject(line)?;
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    if subjects.len() > most {
        return Err(format!(
            "At most {most} suppliers, products and CVE numbers; these are {}.",
            subjects.len()
        ));
    }
    Ok(subjects)
}

/// A subject as it is typed.
pub fn line(subject: &Subject) -> String {
    match subject {
        Subject::Vendor(name) => format!("supplier {name}"),
        Subject::Product(name) => format!("product {name}"),
        Subject::Cve(name) => name.to_string(),
        Subject::Cpe(name) => format!("cpe {name}"),
        Subject::Topic(name) => format!("subject {name}"),
    }
}

fn subject(line: &str) -> Result<Subject, String> {
    if is_cve(line) {
        return Ok(Subject::Cve(name(line, &line.to_ascii_uppercase())?));
    }
    let (kind, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let kind = match kind.trim_end_matches(':').to_lowercase().as_str() {
        "supplier" | "vendor" => Subject::Vendor,
        "product" => Subject::Product,
        "subject" => Subject::Topic,
        "cpe" => Subject::Cpe,
        _ => {
            return Err(format!(
                "“{line}” says neither supplier nor product: write “supplier {line}”, “product \
                 {line}” or a number like CVE-2024-21887."
            ));
        }
    };
    name(line, rest.trim()).map(kind)
}

/// Whether it is a number of the CVE list: `CVE-`, a year, a hyphen, four digits or more.
fn is_cve(line: &str) -> bool {
    let mut parts = line.split('-');
    let digits = |part: Option<&str>, least: usize| {
        part.is_some_and(|part| {
            part.len() >= least && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    parts.next().is_some_and(|word| word.eq_ignore_ascii_case("cve"))
        && digits(parts.next(), 4)
        && digits(parts.next(), 4)
        && parts.next().is_none()
}

fn name(line: &str, text: &str) -> Result<Name, String> {
    text.parse().map_err(|why| format!("“{line}” names nothing: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::name;

    #[test]
    fn each_kind_of_subject_is_read_and_written_alike() {
        let text = "supplier Civica\nproduct Ivanti Connect Secure\nCVE-2024-21887\n\
                    subject ransomware\ncpe ivanti:connect_secure";
        let subjects = read(text, 8).unwrap();
        assert_eq!(subjects[0], Subject::Vendor(name("Civica")));
        assert_eq!(subjects[2], Subject::Cve(name("CVE-2024-21887")));
        let lines: Vec<_> = subjects.iter().map(line).collect();
        assert_eq!(lines.join("\n"), text);
    }

    #[test]
    fn spelling_by_the_way_is_forgiven() {
        let subjects =
            read("\n  Supplier:  Civica \nsupplier Civica\n cve-2024-21887\n", 8).unwrap();
        let cve = Subject::Cve(name("CVE-2024-21887"));
        assert_eq!(subjects, [Subject::Vendor(name("Civica")), cve]);
    }

    #[test]
    fn what_is_no_subject_is_named() {
        for (text, says) in [
            ("Civica", "“Civica” says neither"),
            ("supplier", "“supplier” names nothing"),
            ("CVE-24-1", "“CVE-24-1” says neither"),
        ] {
            let refused = read(text, 8).unwrap_err();
            assert!(refused.starts_with(says), "{refused}");
        }
        assert!(read("supplier A\nsupplier B", 1).unwrap_err().starts_with("At most 1 "));
    }
}
