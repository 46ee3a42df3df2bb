//! Who is handed what and who is put out, tried on a room made by hand.

use std::collections::VecDeque;

use futures_util::FutureExt as _;
use serde_json::Value;
use warproom_proto::entry::{RoomRole, RoomSettings, Subject};
use warproom_proto::register::{Act, CommonCause, Dependency, RegisterEntry, Role};
use warproom_proto::{BotId, CauseId, Head, Label, OrganisationId, Salt, Secret};

use super::*;
use crate::domain::tests::{ROOM, bare, enter, person, with_room};

const BOT: Principal = Principal::Bot(BotId::from_bytes([2; 16]));

fn organisation(n: u8) -> OrganisationId {
    OrganisationId::from_bytes([n; 16])
}

fn joined(who: Principal) -> Kind {
    Kind::Joined { who, role: RoomRole::Participant }
}

/// A room with officer 10, a bot, and 12 of 10's organisation, in that order.
fn state() -> State {
    let mut state = with_room(Label::Red);
    enter(&mut state, 4, joined(person(12)));
    state
}

/// Its settings, in which presence is shown or not.
fn settings(state: &State, presence: bool) -> RoomSettings {
    RoomSettings { presence, ..state.rooms[&ROOM].settings().unwrap().clone() }
}

/// A hub over a state, with a room of which 9 records were delivered.
fn hub(state: State) -> Arc<Hub> {
    let delivered = Position { seq: 9, head: Head([9; 32]) };
    let metrics = Arc::new(Metrics::default());
    Hub::new(Arc::new(RwLock::new(state)), std::iter::once((ROOM, delivered)), metrics)
}

fn connect(hub: &Arc<Hub>, who: Principal) -> Registration {
    hub.register(who, None, usize::MAX).unwrap()
}

/// A connection that has come to record 9 of the room.
fn follow(hub: &Arc<Hub>, who: Principal) -> Registration {
    let connection = connect(hub, who);
    assert!(hub.follow(&connection.peer, ROOM, 9));
    connection
}

fn committed(seq: Seq, what: What) -> Committed {
    let item = serde_json::value::to_raw_value(&format!("record {seq}")).unwrap();
    let (salt, head, commitment) = (Salt([0; 16]), Head([1; 32]), Head([2; 32]));
    Committed { seq, at_ms: 0, salt, head, commitment, item: item.get().to_owned(), what }
}

fn entry(seq: Seq, label: Label, kind: Kind) -> Committed {
    let mut entry = bare(kind);
    entry.handling.label = label;
    let summary = Summary::of(&entry.handling, Vec::new());
    committed(seq, What::Entry { room: ROOM, entry: Box::new(entry), summary })
}

fn post(seq: Seq, label: Label) -> Committed {
    entry(seq, label, Kind::Post { reply_to: None })
}

async fn deliver(hub: &Arc<Hub>, batch: Vec<Committed>) {
    let (to_deliver, committed) = mpsc::channel(1);
    to_deliver.send(batch).await.unwrap();
    drop(to_deliver);
    hub.clone().deliver(committed).await;
}

async fn act(hub: &Arc<Hub>, event: Event) {
    deliver(hub, vec![committed(1, What::Act(Act { by: None, event }))]).await;
}

/// What was sent to a connection since it was last asked, in words.
fn heard(connection: &Registration) -> Vec<String> {
    let mut frames = VecDeque::new();
    match connection.peer.outgoing.take(&mut frames).now_or_never() {
        None => Vec::new(),
        Some(Err(ended)) => vec![format!("{ended:?}")],
        Some(Ok(())) => frames.iter().map(|queued| in_words(&queued.frame)).collect(),
    }
}

fn in_words(frame: &str) -> String {
    let notice: Value = serde_json::from_str(frame).unwrap();
    let params = &notice["params"];
    match notice["method"].as_str().unwrap() {
        "entry" => {
            let record = &params["record"];
            let is_shown = record["body"]["shown"]["item"].is_string();
            format!("{} {}", if is_shown { "entry" } else { "stub" }, record["seq"])
        }
        "behind" => format!("behind after {}", params["after"]),
        "room_joined" => format!("joined at {}", params["room"]["latest"]["seq"]),
        "presence" => {
            let way = if params["here"] == true { "came" } else { "went" };
            format!("{} {way}", &params["member"].as_str().unwrap()[..2])
        }
        other => other.to_owned(),
    }
}

#[tokio::test]
async fn each_follower_gets_what_they_may_read_and_who_is_not_in_the_room_nothing() {
    let mut state = state();
    // Came after record 10, which is not for them.
    enter(&mut state, 11, joined(person(20)));
    let hub = hub(state);
    let here: Vec<_> = [10, 12, 20].map(|n| follow(&hub, person(n))).into();
    let outside: Vec<_> = [11, 30].map(|n| follow(&hub, person(n))).into();
    let bot = follow(&hub, BOT);
    let further = connect(&hub, person(10));
    assert!(hub.follow(&further.peer, ROOM, 10), "it has record 10 by history");
    deliver(&hub, vec![post(10, Label::Red), post(12, Label::Green)]).await;
    assert_eq!(heard(&here[0]), ["entry 10", "entry 12"]);
    assert_eq!(heard(&here[1]), ["entry 10", "entry 12"]);
    assert_eq!(heard(&here[2]), ["stub 10", "entry 12"]);
    assert_eq!(heard(&bot), ["stub 10", "entry 12"]);
    assert_eq!(heard(&further), ["entry 12"]);
    for one in &outside {
        assert!(heard(one).is_empty());
    }
    let members = [10, 12, 20].map(|n| person(n).member().unwrap());
    assert_eq!(hub.following(ROOM), members, "each once, and nobody from outside");
    assert_eq!(hub.metrics.delivery.delivered.get(), 9);
    let have = |seq| {
        let mut who: Vec<_> = hub.has_come_to(ROOM, seq).into_iter().collect();
        who.sort();
        who
    };
    assert_eq!(have(12), [person(10), person(12), person(20), BOT]);
    assert_eq!(have(13), []);
    assert!(hub.following(RoomId::from_bytes([7; 16])).is_empty());
}

#[tokio::test]
async fn who_does_not_read_falls_behind_at_the_bound_and_is_followed_no_more() {
    let hub = hub(state());
    let (slow, quick) = (follow(&hub, person(10)), connect(&hub, person(12)));
    deliver(&hub, (10..210).map(|seq| post(seq, Label::Green)).collect()).await;
    assert!(!hub.follow(&quick.peer, ROOM, 208), "record 209 was delivered and it has it not");
    assert!(hub.follow(&quick.peer, ROOM, 209));
    deliver(&hub, (210..300).map(|seq| post(seq, Label::Green)).collect()).await;
    assert_eq!(heard(&quick).len(), 90);
    let slow_heard = heard(&slow);
    assert_eq!(slow_heard.len(), 257);
    assert_eq!(slow_heard[255..], ["entry 265", "behind after 265"]);
    assert_eq!(hub.metrics.delivery.behind.get(), 1);
    assert_eq!(hub.metrics.delivery.delivered.get(), 256 + 90);
    deliver(&hub, vec![post(300, Label::Green)]).await;
    assert_eq!((heard(&slow), heard(&quick)), (Vec::new(), vec!["entry 300".to_owned()]));
    // It may begin anew, and where it asks twice the last place counts.
    assert!(hub.follow(&slow.peer, ROOM, 300) && hub.follow(&slow.peer, ROOM, 301));
    deliver(&hub, vec![post(301, Label::Green), post(302, Label::Green)]).await;
    assert_eq!(heard(&slow), ["entry 302"]);
}

#[tokio::test]
async fn a_room_that_was_opened_since_the_start_is_followed_from_its_first_record() {
    let state = with_room(Label::Red);
    let hub = Hub::new(Arc::new(RwLock::new(state)), std::iter::empty(), Arc::default());
    let officer = connect(&hub, person(10));
    assert!(hub.follow(&officer.peer, ROOM, 0));
    deliver(&hub, vec![post(1, Label::Green)]).await;
    assert_eq!(heard(&officer), ["entry 1"]);
    assert!(!hub.follow(&officer.peer, ROOM, 0));
}

#[tokio::test]
async fn presence_is_told_where_it_is_on_to_other_members_and_once_all_their_devices_went() {
    let mut state = state();
    let on = settings(&state, true);
    enter(&mut state, 5, Kind::Changed { settings: on });
    let hub = hub(state);
    let outside = follow(&hub, person(20));
    let (other, bot) = (follow(&hub, person(12)), follow(&hub, BOT));
    assert!(heard(&other).is_empty(), "neither of themselves nor of a bot");
    let (desk, laptop) = (follow(&hub, person(10)), connect(&hub, person(10)));
    assert_eq!(heard(&other), ["0a came"]);
    assert!(hub.follow(&desk.peer, ROOM, 9) && heard(&other).is_empty(), "asked for again");
    assert!(hub.follow(&laptop.peer, ROOM, 9));
    assert_eq!(heard(&other), ["0a came"]);
    hub.unfollow(&laptop.peer, ROOM);
    hub.unfollow(&laptop.peer, ROOM);
    assert!(heard(&other).is_empty(), "the desk is still there");
    let number = desk.peer.number;
    drop(desk);
    assert_eq!(heard(&other), ["0a went"]);
    assert!(!lock(&hub.peers).contains_key(&number));
    drop(laptop);
    assert!(heard(&other).is_empty());
    assert!(heard(&bot).is_empty() && heard(&outside).is_empty());
}

#[tokio::test]
async fn where_presence_is_off_nothing_is_told() {
    let hub = hub(state());
    let other = follow(&hub, person(12));
    drop(follow(&hub, person(10)));
    assert!(heard(&other).is_empty());
}

#[tokio::test]
async fn what_is_never_stored_goes_to_other_members_in_the_room_or_to_whom_it_concerns() {
    let hub = hub(state());
    let [ten, also_ten, twelve, outside] = [10, 10, 12, 20].map(|n| follow(&hub, person(n)));
    let (bot, elsewhere) = (follow(&hub, BOT), connect(&hub, person(12)));
    let all = [&ten, &also_ten, &twelve, &outside, &bot, &elsewhere];
    let told = || all.map(|one| heard(one).len());
    let typing = Notice::Typing { room: ROOM, member: person(10).member().unwrap() };
    hub.tell(ROOM, person(10), &typing);
    assert_eq!(told(), [0, 0, 1, 0, 0, 0], "who follows the room, is in it, and is no bot");
    hub.tell_everywhere(person(12), ROOM, &typing);
    assert_eq!(told(), [0, 0, 1, 0, 0, 1]);
    hub.tell_all(&typing);
    assert_eq!(told(), [1; 6]);
}

#[tokio::test]
async fn a_room_is_announced_to_who_comes_in_and_its_settings_to_who_is_in_it() {
    let mut state = state();
    enter(&mut state, 10, joined(person(20)));
    let changed = settings(&state, false);
    let hub = hub(state);
    let [inside, newcomer, also, outside] = [10, 20, 20, 30].map(|n| connect(&hub, person(n)));
    let heard = || [&inside, &newcomer, &also, &outside].map(heard);
    deliver(&hub, vec![entry(10, Label::Green, joined(person(20)))]).await;
    let (none, told) = (Vec::<String>::new, |seq| vec![format!("joined at {seq}")]);
    assert_eq!(heard(), [none(), told(10), told(10), none()]);
    deliver(&hub, vec![entry(11, Label::Green, Kind::Changed { settings: changed })]).await;
    assert_eq!(heard(), [told(11), told(11), told(11), none()]);
    deliver(&hub, vec![post(12, Label::Green)]).await;
    assert_eq!(heard(), [none(), none(), none(), none()], "nobody follows it");
}

#[tokio::test]
async fn who_is_taken_out_gets_nothing_more_of_the_room_not_even_what_waited() {
    let mut state = state();
    enter(&mut state, 11, Kind::Left { who: person(10) });
    let hub = hub(state);
    let (gone, also) = (follow(&hub, person(10)), connect(&hub, person(10)));
    let stays = follow(&hub, person(12));
    assert!(gone.peer.outgoing.push(ROOM, Frame::from("{}")), "what waits");
    let left = entry(11, Label::Green, Kind::Left { who: person(10) });
    deliver(&hub, vec![post(10, Label::Green), left]).await;
    assert_eq!(heard(&gone), ["room_left"]);
    assert_eq!(heard(&also), ["room_left"]);
    assert_eq!(heard(&stays), ["entry 10", "entry 11"]);
    assert_eq!(hub.following(ROOM), [person(12).member().unwrap()]);
    assert!(hub.has_come_to(ROOM, 0).contains(&person(12)));
}

#[tokio::test]
async fn an_act_ends_the_connections_of_whoever_may_no_longer_be_here_and_no_others() {
    let (desk, laptop) = (DeviceId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
    let member = |n| person(n).member().unwrap();
    let stands =
        |n, standing| Event::MemberChanged { member: member(n), role: Role::Officer, standing };
    let credentials = |changed_from| Event::CredentialsSet {
        member: member(10),
        password_phc: Secret::from("phc".to_owned()),
        totp_secret: Secret::from("totp".to_owned()),
        changed_from,
    };
    let bot = BotId::from_bytes([2; 16]);
    let rotated = |bot| Event::BotRotated { bot, token_hash: Head([0; 32]), hook_hash: None };
    let (out, anew) = ("SignedOut", "CredentialsChanged");
    let other = BotId::from_bytes([3; 16]);
    // The desk and the laptop of 10, of the bot's owner 11, the bot, and 20.
    for (event, ends) in [
        (Event::MemberRemoved { member: member(10) }, [out, out, "", "", ""]),
        (Event::MemberRemoved { member: member(11) }, ["", "", out, out, ""]),
        (stands(10, Standing::Suspended), [out, out, "", "", ""]),
        (stands(11, Standing::Suspended), ["", "", out, out, ""]),
        (stands(11, Standing::Active), [""; 5]),
        (Event::DeviceRevoked { device: desk }, [out, "", "", "", ""]),
        (credentials(Some(desk)), ["", anew, "", "", ""]),
        (credentials(None), [""; 5]),
        (Event::BotRevoked { bot }, ["", "", "", out, ""]),
        (Event::BotRevoked { bot: other }, [""; 5]),
        (rotated(bot), ["", "", "", out, ""]),
        (rotated(other), [""; 5]),
        (Event::RoomOpened { room: ROOM }, [""; 5]),
    ] {
        let hub = hub(state());
        let (first, second) = (Some(desk), Some(laptop));
        let connections = [
            (person(10), first),
            (person(10), second),
            (person(11), None),
            (BOT, None),
            (person(20), None),
        ]
        .map(|(who, device)| hub.register(who, device, usize::MAX).unwrap());
        let what = serde_json::to_string(&event).unwrap();
        act(&hub, event).await;
        assert_eq!(connections.each_ref().map(|one| heard(one).concat()), ends, "{what}");
    }
}

#[tokio::test]
async fn a_common_cause_is_told_to_managers_and_to_who_depends_on_it() {
    let mut state = state();
    let subject = Subject::Vendor("Civica".parse().unwrap());
    let depends_on = vec![Dependency { subject: subject.clone(), aliases: Vec::new() }];
    let organisation = organisation(20);
    let entry = RegisterEntry { organisation, depends_on, shown: false, deputies: Vec::new() };
    state.apply_act(&Act { by: None, event: Event::RegisterEntrySet(entry) }, 0);
    let hub = hub(state);
    let everyone = [person(10), person(11), BOT, person(20), person(30)];
    let connections = everyone.map(|who| connect(&hub, who));
    let (named, exercise) = (Vec::new(), false);
    let cause = CauseId::from_bytes([1; 16]);
    let found =
        CommonCause { cause, subject, organisations: 2, named, since_ms: 0, at_ms: 0, exercise };
    act(&hub, Event::CommonCauseFound(found)).await;
    let told = connections.each_ref().map(|one| heard(one).concat());
    assert_eq!(told, ["", "common_cause", "", "common_cause", ""]);
}

#[tokio::test]
async fn the_crowd_is_counted_bounded_and_sent_home() {
    let hub = hub(state());
    let first = hub.register(person(10), None, 2).unwrap();
    let second = hub.register(person(10), None, 2).unwrap();
    assert!(hub.register(person(10), None, 2).is_none(), "two of theirs are connected");
    let (other, bot) = (hub.register(person(12), None, 2).unwrap(), connect(&hub, BOT));
    let numbers = [&first, &second, &other, &bot].map(|one| one.peer.number);
    assert!(numbers.is_sorted_by(|before, after| before < after), "each has its own");
    assert!(second.peer.outgoing.push(ROOM, Frame::from("{}")));
    hub.tell_all(&Notice::RoomLeft { room: ROOM });
    let crowd = hub.crowd();
    assert_eq!((crowd.members, crowd.bots), (3, 1));
    assert_eq!((crowd.queued_frames, crowd.longest_queue_frames), (5, 2));
    drop(second);
    assert_eq!(hub.crowd().members, 2);
    assert!(hub.register(person(10), None, 2).is_some());
    hub.end_all();
    for one in [&first, &other, &bot] {
        assert_eq!(heard(one), ["room_left"]);
        assert_eq!(heard(one), ["ShuttingDown"]);
    }
}
