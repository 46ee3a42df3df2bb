//! What is open, what has the keyboard, and what is told in passing.

use warproom_client::proto::{LogId, RoomId, Seq};
use warproom_client::{AuditBreak, Discontinuity, Rewritten};

use crate::model::compose::{Sending, Waiting};
use crate::model::manage::RowAct;
use crate::model::{Model, Session, compose};
use crate::news::{Connection, Refusal};
use crate::{Effect, News};

/// What is open.
#[derive(Clone, Default)]
pub struct Desk {
    /// What the middle shows.
    pub pane: Pane,
    /// What lies over it, the topmost last.
    pub overlays: Vec<Overlay>,
    /// What should have the keyboard, with a number that grows with each wish: whoever draws it takes
    /// each wish once.
    pub focus: (Focus, u64),
    /// What is told in passing, oldest first.
    pub notices: Vec<Notice>,
    /// The link that is looked at before it is opened.
    pub link: Option<String>,
    /// Asked before something that cannot be undone.
    pub confirm: Option<Confirm>,
    /// Which of the WARP's own logs, the register and the audit log, were found not to hold, until somebody
    /// believes them as they are now.
    pub rewritten: Vec<Rewritten>,
    /// Whether the window has the keyboard, so that nothing needs a notification.
    pub is_looked_at: bool,
    /// What the system's notifications have told.
    pub told: Told,
}

/// What the system's notifications have told lately: a flood of entries is one notification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// When the last one was given, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// How many things were held back since.
    pub held_back: u32,
}

/// What the middle of the window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The open room.
    #[default]
    Room,
    /// What managers and leads do.
    Manage,
    /// The member directory.
    Directory,
    /// Settings of this computer and of what interrupts.
    Settings,
    /// The outbox: what waits and what failed.
    Outbox,
}

/// What lies over the pane. Escape closes the topmost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The room switcher.
    Switcher,
    /// The command palette.
    Palette,
    /// Search.
    Search,
    /// Jumping to a date.
    JumpToDate,
    /// The form of a new ask.
    NewAsk,
    /// The form of a new alert.
    NewAlert,
    /// Answering an ask.
    Answer {
        /// The room.
        room: RoomId,
        /// The ask.
        of: Seq,
    },
    /// The emoji picker: for the draft, or as a reaction.
    Emoji {
        /// The entry to react to.
        react_to: Option<Seq>,
    },
    /// Attaching a file by its path.
    AttachFile,
    /// Saving files of an entry.
    SaveFiles {
        /// The entry.
        of: Seq,
    },
    /// The rows of a page of managing, to choose the one that something is done on.
    Row(RowAct),
    /// Taking a room's records out.
    Export,
    /// Another password or authenticator.
    Credentials,
    /// What a link really leads to, before it is opened.
    Link,
    /// Every shortcut.
    Shortcuts,
}

/// What can have the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Focus {
    /// Where writing goes.
    #[default]
    Composer,
    /// The timeline, to walk it by arrow keys.
    Timeline,
    /// The list of rooms.
    Rooms,
    /// The first field of whatever was opened last.
    Field,
    /// What waits for an answer.
    Waiting,
    /// What stands beside the timeline: the board, a thread, the people, the details of an entry.
    Beside,
}

/// Something told in passing: also spoken by a screen reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The sentence.
    pub text: String,
    /// Whether it tells of something that failed. Those stay until they are dismissed.
    pub is_trouble: bool,
    /// When it was told, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// A question before an act, with what the act does spelled out.
#[derive(Clone)]
pub struct Confirm {
    /// What is asked, in one line.
    pub title: String,
    /// What happens if it is done.
    pub what_it_does: String,
    /// The word on the button that does it.
    pub verb: &'static str,
    /// Whether it takes something away from somebody.
    pub is_dangerous: bool,
    /// What is done.
    pub then: Box<crate::Action>,
}

/// What a person does with it.
#[derive(Clone)]
pub enum Action {
    /// Show a pane.
    Show(Pane),
    /// Open an overlay, or close it if it is the topmost.
    Toggle(Overlay),
    /// Close whatever is topmost: a confirmation, an overlay, a thread, a reply.
    Back,
    /// Give the keyboard to something.
    Focus(Focus),
    /// Take the notice at this place away.
    Dismiss(usize),
    /// Ask before doing something.
    Ask(Confirm),
    /// Do what was asked about.
    Confirm,
    /// The window got or lost the keyboard.
    LookedAt(bool),
    /// Put a text on the clipboard. It carries its label already.
    Copy(String),
    /// Look at what a link leads to.
    LookAtLink(String),
    /// Open the link that is looked at.
    OpenLink,
    /// Believe the register or the audit log as it is now, after it was found rewritten.
    TrustLog(LogId),
}

/// A notice that tells of nothing bad goes by itself after this long.
pub const NOTICE_MS: i64 = 6_000;

pub(super) fn act(model: &mut Model, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Show(pane) => {
            model.desk.pane = pane;
            model.desk.overlays.clear();
            // Whatever had the keyboard may be gone from the screen.
            model.desk.give_focus(if pane == Pane::Room { Focus::Composer } else { Focus::Field });
        }
        Action::Toggle(overlay) => {
            if model.desk.overlays.last() == Some(&overlay) {
                model.desk.overlays.pop();
            } else {
                model.find.begin(overlay, model.rooms.open);
                // Of another form, or of what it said last time.
                model.ask.trouble = None;
                model.desk.overlays.push(overlay);
                model.desk.give_focus(Focus::Field);
            }
        }
        Action::Back => back(model, out),
        Action::Focus(focus) => model.desk.give_focus(focus),
        Action::Dismiss(place) if place < model.desk.notices.len() => {
            model.desk.notices.remove(place);
        }
        Action::Ask(confirm) => model.desk.confirm = Some(confirm),
        Action::Confirm => {
            if let Some(confirm) = model.desk.confirm.take() {
                out.extend(model.act(*confirm.then));
            }
        }
        Action::LookedAt(is_looked_at) => model.desk.is_looked_at = is_looked_at,
        Action::Copy(text) => out.push(Effect::Copy(text)),
        Action::LookAtLink(link) => {
            model.desk.link = Some(link);
            model.desk.overlays.push(Overlay::Link);
        }
        Action::OpenLink => {
            out.extend(model.desk.link.take().map(Effect::OpenLink));
            model.desk.overlays.retain(|overlay| *overlay != Overlay::Link);
        }
        Action::TrustLog(log) => {
            model.desk.rewritten.retain(|found| found.log() != log);
            out.push(Effect::TrustLog { log });
        }
        Action::Dismiss(_) => {}
    }
}

/// Closes whatever is topmost.
fn back(model: &mut Model, out: &mut Vec<Effect>) {
    if model.desk.confirm.take().is_some() || model.desk.overlays.pop().is_some() {
        let is_clear = model.desk.overlays.is_empty();
        model.desk.give_focus(if is_clear { Focus::Composer } else { Focus::Field });
        return;
    }
    if model.desk.pane != Pane::Room {
        model.desk.pane = Pane::Room;
    } else if compose::back(model, out) {
        return;
    } else if let Some(room) = model.rooms.open_mut() {
        // One thing stands beside the timeline.
        if room.reading.thread.take().is_none() {
            room.reading.beside = None;
        }
    }
    model.desk.give_focus(Focus::Composer);
}

pub(super) fn hear(model: &mut Model, news: &News, _: &mut Vec<Effect>) {
    match news {
        News::Clock(now_ms) => {
            let stays = |notice: &Notice| notice.is_trouble || now_ms - notice.at_ms < NOTICE_MS;
            model.desk.notices.retain(stays);
        }
        News::Wrote(Ok(path)) => model.tell(format!("Written to {path}")),
        News::Opened(Ok(opened)) => {
            model.session = Some(Session {
                profile: opened.profile.clone(),
                warp: opened.warp.clone(),
                me: opened.me.clone(),
                device: opened.device,
                address: opened.address.clone(),
            });
            model.settings = opened.settings.clone();
        }
        News::SignedIn(signed_in) => {
            if let Some(session) = &mut model.session {
                session.warp = signed_in.warp.clone();
                session.me = signed_in.me.clone();
            }
        }
        News::Address(address) => {
            if let Some(session) = &mut model.session {
                session.address.clone_from(address);
            }
        }
        News::Rewritten(rewritten) if rewritten.room.is_none() => {
            model.desk.rewritten.retain(|found| found.log() != rewritten.log());
            model.desk.rewritten.push(*rewritten);
        }
        News::AuditProved => model.desk.rewritten.retain(|found| !is_unproved(found)),
        News::Connection(connection) => {
            let was_lost = matches!(model.connection, Connection::Reconnecting { .. });
            model.connection = connection.clone();
            if was_lost && model.is_connected() {
                model.tell(back_again(model));
            }
        }
        News::Wrote(Err(refusal)) | News::Trouble(refusal) => model.tell_trouble(refusal),
        _ => {}
    }
}

/// What is told when a lost connection is there again.
fn back_again(model: &Model) -> String {
    let is_waiting = |one: &&Waiting| !matches!(one.state, Sending::Refused(_));
    match model.compose.outbox.iter().filter(is_waiting).count() {
        0 => "Connected again. Nothing of yours is waiting to be sent.".to_owned(),
        1 => "Connected again. One entry of the outbox is being sent.".to_owned(),
        count => format!("Connected again. {count} entries of the outbox are being sent."),
    }
}

/// That one of the WARP's own logs does not hold.
pub fn rewritten(found: &Rewritten) -> String {
    let (name, _) = of_the_warp(found.log());
    if is_unproved(found) {
        format!("The {name} of this WARP is not shown to be the one you saw")
    } else {
        format!("The {name} of this WARP was changed behind your back")
    }
}

fn is_unproved(found: &Rewritten) -> bool {
    found.how == Discontinuity::Audit(AuditBreak::Unproved)
}

/// What is asked when one of the WARP's own logs is not what it was. (Of a room that is said in the room.)
pub fn believing(found: &Rewritten) -> Confirm {
    let (name, about) = of_the_warp(found.log());
    let what_it_does = if is_unproved(found) {
        format!(
            "The server says that more happened since, and does not prove that its record of {about} goes \
             on from what this computer remembers: it was rewritten, or the server cannot read it. Ask your \
             WARP's manager, by another way, whether its disk fails. If so, believe the {name} as it is \
             now; if not, close this and write nothing."
        )
    } else {
        format!(
            "What the server says of {about} does not continue what this computer remembers: it was \
             rewritten, or put back from an older copy. Ask your WARP's manager, by another way, whether \
             a backup was restored. If so, believe the {name} as it is now; if not, close this and write \
             nothing."
        )
    };
    Confirm {
        title: rewritten(found),
        what_it_does,
        verb: "Believe it as it is now",
        is_dangerous: true,
        then: Box::new(crate::Action::Desk(Action::TrustLog(found.log()))),
    }
}

/// What one of the WARP's own logs is called, and what it is about.
fn of_the_warp(log: LogId) -> (&'static str, &'static str) {
    if log == LogId::AUDIT {
        ("audit log", "who signed in, and who changed, read and exported what,")
    } else {
        ("register", "members, devices and rooms")
    }
}

impl Desk {
    /// Gives the keyboard to something.
    pub fn give_focus(&mut self, focus: Focus) {
        self.focus = (focus, self.focus.1 + 1);
    }
}

/// The notices shown at most; older ones go first.
const NOTICES: usize = 5;

impl Model {
    /// Tells something in passing.
    pub fn tell(&mut self, text: impl Into<String>) {
        self.notice(text.into(), false);
    }

    /// Tells that something failed.
    pub fn tell_trouble(&mut self, refusal: &Refusal) {
        self.notice(refusal.to_string(), true);
    }

    fn notice(&mut self, text: String, is_trouble: bool) {
        let notices = &mut self.desk.notices;
        // Said again, it is one notice.
        notices.retain(|notice| notice.text != text);
        notices.push(Notice { text, is_trouble, at_ms: self.now_ms });
        let excess = notices.len().saturating_sub(NOTICES);
        notices.drain(..excess);
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::fixture;

    fn act(model: &mut Model, action: Action) -> Vec<Effect> {
        model.act(crate::Action::Desk(action))
    }

    #[test]
    fn escape_closes_the_topmost_thing_first() {
        let mut model = fixture::incident_model();
        let _ = act(&mut model, Action::Toggle(Overlay::Search));
        let _ = act(&mut model, Action::Ask(confirm()));
        let _ = act(&mut model, Action::Back);
        assert!(model.desk.confirm.is_none());
        assert_eq!(model.desk.overlays, [Overlay::Search]);
        let _ = act(&mut model, Action::Back);
        assert!(model.desk.overlays.is_empty());
        let _ = act(&mut model, Action::Show(Pane::Settings));
        let _ = act(&mut model, Action::Back);
        assert_eq!(model.desk.pane, Pane::Room);
        assert_eq!(model.desk.focus.0, Focus::Composer);
    }

    fn confirm() -> Confirm {
        Confirm {
            title: "Copy it?".to_owned(),
            what_it_does: "It is copied.".to_owned(),
            verb: "Copy",
            is_dangerous: false,
            then: Box::new(crate::Action::Desk(Action::Copy("it".to_owned()))),
        }
    }

    #[test]
    fn what_was_asked_about_is_done_once() {
        let mut model = fixture::model();
        let _ = act(&mut model, Action::Ask(confirm()));
        let asked = act(&mut model, Action::Confirm);
        assert!(matches!(&asked[..], [Effect::Copy(text)] if text == "it"));
        assert!(act(&mut model, Action::Confirm).is_empty());
    }

    #[test]
    fn good_news_goes_by_itself_and_trouble_stays() {
        let mut model = fixture::model();
        model.tell("Sent");
        model.tell_trouble(&Refusal::new("the disk is full", "make room"));
        model.tell_trouble(&Refusal::new("the disk is full", "make room"));
        assert_eq!(model.desk.notices.len(), 2, "the same trouble is told once");
        let _ = model.hear(&News::Clock(fixture::NOW_MS + NOTICE_MS));
        let [left] = &model.desk.notices[..] else { panic!("one is left") };
        assert_eq!(left.text, "the disk is full: make room");
        let _ = act(&mut model, Action::Dismiss(0));
        assert!(model.desk.notices.is_empty());
    }

    #[test]
    fn a_rewritten_log_is_named_and_believed_only_if_the_person_says_so() {
        let forked = Discontinuity::Audit(AuditBreak::Forked);
        let unproved = Discontinuity::Audit(AuditBreak::Unproved);
        for (how, title, asks) in [
            (
                Discontinuity::RolledBack { remembered: 9 },
                "The register of this WARP was changed behind your back",
                "whether a backup was restored",
            ),
            (
                forked,
                "The audit log of this WARP was changed behind your back",
                "whether a backup was restored",
            ),
            (
                unproved,
                "The audit log of this WARP is not shown to be the one you saw",
                "whether its disk fails",
            ),
        ] {
            let mut model = fixture::model();
            let found = Rewritten { room: None, seq: 4, how };
            let _ = model.hear(&News::Rewritten(found));
            assert_eq!(model.desk.rewritten, [found]);
            assert_eq!(believing(&found).title, title);
            assert!(believing(&found).what_it_does.contains(asks));
            let _ = act(&mut model, Action::Ask(believing(&found)));
            let _ = act(&mut model, Action::Back);
            assert_eq!(model.desk.rewritten, [found], "it stays until it is believed");
            let _ = act(&mut model, Action::Ask(believing(&found)));
            let asked = act(&mut model, Action::Confirm);
            let [Effect::TrustLog { log }] = asked[..] else { panic!("{}", asked.len()) };
            assert_eq!((log, &model.desk.rewritten[..]), (found.log(), &[][..]));
        }
    }

    #[test]
    fn whoever_believes_one_log_is_asked_about_the_other() {
        let mut model = fixture::model();
        let forked = Discontinuity::Audit(AuditBreak::Forked);
        for how in [Discontinuity::Changed, forked] {
            let _ = model.hear(&News::Rewritten(Rewritten { room: None, seq: 4, how }));
        }
        for log in [LogId::REGISTER, LogId::AUDIT] {
            let first = model.desk.rewritten[0];
            let _ = act(&mut model, Action::Ask(believing(&first)));
            let asked = act(&mut model, Action::Confirm);
            assert!(matches!(asked[..], [Effect::TrustLog { log: of }] if of == log));
        }
        assert_eq!(model.desk.rewritten, []);
        // What was not proved may be later; what was found stays.
        let unproved = Discontinuity::Audit(AuditBreak::Unproved);
        for (how, left) in [(unproved, 0), (forked, 1)] {
            let _ = model.hear(&News::Rewritten(Rewritten { room: None, seq: 4, how }));
            let _ = model.hear(&News::AuditProved);
            assert_eq!(model.desk.rewritten.len(), left);
        }
    }

    #[test]
    fn a_connection_that_is_back_is_told_once_with_what_is_being_sent() {
        let mut model = fixture::model();
        let lost = || Connection::Reconnecting { at_ms: 0, why: "gone".into(), intercepted: false };
        for connection in [lost(), lost(), Connection::Connected, Connection::Connected] {
            let _ = model.hear(&News::Connection(connection));
        }
        let [notice] = &model.desk.notices[..] else { panic!("it is told once") };
        assert_eq!(notice.text, "Connected again. Nothing of yours is waiting to be sent.");
        assert!(!notice.is_trouble);
        let _ = model.hear(&News::Clock(fixture::NOW_MS + NOTICE_MS));
        assert!(model.desk.notices.is_empty(), "and goes by itself");
    }

    #[test]
    fn a_link_is_opened_only_after_it_was_looked_at() {
        let mut model = fixture::model();
        assert!(act(&mut model, Action::OpenLink).is_empty());
        assert!(act(&mut model, Action::LookAtLink("https://a.example/".into())).is_empty());
        assert_eq!(model.desk.overlays, [Overlay::Link]);
        let asked = act(&mut model, Action::OpenLink);
        assert!(matches!(&asked[..], [Effect::OpenLink(link)] if link == "https://a.example/"));
        assert!(model.desk.overlays.is_empty());
    }
}
