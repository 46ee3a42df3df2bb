//! The register: who may change it, who sees what of it, and that its chain holds for all of them.

use warproom_client::{CallError, SignOut};
use warproom_proto::calls::{
    self, Access, AddOrganisation, Call, ChangeMember, ChangeOrganisation, ListDevices,
    ListOrganisations, RemoveMember, RevokeDevice, Visitor,
};
use warproom_proto::register::{Event, Organisation, Role, Standing};
use warproom_proto::{ErrorCode, LogId, OrganisationId, Record};
use warproom_tests::harness::{Person, Warp, act_of, chain_end, refusal};

fn shown(records: &[Record]) -> Vec<Event> {
    records.iter().filter_map(act_of).map(|act| act.event).collect()
}

const fn is_credentials(event: &Event) -> bool {
    matches!(event, Event::CredentialsSet { .. })
}

#[tokio::test]
async fn a_manager_sees_every_act_but_credentials_and_an_officer_stubs_of_what_is_not_theirs()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    let (managers, officers) = (warp.manager().register().await?, dan.register().await?);

    // Founded, organisation, audit key, invited, joined, credentials, device; organisation; and dan's four.
    assert_eq!(managers.len(), 12);
    let to_manager = shown(&managers);
    assert!(!to_manager.iter().any(is_credentials), "shown to nobody");
    assert_eq!(to_manager.len(), managers.len() - 2);
    let invitations = |events: &[Event]| {
        events.iter().filter(|event| matches!(event, Event::InvitationAdded { .. })).count()
    };
    let devices = |events: &[Event]| {
        events.iter().filter(|event| matches!(event, Event::DeviceEnrolled(_))).count()
    };
    assert_eq!((invitations(&to_manager), devices(&to_manager)), (2, 2));
    let to_officer = shown(&officers);
    assert!(!to_officer.iter().any(is_credentials));
    assert_eq!((invitations(&to_officer), devices(&to_officer)), (0, 1), "their own device");

    // The same chain for both, up to the same head.
    let end = chain_end(LogId::REGISTER, &managers);
    assert!(end.is_some_and(|end| end.seq == 12));
    assert_eq!(chain_end(LogId::REGISTER, &officers), end);
    let (client, _events) = dan.connect().await?;
    assert_eq!(Some(client.signed_in().register), end);
    Ok(())
}

#[tokio::test]
async fn every_act_names_who_did_it() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", dover).await?;
    // It ends this very connection, so the answer may not come.
    let revoked = dan.client.call(RevokeDevice { device: dan.device }).await;
    assert!(matches!(revoked, Ok(_) | Err(CallError::SignedOut(SignOut::Revoked))));
    let acts: Vec<_> = warp.manager().register().await?.iter().filter_map(act_of).collect();
    let by =
        |what: fn(&Event) -> bool| acts.iter().rfind(|act| what(&act.event)).and_then(|act| act.by);
    let mary = Some(warp.manager().principal());
    assert_eq!(by(|event| matches!(event, Event::WarpFounded { .. })), None, "the operator");
    assert_eq!(by(|event| matches!(event, Event::OrganisationSet(_))), mary);
    assert_eq!(by(|event| matches!(event, Event::InvitationAdded { .. })), mary);
    assert_eq!(by(|event| matches!(event, Event::MemberJoined { .. })), Some(dan.principal()));
    let revoked = by(|event| matches!(event, Event::DeviceRevoked { .. }));
    assert_eq!(revoked, Some(dan.principal()));
    Ok(())
}

#[tokio::test]
async fn the_last_manager_can_be_neither_removed_nor_demoted_nor_suspended() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let change = |role, standing| ChangeMember { member: mary.member, role, standing };
    let demote = || change(Some(Role::Officer), None);
    let suspend = change(None, Some(Standing::Suspended));
    let remove = RemoveMember { member: mary.member };
    assert_eq!(refusal(mary.client.call(demote()).await)?.code, ErrorCode::Conflict);
    assert_eq!(refusal(mary.client.call(suspend).await)?.code, ErrorCode::Conflict);
    assert_eq!(refusal(mary.client.call(remove).await)?.code, ErrorCode::Conflict);

    // A suspended manager does not count, an active one does.
    let kent = mary.client.call(ListOrganisations {}).await?.organisations[0].organisation;
    let mike = warp.join("mike", kent, Role::Manager).await?;
    let standing =
        |standing| ChangeMember { member: mike.member, role: None, standing: Some(standing) };
    mary.client.call(standing(Standing::Suspended)).await?;
    assert_eq!(refusal(mary.client.call(demote()).await)?.code, ErrorCode::Conflict);
    mary.client.call(standing(Standing::Active)).await?;
    mary.client.call(demote()).await?;
    assert_eq!(refusal(mary.client.call(demote()).await)?.code, ErrorCode::NotAllowed);
    Ok(())
}

/// The calls that are for managers.
#[derive(Default)]
struct ManagersCalls(Vec<&'static str>);

impl Visitor for ManagersCalls {
    fn call<C: Call>(&mut self) {
        if C::ACCESS == Access::Manager {
            self.0.push(C::METHOD);
        }
    }
}

#[tokio::test]
async fn nobody_but_a_manager_administers() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, guest) = (warp.officer("dan", dover).await?, warp.guest("gus", dover).await?);
    let mut methods = ManagersCalls::default();
    calls::each(&mut methods);
    assert!(methods.0.len() >= 9, "{:?}", methods.0);
    for person in [&dan, &guest] {
        let mut raw = warp.raw().await?;
        raw.sign_in(person).await?;
        for method in &methods.0 {
            let reply = raw.call(1, method, &serde_json::json!({})).await?;
            let reply: serde_json::Value = serde_json::from_str(&reply)?;
            assert_eq!(reply["error"]["code"], ErrorCode::NotAllowed.number(), "{method}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_two_organisations_share_a_name_or_alias() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let client = &warp.manager().client;
    let add = |name: &str, aliases: &[&str]| AddOrganisation {
        name: name.parse().unwrap(),
        aliases: aliases.iter().map(|alias| alias.parse().unwrap()).collect(),
        clients: Vec::new(),
    };
    client.call(add("Dover District Council", &["DDC", "Dover"])).await?;
    for (name, aliases) in [
        ("dover district council", &[][..]),
        ("DOVER", &[]),
        ("Thanet District Council", &["ddc"]),
        ("Ashford Borough Council", &["Ashford", "ashford"]),
    ] {
        let refused = refusal(client.call(add(name, aliases)).await)?;
        assert_eq!(refused.code, ErrorCode::Conflict, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn an_organisations_clients_are_others_of_the_register() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let eks = warp.organisation("East Kent Services").await?;
    let change = |clients: Vec<OrganisationId>| {
        let name = "East Kent Services".parse().unwrap();
        let organisation = Organisation { organisation: eks, name, aliases: Vec::new(), clients };
        warp.manager().client.call(ChangeOrganisation { organisation })
    };
    assert_eq!(refusal(change(vec![eks]).await)?.code, ErrorCode::Conflict);
    assert_eq!(refusal(change(vec![OrganisationId::random()]).await)?.code, ErrorCode::Conflict);
    let dover = warp.organisation("Dover District Council").await?;
    change(vec![dover]).await?;
    let all = warp.manager().client.call(ListOrganisations {}).await?.organisations;
    assert!(all.iter().any(|one| one.organisation == eks && one.clients == [dover]));
    Ok(())
}

#[tokio::test]
async fn devices_are_their_owners_and_the_managers_business() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let list = |of: &Person| ListDevices { member: Some(of.member) };
    assert_eq!(refusal(dan.client.call(list(&dora)).await)?.code, ErrorCode::NotFound);
    let revoke = RevokeDevice { device: dora.device };
    assert_eq!(refusal(dan.client.call(revoke.clone()).await)?.code, ErrorCode::NotFound);
    let theirs = warp.manager().client.call(list(&dora)).await?.devices;
    assert_eq!(theirs.iter().map(|one| one.device).collect::<Vec<_>>(), [dora.device]);
    warp.manager().client.call(revoke.clone()).await?;
    assert_eq!(refusal(warp.manager().client.call(revoke).await)?.code, ErrorCode::NotFound);
    Ok(())
}

#[tokio::test]
async fn a_removed_members_handle_and_invitation_rules_start_anew() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let first = warp.officer("dan", dover).await?;
    warp.manager().client.call(RemoveMember { member: first.member }).await?;
    let second = warp.officer("dan", dover).await?;
    assert_ne!(first.member, second.member, "another person, who only has the same handle");
    Ok(())
}
