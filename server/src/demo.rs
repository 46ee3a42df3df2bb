//! The demo: the incident of January 2024, played by real clients against a real server over real
//! TLS, on loopback and in a temporary folder. The councils are those of the public story; their
//! officers are invented.
//!
//! This is the one place where the server names the client crate: a demo is a WARP with people in it.

mod cast;
mod transcript;

use std::time::Duration;

use anyhow::Context as _;
use warproom_client::{Client, Connector};
use warproom_proto::calls::{AddToRoom, ListMembers, OpenRoom};
use warproom_proto::entry::{RoomRole, RoomSettings};
use warproom_proto::register::Role;
use warproom_proto::{EntryId, Handle, Label, MemberId, RoomId};

use crate::config::Config;
use crate::serve::Server;
use crate::setup;

use cast::{Cast, Person, SAYING};
use transcript::Transcript;

/// What happens after the play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The server stops.
    Exit,
    /// The server stays up, and says how to join it.
    StayUp,
}

/// How long the stage waits for whoever joins after the play before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Plays the incident.
pub async fn play(ending: Ending) -> anyhow::Result<()> {
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

    transcript.scene("18 January 2024: a bot brings the first warning, and officers recognise it");
    first_warning(&cast, room).await?;
    transcript.reached(say(cast.thanet(), room, Label::Amber, SAYING.thanet_too).await?).await?;

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

    transcript.scene("One shared supplier, and one rumour put right");
    say(cast.manager(), room, Label::Amber, SAYING.who_depends).await?;
    say(cast.east_kent(), room, Label::AmberStrict, SAYING.shared_service).await?;
    transcript.reached(say(&reader, room, Label::Amber, SAYING.ashford_separate).await?).await?;

    transcript.scene("TLP:RED, and a guest who comes later");
    let red = say(cast.canterbury(), room, Label::Red, SAYING.named_account).await?;
    transcript.reached(red).await?;
    late_guest(&mut cast, &server, room, red, &transcript).await?;
    let last = say(cast.manager(), room, Label::Green, SAYING.next_call).await?;
    transcript.reached(last).await?;
    reading.abort();

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

async fn first_warning(cast: &Cast, room: RoomId) -> anyhow::Result<()> {
    let bot = cast.bot(room).await?;
    bot.post(room, Label::Green, SAYING.monitoring).await?;
    bot.close().await;
    say(cast.canterbury(), room, Label::Amber, SAYING.canterbury_down).await?;
    say(cast.dover(), room, Label::Amber, SAYING.dover_too).await?;
    Ok(())
}

async fn say(who: &Person, room: RoomId, label: Label, text: &str) -> anyhow::Result<u64> {
    Ok(who.client.post(room, label, text).await?.seq)
}

/// A guest comes in and reads what the labels leave: RED and AMBER stay with those who were there.
async fn late_guest(
    cast: &mut Cast,
    server: &Server,
    room: RoomId,
    red: u64,
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
async fn connect(
    joined: &warproom_client::Joined,
    server: &Server,
) -> anyhow::Result<(Client, warproom_client::Events)> {
    Ok(Connector::new(server.address.clone(), joined.credentials()).connect().await?)
}
