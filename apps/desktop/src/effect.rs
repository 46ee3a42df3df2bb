//! What the model asks of the world. The world answers, where there is anything to answer, with
//! [`News`](crate::News).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use warproom_client::proto::calls::{
    AddToRoom, AnswerAsk, ChangeRoom, EditEntry, From, PostAlert, PostEntry, ReactToEntry,
    RelabelEntry, RemoveFromRoom, RetractEntry,
};
use warproom_client::proto::invitation::{Address, Invitation};
use warproom_client::proto::{EntryId, Handle, LogId, Name, RoomId, Secret, Seq, Text};

use crate::model::compose::Draft;
use crate::model::export::Wish;
use crate::model::files::{Attached, Save};
use crate::model::manage::{DisclosureWish, Made};
use crate::model::profile::ProfileName;
use crate::model::settings::Settings;
use crate::request::Request;

/// Something to be done outside the model.
#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "they are few, and gone as soon as they are handed over"
)]
pub enum Effect {
    /// Ask the server whom an invitation is for. Answered by [`News::Invited`](crate::News::Invited).
    OpenInvitation(Invitation),
    /// Redeem the invitation opened last. Answered by [`News::Joined`](crate::News::Joined).
    Redeem {
        /// The password from now on.
        password: Secret,
        /// The code that the authenticator app shows now: proof that it has the secret.
        code: Secret,
        /// What this device is called.
        device: Name,
        /// How the new profile's secrets are kept.
        lock: Lock,
    },
    /// Enrol this computer for somebody who is a member already. Answered by
    /// [`News::Joined`](crate::News::Joined).
    Enrol {
        /// The server.
        address: Address,
        /// Who.
        handle: Handle,
        /// Their password.
        password: Secret,
        /// Their TOTP code of this moment.
        code: Secret,
        /// What this device is called.
        device: Name,
        /// How the new profile's secrets are kept.
        lock: Lock,
    },
    /// Open a profile and connect. Answered by [`News::Opened`](crate::News::Opened).
    OpenProfile {
        /// Which.
        profile: ProfileName,
        /// The passphrase, where it is sealed under one.
        passphrase: Option<Secret>,
    },
    /// Close the open profile: disconnect and forget its key.
    CloseProfile,
    /// Destroy a profile of this computer: its key, its cache, its outbox.
    DestroyProfile(ProfileName),
    /// Follow a room from after this record on; none: the usual place for one that is new here.
    Follow {
        /// The room.
        room: RoomId,
    },
    /// Believe a room's history as it is now, after it was found rewritten, and follow it anew.
    TrustHistory {
        /// The room.
        room: RoomId,
    },
    /// Believe the register or the audit log as it is now, after it was found rewritten.
    TrustLog {
        /// Which of the two.
        log: LogId,
    },
    /// Read a page of a room: from the cache where it has all of it, else from the server.
    /// Answered by [`News::Page`](crate::News::Page).
    Page {
        /// The room.
        room: RoomId,
        /// Where the page lies.
        from: From,
    },
    /// Read what refers to an entry. Answered by [`News::Thread`](crate::News::Thread).
    Thread {
        /// The room.
        room: RoomId,
        /// The entry.
        to: Seq,
    },
    /// Search a room. Answered by [`News::Found`](crate::News::Found) and, at the end, by
    /// [`News::SearchEnded`](crate::News::SearchEnded).
    Search {
        /// The model's number for it: what an older search finds is dropped by it.
        search: u64,
        /// The room.
        room: RoomId,
        /// The words.
        text: Text,
        /// Only before this record.
        before: Option<Seq>,
    },
    /// Make a call. Answered by [`News::Answered`](crate::News::Answered).
    Call(Request),
    /// Keep an entry in the outbox, and send it as soon as may be. Answered by
    /// [`News::Kept`](crate::News::Kept) once it is on disk and by [`News::Sent`](crate::News::Sent).
    Send(Outgoing),
    /// Look at a file of this computer that is to be attached to a draft. Answered by
    /// [`News::FileLookedAt`](crate::News::FileLookedAt).
    LookAtFile {
        /// The room of the draft.
        room: RoomId,
        /// Where it lies, as it was typed or dropped.
        path: String,
    },
    /// Fetch a file that an entry carries and write it, over none that is there. Told of by
    /// [`News::FileDown`](crate::News::FileDown) and answered by
    /// [`News::FileSaved`](crate::News::FileSaved).
    SaveFile(Save),
    /// Take a room's records out, and write them to a file, over none that is there. Told of by
    /// [`News::Exporting`](crate::News::Exporting) and answered by
    /// [`News::Exported`](crate::News::Exported).
    Export(Box<Wish>),
    /// Read what a request for information covers, and make the files of it. Told of by
    /// [`News::Disclosing`](crate::News::Disclosing) and answered by
    /// [`News::DisclosureRead`](crate::News::DisclosureRead).
    ReadDisclosure(Box<DisclosureWish>),
    /// Write the files of a disclosure into a folder that is not there yet. Answered by
    /// [`News::DisclosureWritten`](crate::News::DisclosureWritten).
    WriteDisclosure {
        /// Its name in the folder of downloads, or its whole path.
        folder: String,
        /// The files.
        made: Arc<Made>,
    },
    /// Prove that a record is in the audit log. Answered by [`News::Proved`](crate::News::Proved).
    ProveAudit(Seq),
    /// Ask for the audit log's present checkpoint, held against what is remembered. Answered by
    /// [`News::Checkpoint`](crate::News::Checkpoint).
    ReadCheckpoint,
    /// Make the secret of a new authenticator. Answered by [`News::TotpMade`](crate::News::TotpMade).
    MakeTotp {
        /// The WARP, as the app shows it.
        warp: Name,
        /// Whose it is, likewise.
        handle: Handle,
    },
    /// Take an entry out of the outbox, unsent, and give up what the server has of its files.
    Discard(EntryId),
    /// Keep the draft of a room; an empty one is dropped.
    KeepDraft {
        /// The room.
        room: RoomId,
        /// The draft.
        draft: Draft,
    },
    /// Keep the settings of this computer.
    KeepSettings(Settings),
    /// Tell the person through the system.
    Notify(Notification),
    /// Put a text on the clipboard.
    Copy(String),
    /// Open an address in the browser. The person has seen it and said so.
    OpenLink(String),
    /// Write a file into the person's folder of downloads, over none that is there. Answered by [`News::Wrote`](crate::News::Wrote).
    WriteFile {
        /// Its name.
        name: String,
        /// What is in it.
        text: String,
    },
}

/// How a profile's secrets are kept.
#[derive(Clone)]
pub enum Lock {
    /// In the system's key store.
    KeyStore,
    /// Under a passphrase that is asked for at each start.
    Passphrase(Secret),
}

/// What a notification of the system says. Whether it says any content is the model's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// In one line, starting with the label where there is content.
    pub title: String,
    /// More, or nothing.
    pub body: String,
    /// Whether it should stay until it is looked at.
    pub urgent: bool,
}

/// A post, and the files of this computer that it is to carry.
#[derive(Clone, Serialize, Deserialize)]
pub struct PostWithFiles {
    /// The post. It names no file yet.
    pub post: PostEntry,
    /// The files.
    pub files: Vec<Attached>,
}

macro_rules! outgoing {
    ($($(#[$doc:meta])* $variant:ident($call:ident)),* $(,)?) => {
        /// An entry on its way, as it will be sent.
        #[derive(Clone, Serialize, Deserialize)]
        pub enum Outgoing {
            $($(#[$doc])* $variant($call),)*
            /// A post whose files are brought up first.
            PostWithFiles(PostWithFiles),
        }

        impl Outgoing {
            /// The room it goes to.
            pub const fn room(&self) -> RoomId {
                match self {
                    $(Self::$variant(call) => call.room,)*
                    Self::PostWithFiles(with) => with.post.room,
                }
            }

            /// Its name, by which it is appended once however often it is sent.
            pub const fn id(&self) -> EntryId {
                match self {
                    $(Self::$variant(call) => call.id,)*
                    Self::PostWithFiles(with) => with.post.id,
                }
            }

            /// Sends it. The files of a post are up by then, and it names them.
            pub async fn send(
                self,
                client: &warproom_client::Client,
            ) -> Result<warproom_client::proto::calls::Posted, warproom_client::CallError> {
                match self {
                    $(Self::$variant(call) => client.append(call).await,)*
                    Self::PostWithFiles(with) => client.append(with.post).await,
                }
            }
        }
    };
}

outgoing! {
    /// A post.
    Post(PostEntry),
    /// An alert.
    Alert(PostAlert),
    /// An answer.
    Answer(AnswerAsk),
    /// A new text for a post.
    Edit(EditEntry),
    /// A post taken back.
    Retract(RetractEntry),
    /// Another label for a post.
    Relabel(RelabelEntry),
    /// A reaction.
    React(ReactToEntry),
    /// Other settings of a room.
    ChangeRoom(ChangeRoom),
    /// Somebody brought into a room.
    AddToRoom(AddToRoom),
    /// Somebody taken out of a room.
    RemoveFromRoom(RemoveFromRoom),
}
