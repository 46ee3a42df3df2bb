//! The play: what happens, scene by scene.

use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use warproom_client::proto::ask::Ask;
use warproom_client::proto::calls::{
    AddToRoom, AnswerAsk, ListMembers, ListRegisterEntries, OpenRoom, PostEntry, SetRegisterEntry,
    ShowBoard,
};
use warproom_client::proto::register::{Dependency, Role};
use warproom_client::proto::{
    EntryId, Handle, Label, MemberId, Name, Reporting, RoomId, RoomRole, RoomSettings, Seq, Subject,
};
use warproom_client::{BoardView, Client, Connector, Events, Joined, Relaxed};
use warproom_server::config::Config;
use warproom_server::serve::Server;
use warproom_server::{setup, tls};

use crate::cast::{self, Cast, Person, SAYING};
use crate::feeds::{self, Catalogue};
use crate::transcript::{self, Transcript};

/// What happens after the play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server stops.
    Exit,
    /// The server stays up, and says how to join it.
    StayUp,
}

/// How long the stage waits for whoever joins after the play before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long the councils have to answer the roll call, in milliseconds.
const HALF_AN_HOUR: i64 = 30 * 60 * 1000;

/// Plays the incident.
pub(crate) async fn play(ending: Ending) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let transcript = Transcript::default();
    transcript.scene("A WARP is made, and its manager joins by invitation");
    let invitation = setup::init(folder.path(), cast::founding()?)?;
    let mut config = Config::load(folder.path())?;
    // The whole cast sits on one machine, and so in one network.
    config.limits.strangers_per_source = config.limits.strangers;
    let server = Server::start(config.clone()).await?;
    config.listen = server.local;

    let mut cast = Cast::assemble(&server, invitation, &transcript).await?;
    let room = open_room(&cast).await?;
    let reader = cast.ashford().clone();
    let events = reader.events.lock().await.take().context("Ashford reads already")?;
    let reading = transcript.follow((&reader.client, events), room, cast.names()).await?;
    let warned = transcript.warnings(cast.manager()).await?;

    depend(&cast, &transcript).await?;
    from_outside(&cast, room, (&folder, &config), &transcript).await?;
    let server = server_stops(&cast, (server, config), room, &transcript).await?;
    roll_call(&cast, room, &transcript).await?;

    transcript.scene("TLP:RED, and a guest who comes later");
    let red = say(cast.canterbury(), room, Label::Red, SAYING.named_account).await?;
    transcript.reached(red).await?;
    late_guest(&mut cast, &server, room, red, &transcript).await?;
    let last = say(cast.manager(), room, Label::Green, SAYING.next_call).await?;
    transcript.reached(last).await?;
    reading.abort();
    warned.abort();

    transcript.scene("The curtain");
    transcript
        .say(&format!("{last} entries in the room, each on stable storage before anyone saw it."));
    if ending == Ending::StayUp {
        stay_up(&cast, room, &transcript).await?;
    }
    server.stop().await;
    Ok(())
}

async fn open_room(cast: &Cast) -> anyhow::Result<RoomId> {
    let settings = RoomSettings {
        name: cast::ROOM.parse()?,
        ceiling: Label::Red,
        default_label: Label::Amber,
        typing: false,
        presence: false,
    };
    let manager = &cast.manager().client;
    let room = manager.call(OpenRoom { settings }).await?.room;
    for person in cast.everyone_else() {
        add(manager, room, person.member).await?;
    }
    Ok(room)
}

async fn add(manager: &Client, room: RoomId, member: MemberId) -> anyhow::Result<()> {
    let (id, role) = (EntryId::random(), RoomRole::Participant);
    manager.append(AddToRoom { room, id, member, role }).await?;
    Ok(())
}

/// Everyone says what their organisation depends on: seen by themselves and the manager alone.
async fn depend(cast: &Cast, transcript: &Transcript) -> anyhow::Result<()> {
    transcript.scene("What each organisation depends on: told to the manager alone");
    let civica = || Subject::Vendor(name("Civica"));
    let ivanti = || Subject::Product(name("Ivanti Connect Secure"));
    for (person, subject) in [
        (cast.canterbury(), civica()),
        (cast.dover(), civica()),
        (cast.thanet(), civica()),
        (cast.east_kent(), civica()),
        (cast.manager(), ivanti()),
    ] {
        let depends_on = vec![Dependency { subject, aliases: Vec::new() }];
        transcript.depends(person.organisation, depends_on.clone());
        let call = SetRegisterEntry { depends_on, shown: false, deputies: Vec::new() };
        person.client.call(call).await?;
        let seen = person.client.call(ListRegisterEntries {}).await?.entries.len();
        transcript.say(&format!("{}: set; sees {seen} of such entries", person.organisation));
    }
    Ok(())
}

/// A name that stands in this program.
fn name(text: &'static str) -> Name {
    #[expect(clippy::expect_used, reason = "the names are written here, short and printable")]
    text.parse().expect("a name")
}

/// What bots bring: a public catalogue by the relay, a council's own monitoring by a webhook.
async fn from_outside(
    cast: &Cast,
    room: RoomId,
    (folder, config): (&TempDir, &Config),
    transcript: &Transcript,
) -> anyhow::Result<()> {
    transcript.scene("10 January 2024: a relay brings what CISA publishes, as a bot");
    let catalogue = Catalogue::open().await?;
    let bot = cast.bot(room).await?;
    let posted = feeds::relay(folder.path(), &catalogue, cast::ROOM, &bot.client).await?;
    transcript.say(&format!("The first look at a catalogue is {posted} digest, not a flood:"));
    catalogue.add_ivanti();
    feeds::relay(folder.path(), &catalogue, cast::ROOM, &bot.client).await?;
    let latest = transcript::latest(&cast.manager().client, room).await?;
    transcript.reached(latest).await?;

    transcript.scene("18 January 2024: monitoring brings the first warning, by a webhook");
    feeds::portal_is_down(bot.hook, &config.keys.join(tls::AUTHORITY_CERTIFICATE)).await?;
    say(cast.canterbury(), room, Label::Amber, SAYING.canterbury_down).await?;
    say(cast.dover(), room, Label::Amber, SAYING.dover_too).await?;
    transcript.reached(say(cast.thanet(), room, Label::Amber, SAYING.thanet_too).await?).await?;
    bot.client.close().await;
    Ok(())
}

/// The server stops in the middle; somebody writes all the same.
async fn server_stops(
    cast: &Cast,
    (server, config): (Server, Config),
    room: RoomId,
    transcript: &Transcript,
) -> anyhow::Result<Server> {
    transcript
        .scene("The server stops in the middle; Dover writes all the same; the server is back");
    server.stop().await;
    let waiting = {
        let dover = cast.dover().clone();
        tokio::spawn(async move { say(&dover, room, Label::Amber, SAYING.dover_waiting).await })
    };
    let server = Server::start(config).await?;
    transcript.reached(waiting.await??).await?;
    transcript
        .say("Every client came back by itself; Dover's entry went in once, nothing was lost.");
    Ok(server)
}

/// One answer for each organisation; one shared supplier, and one rumour put right.
async fn roll_call(cast: &Cast, room: RoomId, transcript: &Transcript) -> anyhow::Result<()> {
    transcript.scene("The roll call: one answer for each organisation");
    let manager = cast.manager();
    let options = Ask::ROLL_CALL.map(name).into();
    let due_at_ms = Some(cast::now_ms()? + HALF_AN_HOUR);
    let call = PostEntry {
        room,
        id: EntryId::random(),
        label: Label::Amber,
        text: SAYING.who_depends.parse()?,
        reply_to: None,
        mentions: Vec::new(),
        subjects: vec![Subject::Vendor(name("Civica"))],
        ask: Some(Ask { options, due_at_ms }),
        exercise: false,
        files: Vec::new(),
    };
    let asked = manager.client.append(call).await?.seq;
    for (person, choice, note, supplier) in [
        (cast.canterbury(), "affected", SAYING.canterbury_answers, Some("Civica")),
        (cast.dover(), "investigating", SAYING.dover_answers, None),
        (cast.ashford(), "separate incident", SAYING.ashford_separate, None),
        (cast.dover(), "affected", SAYING.dover_answers_again, Some("Civica UK Ltd")),
        (cast.thanet(), "affected", SAYING.thanet_answers, Some("CIVICA")),
    ] {
        let answered = answer(person, (room, asked), (choice, note), supplier).await?;
        transcript.reached(answered).await?;
    }
    transcript.warned(2).await?;
    let board = manager.client.call(ShowBoard { room, of: asked }).await?;
    let board = BoardView::of(&board, &Relaxed::default()).context("the board is not readable")?;
    transcript.scene("The board of the roll call, as the manager sees it");
    transcript.board(&board);
    transcript.scene("One shared supplier");
    transcript
        .reached(say(cast.east_kent(), room, Label::AmberStrict, SAYING.shared_service).await?)
        .await
}

/// An answer; where it names a supplier, it counts, without a name, towards a common cause.
async fn answer(
    person: &Person,
    (room, of): (RoomId, Seq),
    (choice, note): (&'static str, &str),
    supplier: Option<&'static str>,
) -> anyhow::Result<Seq> {
    let call = AnswerAsk {
        room,
        id: EntryId::random(),
        of,
        choice: name(choice),
        label: None,
        note: Some(note.parse()?),
        subjects: supplier.map(|supplier| Subject::Vendor(name(supplier))).into_iter().collect(),
        common_cause: supplier.map_or(Reporting::No, |_| Reporting::Anonymous),
    };
    Ok(person.client.append(call).await?.seq)
}

async fn say(who: &Person, room: RoomId, label: Label, text: &str) -> anyhow::Result<Seq> {
    Ok(who.client.post(room, label, text).await?.seq)
}

/// A guest comes in and reads what the labels leave: RED and AMBER stay with those who were there.
async fn late_guest(
    cast: &mut Cast,
    server: &Server,
    room: RoomId,
    red: Seq,
    transcript: &Transcript,
) -> anyhow::Result<()> {
    let guest = cast.guest(server).await?;
    add(&cast.manager().client, room, guest.member).await?;
    let (withheld, shown) = transcript::count(&guest.client, room).await?;
    anyhow::ensure!(withheld.contains(&red), "TLP:RED was shown to somebody who was not there");
    transcript.say(&format!(
        "{} of {} joins as a guest and reads back: {} entries shown, {} withheld, #{red} among them.",
        guest.name,
        guest.organisation,
        shown.len(),
        withheld.len(),
    ));
    Ok(())
}

/// Leaves the stage to whoever is watching, until Ctrl-C.
async fn stay_up(cast: &Cast, room: RoomId, transcript: &Transcript) -> anyhow::Result<()> {
    let handle: Handle = "you".parse()?;
    let invitation = cast.invite("You", &handle, cast::YOUR_COUNCIL, Role::Officer).await?;
    transcript.say(&format!(
        "\nThe server stays up until Ctrl-C. Join it as an officer, from another terminal:\n\n    \
         cargo run --release -p warproom -- join {}\n",
        invitation.expose()
    ));
    let manager = &cast.manager().client;
    let brought_in = async {
        loop {
            let members = manager.call(ListMembers {}).await?.members;
            if let Some(you) = members.iter().find(|member| member.handle == handle) {
                add(manager, room, you.member).await?;
                transcript.say(&format!(
                    "You are in, and in the room. Read on and say something:\n\n    \
                     cargo run --release -p warproom -- history \"{}\"\n",
                    cast::ROOM
                ));
                return std::future::pending::<anyhow::Result<()>>().await;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::select! {
        ended = brought_in => ended,
        stopped = tokio::signal::ctrl_c() => Ok(stopped?),
    }
}

/// A client of somebody's, remembering nothing.
pub(crate) async fn connect(joined: &Joined, server: &Server) -> anyhow::Result<(Client, Events)> {
    Ok(Connector::new(server.address.clone(), joined.credentials()).connect().await?)
}
