//! Every command: what it asks of the server and how it shows the answer. No rules of the WARP are
//! here; the server has them.

mod alerts;
mod asks;
mod audit;
mod boards;
mod bots;
mod concern;
mod concerns;
mod devices;
mod disclosure;
mod entries;
mod files;
mod follow;
mod governing;
mod invitations;
mod join;
mod members;
mod organisations;
mod password;
mod profiles;
mod reading;
mod register;
mod reports;
mod rooms;
mod searching;

use anyhow::Result;
use clap::CommandFactory as _;
use serde::Serialize;
use warproom_client::proto::{Record, RoomId};

use crate::args::{Args, Command, DeviceCommand, Online};
use crate::session::{Place, Session};

/// Runs one command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let place = Place::new(&args.global)?;
    match args.command {
        Command::Join(args) => join::join(&place, &args).await,
        Command::Device(DeviceCommand::Enrol(args)) => join::enrol(&place, &args).await,
        Command::Device(DeviceCommand::Online(command)) => {
            let session = Session::open(&place).await?;
            let done = devices::run(&session, &command).await;
            session.close(done).await
        }
        Command::Online(command) => {
            let mut session = Session::open(&place).await?;
            let done = online(&mut session, &command).await;
            session.close(done).await
        }
        Command::Profile(command) => profiles::run(&place, &command),
        Command::Completions { shell } => completions(shell),
        Command::Manual { folder } => Ok(clap_mangen::generate_to(Args::command(), folder)?),
    }
}

async fn online(session: &mut Session, command: &Online) -> Result<()> {
    match command {
        Online::Rooms(args) => rooms::list(session, args).await,
        Online::Say(args) => entries::say(session, args).await,
        Online::Fetch(args) => files::fetch(session, args).await,
        Online::Alert(args) => alerts::alert(session, args).await,
        Online::Ask(args) => asks::ask(session, args).await,
        Online::Answer(args) => asks::answer(session, args).await,
        Online::Board(args) => boards::board(session, args).await,
        Online::Outstanding => asks::outstanding(session).await,
        Online::Causes => concerns::causes(session).await,
        Online::Interruptions(args) => concerns::interruptions(session, args).await,
        Online::Tail(args) => follow::tail(session, args).await,
        Online::History(args) => reading::history(session, args).await,
        Online::Thread(args) => reading::thread(session, args).await,
        Online::Search(args) => searching::search(session, args).await,
        Online::Edit(args) => entries::edit(session, args).await,
        Online::Retract(args) => entries::retract(session, args).await,
        Online::Reached(args) => entries::reached(session, args).await,
        Online::Relabel(args) => entries::relabel(session, args).await,
        Online::React(args) => entries::react(session, args).await,
        Online::Read(args) => reading::mark(session, args).await,
        Online::Seen(args) => reading::seen(session, args).await,
        Online::Room(command) => rooms::run(session, command).await,
        Online::Members(args) => members::list(session, args.room.as_deref()).await,
        Online::Member(command) => members::run(session, command).await,
        Online::Password(args) => password::change(session, args).await,
        Online::Invite(args) => invitations::invite(session, args).await,
        Online::Invitation(command) => invitations::run(session, command).await,
        Online::Organisation(command) => organisations::run(session, command).await,
        Online::Bot(command) => bots::run(session, command).await,
        Online::Register(args) => register::list(session, args).await,
        Online::Audit(args) => audit::audit(session, args).await,
        Online::Export(args) => audit::export(session, args).await,
        Online::Disclose(args) => disclosure::disclose(session, args).await,
        Online::Propose(command) => governing::propose(session, command).await,
        Online::Proposals => governing::list(session).await,
        Online::Approve(args) => governing::approve(session, args).await,
        Online::EndProposal(args) => governing::end(session, args).await,
        Online::Hold(args) => governing::hold(session, args).await,
        Online::Retention(args) => governing::show_retention(session, args).await,
    }
}

fn completions(shell: clap_complete::Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "warproom", &mut script);
    crate::out::raw(&script)
}

/// A room's record as a program gets it: the fields of the protocol's `entry` notification.
#[derive(Serialize)]
struct InRoom<'a> {
    room: RoomId,
    record: &'a Record,
}

const fn in_room(room: RoomId, record: &Record) -> InRoom<'_> {
    InRoom { room, record }
}
