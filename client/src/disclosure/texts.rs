//! What there is to read in an entry, each text with what it is: what a document shows and the rules are
//! held against. What is not in this list is in no document.

use warproom_proto::entry::{Content, Entry, Kind, Subject};
use warproom_proto::{OrganisationId, Principal, Seq};

/// What an entry is, and what may be read in it.
pub(super) struct Read {
    /// What it is, in words.
    pub(super) kind: &'static str,
    /// The entry it is about.
    pub(super) about: Option<Seq>,
    /// Its texts, each with what it is.
    pub(super) texts: Vec<(&'static str, String)>,
}

/// What people and organisations are called.
pub(super) trait Names {
    fn person(&self, who: Principal) -> String;
    fn organisation(&self, id: OrganisationId) -> String;
}

/// Reads an entry.
pub(super) fn read(entry: &Entry, names: &impl Names) -> Read {
    let handling = &entry.handling;
    let (kind, about) = kind(&handling.kind);
    let mut texts = of_kind(&handling.kind, names);
    texts.extend(of_content(&entry.content));
    texts.extend(handling.subjects.iter().map(subject));
    let options = handling.ask.iter().flat_map(|ask| &ask.options);
    texts.extend(options.map(|option| ("option of an ask", option.to_string())));
    let mentioned = handling.mentions.iter().map(|member| Principal::Member(*member));
    texts.extend(mentioned.map(|who| ("mention", names.person(who))));
    Read { kind, about, texts }
}

const fn kind(kind: &Kind) -> (&'static str, Option<Seq>) {
    let name = match kind {
        Kind::Post { reply_to: None } => "post",
        Kind::Post { .. } => "reply",
        Kind::Alert(_) => "alert",
        Kind::Answer { .. } => "answer to an ask",
        Kind::Edit { .. } => "new text of an entry",
        Kind::Retract { .. } => "taking back of an entry",
        Kind::Relabel { .. } => "new label of an entry",
        Kind::React { withdrawn: false, .. } => "reaction",
        Kind::React { .. } => "reaction taken back",
        Kind::Opened { .. } => "opening of the room",
        Kind::Changed { .. } => "change of the room",
        Kind::Joined { .. } => "joining",
        Kind::Left { .. } => "leaving",
        Kind::Unknown => "entry of a kind this version does not know",
    };
    (name, kind.refers_to())
}

fn of_kind(kind: &Kind, names: &impl Names) -> Vec<(&'static str, String)> {
    match kind {
        Kind::Answer { organisation, choice, .. } => vec![
            ("organisation", names.organisation(*organisation)),
            ("choice", choice.to_string()),
        ],
        Kind::Relabel { to, .. } => vec![("label from then on", to.to_string())],
        Kind::Opened { settings } | Kind::Changed { settings } => {
            vec![("name of the room", settings.name.to_string())]
        }
        Kind::Joined { who, .. } | Kind::Left { who } => vec![("who", names.person(*who))],
        Kind::Alert(alert) => {
            let source = alert.source.iter();
            source
                .flat_map(|source| [&source.id, &source.revision])
                .map(|line| ("source", line.to_string()))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn of_content(content: &Content) -> Vec<(&'static str, String)> {
    let Content { text, headline, what_to_do, references, issuer, files } = content;
    let mut texts = Vec::new();
    texts.extend(headline.iter().map(|line| ("headline", line.to_string())));
    texts.extend(text.iter().map(|text| ("text", text.to_string())));
    texts.extend(what_to_do.iter().map(|text| ("what to do", text.to_string())));
    texts.extend(references.iter().map(|line| ("reference", line.to_string())));
    texts.extend(issuer.iter().map(|line| ("issuer", line.to_string())));
    for file in files {
        texts.push(("name of a file that is not contained", file.name.to_string()));
        texts.extend(file.media_type.iter().map(|kind| ("kind of the file", kind.to_string())));
    }
    texts
}

fn subject(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Vendor(name) => ("vendor", name.to_string()),
        Subject::Cve(name) => ("vulnerability", name.to_string()),
        Subject::Product(name) | Subject::Cpe(name) => ("product", name.to_string()),
        Subject::Topic(name) => ("topic", name.to_string()),
    }
}
