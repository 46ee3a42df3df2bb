//! Whether what an alert or an answer is about counts towards a common cause, and how its author is
//! told. The server decides what counts; here it is foretold, because a warning that goes further than
//! the entry itself must surprise nobody.

use warproom_client::proto::{Label, Name, Reporting, Subject};

use crate::args::Reported;
use crate::problem::{Problem, problem};
use crate::show;

/// Whether it counts towards a common cause: as said, else anonymously where there is something that
/// could count.
pub(super) fn reporting(
    said: Option<Reported>,
    subjects: &[Subject],
) -> Result<Reporting, Problem> {
    match said {
        Some(Reported::Anonymous | Reported::Named) if !subjects.iter().any(may_count) => {
            Err(problem(
                "there is nothing that could count towards a common cause",
                "name the supplier or product with --vendor, --product or --cpe",
            ))
        }
        Some(said) => Ok(said.into()),
        None if subjects.is_empty() => Ok(Reporting::No),
        None => Ok(Reporting::Anonymous),
    }
}

/// Suppliers and products are causes that organisations have in common; vulnerabilities and topics
/// are not (the server's rule, told here so that its effect is no surprise).
const fn may_count(subject: &Subject) -> bool {
    matches!(subject, Subject::Vendor(_) | Subject::Product(_) | Subject::Cpe(_))
}

/// Answers that say there is no trouble; the server counts none of them.
const NO_TROUBLE: [&str; 2] = ["not affected", "not applicable"];

/// Whether what it is about counts towards a common cause, in one sentence.
pub(super) fn counted(
    common_cause: Reporting,
    subjects: &[Subject],
    label: Label,
    choice: Option<&Name>,
) -> String {
    let counting: Vec<_> =
        subjects.iter().filter(|one| may_count(one)).map(show::subject).collect();
    let is_trouble = choice.is_none_or(|choice| !NO_TROUBLE.contains(&choice.folded().as_str()));
    let name = match common_cause {
        Reporting::No => return "It does not count towards a common cause.".to_owned(),
        _ if counting.is_empty() => {
            return "It does not count towards a common cause: that takes a supplier or a product."
                .to_owned();
        }
        _ if label == Label::Red => {
            return "It does not count towards a common cause, because it is TLP:RED.".to_owned();
        }
        _ if !is_trouble => {
            return "It does not count towards a common cause, because it says that there is no trouble.".to_owned();
        }
        Reporting::Anonymous => "without your organisation's name",
        Reporting::Named => "with your organisation's name",
    };
    let counts = if counting.len() == 1 { "counts" } else { "count" };
    format!("In it {} {counts}, {name}, towards a common cause.", counting.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_something_counts_anonymously_unless_said_otherwise() {
        let civica = [Subject::Vendor("Civica".parse().unwrap())];
        let topic = [Subject::Topic("ransomware".parse().unwrap())];
        assert_eq!(reporting(None, &civica).unwrap(), Reporting::Anonymous);
        assert_eq!(reporting(None, &[]).unwrap(), Reporting::No);
        assert_eq!(reporting(Some(Reported::No), &civica).unwrap(), Reporting::No);
        assert!(reporting(Some(Reported::Named), &topic).is_err());
        assert!(reporting(Some(Reported::Anonymous), &[]).is_err());
    }

    #[test]
    fn one_sentence_says_whether_it_counts() {
        let civica = [Subject::Vendor("Civica".parse().unwrap())];
        let affected: Name = "affected".parse().unwrap();
        let said =
            |reporting, label, choice: &Name| counted(reporting, &civica, label, Some(choice));
        assert_eq!(
            said(Reporting::Anonymous, Label::Amber, &affected),
            "In it vendor Civica counts, without your organisation's name, towards a common cause."
        );
        let not: Name = "Not affected".parse().unwrap();
        for silent in [
            said(Reporting::No, Label::Amber, &affected),
            said(Reporting::Anonymous, Label::Red, &affected),
            said(Reporting::Named, Label::Amber, &not),
        ] {
            assert!(silent.starts_with("It does not count"), "{silent}");
        }
    }
}
