//! Why a warning concerns an organisation: what it depends on, held against what the warning is about.
//!
//! Names are compared without case, punctuation and legal forms ("Civica UK Ltd." is "Civica"); a
//! product also with its vendor in front ("Connect Secure" of "Ivanti" is "Ivanti Connect Secure") and
//! with a version behind. Where a feed gives a CPE vendor and product, those count like the names.
//! When in doubt it warns: a warning too many is read in seconds, one too few is not read at all.

use std::collections::HashSet;

use crate::entry::Subject;
use crate::register::Dependency;
use crate::text::Name;

/// Words at the end of a company's name that say what kind of company it is.
const LEGAL_FORMS: [&str; 17] = [
    "ltd",
    "limited",
    "plc",
    "llp",
    "llc",
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "co",
    "company",
    "gmbh",
    "ag",
    "bv",
    "sa",
    "uk",
    "group",
];

/// Those of the dependencies that a warning about these subjects touches, in their order.
#[must_use]
pub fn concerns<'a>(depends_on: &'a [Dependency], subjects: &[Subject]) -> Vec<&'a Dependency> {
    let about = About::of(subjects);
    depends_on.iter().filter(|dependency| about.touches(dependency)).collect()
}

/// Whether two subjects are the same supplier, product, vulnerability or topic.
#[must_use]
pub fn is_same(one: &Subject, other: &Subject) -> bool {
    let dependency =
        |subject: &Subject| Dependency { subject: subject.clone(), aliases: Vec::new() };
    About::of(std::slice::from_ref(one)).names(&dependency(other))
        || About::of(std::slice::from_ref(other)).names(&dependency(one))
}

/// A name as it is compared: words in lower case, without punctuation and legal form.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let mut words: Vec<String> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL_FORMS.contains(&word.as_str())) {
        words.pop();
    }
    words
}

/// What a warning is about, as it is compared.
#[derive(Default)]
struct About {
    vendors: HashSet<Vec<String>>,
    products: HashSet<Vec<String>>,
    others: HashSet<(&'static str, Vec<String>)>,
}

impl About {
    fn of(subjects: &[Subject]) -> Self {
        let mut about = Self::default();
        for subject in subjects {
            match subject {
                Subject::Vendor(name) => {
                    about.vendors.insert(words(name.as_str()));
                }
                Subject::Product(name) => {
                    about.products.insert(words(name.as_str()));
                }
                Subject::Cpe(name) => about.take_cpe(name),
                Subject::Cve(name) => {
                    about.others.insert(("cve", words(name.as_str())));
                }
                Subject::Topic(name) => {
                    about.others.insert(("topic", words(name.as_str())));
                }
            }
        }
        let with_vendor = |vendor: &Vec<String>| {
            let vendor = vendor.clone();
            about.products.iter().map(move |product| [vendor.clone(), product.clone()].concat())
        };
        let whole: Vec<_> = about.vendors.iter().flat_map(with_vendor).collect();
        about.products.extend(whole);
        about
    }

    fn take_cpe(&mut self, name: &Name) {
        let (vendor, product) = cpe(name);
        let (vendor, product) = (words(vendor), words(product));
        if !product.is_empty() {
            self.products.insert([vendor.clone(), product].concat());
        }
        self.vendors.insert(vendor);
    }

    /// Whether the warning names the dependency, or something of a vendor depended on.
    fn touches(&self, dependency: &Dependency) -> bool {
        let is_vendor = matches!(dependency.subject, Subject::Vendor(_));
        self.names(dependency)
            || is_vendor
                && names(dependency)
                    .iter()
                    .any(|vendor| self.products.iter().any(|product| product.starts_with(vendor)))
    }

    fn names(&self, dependency: &Dependency) -> bool {
        let names = names(dependency);
        match &dependency.subject {
            Subject::Vendor(_) => names.iter().any(|name| self.vendors.contains(name)),
            Subject::Product(_) | Subject::Cpe(_) => {
                names.iter().any(|name| self.products.iter().any(|one| is_version_of(one, name)))
            }
            Subject::Cve(_) => names.into_iter().any(|name| self.others.contains(&("cve", name))),
            Subject::Topic(_) => {
                names.into_iter().any(|name| self.others.contains(&("topic", name)))
            }
        }
    }
}

/// What a dependency is called.
fn names(dependency: &Dependency) -> Vec<Vec<String>> {
    let own = match &dependency.subject {
        Subject::Vendor(name)
        | Subject::Product(name)
        | Subject::Cve(name)
        | Subject::Topic(name) => words(name.as_str()),
        Subject::Cpe(name) => {
            let (vendor, product) = cpe(name);
            [words(vendor), words(product)].concat()
        }
    };
    let aliases = dependency.aliases.iter().map(|alias| words(alias.as_str()));
    std::iter::once(own).chain(aliases).filter(|name| !name.is_empty()).collect()
}

/// The two parts of a CPE subject; the second is empty where there is none.
fn cpe(name: &Name) -> (&str, &str) {
    name.as_str().split_once(':').unwrap_or((name.as_str(), ""))
}

/// Whether a product is this one, with or without a version behind its name.
fn is_version_of(product: &[String], name: &[String]) -> bool {
    let Some(rest) = product.strip_prefix(name) else { return false };
    rest.first().is_none_or(|next| {
        let digits = next.strip_prefix('v').unwrap_or(next);
        next == "version" || next == "versions" || digits.starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Subject::{Cpe, Cve, Product, Topic, Vendor};

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn on(subject: Subject, aliases: &[&str]) -> Dependency {
        Dependency { subject, aliases: aliases.iter().map(|alias| name(alias)).collect() }
    }

    fn touched(dependency: &Dependency, subjects: &[Subject]) -> bool {
        !concerns(std::slice::from_ref(dependency), subjects).is_empty()
    }

    #[test]
    fn a_supplier_is_known_by_case_legal_form_and_alias() {
        let civica = on(Vendor(name("Civica")), &["East Kent Services"]);
        for spelling in ["civica", "CIVICA UK Limited", "Civica Ltd.", "East Kent Services"] {
            assert!(touched(&civica, &[Vendor(name(spelling))]), "{spelling}");
        }
        for other in ["Civic", "Civica Election Services", "Limited"] {
            assert!(!touched(&civica, &[Vendor(name(other))]), "{other}");
        }
    }

    #[test]
    fn a_product_is_known_with_its_vendor_a_version_and_by_cpe() {
        let ivanti = on(Product(name("Ivanti Connect Secure")), &["Pulse Connect Secure"]);
        let together = [Vendor(name("Ivanti")), Product(name("Connect Secure"))];
        assert!(touched(&ivanti, &together));
        for product in
            ["ivanti connect-secure", "Ivanti Connect Secure 22.7R2.3", "Pulse Connect Secure v9"]
        {
            assert!(touched(&ivanti, &[Product(name(product))]), "{product}");
        }
        assert!(touched(&ivanti, &[Cpe(name("ivanti:connect_secure"))]));
        assert!(touched(&on(Cpe(name("ivanti:connect_secure")), &[]), &together));
        for product in ["Connect Secure", "Ivanti Connect", "Ivanti Connect Secure Gateway"] {
            assert!(!touched(&ivanti, &[Product(name(product))]), "{product}");
        }
    }

    #[test]
    fn a_vendor_depended_on_is_concerned_by_each_of_its_products() {
        let ivanti = on(Vendor(name("Ivanti")), &[]);
        assert!(touched(&ivanti, &[Product(name("Ivanti Endpoint Manager"))]));
        assert!(touched(&ivanti, &[Cpe(name("ivanti:endpoint_manager"))]));
        assert!(!touched(&ivanti, &[Product(name("Endpoint Manager"))]));
        assert!(!is_same(&Vendor(name("Ivanti")), &Product(name("Ivanti Endpoint Manager"))));
    }

    #[test]
    fn kinds_are_not_mixed_up() {
        assert!(touched(&on(Cve(name("CVE-2024-21887")), &[]), &[Cve(name("cve-2024-21887"))]));
        assert!(!touched(&on(Topic(name("Civica")), &[]), &[Vendor(name("Civica"))]));
        assert!(is_same(&Vendor(name("Civica UK Ltd")), &Vendor(name("civica"))));
    }
}
