//! The acts of the register in plain English, one sentence each.
//!
//! What it is: the words that every application says an act in, so that the same act reads the same
//! wherever it is read. What it is not: it knows no names but those in the act. What ids stand for and
//! how a moment is written is the application's ([`Called`]), and so is making a text safe for where it
//! is shown.

use warproom_proto::register::{
    Act, Bot, CommonCause, Dependency, Event, Member, Organisation, RegisterEntry, Role, Standing,
};
use warproom_proto::{
    DeviceId, Label, OrganisationId, Principal, Proposed, Retention, RoomId, Subject,
};

/// What an application calls things.
pub trait Called {
    /// Somebody, with the organisation they act for where that is known.
    fn person(&self, who: Principal) -> String;
    /// An organisation.
    fn organisation(&self, id: OrganisationId) -> String;
    /// A room.
    fn room(&self, id: RoomId) -> String;
    /// A device.
    fn device(&self, id: DeviceId) -> String;
    /// A supplier, a product or what else is depended on.
    fn subject(&self, subject: &Subject) -> String;
    /// A moment, in milliseconds since 1970 UTC.
    fn moment(&self, at_ms: i64) -> String;
}

/// What somebody did, in one sentence without its full stop: `Priya Raman, Medway Council removed …`.
pub fn act_in_words(act: &Act, called: &impl Called) -> String {
    let by = match (act.by, &act.event) {
        (Some(who), _) => called.person(who),
        (None, Event::CommonCauseFound(_) | Event::AuditKeySet { .. }) => "The server".to_owned(),
        (None, _) => "The operator, at the server's console,".to_owned(),
    };
    format!("{by} {}", done(&act.event, called))
}

fn done(event: &Event, called: &impl Called) -> String {
    let person = |id| called.person(Principal::Member(id));
    match event {
        Event::WarpFounded { name, .. } => format!("founded the WARP {name}"),
        Event::OrganisationSet(entry) => {
            format!("set an organisation's entry: {}", organisation(entry, called))
        }
        Event::RegisterEntrySet(entry) => {
            format!("set a register entry: {}", register_entry(entry, called))
        }
        Event::InvitationAdded { member: invited, expires_at_ms, .. } => {
            format!("invited {} until {}", member(invited, called), called.moment(*expires_at_ms))
        }
        Event::InvitationRevoked { invitation } => format!("took invitation {invitation} back"),
        Event::MemberJoined { member, .. } => {
            format!("redeemed an invitation; member from now on: {}", person(*member))
        }
        Event::CredentialsSet { member, .. } => format!("set credentials of {}", person(*member)),
        Event::MemberChanged { member, role: now, standing } => {
            let standing = match standing {
                Standing::Active => "active",
                Standing::Suspended => "suspended",
            };
            format!("made {} {}, {standing}", person(*member), role(*now))
        }
        Event::MemberRemoved { member } => format!("removed {}", person(*member)),
        Event::DeviceEnrolled(device) => {
            format!("enrolled device \"{}\" of {}", device.name, person(device.member))
        }
        Event::DeviceRevoked { device } => format!("revoked {}", called.device(*device)),
        Event::RoomOpened { room } => format!("opened {}", called.room(*room)),
        Event::BotAdded { bot: added, .. } => format!("added a bot: {}", bot(added, called)),
        Event::BotRotated { bot, hook_hash, .. } => {
            let bot = called.person(Principal::Bot(*bot));
            let hook = if hook_hash.is_some() { " and another webhook address" } else { "" };
            format!("gave {bot} another token{hook}; the old ones have ended")
        }
        Event::BotRevoked { bot } => format!("revoked {}", called.person(Principal::Bot(*bot))),
        Event::CommonCauseFound(found) => {
            format!("found a common cause: {}", common_cause(found, called))
        }
        Event::ProposalMade { what, reason, lapses_at_ms, .. } => format!(
            "proposed to {}, because: {reason}; another manager may approve it until {}",
            proposed(what, called),
            called.moment(*lapses_at_ms)
        ),
        Event::ProposalApproved { proposal } => {
            format!("approved proposal {proposal}, and so carried it out")
        }
        Event::ProposalEnded { proposal } => format!("ended proposal {proposal}"),
        Event::RetentionSet { room, retention } => retention_set(*room, *retention, called),
        Event::HoldSet { room, held, reason } => {
            let what = if *held { "put a legal hold on" } else { "lifted the legal hold on" };
            format!("{what} {}, because: {reason}", called.room(*room))
        }
        Event::AuditKeySet { public_key } => {
            format!("set the key of the audit log: {public_key}")
        }
        Event::Unknown => "did something this version cannot show".to_owned(),
    }
}

/// What two managers are to do, as it stands after "proposed to".
pub fn proposed(what: &Proposed, called: &impl Called) -> String {
    match what {
        Proposed::SetRetention { room, retention } => {
            format!("set retention: {}", rule(*room, *retention, called))
        }
        Proposed::EraseEntries { room, entries } => {
            let entries: Vec<_> = entries.iter().map(|seq| format!("#{seq}")).collect();
            format!("erase {} of {}", entries.join(", "), called.room(*room))
        }
        Proposed::LiftHold { room } => format!("lift the legal hold on {}", called.room(*room)),
        Proposed::RemoveMembers { members } => {
            let members: Vec<_> =
                members.iter().map(|one| called.person(Principal::Member(*one))).collect();
            format!("remove {}", members.join("; "))
        }
    }
}

fn retention_set(
    room: Option<RoomId>,
    retention: Option<Retention>,
    called: &impl Called,
) -> String {
    format!("set retention: {}", rule(room, retention, called))
}

fn rule(room: Option<RoomId>, retention: Option<Retention>, called: &impl Called) -> String {
    let whose =
        room.map_or_else(|| "every room without a rule".to_owned(), |room| called.room(room));
    let Some(retention) = retention else { return format!("{whose} has no rule of its own") };
    format!("{whose} keeps {}", kept(&retention))
}

/// For how long entries are kept, each label by name.
#[must_use]
pub fn kept(retention: &Retention) -> String {
    let each: Vec<_> =
        retention.limited().map(|(label, days)| format!("{label} {days} days")).collect();
    if each.is_empty() {
        return "everything for ever".to_owned();
    }
    format!("{}, the rest for ever", each.join(", "))
}

fn organisation(organisation: &Organisation, called: &impl Called) -> String {
    let mut line = organisation.name.to_string();
    if !organisation.aliases.is_empty() {
        let aliases: Vec<_> = organisation.aliases.iter().map(ToString::to_string).collect();
        line.push_str(", also ");
        line.push_str(&aliases.join(", "));
    }
    if !organisation.clients.is_empty() {
        let clients: Vec<_> =
            organisation.clients.iter().map(|id| called.organisation(*id)).collect();
        line.push_str(", serves ");
        line.push_str(&clients.join(", "));
    }
    line
}

fn register_entry(entry: &RegisterEntry, called: &impl Called) -> String {
    let all: Vec<_> = entry.depends_on.iter().map(|one| dependency(one, called)).collect();
    let all = if all.is_empty() { "nothing named".to_owned() } else { all.join(", ") };
    let deputies: Vec<_> =
        entry.deputies.iter().map(|one| called.person(Principal::Member(*one))).collect();
    let deputies = if deputies.is_empty() { "none".to_owned() } else { deputies.join("; ") };
    let shown = if entry.shown { "shown to every officer" } else { "not shown to others" };
    let whose = called.organisation(entry.organisation);
    format!("{whose} depends on: {all}; deputies: {deputies}; {shown}")
}

fn dependency(dependency: &Dependency, called: &impl Called) -> String {
    let what = called.subject(&dependency.subject);
    if dependency.aliases.is_empty() {
        return what;
    }
    let aliases: Vec<_> = dependency.aliases.iter().map(ToString::to_string).collect();
    format!("{what} (also {})", aliases.join(", "))
}

fn member(member: &Member, called: &impl Called) -> String {
    let suspended = if member.standing == Standing::Suspended { ", suspended" } else { "" };
    format!(
        "{} @{}, {}, {}{suspended}",
        member.name,
        member.handle,
        called.organisation(member.organisation),
        role(member.role),
    )
}

fn bot(bot: &Bot, called: &impl Called) -> String {
    let up_to = |label: Option<Label>| {
        label.map_or_else(|| "nothing".to_owned(), |label| format!("up to {label}"))
    };
    let rooms: Vec<_> = bot.grant.rooms.iter().map(|id| called.room(*id)).collect();
    let answers = if bot.grant.answer { ", answers asks for its owner's organisation" } else { "" };
    let hook = bot.hook.map_or_else(String::new, |hook| {
        format!(", a webhook to {} under {}", called.room(hook.room), hook.label)
    });
    format!(
        "{}, reads {}, posts {}, in {}, at most {} a minute{answers}{hook}, until {}, owner {}",
        bot.name,
        up_to(bot.grant.read),
        up_to(bot.grant.post),
        rooms.join(", "),
        bot.grant.per_minute,
        called.moment(bot.grant.expires_at_ms),
        called.person(Principal::Member(bot.owner)),
    )
}

fn common_cause(cause: &CommonCause, called: &impl Called) -> String {
    let names = if cause.organisations == 1 { "organisation names" } else { "organisations name" };
    let line = format!("{} {names} {}", cause.organisations, called.subject(&cause.subject));
    if cause.named.is_empty() {
        return line;
    }
    let named: Vec<_> = cause.named.iter().map(|id| called.organisation(*id)).collect();
    format!("{line}, among them {}", named.join(", "))
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Manager => "manager",
        Role::Officer => "officer",
        Role::Guest => "guest",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Calls everything by its kind.
    struct Plain;

    impl Called for Plain {
        fn person(&self, who: Principal) -> String {
            if who.member().is_some() { "Jo Smith, Dover".to_owned() } else { "Feed".to_owned() }
        }
        fn organisation(&self, _: OrganisationId) -> String {
            "Dover".to_owned()
        }
        fn room(&self, _: RoomId) -> String {
            "General".to_owned()
        }
        fn device(&self, _: DeviceId) -> String {
            "the laptop".to_owned()
        }
        fn subject(&self, _: &Subject) -> String {
            "vendor Civica".to_owned()
        }
        fn moment(&self, at_ms: i64) -> String {
            format!("t+{at_ms}")
        }
    }

    const ID: &str = "00000000-0000-0000-0000-000000000000";

    fn words(item: serde_json::Value) -> String {
        act_in_words(&serde_json::from_value(item).unwrap(), &Plain)
    }

    #[test]
    fn an_act_says_who_did_what_to_whom() {
        let by = json!({ "member": ID });
        let said = |mut item: serde_json::Value| {
            item["by"] = by.clone();
            words(item)
        };
        let removed = said(json!({"event": "member_removed", "member": ID}));
        assert_eq!(removed, "Jo Smith, Dover removed Jo Smith, Dover");
        let changed = json!({"event": "member_changed", "member": ID, "role": "guest", "standing": "suspended"});
        assert_eq!(said(changed), "Jo Smith, Dover made Jo Smith, Dover guest, suspended");
        let opened = said(json!({"event": "room_opened", "room": ID}));
        assert_eq!(opened, "Jo Smith, Dover opened General");
        let bot = json!({"event": "bot_added", "token_hash": "00".repeat(32), "bot": {"bot": ID, "name": "Feed", "owner": ID,
            "grant": {"rooms": [ID], "post": "TLP:GREEN", "expires_at_ms": 7}}});
        assert_eq!(
            said(bot),
            "Jo Smith, Dover added a bot: Feed, reads nothing, posts up to TLP:GREEN, in General, \
             at most 60 a minute, until t+7, owner Jo Smith, Dover"
        );
    }

    #[test]
    fn what_nobody_did_is_the_servers_or_its_operators() {
        let founded = json!({"event": "warp_founded", "warp": ID, "name": "KCWARP"});
        assert_eq!(
            words(founded),
            "The operator, at the server's console, founded the WARP KCWARP"
        );
        let cause = json!({"event": "common_cause_found", "cause": ID, "subject": {"vendor": "Civica"},
            "organisations": 2, "named": [ID], "since_ms": 0, "at_ms": 0});
        assert_eq!(
            words(cause),
            "The server found a common cause: 2 organisations name vendor Civica, among them Dover"
        );
    }

    #[test]
    fn an_act_of_a_newer_server_says_that_it_cannot_be_shown() {
        let said = words(json!({"event": "moon_landed"}));
        assert!(said.ends_with("did something this version cannot show"), "{said}");
    }
}
