//! A person of a throw-away WARP: joined by an invitation, signed in by a device's key.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, bail};
use warproom_client::{
    CallError, Client, Connector, Credentials, DeviceKey, Events, TotpSecret, connect,
    open_invitation,
};
use warproom_proto::calls::{AddToRoom, ListRooms, OpenRoom, PostEntry, Posted};
use warproom_proto::invitation::{Address, Invitation};
use warproom_proto::{
    DeviceId, EntryId, Error, Handle, Label, MemberId, Principal, RoomId, RoomRole, RoomSettings,
    Secret, Seq,
};

use super::wait::{DEADLINE, eventually};

/// Somebody who joined.
pub struct Person {
    /// Who they are.
    pub member: MemberId,
    /// Their handle.
    pub handle: Handle,
    /// Their first device.
    pub device: DeviceId,
    /// That device's key.
    pub key: DeviceKey,
    /// Their second factor.
    pub totp: TotpSecret,
    /// A client signed in with the first device. Its events are not kept: use [`Person::connect`].
    pub client: Client,
    /// Where their WARP's server is.
    pub address: Address,
}

impl Person {
    /// Everyone's password.
    pub const PASSWORD: &'static str = "correct horse battery staple";

    /// Everyone's password, as the calls take it.
    #[must_use]
    pub fn password() -> Secret {
        Self::PASSWORD.to_owned().into()
    }

    /// Opens an invitation, redeems it and signs in.
    pub async fn join(invitation: &Invitation) -> anyhow::Result<Self> {
        let (joining, invited) = open_invitation(invitation).await?;
        let totp = TotpSecret::generate();
        let joined = joining.redeem(Self::password(), &totp, "desk".parse()?).await?;
        let address = invitation.address.clone();
        let (client, _) = connect(address.clone(), joined.credentials()).await?;
        let member = joined.signed_in.me.principal.member().context("a member was invited")?;
        let (handle, device, key) = (invited.handle, joined.device, joined.key);
        Ok(Self { member, handle, device, key, totp, client, address })
    }

    /// What the first device signs in with.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::Device { device: self.device, key: self.key.clone() }
    }

    /// How the first device connects.
    #[must_use]
    pub fn connector(&self) -> Connector {
        Connector::new(self.address.clone(), self.credentials())
    }

    /// A further connection of the first device.
    pub async fn connect(&self) -> anyhow::Result<(Client, Events)> {
        Ok(self.connector().connect().await?)
    }

    /// Waits until the first client is back after a restart of the server.
    pub async fn back(&self) -> anyhow::Result<()> {
        let asked = async || self.client.call(ListRooms::default()).await.ok();
        eventually(DEADLINE, asked).await.map(drop)
    }

    /// A further connection that follows a room, from after a record.
    pub async fn follow(&self, room: RoomId, after: Seq) -> anyhow::Result<(Client, Events)> {
        let (client, events) = self.connect().await?;
        client.follow(room, Some(after)).await?;
        Ok((client, events))
    }

    /// Who they are, as an author.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        Principal::Member(self.member)
    }

    /// Opens a room and brings these people in.
    pub async fn open(&self, settings: RoomSettings, others: &[&Self]) -> anyhow::Result<RoomId> {
        let room = self.client.call(OpenRoom { settings }).await?.room;
        for other in others {
            self.add(room, other).await?;
        }
        Ok(room)
    }

    /// Brings somebody into a room, as a participant.
    pub async fn add(&self, room: RoomId, other: &Self) -> Result<Posted, CallError> {
        let (id, member) = (EntryId::random(), other.member);
        self.client.append(AddToRoom { room, id, member, role: RoomRole::Participant }).await
    }

    /// Posts a text.
    pub async fn post(&self, room: RoomId, label: Label, text: &str) -> Result<Posted, CallError> {
        self.client.post(room, label, text).await
    }

    /// Posts a text until it stands there at a later time than this one.
    pub async fn post_after(
        &self,
        room: RoomId,
        at_ms: i64,
        text: &str,
    ) -> Result<Posted, CallError> {
        loop {
            let posted = self.post(room, Label::Green, text).await?;
            if posted.at_ms > at_ms {
                return Ok(posted);
            }
        }
    }

    /// A post of a text that answers an entry.
    pub async fn reply(
        &self,
        room: RoomId,
        to: Seq,
        label: Label,
        text: &str,
    ) -> Result<Posted, CallError> {
        let post = PostEntry {
            room,
            id: EntryId::random(),
            label,
            text: text.parse()?,
            reply_to: Some(to),
            mentions: Vec::new(),
            subjects: Vec::new(),
            ask: None,
            exercise: false,
            files: Vec::new(),
        };
        self.client.append(post).await
    }
}

/// Settings of a room with a name that no other has, typing and presence off.
pub fn settings(ceiling: Label, default_label: Label) -> anyhow::Result<RoomSettings> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("Room {number}").parse()?;
    Ok(RoomSettings { name, ceiling, default_label, typing: false, presence: false })
}

/// The server's refusal, where there must be one.
pub fn refusal<T>(result: Result<T, CallError>) -> anyhow::Result<Error> {
    match result {
        Err(CallError::Refused(error)) => Ok(error),
        Err(other) => Err(other).context("it failed, but not by the server's refusal"),
        Ok(_) => bail!("it was done, and should have been refused"),
    }
}
