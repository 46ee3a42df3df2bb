//! What an entry is about, as it is typed.

use std::str::FromStr;

use warproom_client::proto::{Name, Subject};

/// What it is about. Names may hold commas, so each has an option of its own.
#[derive(clap::Args, Default)]
#[command(next_help_heading = "What it is about")]
pub(crate) struct Subjects {
    /// A supplier; may be repeated
    #[arg(long = "vendor", value_name = "NAME")]
    pub(crate) vendors: Vec<Name>,
    /// A product; may be repeated
    #[arg(long = "product", value_name = "NAME")]
    pub(crate) products: Vec<Name>,
    /// A vulnerability, as CVE-2024-21887; may be repeated
    #[arg(long = "cve", value_name = "CVE")]
    pub(crate) cves: Vec<Cve>,
    /// A vendor and product as CPE 2.3 names them, as `ivanti:connect_secure`; may be repeated
    #[arg(long = "cpe", value_name = "VENDOR:PRODUCT")]
    pub(crate) cpes: Vec<Cpe>,
    /// Anything else that people follow, as ransomware; may be repeated
    #[arg(long = "topic", value_name = "WORD")]
    pub(crate) topics: Vec<Name>,
}

impl Subjects {
    /// The subjects, each once.
    pub(crate) fn list(&self) -> Vec<Subject> {
        let vendors = self.vendors.iter().cloned().map(Subject::Vendor);
        let products = self.products.iter().cloned().map(Subject::Product);
        let cves = self.cves.iter().map(|cve| Subject::Cve(cve.0.clone()));
        let cpes = self.cpes.iter().map(|cpe| Subject::Cpe(cpe.0.clone()));
        let topics = self.topics.iter().cloned().map(Subject::Topic);
        let mut list = Vec::new();
        for subject in vendors.chain(products).chain(cves).chain(cpes).chain(topics) {
            if !list.contains(&subject) {
                list.push(subject);
            }
        }
        list
    }
}

/// The id of a vulnerability, in capitals as its catalogue writes it (CVE Numbering Authority rules:
/// four digits of a year, four or more of a number).
#[derive(Clone)]
pub(crate) struct Cve(Name);

impl FromStr for Cve {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const NOT_ONE: &str = "write the vulnerability as CVE-2024-21887";
        let text = text.trim().to_ascii_uppercase();
        let parts = text.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'));
        let (year, number) = parts.ok_or(NOT_ONE)?;
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || number.len() < 4 || !digits(year) || !digits(number) {
            return Err(NOT_ONE);
        }
        text.parse().map(Self).map_err(|_| NOT_ONE)
    }
}

/// Vendor and product of a CPE 2.3 name, the two parts only, in lower case.
#[derive(Clone)]
pub(crate) struct Cpe(pub(crate) Name);

impl FromStr for Cpe {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const NOT_ONE: &str =
            "write vendor and product as ivanti:connect_secure, in the words of CPE 2.3";
        let text = text.trim().to_lowercase();
        // A whole CPE name (`cpe:2.3:a:ivanti:connect_secure:22.7:…`) says the two after its type.
        let parts = match text.strip_prefix("cpe:2.3:") {
            Some(whole) => whole.split_once(':').map_or("", |(_, rest)| rest),
            None => &text,
        };
        let mut parts = parts.split(':');
        let (Some(vendor), Some(product)) = (parts.next(), parts.next()) else {
            return Err(NOT_ONE);
        };
        let is_short = !text.starts_with("cpe:");
        let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
        if !is_part(vendor) || !is_part(product) || is_short && parts.next().is_some() {
            return Err(NOT_ONE);
        }
        format!("{vendor}:{product}").parse().map(Self).map_err(|_| NOT_ONE)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        subjects: Subjects,
    }

    fn list(arguments: &[&str]) -> Result<Vec<Subject>, clap::Error> {
        let arguments = std::iter::once(&"x").chain(arguments);
        Ok(Line::try_parse_from(arguments)?.subjects.list())
    }

    #[test]
    fn subjects_are_named_by_kind_and_each_counts_once() {
        let name = |text: &str| text.parse::<Name>().unwrap();
        let given = [
            "--vendor",
            "Foo, Inc.",
            "--vendor",
            "Foo, Inc.",
            "--cve",
            "cve-2024-21887",
            "--cpe",
            "Ivanti:Connect_Secure",
            "--topic",
            "ransomware",
        ];
        let expected = [
            Subject::Vendor(name("Foo, Inc.")),
            Subject::Cve(name("CVE-2024-21887")),
            Subject::Cpe(name("ivanti:connect_secure")),
            Subject::Topic(name("ransomware")),
        ];
        assert_eq!(list(&given).unwrap(), expected);
    }

    #[test]
    fn a_whole_cpe_name_gives_its_vendor_and_product() {
        let whole = "cpe:2.3:a:ivanti:connect_secure:22.7:r2:*:*:*:*:*:*";
        assert_eq!(
            list(&["--cpe", whole]).unwrap(),
            list(&["--cpe", "ivanti:connect_secure"]).unwrap()
        );
    }

    #[test]
    fn what_is_no_vulnerability_or_product_is_refused_with_how_to_write_it() {
        for cve in ["2024-21887", "CVE-24-21887", "CVE-2024-1", "CVE-2024-2188x"] {
            let error = list(&["--cve", cve]).unwrap_err().to_string();
            assert!(error.contains("CVE-2024-21887"), "{cve}: {error}");
        }
        for cpe in ["ivanti", "ivanti:", ":x", "a:b:c", "a b:c", "cpe:2.3:a:ivanti"] {
            let error = list(&["--cpe", cpe]).unwrap_err().to_string();
            assert!(error.contains("ivanti:connect_secure"), "{cpe}: {error}");
        }
    }
}
