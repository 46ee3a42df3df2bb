//! A WARP in this process: a real server on a port of its own, a manager who sends what a target likes,
//! and another one who must be served meanwhile.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use warproom_proto::calls::{AddBot, ListRooms, OpenRoom};
use warproom_proto::register::Role;
use warproom_proto::{EntryId, Label, RoomSettings};
use warproom_tests::harness::{DEADLINE, Person, Raw, grant};

use super::super::wire::must;
use crate::here::Here;

/// After so many inputs the room and the people in it are made anew: frames take away what others need.
const INPUTS: u32 = 500;

/// A running server and the people of its WARP.
pub(super) struct Grounds {
    here: Here,
    manager: Person,
    /// The manager's connection that the last input left.
    kept: RefCell<Option<Raw>>,
    /// What stands for what in the golden vectors.
    ids: RefCell<Vec<(&'static str, String)>>,
    inputs: AtomicU32,
}

/// Does something with the one server of this process.
pub(super) fn with_grounds(run: impl AsyncFnOnce(&Grounds)) {
    static ALL: Mutex<Option<(Runtime, Grounds)>> = Mutex::new(None);
    // A panic while it was held is the finding; whoever comes next may go on.
    let mut all = ALL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if all.is_none() {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = must(runtime.ok(), "a runtime is built");
        let grounds = runtime.block_on(Grounds::prepare());
        if let Err(error) = &grounds {
            panic!("the server does not start: {error:#}");
        }
        *all = grounds.ok().map(|grounds| (runtime, grounds));
    }
    let Some((runtime, grounds)) = all.as_ref() else { return };
    runtime.block_on(async {
        grounds.count().await;
        run(grounds).await;
    });
}

impl Grounds {
    async fn prepare() -> anyhow::Result<Self> {
        let here = Here::start().await?;
        let organisation = here.first_organisation().await?;
        let manager = here.join("fuzz", organisation, Role::Manager).await?;
        Ok(Self {
            here,
            manager,
            kept: RefCell::default(),
            ids: RefCell::default(),
            inputs: AtomicU32::new(0),
        })
    }

    /// Counts an input, and makes a new room when it is time.
    async fn count(&self) {
        let inputs = self.inputs.fetch_add(1, Ordering::Relaxed);
        if inputs.is_multiple_of(INPUTS) {
            let ids = self.room(inputs / INPUTS).await;
            // Quotas end it at some time; then the last one stays.
            if let Ok(ids) = ids {
                self.ids.replace(ids);
            }
        }
    }

    /// A room of the manager and somebody else, in which 3 is an alert's place and 7 an ask's.
    async fn room(&self, number: u32) -> anyhow::Result<Vec<(&'static str, String)>> {
        let other = self.here.organisation(format!("Council {number}").parse()?).await?;
        let victim = self.here.join(&format!("victim{number}"), other, Role::Officer).await?;
        let settings = RoomSettings {
            name: format!("Room {number}").parse()?,
            ceiling: Label::Red,
            default_label: Label::Green,
            typing: true,
            presence: true,
        };
        let room = self.manager.client.call(OpenRoom { settings }).await?.room;
        self.manager.add(room, &victim).await?;
        for text in ["three", "four", "five", "six", "seven"] {
            self.manager.post(room, Label::Green, text).await?;
        }
        let grant = grant(room, Some(Label::Green), Some(Label::Green));
        let bot = AddBot { name: format!("Bot {number}").parse()?, grant, hook: None };
        let bot = self.here.manager.client.call(bot).await?.bot;
        let own = self.here.first_organisation().await?;
        Ok(vec![
            ("01890a5d-ac96-774b-bcce-b302099a8001", room.to_string()),
            ("01890a5d-ac96-774b-bcce-b302099a8002", victim.member.to_string()),
            ("01890a5d-ac96-774b-bcce-b302099a8003", own.to_string()),
            ("01890a5d-ac96-774b-bcce-b302099a8004", victim.device.to_string()),
            ("01890a5d-ac96-774b-bcce-b302099a8005", bot.to_string()),
            ("01890a5d-ac96-774b-bcce-b302099a8009", other.to_string()),
        ])
    }

    /// Where the server listens.
    pub(super) const fn local(&self) -> SocketAddr {
        self.here.local
    }

    /// The frames of an input: one a line, with this WARP's ids in the place of the golden vectors'.
    /// Each use of the entries' id is another one.
    pub(super) fn frames(&self, bytes: &[u8]) -> Vec<String> {
        const ENTRY: &str = "01890a5d-ac96-774b-bcce-b302099a8007";
        let text = String::from_utf8_lossy(bytes);
        let ids = self.ids.borrow();
        let frame = |line: &str| {
            let mut frame = line.replace(ENTRY, &EntryId::random().to_string());
            for (from, to) in ids.iter() {
                frame = frame.replace(from, to);
            }
            frame
        };
        text.lines().filter(|line| !line.is_empty()).take(super::FRAMES).map(frame).collect()
    }

    /// A connection that is upgraded and no more.
    pub(super) async fn upgraded(&self) -> anyhow::Result<Raw> {
        Raw::open(self.here.local).await
    }

    /// A connection that is signed in as the manager.
    pub(super) async fn signed_in(&self) -> anyhow::Result<Raw> {
        if let Some(raw) = self.kept.take() {
            return Ok(raw);
        }
        let mut raw = self.upgraded().await?;
        raw.sign_in(&self.manager).await?;
        Ok(raw)
    }

    /// Keeps the manager's connection for the next input.
    pub(super) fn keep(&self, raw: Raw) {
        self.kept.replace(Some(raw));
    }

    /// Panics unless somebody else is answered.
    pub(super) async fn others_are_served(&self) {
        let asked = self.here.manager.client.call(ListRooms::default());
        let answer = timeout(DEADLINE, asked).await;
        assert!(matches!(answer, Ok(Ok(_))), "somebody else is not served any more");
    }
}
