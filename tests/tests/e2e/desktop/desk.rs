//! A desk at which somebody sits: the real world without its window, told what to do by effects, and
//! heard by news. Nothing here sleeps: it waits to be woken, as the window does.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail};
use tokio::sync::Notify;
use tokio::time::timeout;
use totp_rs::TOTP;
use warproom_client::proto::calls::{AddToRoom, From, PostEntry, Posted};
use warproom_client::proto::invitation::Invitation;
use warproom_client::proto::{EntryId, Label, RoomId, RoomRole, Secret};
use warproom_desktop::controller::World as _;
use warproom_desktop::effect::{Lock, Outgoing};
use warproom_desktop::news::{Connection, Opened, Page, Refusal};
use warproom_desktop::profile::{ProfileName, ProfileSummary, Profiles};
use warproom_desktop::request::{Reply, Request};
use warproom_desktop::world::RealWorld;
use warproom_desktop::{Effect, News};
use warproom_tests::harness::{Person, Warp};

/// How long anything may take: a key is derived from a passphrase in some of it.
const DEADLINE: Duration = Duration::from_secs(20);

/// The passphrase of every profile here.
pub(super) const PASSPHRASE: &str = "a passphrase for tests only";

/// A desk.
pub(super) struct Desk {
    world: RealWorld,
    woken: Arc<Notify>,
    /// What was told and nobody has asked for yet.
    heard: VecDeque<News>,
}

impl Desk {
    /// A desk over the profiles in this folder.
    pub(super) async fn at(folder: &Path) -> anyhow::Result<Self> {
        let woken = Arc::new(Notify::new());
        let waking = woken.clone();
        let profiles = Profiles::at(Some(folder.to_owned()))?;
        let world = RealWorld::start(profiles, Box::new(move || waking.notify_one()))?;
        let mut desk = Self { world, woken, heard: VecDeque::new() };
        desk.until("started", |news| matches!(news, News::Started { .. }).then_some(())).await?;
        Ok(desk)
    }

    pub(super) fn perform(&mut self, effect: Effect) {
        self.world.perform(effect);
    }

    /// The first news that a question finds something in, of what nobody asked for before.
    pub(super) async fn until<T>(
        &mut self,
        what: &str,
        mut find: impl FnMut(&News) -> Option<T>,
    ) -> anyhow::Result<T> {
        let mut looked_at = 0;
        let search = async {
            loop {
                while let Some(news) = self.world.news() {
                    self.heard.push_back(news);
                }
                while let Some(news) = self.heard.get(looked_at) {
                    if let Some(found) = find(news) {
                        self.heard.remove(looked_at);
                        return found;
                    }
                    looked_at += 1;
                }
                self.woken.notified().await;
            }
        };
        timeout(DEADLINE, search).await.with_context(|| format!("never {what}"))
    }

    /// Joins with an invitation's text; the name of the profile that came of it.
    pub(super) async fn join(&mut self, invitation: &str) -> anyhow::Result<ProfileName> {
        let invitation: Invitation = invitation.parse()?;
        self.perform(Effect::OpenInvitation(invitation));
        let invited = self.invited().await?.map_err(|why| anyhow!("{why}"))?;
        self.redeem(code_now(&invited.totp_uri)?);
        Ok(self.joined().await?.map_err(|why| anyhow!("{why}"))?.name)
    }

    pub(super) async fn invited(
        &mut self,
    ) -> anyhow::Result<Result<warproom_desktop::news::Invitation, Refusal>> {
        let invited = |news: &News| match news {
            News::Invited(invited) => Some(invited.clone()),
            _ => None,
        };
        self.until("invited", invited).await
    }

    pub(super) fn redeem(&mut self, code: Secret) {
        let device = "desk".parse().unwrap();
        let lock = Lock::Passphrase(PASSPHRASE.to_owned().into());
        self.perform(Effect::Redeem { password: Person::password(), code, device, lock });
    }

    pub(super) async fn joined(&mut self) -> anyhow::Result<Result<ProfileSummary, Refusal>> {
        let joined = |news: &News| match news {
            News::Joined(joined) => Some(joined.clone()),
            _ => None,
        };
        self.until("joined", joined).await
    }

    /// Opens a profile; what it holds.
    pub(super) async fn open(&mut self, profile: &ProfileName) -> anyhow::Result<Opened> {
        let passphrase = Some(PASSPHRASE.to_owned().into());
        self.perform(Effect::OpenProfile { profile: profile.clone(), passphrase });
        let opened = |news: &News| match news {
            News::Opened(opened) => Some(opened.clone()),
            _ => None,
        };
        self.until("opened", opened).await?.map_err(|why| anyhow!("{why}"))
    }

    pub(super) async fn signed_in(&mut self) -> anyhow::Result<()> {
        self.until("signed in", |news| matches!(news, News::SignedIn(_)).then_some(())).await
    }

    /// Waits until the connection is as asked for.
    pub(super) async fn connection(
        &mut self,
        what: &str,
        is: impl Fn(&Connection) -> bool,
    ) -> anyhow::Result<Connection> {
        let found = |news: &News| match news {
            News::Connection(connection) if is(connection) => Some(connection.clone()),
            _ => None,
        };
        self.until(what, found).await
    }

    pub(super) async fn call(
        &mut self,
        request: impl Into<Request>,
    ) -> anyhow::Result<Result<Reply, Refusal>> {
        let request = request.into();
        let asked = serde_json::to_string(&request)?;
        self.perform(Effect::Call(request));
        let answered = |news: &News| match news {
            News::Answered(request, answer) => {
                let is_it = serde_json::to_string(request).ok()? == asked;
                is_it.then(|| answer.clone())
            }
            _ => None,
        };
        self.until("answered", answered).await
    }

    pub(super) async fn page(
        &mut self,
        room: RoomId,
        from: From,
    ) -> anyhow::Result<Result<Page, Refusal>> {
        self.perform(Effect::Page { room, from });
        let page = |news: &News| match news {
            News::Page { room: of, page, .. } if *of == room => Some(page.clone()),
            _ => None,
        };
        self.until("a page", page).await
    }

    /// Sends a post, and waits until it is kept.
    pub(super) async fn post(&mut self, room: RoomId, text: &str) -> anyhow::Result<EntryId> {
        let post = post(room, Label::Amber, text)?;
        let id = post.id;
        self.perform(Effect::Send(Outgoing::Post(post)));
        self.kept(id).await?;
        Ok(id)
    }

    pub(super) async fn kept(&mut self, id: EntryId) -> anyhow::Result<()> {
        let kept = |news: &News| match news {
            News::Kept(of, kept) if *of == id => Some(kept.clone()),
            _ => None,
        };
        self.until("kept", kept).await?.map_err(|why| anyhow!("{why}"))
    }

    pub(super) async fn sent(&mut self, id: EntryId) -> anyhow::Result<Result<Posted, Refusal>> {
        let sent = |news: &News| match news {
            News::Sent(of, sent) if *of == id => Some(sent.clone()),
            _ => None,
        };
        self.until("sent", sent).await
    }

    /// Follows a room, and waits for the entry that says this.
    pub(super) async fn reads(&mut self, room: RoomId, text: &str) -> anyhow::Result<Label> {
        self.perform(Effect::Follow { room });
        let reads = |news: &News| match news {
            News::Entry(entry) if entry.room == room && entry.text() == Some(text) => entry.label(),
            _ => None,
        };
        self.until("the entry", reads).await
    }

    /// Ends as the window does: what was handed over is on disk then.
    pub(super) fn close(mut self) {
        self.world.end();
    }
}

/// A post.
pub(super) fn post(room: RoomId, label: Label, text: &str) -> anyhow::Result<PostEntry> {
    Ok(PostEntry {
        room,
        id: EntryId::random(),
        label,
        text: text.parse()?,
        reply_to: None,
        mentions: Vec::new(),
        subjects: Vec::new(),
        ask: None,
        exercise: false,
        files: Vec::new(),
    })
}

/// What an authenticator app shows that has scanned this.
pub(super) fn code_now(uri: &Secret) -> anyhow::Result<Secret> {
    let app = TOTP::from_url(uri.expose()).map_err(|error| anyhow!("no code: {error}"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(app.generate(now).into())
}

/// An officer of Dover at a desk, in a room with Dora of Dover, who came by the usual way: their profile,
/// Dora, the room.
pub(super) async fn seated(
    warp: &Warp,
    folder: &Path,
) -> anyhow::Result<(Desk, ProfileName, Person, RoomId)> {
    seated_behind(warp, folder, warp.local().port()).await
}

/// The same, at a desk that reaches the server by another port of this machine.
pub(super) async fn seated_behind(
    warp: &Warp,
    folder: &Path,
    port: u16,
) -> anyhow::Result<(Desk, ProfileName, Person, RoomId)> {
    let dover = warp.organisation("Dover District Council").await?;
    let dora = warp.officer("dora", dover).await?;
    let (_, mut invitation) =
        warp.invite("dan", dover, warproom_client::proto::register::Role::Officer).await?;
    let mut desk = Desk::at(folder).await?;
    invitation.address.host_port = format!("{}:{port}", invitation.address.host());
    let profile = desk.join(&invitation.to_text()).await?;
    let opened = desk.open(&profile).await?;
    desk.signed_in().await?;
    let room = warp.room(&[&dora], Label::Red, Label::Amber).await?;
    let member = opened.me.principal.member().context("a member")?;
    let (id, role) = (EntryId::random(), RoomRole::Participant);
    dora.client.append(AddToRoom { room, id, member, role }).await?;
    let joined = |news: &News| match news {
        News::RoomJoined(summary) if summary.room == room => Some(()),
        _ => None,
    };
    desk.until("in the room", joined).await?;
    Ok((desk, profile, dora, room))
}

/// The texts of a room's posts, as the server has them.
pub(super) async fn texts(person: &Person, room: RoomId) -> anyhow::Result<Vec<String>> {
    let history = person.history(room).await?;
    Ok(history.iter().filter_map(warproom_tests::harness::text_of).collect())
}

/// Every file below a folder holds none of these, in whatever case.
pub(super) fn tells_nothing(folder: &Path, canaries: &[&str]) -> anyhow::Result<usize> {
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files += tells_nothing(&path, canaries)?;
            continue;
        }
        let bytes = std::fs::read(&path)?.to_ascii_lowercase();
        for canary in canaries {
            let canary = canary.to_ascii_lowercase();
            if bytes.windows(canary.len()).any(|window| window == canary.as_bytes()) {
                bail!("{} tells {canary:?}", path.display());
            }
        }
        files += 1;
    }
    Ok(files)
}
