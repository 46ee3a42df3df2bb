//! Who plays: organisations of the public story, invented officers, a bot, and what they say.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use tokio::sync::Mutex;
use warproom_client::proto::calls::{AddBot, AddInvitation, AddOrganisation, ListOrganisations};
use warproom_client::proto::invitation::Invitation;
use warproom_client::proto::register::{Grant, Hook, Role};
use warproom_client::proto::{Handle, Label, MemberId, OrganisationId, Principal, RoomId, Secret};
use warproom_client::{Client, Credentials, Events, TotpSecret, open_invitation};

use crate::play::connect;
use crate::transcript::Transcript;
use warproom_server::serve::Server;
use warproom_server::setup::Founding;

/// The room of the incident.
pub(super) const ROOM: &str = "Planning and forms down";

/// The council that whoever watches joins for.
pub(super) const YOUR_COUNCIL: &str = "Ashford Borough Council";

const MANAGER: &str = "Kent WARP office";
const CANTERBURY: &str = "Canterbury City Council";
const DOVER: &str = "Dover District Council";
const THANET: &str = "Thanet District Council";
const EAST_KENT: &str = "East Kent Services";
const NEWCOMER: &str = "Folkestone and Hythe District Council";

/// What is said, in the order of the play.
pub(super) struct Saying {
    pub(super) canterbury_down: &'static str,
    pub(super) dover_too: &'static str,
    pub(super) thanet_too: &'static str,
    pub(super) dover_waiting: &'static str,
    pub(super) who_depends: &'static str,
    pub(super) canterbury_answers: &'static str,
    pub(super) dover_answers: &'static str,
    pub(super) dover_answers_again: &'static str,
    pub(super) thanet_answers: &'static str,
    pub(super) shared_service: &'static str,
    pub(super) ashford_separate: &'static str,
    pub(super) named_account: &'static str,
    pub(super) next_call: &'static str,
}

pub(super) const SAYING: Saying = Saying {
    canterbury_down: "Planning, online forms and maps are offline here. E-mail is up. We took them \
                      down ourselves on our supplier's advice.",
    dover_too: "The same here: planning and forms. Is yours hosted by Civica too?",
    thanet_too: "Planning and forms here as well. Yes, through the shared service.",
    dover_waiting: "We are filing a breach report with the ICO as a precaution. No sign that data left.",
    who_depends: "All three are with one supplier through one shared service. Who else depends on \
                  Civica? Please answer for your organisation.",
    canterbury_answers: "Planning, forms and maps.",
    dover_answers: "Looking whether it is the same thing.",
    dover_answers_again: "It is: planning and forms.",
    thanet_answers: "Planning and forms.",
    shared_service: "East Kent Services: NCSC is with us and the supplier. Hosting for all three is \
                     isolated.",
    ashford_separate: "Ashford is not part of this, whatever the papers say: we have a separate incident \
                       in our remote-access product.",
    named_account: "For those here only: the account it began with is named in the call, not in writing \
                    elsewhere.",
    next_call: "Next call at 16:00. No change until then is a report too.",
};

/// Somebody with a client.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) organisation: &'static str,
    pub(super) member: MemberId,
    pub(super) client: Client,
    /// What the client receives, until somebody reads it.
    pub(super) events: Arc<Mutex<Option<Events>>>,
}

/// A bot: its own connection, and the address of its webhook.
pub(super) struct Bot {
    pub(super) client: Client,
    pub(super) hook: Secret,
}

/// Everyone. The first is the manager.
pub(super) struct Cast {
    people: Vec<Person>,
    organisations: HashMap<&'static str, OrganisationId>,
    address: warproom_client::proto::invitation::Address,
}

/// What the WARP is made of.
pub(super) fn founding() -> anyhow::Result<Founding> {
    Ok(Founding {
        warp: "Kent WARP (demonstration)".parse()?,
        organisation: MANAGER.parse()?,
        manager: "Robin Marsh".parse()?,
        handle: "robin.marsh".parse()?,
        listen: ([127, 0, 0, 1], 0).into(),
        address: "localhost:0".into(),
    })
}

impl Cast {
    /// Brings everyone in by invitation.
    pub(super) async fn assemble(
        server: &Server,
        mut invitation: Invitation,
        transcript: &Transcript,
    ) -> anyhow::Result<Self> {
        invitation.address = server.address.clone();
        let manager = join(&invitation, server, "Robin Marsh", MANAGER).await?;
        let listed = manager.client.call(ListOrganisations {}).await?.organisations;
        let own = listed.first().context("no organisation")?.organisation;
        let organisations = HashMap::from([(MANAGER, own)]);
        let mut cast =
            Self { people: vec![manager], organisations, address: server.address.clone() };
        for name in [CANTERBURY, DOVER, THANET, YOUR_COUNCIL, NEWCOMER] {
            cast.register(name, &[]).await?;
        }
        cast.register(EAST_KENT, &[CANTERBURY, DOVER, THANET]).await?;
        transcript.scene("Five officers join, each for an organisation of the register");
        for (name, handle, organisation) in [
            ("Alex Fenwick", "alex.fenwick", CANTERBURY),
            ("Sam Pryor", "sam.pryor", DOVER),
            ("Jo Linden", "jo.linden", THANET),
            ("Chris Orme", "chris.orme", YOUR_COUNCIL),
            ("Pat Sorrel", "pat.sorrel", EAST_KENT),
        ] {
            let text = cast.invite(name, &handle.parse()?, organisation, Role::Officer).await?;
            let person = join(&text.expose().parse()?, server, name, organisation).await?;
            transcript.say(&format!("{name} joins for {organisation}"));
            cast.people.push(person);
        }
        Ok(cast)
    }

    async fn register(&mut self, name: &'static str, clients: &[&str]) -> anyhow::Result<()> {
        let clients = clients.iter().filter_map(|client| self.organisations.get(client).copied());
        let call = AddOrganisation {
            name: name.parse()?,
            aliases: Vec::new(),
            clients: clients.collect(),
        };
        let added = self.manager().client.call(call).await?;
        self.organisations.insert(name, added.organisation);
        Ok(())
    }

    /// An invitation's text.
    pub(super) async fn invite(
        &self,
        name: &str,
        handle: &Handle,
        organisation: &str,
        role: Role,
    ) -> anyhow::Result<Secret> {
        let organisation = *self.organisations.get(organisation).context("no such organisation")?;
        let call =
            AddInvitation { name: name.parse()?, handle: handle.clone(), organisation, role };
        Ok(self.manager().client.call(call).await?.text)
    }

    /// A guest of a council that was not there before.
    pub(super) async fn guest(&mut self, server: &Server) -> anyhow::Result<Person> {
        let name = "Lee Hollis";
        let text = self.invite(name, &"lee.hollis".parse()?, NEWCOMER, Role::Guest).await?;
        let guest = join(&text.expose().parse()?, server, name, NEWCOMER).await?;
        self.people.push(guest.clone());
        Ok(guest)
    }

    /// A bot that may post up to TLP:GREEN in one room, for a day, also by a webhook.
    pub(super) async fn bot(&self, room: RoomId) -> anyhow::Result<Bot> {
        let grant = Grant {
            rooms: vec![room],
            read: None,
            post: Some(Label::Green),
            answer: false,
            per_minute: Grant::USUAL_PER_MINUTE,
            expires_at_ms: now_ms()? + 24 * 60 * 60 * 1000,
        };
        let hook = Some(Hook { room, label: Label::Green });
        let name = "Monitoring".parse()?;
        let added = self.manager().client.call(AddBot { name, grant, hook }).await?;
        let credentials = Credentials::Token(added.token);
        let (client, _) = warproom_client::connect(self.address.clone(), credentials).await?;
        Ok(Bot { client, hook: added.hook.context("the bot has no webhook")? })
    }

    /// What everyone is called in the transcript.
    pub(super) fn names(&self) -> HashMap<Principal, String> {
        let named = |person: &Person| {
            (Principal::Member(person.member), format!("{} ({})", person.name, person.organisation))
        };
        self.people.iter().map(named).collect()
    }

    pub(super) fn everyone_else(&self) -> &[Person] {
        &self.people[1..]
    }

    pub(super) fn manager(&self) -> &Person {
        &self.people[0]
    }

    pub(super) fn canterbury(&self) -> &Person {
        &self.people[1]
    }

    pub(super) fn dover(&self) -> &Person {
        &self.people[2]
    }

    pub(super) fn thanet(&self) -> &Person {
        &self.people[3]
    }

    pub(super) fn ashford(&self) -> &Person {
        &self.people[4]
    }

    pub(super) fn east_kent(&self) -> &Person {
        &self.people[5]
    }
}

/// The present time, in milliseconds since 1970 UTC.
pub(super) fn now_ms() -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

/// Redeems an invitation as its receiver would, and connects.
async fn join(
    invitation: &Invitation,
    server: &Server,
    name: &'static str,
    organisation: &'static str,
) -> anyhow::Result<Person> {
    let (joining, _) = open_invitation(invitation).await?;
    let totp = TotpSecret::generate();
    let password = "a demonstration password".to_owned().into();
    let joined = joining.redeem(password, &totp, "Demo".parse()?).await?;
    let member = joined.signed_in.me.principal.member().context("not a member")?;
    let (client, events) = connect(&joined, server).await?;
    let events = Arc::new(Mutex::new(Some(events)));
    Ok(Person { name, organisation, member, client, events })
}
