//! `bench`: measures the server from outside and prints one row per figure.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use warproom_tests::bench::bare::{self, Flush};
use warproom_tests::bench::fan_out::{self, Effort};
use warproom_tests::bench::grounds::Grounds;
use warproom_tests::bench::machine::{self, Cores};
use warproom_tests::bench::report::Report;
use warproom_tests::bench::{board, flood, history, idle, paced, relayed, window};
use warproom_tests::harness::{desktop_binary, desktop_example, relay_binary, server_binary};

/// Measure the server: what it costs to deliver, to wait, to remember.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// What to measure; everything if not said.
    #[arg(long, value_enum, value_delimiter = ',')]
    rows: Vec<Rows>,
    /// A smoke run of some seconds.
    #[arg(long)]
    quick: bool,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Where to make the throw-away WARP, on a disk; beside this program if not said.
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rows {
    /// One room with 50 and 200 members, beside a bare server.
    FanOut,
    /// 100 rooms with 10 members each.
    Rooms,
    /// 200 posts a second to 50 members.
    Paced,
    /// The same while strangers guess passwords.
    Flood,
    /// 1,000 connections that do nothing.
    Idle,
    /// Rooms of up to a million entries.
    History,
    /// A board of 100 organisations with 10,000 answers.
    Board,
    /// A feed's alert to every officer, and a whole catalogue while others talk.
    Relayed,
    /// What a frame of the desktop client costs.
    Window,
    /// The desktop client's real window, in a virtual display.
    Screen,
}

/// The bench's own processes.
#[derive(Subcommand)]
enum Part {
    /// Become another program, kept on one core.
    #[command(hide = true)]
    ExecOn {
        core: usize,
        #[arg(last = true)]
        command: Vec<OsString>,
    },
    /// Run the bare server.
    #[command(hide = true)]
    Bare {
        keys: PathBuf,
        #[arg(long, value_enum)]
        flush: Flush,
    },
}

impl Arguments {
    fn wants(&self, rows: Rows) -> bool {
        // The real window needs a virtual display, and several minutes: only who names it gets it.
        let is_usual = self.rows.is_empty() && rows != Rows::Screen;
        is_usual || self.rows.contains(&rows)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.part {
        Some(Part::ExecOn { core, command }) => machine::exec_on(*core, command),
        Some(Part::Bare { keys, flush }) => {
            // As the server under measurement: as many workers as it may use cores.
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(bare::serve(keys, *flush))
        }
        None => {
            machine::raise_open_files()?;
            // Before this process, and the compiler it starts, are kept on one core.
            say("building what is measured")?;
            server_binary()?;
            relay_binary()?;
            if arguments.wants(Rows::Window) {
                desktop_example("frames")?;
            }
            if arguments.wants(Rows::Screen) {
                desktop_binary()?;
            }
            let cores = Cores::pick()?;
            machine::pin(cores.load)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let report = runtime.block_on(measure(&arguments, cores))?;
            let text = if arguments.json {
                serde_json::to_string_pretty(&report)?
            } else {
                report.table()
            };
            Ok(writeln!(std::io::stdout().lock(), "{text}")?)
        }
    }
}

async fn measure(arguments: &Arguments, cores: Cores) -> anyhow::Result<Report> {
    let quick = arguments.quick;
    let wanted = |rows| arguments.wants(rows);
    let beside = || -> anyhow::Result<PathBuf> {
        Ok(std::env::current_exe()?.parent().map(PathBuf::from).unwrap_or_default())
    };
    let folder = arguments.folder.clone().map_or_else(beside, Ok)?;
    let mut report = Report::new(machine::description(), quick);
    say(&format!(
        "{}\nserver on core {}, load on core {}",
        report.machine, cores.server, cores.load
    ))?;
    if cores.server == cores.load {
        say("only one core: the load takes its time from the server, and the figures show it")?;
    }
    let effort = if quick {
        let tenth = Duration::from_millis(300);
        Effort { warm_up: tenth, measured: tenth, rounds: 1 }
    } else {
        Effort { warm_up: Duration::from_millis(700), measured: Duration::from_secs(4), rounds: 3 }
    };
    let officers = if quick { 4 } else { 50 };
    say(&format!("{officers} officers join"))?;
    let mut grounds = Grounds::found(&folder, cores, officers).await?;
    if wanted(Rows::FanOut) {
        for members in [50, 200] {
            say(&format!("fan-out to {members}"))?;
            fan_out::one_room(&grounds, members, effort, &mut report).await?;
        }
    }
    if wanted(Rows::Rooms) {
        say("many rooms")?;
        let rooms = if quick { 10 } else { 100 };
        fan_out::many_rooms(&grounds, rooms, effort, &mut report).await?;
    }
    if wanted(Rows::Paced) {
        say("a paced room")?;
        let measured = if quick { effort.measured } else { Duration::from_secs(10) };
        paced::run(&grounds, 50, measured, &mut report).await?;
    }
    if wanted(Rows::Flood) {
        say("a paced room in a flood of password checks")?;
        let measured = if quick { Duration::from_secs(2) } else { Duration::from_secs(6) };
        flood::run(&grounds, 50, measured, &mut report).await?;
    }
    if wanted(Rows::Idle) {
        say("idle connections")?;
        idle::run(&mut grounds, if quick { 100 } else { 1_000 }, &mut report).await?;
    }
    if wanted(Rows::Board) {
        say("a board")?;
        board::run(&grounds, if quick { 5 } else { 100 }, &mut report).await?;
    }
    if wanted(Rows::Relayed) {
        say("what a relay brings")?;
        relayed::run(&grounds, &mut report).await?;
    }
    if wanted(Rows::Window) {
        say("the desktop client's frames")?;
        window::run(&mut report)?;
    }
    if wanted(Rows::Screen) {
        say("the desktop client's window")?;
        window::real::run(&grounds, &desktop_binary()?, &mut report).await?;
    }
    if wanted(Rows::History) {
        say("history")?;
        let sizes = if quick { [100, 1_000, 5_000] } else { [1_000, 100_000, 1_000_000] };
        history::run(&mut grounds, &sizes, if quick { 50 } else { 1_000 }, &mut report).await?;
    }
    Ok(report)
}

/// Tells whoever waits what goes on, away from the report.
fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr().lock(), "{text}")?)
}
