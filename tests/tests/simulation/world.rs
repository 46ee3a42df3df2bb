//! One simulation: a machine with a server, members with their clients, links between them, and what
//! befalls them step by step. Then all trouble ends, and everything has to come right.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use warproom_client::simulated::{Network, Stream};
use warproom_proto::register::{
    Act, Device, Event, Member as Registered, Organisation, Role, Standing,
};
use warproom_proto::{
    Entry, Head, InvitationId, Kind, Label, MemberId, OrganisationId, Principal, RoomId,
    RoomSettings, Seq, WarpId,
};
use warproom_server::simulated::{Fate, Machine, Note, Server};

use super::chance::Chance;
use super::damage;
use super::link::{Kind as LinkKind, Link};
use super::member::{Member, read_anew};
use super::options::Options;
use super::rules::Room;
use super::watch::{Watch, check_view, short, short_member};

/// What everything in a simulation shares.
pub struct World {
    pub options: Options,
    machine: Machine,
    server: Mutex<Option<Server>>,
    watch: Mutex<Watch>,
    links: Mutex<Vec<(MemberId, Link)>>,
    chance: Mutex<Chance>,
    /// Until when somebody's network reaches nothing.
    cut_off: Mutex<BTreeMap<MemberId, Instant>>,
    connections: AtomicU64,
    /// Whether all trouble is over.
    calm: Mutex<bool>,
}

impl World {
    pub fn watch(&self) -> MutexGuard<'_, Watch> {
        held(&self.watch)
    }

    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        held(&self.server)
    }

    /// The network as somebody's device has it.
    pub fn network(self: &Arc<Self>, who: MemberId) -> Network {
        let world = self.clone();
        Arc::new(move || {
            let world = world.clone();
            Box::pin(async move { world.dial(who).await })
        })
    }

    async fn dial(self: &Arc<Self>, who: MemberId) -> io::Result<(Stream, [u8; 32])> {
        let way = held(&self.chance).up_to(self.options.delay);
        sleep(way).await;
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let is_cut_off = held(&self.cut_off).get(&who).is_some_and(|until| *until > Instant::now());
        if is_cut_off || !self.machine.disk.has_power() {
            return Err(refused());
        }
        let mut chance = held(&self.chance).split();
        let is_calm = *held(&self.calm);
        let breaks = !is_calm && chance.percent(self.options.fragile);
        let kind = LinkKind {
            slowest: self.options.delay,
            capacity: self.options.capacity_bytes,
            breaks_within_bytes: breaks.then_some(20_000),
        };
        let (watched, powered) = (self.clone(), self.machine.disk.clone());
        let heard = move |text: &[u8], since| {
            let mut watch = watched.watch();
            let unflushed = watched.machine.disk.unflushed();
            watch.heard(who, text, since, unflushed);
        };
        let runs = Box::new(move || powered.has_power());
        let (link, ours, theirs) = Link::new(chance, kind, Box::new(heard), runs);
        let mut exporter = [0; 32];
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        exporter[..8].copy_from_slice(&number.to_be_bytes());
        self.server().as_mut().ok_or_else(refused)?.serve(theirs, exporter);
        let mut links = held(&self.links);
        links.retain(|(_, link)| !link.is_over());
        links.push((who, link));
        Ok((Stream::of(ours), exporter))
    }
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A simulation as it runs.
pub struct Simulation {
    pub world: Arc<World>,
    pub members: Vec<Arc<Member>>,
    pub rooms: Vec<RoomId>,
    pub chance: Chance,
    programs: Vec<JoinHandle<()>>,
    erasing: JoinSet<(RoomId, Vec<Seq>, bool)>,
    /// The disk as it was at some moment.
    pub earlier: Option<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// What came out of a simulation that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// All that happened, in one number.
    pub traced: u64,
    pub answered: usize,
    pub deliveries: u64,
}

impl Simulation {
    /// Founds a WARP, opens its rooms and starts everybody's programs.
    pub async fn begin(mut chance: Chance, change: fn(&mut Options)) -> anyhow::Result<Self> {
        let mut options = Options::of(&mut chance);
        change(&mut options);
        let organisations: Vec<_> =
            (0..options.organisations).map(|_| OrganisationId::from_bytes(chance.id())).collect();
        let members: Vec<_> =
            (0..options.members).map(|_| Arc::new(Member::new(&mut chance))).collect();
        let of = members.iter().map(|member| member.id).zip(organisations.iter().copied().cycle());
        let of: BTreeMap<_, _> = of.collect();
        let rooms = (0..options.rooms).map(|_| RoomId::from_bytes(chance.id())).collect();
        let world = Arc::new(World {
            machine: Machine::new()?,
            server: Mutex::default(),
            watch: Mutex::new(Watch::new(of)),
            links: Mutex::default(),
            chance: Mutex::new(chance.split()),
            cut_off: Mutex::default(),
            connections: AtomicU64::new(0),
            calm: Mutex::new(false),
            options,
        });
        let (programs, erasing) = (Vec::new(), JoinSet::new());
        let mut simulation =
            Self { world, members, rooms, chance, programs, erasing, earlier: None };
        simulation.start()?;
        simulation.found(&organisations).await?;
        for at in 0..simulation.members.len() {
            let program = simulation.program(at);
            simulation.programs.push(program);
        }
        Ok(simulation)
    }

    /// Starts the server on what its machine has.
    fn start(&self) -> anyhow::Result<()> {
        let weak = Arc::downgrade(&self.world);
        let note: Note = Arc::new(move |noted| {
            if let Some(world) = weak.upgrade() {
                let unflushed = world.machine.disk.unflushed();
                world.watch().committed(noted, unflushed);
            }
        });
        let server =
            Server::start(&self.world.machine, note).context("the server does not start")?;
        let mut watch = self.world.watch();
        for room in &self.rooms {
            let records = server.log(*room).map_err(|error| anyhow::anyhow!("{error}"))?;
            watch.started_with(*room, &records);
        }
        watch.note("the server starts");
        *self.world.server() = Some(server);
        Ok(())
    }

    async fn found(&mut self, organisations: &[OrganisationId]) -> anyhow::Result<()> {
        let act = |event| Act { by: None, event };
        let name = "Kent".parse()?;
        let mut acts = vec![act(Event::WarpFounded { warp: WarpId::from_bytes([1; 16]), name })];
        for (organisation, number) in organisations.iter().zip(1..) {
            let name = format!("Council {number}").parse()?;
            let (organisation, aliases, clients) = (*organisation, Vec::new(), Vec::new());
            acts.push(act(Event::OrganisationSet(Organisation {
                organisation,
                name,
                aliases,
                clients,
            })));
        }
        for (member, number) in self.members.iter().zip(1..) {
            let invitation = InvitationId::from_bytes(self.chance.id());
            let registered = Registered {
                member: member.id,
                name: format!("Officer {number}").parse()?,
                handle: format!("officer.{number}").parse()?,
                organisation: self.world.watch().organisations[&member.id],
                role: if number == 1 { Role::Manager } else { Role::Officer },
                standing: Standing::Active,
            };
            let (code_hash, expires_at_ms) = (Head([number; 32]), i64::MAX);
            let invited =
                Event::InvitationAdded { invitation, member: registered, code_hash, expires_at_ms };
            acts.push(act(invited));
            acts.push(act(Event::MemberJoined { invitation, member: member.id }));
            acts.push(act(Event::DeviceEnrolled(Device {
                device: member.device,
                member: member.id,
                name: "laptop".parse()?,
                public_key: member.key.public_key(),
            })));
        }
        let server = self.world.server().take().context("it was started")?;
        let failed = |error: warproom_proto::Error| anyhow::anyhow!("founding: {error}");
        server.act(acts).await.map_err(failed)?;
        for (room, number) in self.rooms.iter().zip(1..) {
            let settings = RoomSettings {
                name: format!("Incident {number}").parse()?,
                ceiling: Label::Red,
                default_label: Label::Amber,
                typing: false,
                presence: self.chance.percent(50),
            };
            let by = Principal::Member(self.members[0].id);
            server.open_room(by, *room, settings).await.map_err(failed)?;
        }
        *self.world.server() = Some(server);
        Ok(())
    }

    fn program(&mut self, at: usize) -> JoinHandle<()> {
        tokio::spawn(self.members[at].clone().live(self.world.clone(), self.chance.split()))
    }

    /// Goes through all steps, and says what came of it.
    pub async fn run(mut self) -> anyhow::Result<Outcome> {
        let outcome = self.run_through().await;
        let wrong = self.world.watch().wrong.take();
        // What still runs holds the world, and its folder with it.
        for program in self.programs.drain(..) {
            program.abort();
            let _ = program.await;
        }
        self.erasing.shutdown().await;
        let server = self.world.server().take();
        if let Some(server) = server {
            server.kill().await;
        }
        match wrong {
            Some(wrong) => bail!("{wrong}\n{}", self.world.watch().recent()),
            None => outcome.with_context(|| self.world.watch().recent()),
        }
    }

    async fn run_through(&mut self) -> anyhow::Result<Outcome> {
        for step in 0..self.world.options.steps {
            let pause = self.chance.up_to(self.world.options.pause);
            sleep(pause).await;
            self.judge()?;
            if !self.world.machine.disk.has_power() {
                self.restart().await?;
            }
            if step == self.world.options.steps / 2 {
                self.earlier = Some(self.world.machine.disk.image());
            }
            self.trouble().await?;
            self.write();
        }
        self.calm_down().await?;
        self.settle().await?;
        self.compare().await?;
        self.verify().await?;
        let watch = self.world.watch();
        let (answered, deliveries) = (watch.acked.len(), watch.deliveries);
        Ok(Outcome { traced: watch.traced(), answered, deliveries })
    }

    fn judge(&mut self) -> anyhow::Result<()> {
        while let Some(done) = self.erasing.try_join_next() {
            if let Ok((room, records, true)) = done {
                let mut watch = self.world.watch();
                let log = watch.logs.entry(room).or_default();
                for seq in records {
                    log.erased.entry(seq).and_modify(|(_, until)| *until = Some(Instant::now()));
                }
            }
        }
        let mut watch = self.world.watch();
        watch.judge();
        ensure!(watch.wrong.is_none(), "it went wrong");
        Ok(())
    }

    /// The machine goes down and comes up again.
    async fn restart(&mut self) -> anyhow::Result<()> {
        self.world.watch().note("the server goes down");
        let server = self.world.server().take();
        if let Some(server) = server {
            ensure!(!server.kill().await, "a part of the server panicked");
        }
        for (_, link) in held(&self.world.links).drain(..) {
            link.tear();
        }
        self.erasing.shutdown().await;
        let down = self.chance.up_to(Duration::from_secs(3));
        sleep(down).await;
        self.world.machine.disk.restart();
        self.start()
    }

    /// What befalls them in a step, if anything does.
    async fn trouble(&mut self) -> anyhow::Result<()> {
        let options = self.world.options.clone();
        let chance = &mut self.chance;
        if chance.percent(options.tears) {
            let links = held(&self.world.links);
            if let Some((who, link)) = chance.one(&links) {
                self.world.watch().note(format!("a link of {} breaks", short_member(*who)));
                link.tear();
            }
        }
        if chance.percent(options.stills) {
            let until = Instant::now() + chance.up_to(Duration::from_secs(25));
            let links = held(&self.world.links);
            if let Some((who, link)) = chance.one(&links) {
                self.world.watch().note(format!("a link of {} stands still", short_member(*who)));
                link.stand_still(until);
            }
        }
        if chance.percent(options.cut_off)
            && let Some(member) = chance.one(&self.members)
        {
            let until = Instant::now() + chance.up_to(Duration::from_secs(20));
            held(&self.world.cut_off).insert(member.id, until);
            let links = held(&self.world.links);
            links.iter().filter(|(who, _)| *who == member.id).for_each(|(_, link)| link.tear());
        }
        if chance.percent(options.cuts) {
            let kept = chance.percent(50);
            let fates = [Fate::CutBefore, Fate::CutWithin { kept }, Fate::CutAfter];
            let (fate, after) =
                (chance.pick(fates), u32::from(chance.percent(50)) + u32::from(chance.percent(50)));
            self.world.watch().note(format!("the power will go: {fate:?} after {after}"));
            self.world.machine.disk.arm(after, fate);
        }
        if chance.percent(options.disk_failures) {
            let fate = Fate::Fails { kept: chance.percent(50) };
            self.world.machine.disk.arm(u32::from(chance.percent(50)), fate);
        }
        if chance.percent(options.program_crashes) {
            let at = chance.index(self.members.len());
            self.crash_program(at).await;
        }
        if self.chance.percent(options.erasures) {
            self.erase();
        }
        if self.chance.percent(options.crashes) {
            self.restart().await?;
        }
        Ok(())
    }

    async fn crash_program(&mut self, at: usize) {
        self.world
            .watch()
            .note(format!("a program of {} crashes", short_member(self.members[at].id)));
        self.programs[at].abort();
        let _ = (&mut self.programs[at]).await;
        self.members[at].forget_a_little(&mut self.chance);
        self.programs[at] = self.program(at);
    }

    /// Erases some posts of a room, as retention does.
    fn erase(&mut self) {
        let Some(room) = self.chance.one(&self.rooms).copied() else { return };
        let mut watch = self.world.watch();
        let log = watch.logs.entry(room).or_default();
        let posts = log.entries.iter().zip(1..).filter(|(entry, _)| is_post(entry));
        let posts: Vec<Seq> = posts.map(|(_, seq)| seq).collect();
        let some = posts.into_iter().filter(|_| self.chance.percent(20));
        let some: Vec<Seq> = some.filter(|seq| !log.erased.contains_key(seq)).collect();
        for seq in &some {
            log.erased.insert(*seq, (Instant::now(), None));
        }
        watch.note(format!("erasing {} of {}", some.len(), short(room)));
        drop(watch);
        self.begin_erasing(room, some);
    }

    fn begin_erasing(&mut self, room: RoomId, records: Vec<Seq>) {
        let server = self.world.server();
        if let (Some(server), false) = (server.as_ref(), records.is_empty()) {
            let erased = server.erasing(room, records.clone());
            self.erasing.spawn(async move { (room, records, erased.await.is_ok()) });
        }
    }

    /// All trouble ends.
    async fn calm_down(&mut self) -> anyhow::Result<()> {
        self.world.watch().note("all trouble ends");
        *held(&self.world.calm) = true;
        held(&self.world.cut_off).clear();
        self.restart().await?;
        held(&self.world.links).iter().for_each(|(_, link)| link.go_on());
        let unfinished: Vec<_> = {
            let watch = self.world.watch();
            let left = |(room, log): (&RoomId, &super::watch::Log)| {
                let open = log.erased.iter().filter(|(_, (_, until))| until.is_none());
                (*room, open.map(|(seq, _)| *seq).collect::<Vec<_>>())
            };
            watch.logs.iter().map(left).collect()
        };
        for (room, records) in unfinished {
            self.begin_erasing(room, records);
        }
        Ok(())
    }

    /// Waits until everybody has everything, which has to be soon.
    async fn settle(&mut self) -> anyhow::Result<()> {
        /// The longest pause between two attempts to connect, a stalled write, a lost connection that
        /// nobody noticed, and some more.
        const SOON: Duration = Duration::from_mins(4);
        let until = Instant::now() + SOON;
        loop {
            sleep(Duration::from_millis(500)).await;
            self.judge()?;
            let missing = self.missing();
            if missing.is_empty() && self.erasing.is_empty() {
                break;
            }
            ensure!(Instant::now() < until, "it does not come right: {missing:?}");
        }
        // What still is on its way is judged too.
        sleep(Duration::from_secs(2)).await;
        self.judge()
    }

    /// What anybody still waits for.
    fn missing(&self) -> Vec<String> {
        let (watch, server) = (self.world.watch(), self.world.server());
        let mut missing = Vec::new();
        for member in &self.members {
            let (whom, profile) = (short_member(member.id), member.profile());
            if !profile.outbox.is_empty() {
                missing.push(format!("{whom} has {} to send", profile.outbox.len()));
            }
            for room in &self.rooms {
                let log = &watch.logs[room];
                let length = server.as_ref().map_or(0, |server| server.length(*room));
                let after = profile.rooms.get(room).map_or(0, |kept| kept.after);
                let is_in = || Room::after(&log.entries, &watch.organisations).is_in(member.id);
                if after != length && is_in() {
                    missing.push(format!("{whom} has {after} of {length} of {}", short(*room)));
                }
            }
        }
        missing
    }

    /// Holds everybody's view against the log, and against what they newly read.
    async fn compare(&mut self) -> anyhow::Result<()> {
        {
            let (watch, server) = (self.world.watch(), self.world.server());
            watch.check_answers()?;
            let server = server.as_ref().context("it runs")?;
            for room in &self.rooms {
                let records = server.log(*room).map_err(|error| anyhow::anyhow!("{error}"))?;
                for member in &self.members {
                    if let Some(kept) = member.profile().rooms.get(room) {
                        check_view(member.id, &records, &kept.view)?;
                    }
                }
            }
        }
        for member in self.members.clone() {
            let rooms: Vec<_> = {
                let watch = self.world.watch();
                let logs = watch.logs.iter().filter(|(_, log)| {
                    Room::after(&log.entries, &watch.organisations).is_in(member.id)
                });
                logs.map(|(room, log)| (*room, log.entries.len() as Seq)).collect()
            };
            let anew = timeout(Duration::from_mins(2), read_anew(&member, &self.world, &rooms));
            let anew = anew.await.context("reading anew does not end")??;
            let watch = self.world.watch();
            for (room, view) in &anew {
                watch.check_fresh(member.id, *room, view)?;
            }
        }
        self.judge()
    }

    /// Stops the server and reads every record, as its operator would; then damages the disk.
    async fn verify(&mut self) -> anyhow::Result<()> {
        for program in self.programs.drain(..) {
            program.abort();
            let _ = program.await;
        }
        let server = self.world.server().take().context("it runs")?;
        ensure!(!server.kill().await, "a part of the server panicked");
        let damage = self.world.machine.verify()?;
        ensure!(damage.is_empty(), "the store is damaged: {damage:?}");
        if self.world.options.damage {
            let (world, earlier) = (self.world.clone(), self.earlier.take());
            damage::try_all(&world.machine, earlier.as_deref(), &mut self.chance)?;
        }
        Ok(())
    }

    /// Somebody writes something, perhaps.
    fn write(&mut self) {
        let bursts = self.chance.percent(self.world.options.bursts);
        let count = if bursts { 30 } else { self.chance.below(3) };
        for _ in 0..count {
            super::writing::write_something(self);
        }
    }
}

pub fn is_post(entry: &Entry) -> bool {
    matches!(entry.handling.kind, Kind::Post { .. })
}
