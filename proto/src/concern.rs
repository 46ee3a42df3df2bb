//! Why a warning concerns an organisation: what it depends on, held against what the warning is about.
//!
//! Names are compared without case, punctuation and legal forms ("Civica UK Ltd." is "Civica"); a
//! product also with its vendor in front ("Connect Secure" of "Ivanti" is "Ivanti Connect Secure") and
//! with a version behind, on either side. Where a feed gives a CPE vendor and product, those count like
//! the names. A warning that names a vendor and no product of anyone's is about all of that vendor's.
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

/// What a subject is, to be compared: two that have one are the same supplier, product, vulnerability
/// or topic, whatever their spelling. A product's version is left out of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(&'static str, Vec<String>);

impl Key {
    /// The key of a subject.
    #[must_use]
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Vendor(name) => Self("vendor", words(name.as_str())),
            Subject::Product(name) => Self("product", without_version(words(name.as_str()))),
            Subject::Cpe(name) => {
                let (vendor, product) = cpe(name);
                let kind = if product.is_empty() { "vendor" } else { "product" };
                Self(kind, without_version([words(vendor), words(product)].concat()))
            }
            Subject::Cve(name) => Self("cve", words(name.as_str())),
            Subject::Topic(name) => Self("topic", words(name.as_str())),
        }
    }
}

/// A product's words without the version at their end.
fn without_version(mut words: Vec<String>) -> Vec<String> {
    let version = words.iter().skip(1).position(|word| is_version(word));
    words.truncate(version.map_or(words.len(), |at| at + 1));
    words
}

/// Whether a word begins a version: `22.7`, `v9`, `version`.
fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    word == "version" || word == "versions" || digits.starts_with(|c: char| c.is_ascii_digit())
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
            self.products.insert([vendor.clone(), product.clone()].concat());
            self.products.insert(product);
        }
        self.vendors.insert(vendor);
    }

    /// Whether the warning names the dependency, something of a vendor depended on, or the vendor of
    /// a product depended on and no product at all.
    fn touches(&self, dependency: &Dependency) -> bool {
        let names = names(dependency);
        self.names(dependency)
            || match dependency.subject {
                Subject::Vendor(_) => names
                    .iter()
                    .any(|vendor| self.products.iter().any(|product| product.starts_with(vendor))),
                Subject::Product(_) | Subject::Cpe(_) if self.products.is_empty() => {
                    let vendors = || self.vendors.iter().filter(|vendor| !vendor.is_empty());
                    names.iter().any(|product| vendors().any(|vendor| product.starts_with(vendor)))
                }
                _ => false,
            }
    }

    fn names(&self, dependency: &Dependency) -> bool {
        let names = names(dependency);
        match &dependency.subject {
            Subject::Vendor(_) => names.iter().any(|name| self.vendors.contains(name)),
            Subject::Product(_) | Subject::Cpe(_) => names.iter().any(|name| {
                self.products.iter().any(|one| is_version_of(one, name) || is_version_of(name, one))
            }),
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
    !name.is_empty() && rest.first().is_none_or(|next| is_version(next))
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
        let exchange = on(Product(name("Exchange Server 2016")), &[]);
        assert!(touched(&exchange, &[Product(name("Exchange Server"))]), "the version is ours");
        let alone = on(Product(name("Connect Secure")), &[]);
        assert!(touched(&alone, &[Cpe(name("ivanti:connect_secure"))]), "without its vendor");
    }

    #[test]
    fn a_warning_about_a_vendor_alone_concerns_each_of_its_products() {
        let open_revenues = on(Product(name("Civica OpenRevenues")), &[]);
        let civica = Vendor(name("Civica UK Ltd"));
        assert!(touched(&open_revenues, std::slice::from_ref(&civica)));
        assert!(touched(
            &on(Cpe(name("civica:open_revenues")), &[]),
            std::slice::from_ref(&civica)
        ));
        let another = Product(name("Civica Election Services"));
        assert!(!touched(&open_revenues, &[civica, another]), "it names which product");
    }

    #[test]
    fn a_vendor_depended_on_is_concerned_by_each_of_its_products() {
        let ivanti = on(Vendor(name("Ivanti")), &[]);
        assert!(touched(&ivanti, &[Product(name("Ivanti Endpoint Manager"))]));
        assert!(touched(&ivanti, &[Cpe(name("ivanti:endpoint_manager"))]));
        assert!(!touched(&ivanti, &[Product(name("Endpoint Manager"))]));
        let (vendor, product) = (Vendor(name("Ivanti")), Product(name("Ivanti Endpoint Manager")));
        assert_ne!(Key::of(&vendor), Key::of(&product));
    }

    #[test]
    fn kinds_are_not_mixed_up() {
        assert!(touched(&on(Cve(name("CVE-2024-21887")), &[]), &[Cve(name("cve-2024-21887"))]));
        assert!(!touched(&on(Topic(name("Civica")), &[]), &[Vendor(name("Civica"))]));
        let key = |subject| Key::of(&subject);
        assert_eq!(key(Vendor(name("Civica UK Ltd"))), key(Vendor(name("civica"))));
        let versions =
            [Product(name("Ivanti Connect Secure 22.7")), Cpe(name("ivanti:connect_secure"))];
        let [one, other] = versions.map(key);
        assert_eq!(one, other);
    }
}
