//! What a disclosure looks for. Every text that an entry ever had counts: an edit is wanted with its
//! post, and the post with its edits, because what was there before is asked for as much; but only those that whoever
//! asks may read, or the answer would tell what stands in the others.

use std::collections::HashMap;

use warproom_proto::calls::DiscloseRoom;
use warproom_proto::entry::{Content, Entry, Kind, Subject};
use warproom_proto::{Error, Line, LogId, Name, Principal, RoomId, Seq, Text};

use crate::context::Context;
use crate::domain::{CHANGES, KindTag, State};
use crate::store::{ReadError, Stored};
use crate::view;

/// What is looked for; nothing said is everything.
pub(super) struct Wanted {
    people: Vec<Principal>,
    /// What these people are called: names and handles.
    called: Vec<String>,
    words: Vec<String>,
    /// What was found out of posts with all their edits, so that each is looked into once.
    known: HashMap<Seq, Fit>,
}

/// What fits of what is looked for. It adds up over the versions of an entry.
#[derive(Clone, Copy)]
struct Fit {
    people: bool,
    words: bool,
}

impl Fit {
    const fn is_whole(self) -> bool {
        self.people && self.words
    }
}

impl Wanted {
    pub(super) fn new(state: &State, call: &DiscloseRoom) -> Self {
        let member = |member| Some(&state.register.member(member)?.member);
        let members = call.people.iter().filter_map(|id| member(*id));
        let called =
            members.flat_map(|one| [folded(one.name.as_str()), folded(one.handle.as_str())]);
        Self {
            people: call.people.iter().copied().map(Principal::Member).collect(),
            called: called.collect(),
            words: call.words.iter().map(|words| folded(words.as_str())).collect(),
            known: HashMap::new(),
        }
    }

    /// Whether a record is wanted, with all the texts there are of it. The versions of a post are asked
    /// for by its number.
    pub(super) fn has(
        &mut self,
        of: &Stored,
        versions: impl FnOnce(Seq) -> Result<Vec<Stored>, Error>,
    ) -> Result<bool, Error> {
        if self.people.is_empty() && self.words.is_empty() {
            return Ok(true);
        }
        let Some(entry) = entry(of) else { return Ok(false) };
        let post = match entry.handling.kind {
            Kind::Edit { of } => Some(of),
            Kind::Post { .. } => Some(of.seq),
            _ => None,
        };
        let own = self.fit(&[entry]);
        let Some(post) = post else { return Ok(own.is_whole()) };
        let all = if let Some(all) = self.known.get(&post) {
            *all
        } else {
            let versions: Vec<_> = versions(post)?.iter().filter_map(self::entry).collect();
            let all = self.fit(&versions);
            self.known.insert(post, all);
            all
        };
        let [people, words] = [own.people || all.people, own.words || all.words];
        Ok(Fit { people, words }.is_whole())
    }

    /// Whether these versions of an entry are, together, by or about the people, and have the words.
    fn fit(&self, versions: &[Entry]) -> Fit {
        let texts: Vec<_> = versions.iter().flat_map(texts).map(|text| folded(&text)).collect();
        let has = |term: &String| texts.iter().any(|text| text.contains(term.as_str()));
        let is_theirs = self.people.is_empty()
            || versions.iter().any(|entry| self.people.iter().any(|who| is_about(entry, *who)))
            || self.called.iter().any(has);
        Fit { people: is_theirs, words: self.words.is_empty() || self.words.iter().any(has) }
    }
}

/// The texts there are of a post that whoever asks may read now: an edit stands for itself, and whoever
/// was out when it was made may read the post and not the edit.
pub(super) fn versions(
    context: &Context,
    who: Principal,
    room: RoomId,
    post: Seq,
) -> Result<Vec<Stored>, Error> {
    let (store, log) = (&context.store, LogId::room(room));
    let edits = store.asides(log, post, KindTag::Edit as u8).take(CHANGES);
    let read = |seq: Result<Seq, ReadError>| seq.and_then(|seq| store.read(log, seq)).transpose();
    let versions = std::iter::once(Ok(post)).chain(edits).filter_map(read);
    let mut versions =
        versions.collect::<Result<Vec<_>, _>>().map_err(|error| view::unreadable(&error))?;
    let mut readable = view::readable(&context.state(), who, room, &versions)?.into_iter();
    versions.retain(|_| readable.next().unwrap_or(false));
    Ok(versions)
}

fn entry(of: &Stored) -> Option<Entry> {
    serde_json::from_slice(&of.item).ok()
}

/// Without case, and with one space wherever there is any.
fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether somebody wrote an entry, or is called or named in its handling.
fn is_about(entry: &Entry, who: Principal) -> bool {
    let handling = &entry.handling;
    let is_mentioned = handling.mentions.iter().any(|member| Principal::Member(*member) == who);
    let is_moved = matches!(
        &handling.kind,
        Kind::Joined { who: moved, .. } | Kind::Left { who: moved } if *moved == who
    );
    handling.author == who || is_mentioned || is_moved
}

/// Everything in an entry that people read.
fn texts(entry: &Entry) -> Vec<String> {
    let Content { text, headline, what_to_do, references, issuer, files } = &entry.content;
    let texts = [text, what_to_do].into_iter().flatten().map(Text::to_string);
    let lines = [headline, issuer].into_iter().flatten().chain(references).map(Line::to_string);
    let files = files.iter().map(|file| file.name.to_string());
    let subjects = entry.handling.subjects.iter().map(|subject| match subject {
        Subject::Vendor(name)
        | Subject::Product(name)
        | Subject::Cve(name)
        | Subject::Cpe(name)
        | Subject::Topic(name) => name.to_string(),
    });
    let options = entry.handling.ask.iter().flat_map(|ask| ask.options.iter().map(Name::to_string));
    let choice = match &entry.handling.kind {
        Kind::Answer { choice, .. } => Some(choice.to_string()),
        Kind::Opened { settings } | Kind::Changed { settings } => Some(settings.name.to_string()),
        _ => None,
    };
    texts.chain(lines).chain(files).chain(subjects).chain(options).chain(choice).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use warproom_proto::ask::Ask;
    use warproom_proto::calls::{AddToRoom, EditEntry, ReactToEntry, RemoveFromRoom};
    use warproom_proto::entry::{RoomRole, RoomSettings};
    use warproom_proto::{EntryId, Head, Label, MemberId, OrganisationId, Salt};

    use super::*;
    use crate::calls::{entries, rooms};
    use crate::context::alone::Alone;
    use crate::domain::tests::{ROOM, enter, person, with_room};

    fn entry(author: u8, content: &serde_json::Value) -> Entry {
        let author = json!({"member": MemberId::from_bytes([author; 16])});
        let id = EntryId::from_bytes([9; 16]);
        let handling = json!({"id": id, "author": author, "label": "TLP:GREEN", "kind": "post"});
        serde_json::from_value(json!({"handling": handling, "content": content})).unwrap()
    }

    fn wanted(people: &[u8], called: &[&str], words: &[&str]) -> Wanted {
        let member = |of: &u8| Principal::Member(MemberId::from_bytes([*of; 16]));
        let all = |texts: &[&str]| texts.iter().map(|text| folded(text)).collect();
        Wanted {
            people: people.iter().map(member).collect(),
            called: all(called),
            words: all(words),
            known: HashMap::new(),
        }
    }

    #[test]
    fn people_are_found_as_authors_and_by_name_and_words_in_any_version() {
        let versions = |author, texts: &[&str]| -> Vec<Entry> {
            texts.iter().map(|text| entry(author, &json!({ "text": text }))).collect()
        };
        let dan = wanted(&[1], &["Dan  Dover", "dan"], &[]);
        assert!(dan.fit(&versions(1, &["hello"])).is_whole());
        assert!(dan.fit(&versions(2, &["ask DAN\nDover"])).is_whole());
        assert!(!dan.fit(&versions(2, &["ask Eve"])).is_whole());
        let words = wanted(&[], &[], &["civica", "ransom note"]);
        assert!(words.fit(&versions(1, &["nothing", "Ransom\tNote"])).is_whole());
        assert!(!words.fit(&versions(1, &["ransom and note"])).is_whole());
        let both = wanted(&[1], &["dan"], &["civica"]);
        assert!(
            !both.fit(&versions(2, &["Civica"])).is_whole()
                && !both.fit(&versions(1, &["x"])).is_whole()
        );
        assert!(both.fit(&versions(1, &["CIVICA"])).is_whole());
    }

    #[test]
    fn words_are_looked_for_in_all_that_people_read() {
        let content = json!({
            "headline": "one", "what_to_do": "two", "references": ["three"], "issuer": "four",
        });
        for words in ["ONE", "two", "three", "Four"] {
            assert!(wanted(&[], &[], &[words]).fit(&[entry(1, &content)]).is_whole(), "{words}");
        }
    }

    #[test]
    fn a_post_with_many_edits_is_looked_into_once() {
        let stored = |seq: Seq, of: Option<Seq>| {
            let mut entry = entry(1, &json!({ "text": "x" }));
            if let Some(of) = of {
                entry.handling.kind = Kind::Edit { of };
            }
            stored(seq, &entry)
        };
        let mut asked = Vec::new();
        let mut words = wanted(&[], &[], &["canary"]);
        let all = [(3, None), (4, Some(3)), (5, Some(3)), (6, None), (7, Some(6)), (8, Some(3))];
        for (seq, of) in all {
            let versions = |post| {
                asked.push(post);
                Ok(vec![stored(seq, of)])
            };
            assert!(!words.has(&stored(seq, of), versions).unwrap());
        }
        assert_eq!(asked, [3, 6], "each edit has its post looked into again");
    }

    fn stored(seq: Seq, entry: &Entry) -> Stored {
        let item = serde_json::to_vec(entry).unwrap();
        let (salt, head) = (Salt([0; 16]), Head([0; 32]));
        Stored { seq, at_ms: 0, salt, head, summary: Vec::new(), item, erased: None }
    }

    #[test]
    fn where_nothing_is_looked_for_everything_is_wanted_and_what_is_no_entry_is_never_found() {
        let erased = Stored { item: Vec::new(), ..stored(3, &entry(1, &json!({}))) };
        let none = |_| -> Result<Vec<Stored>, Error> { panic!("there is nothing to look into") };
        assert!(wanted(&[], &[], &[]).has(&erased, none).unwrap());
        assert!(!wanted(&[1], &[], &[]).has(&erased, none).unwrap());
        assert!(!wanted(&[], &[], &["text"]).has(&erased, none).unwrap());
    }

    #[test]
    fn a_post_is_wanted_for_what_it_says_and_for_what_any_version_of_it_says() {
        let of = stored(3, &entry(1, &json!({ "text": "canary" })));
        let others = || Ok(vec![stored(4, &entry(2, &json!({ "text": "x" })))]);
        let has = |mut wanted: Wanted| wanted.has(&of, |_| others()).unwrap();
        for (people, words, is_wanted) in [
            (&[1][..], &["canary"][..], true),
            (&[2], &["x"], true),
            (&[2], &["canary"], true),
            (&[1], &["x"], true),
            (&[3], &["canary"], false),
            (&[1], &["z"], false),
            (&[1, 3], &[], true),
        ] {
            assert_eq!(has(wanted(people, &[], words)), is_wanted, "{people:?} {words:?}");
        }
    }

    #[test]
    fn an_edit_is_wanted_with_its_post_for_what_was_there_before() {
        let mut edit = entry(1, &json!({ "text": "nothing" }));
        edit.handling.kind = Kind::Edit { of: 3 };
        let before = |post| Ok(vec![stored(post, &entry(1, &json!({ "text": "canary" })))]);
        let mut words = wanted(&[], &[], &["canary"]);
        assert!(words.has(&stored(5, &edit), before).unwrap());
    }

    #[test]
    fn what_is_no_post_is_wanted_for_itself_alone() {
        let mut left = entry(1, &json!({}));
        left.handling.kind = Kind::Left { who: person(2) };
        let of = stored(3, &left);
        let none = |_| -> Result<Vec<Stored>, Error> { panic!("there is one version of it") };
        assert!(wanted(&[2], &[], &[]).has(&of, none).unwrap());
        assert!(!wanted(&[3], &[], &[]).has(&of, none).unwrap());
    }

    #[test]
    fn an_entry_is_about_whoever_wrote_it_is_mentioned_in_it_came_or_went() {
        let of_kind = |kind| {
            let mut entry = entry(1, &json!({}));
            entry.handling.kind = kind;
            entry
        };
        let mut mentions = entry(1, &json!({}));
        mentions.handling.mentions = vec![MemberId::from_bytes([2; 16])];
        let joined = Kind::Joined { who: person(2), role: RoomRole::Lead };
        for entry in [mentions, of_kind(joined), of_kind(Kind::Left { who: person(2) })] {
            let kind = &entry.handling.kind;
            let about = [1, 2, 3].map(|n| is_about(&entry, person(n)));
            assert_eq!(about, [true, true, false], "{kind:?}");
        }
    }

    #[test]
    fn words_are_looked_for_in_names_options_and_answers_too() {
        let settings = RoomSettings {
            name: "Elections".parse().unwrap(),
            ceiling: Label::Red,
            default_label: Label::Green,
            typing: false,
            presence: false,
        };
        let (of, organisation) = (3, OrganisationId::from_bytes([1; 16]));
        let answer = Kind::Answer { of, organisation, choice: "Affected".parse().unwrap() };
        let kinds = [
            (answer, "affected"),
            (Kind::Opened { settings: settings.clone() }, "elections"),
            (Kind::Changed { settings }, "elections"),
        ];
        for (kind, words) in kinds {
            let mut entry = entry(1, &json!({}));
            entry.handling.kind = kind;
            assert!(wanted(&[], &[], &[words]).fit(&[entry]).is_whole(), "{words}");
        }
        let mut asks = entry(1, &json!({}));
        let options = ["yes", "maybe later"].map(|option| option.parse().unwrap()).into();
        asks.handling.ask = Some(Ask { options, due_at_ms: None });
        asks.handling.subjects = vec![Subject::Cve("CVE-2024-3400".parse().unwrap())];
        for words in ["maybe later", "cve-2024-3400"] {
            assert!(wanted(&[], &[], &[words]).fit(std::slice::from_ref(&asks)).is_whole());
        }
        assert!(!wanted(&[], &[], &["perhaps"]).fit(&[asks]).is_whole());
    }

    #[tokio::test]
    async fn the_texts_of_a_post_are_its_own_and_its_edits_that_whoever_asks_may_read() {
        let mut state = with_room(Label::Red);
        enter(&mut state, 4, Kind::Joined { who: person(11), role: RoomRole::Participant });
        let alone = Alone::with(state, &[(LogId::room(ROOM), 4)]);
        let (author, manager) = (alone.session(person(10)), alone.session(person(11)));
        let text = || "canary".parse().unwrap();
        let call = json!({
            "room": ROOM, "id": EntryId::random(), "label": "TLP:RED", "text": "canary",
        });
        let post = entries::post(&author, serde_json::from_value(call).unwrap()).await.unwrap().seq;
        let edit = || EditEntry { room: ROOM, id: EntryId::random(), of: post, text: text() };
        let first = entries::edit(&author, edit()).await.unwrap().seq;
        let (of, reaction) = (post, "👍".parse().unwrap());
        let id = EntryId::random();
        let react = ReactToEntry { room: ROOM, id, of, reaction, withdrawn: false };
        entries::react(&author, react).await.unwrap();
        let leave = RemoveFromRoom { room: ROOM, id: EntryId::random(), who: person(11) };
        rooms::remove(&manager, leave).await.unwrap();
        let second = entries::edit(&author, edit()).await.unwrap().seq;
        let (member, role) = (MemberId::from_bytes([11; 16]), RoomRole::Participant);
        let back = AddToRoom { room: ROOM, id: EntryId::random(), member, role };
        rooms::add(&manager, back).await.unwrap();
        let texts = |who| {
            let versions = versions(&alone.context, who, ROOM, post).unwrap();
            versions.iter().map(|one| one.seq).collect::<Vec<_>>()
        };
        assert_eq!(texts(person(10)), [post, first, second]);
        assert_eq!(texts(person(11)), [post, first], "they were out when it was edited again");
    }
}
