//! Nothing that was said or typed in stands readable anywhere on the server's disk, nor in its log.
//! Unmistakable words are put in every place that takes words; then every file is searched for them,
//! as they are, in UTF-16, in hexadecimal and in base64 at each of its three offsets.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use data_encoding::BASE64;
use serde_json::json;
use warproom_client::{TotpSecret, connect, enrol_device, open_invitation};
use warproom_proto::calls::{
    AddBot, AddInvitation, AddOrganisation, AddToRoom, ListMembers, OpenRoom, RunSearch,
};
use warproom_proto::entry::Subject;
use warproom_proto::register::{Grant, Role};
use warproom_proto::{EntryId, Label, RoomId, RoomRole, RoomSettings, Secret};
use warproom_tests::harness::{Canary, Person, Warp, found, refusal};
use warproom_tests::wire::Wire;

#[tokio::test]
async fn nothing_said_or_typed_in_is_readable_on_the_servers_disk() -> anyhow::Result<()> {
    let mut warp = Warp::builder()
        // The most talkative log, too. (Its crates below say what they were given, and must not.)
        .env("WARPROOM_SERVER_LOG", "trace")
        .start()
        .await?;
    let canaries = everything_said(&warp).await?;
    let log = warp.log()?;
    ensure!(log.contains("signed in"), "the log is not the server's: {log}");
    warp.stop().await?;

    let folder = warp.folder();
    let mut searched = 0;
    search(&folder, &canaries, &mut searched)?;
    ensure!(searched > 8, "only {searched} files were searched");
    for canary in &canaries {
        if let Some(form) = found(log.as_bytes(), canary) {
            let word = canary.text.clone();
            let line = log.lines().find(|line| line.contains(&word)).unwrap_or_default();
            anyhow::bail!("{} is in the log, {form}: {line}", canary.what);
        }
    }
    // The search itself finds what is there.
    let planted = Canary { what: "a control", text: "canary-control-7f3a".to_owned() };
    for form in [BASE64.encode(b"xcanary-control-7f3a!"), "..canary-control-7f3a..".to_owned()] {
        ensure!(found(form.as_bytes(), &planted).is_some(), "the search is blind to {form}");
    }
    Ok(())
}

/// Puts a word in every place that takes words; which those are.
async fn everything_said(warp: &Warp) -> anyhow::Result<Vec<Canary>> {
    let mut canaries = Vec::new();
    let mut put = |what, text: &str| {
        canaries.push(Canary { what, text: text.to_owned() });
        text.to_owned()
    };
    let manager = warp.manager();
    let call = AddOrganisation {
        name: put("an organisation's name", "Quetzalborough Council").parse()?,
        aliases: vec![put("an alias", "Zyzzyvatown").parse()?],
        clients: Vec::new(),
    };
    let organisation = manager.client.call(call).await?.organisation;
    let call = AddInvitation {
        name: put("a member's name", "Xanthippe Okonkwo-Vex").parse()?,
        handle: put("a handle", "xanthippe.vex").parse()?,
        organisation,
        role: Role::Officer,
    };
    let added = manager.client.call(call).await?;
    let invitation: warproom_proto::invitation::Invitation = added.text.expose().parse()?;
    put("an invitation's code", invitation.code.expose());
    put("the first invitation's code", warp.first_invitation().code.expose());

    let password: Secret = put("a password", "kumquat-obelisk-fjord-91").into();
    let totp = TotpSecret::generate();
    put("a TOTP secret", totp.to_base32().expose());
    let (joining, _) = open_invitation(&invitation).await?;
    let device = put("a device's name", "Wunderkammer Laptop").parse()?;
    let joined = joining.redeem(password.clone(), &totp, device).await?;
    put("a device's private key", joined.key.to_text().expose());
    let (client, _) = connect(warp.address().clone(), joined.credentials()).await?;
    // A password that is wrong is often another one that is right.
    let wrong: Secret = put("a mistyped password", "kumquat-obelisk-typo-92").into();
    let code = totp.code_now();
    let (handle, name) = ("xanthippe.vex".parse()?, "other".parse()?);
    ensure!(enrol_device(warp.address(), handle, wrong, code, name).await.is_err());

    let settings = RoomSettings {
        name: put("a room's name", "Operation Palimpsest").parse()?,
        ceiling: Label::Red,
        default_label: Label::Amber,
        typing: false,
        presence: false,
    };
    let room = client.call(OpenRoom { settings }).await?.room;
    let text = put("a message", "the mainframe hums a saskatoon lullaby");
    client.post(room, Label::Red, &text).await?;
    let long = put("a long message", "brobdingnagian-tessellation").repeat(500);
    client.post(room, Label::Amber, &long).await?;
    let mut wire = Wire::person(warp, manager).await?;
    let malformed = put("a request that is none", "malformed-gobbledygook-5512");
    wire.refusal_of(&format!("{{\"{malformed}\": 1}}")).await?;
    let surplus = json!({ put("a surplus field", "surplus_farrago_77"): 1 });
    ensure!(wire.ask("room.list", surplus).await?.is_err());

    let subject = put("a subject", "Vermicelli Firewall 9000");
    let tagged = json!({
        "room": room, "id": EntryId::random(), "label": Label::Green, "text": "tagged",
        "subjects": [Subject::Product(subject.parse()?)],
    });
    let credentials = joined.credentials();
    let mut member = Wire::stranger(warp).await?;
    member.sign_in(&credentials).await?;
    member.ask("entry.post", tagged).await?.map_err(|error| anyhow::anyhow!("{error}"))?;
    let query = put("a search", "saskatoon lullaby never found");
    client.search(room, query.parse()?, None, 10).await?.end().await?;
    let search = RunSearch { search: 1, room, text: query.parse()?, before: None, limit: 1 };
    // Not a room of the manager's, who is only told that.
    refusal(manager.client.call(search).await)?;

    let in_a_day = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() + 86_400_000;
    let expires_at_ms = i64::try_from(in_a_day)?;
    let grant = Grant {
        rooms: vec![room],
        read: None,
        post: Some(Label::Green),
        answer: false,
        per_minute: Grant::USUAL_PER_MINUTE,
        expires_at_ms,
    };
    let name = put("a bot's name", "Ocelot Relay").parse()?;
    client.append(join(room, manager)).await?;
    let bot = manager.client.call(AddBot { name, grant, hook: None }).await?;
    put("a bot's token", bot.token.expose());
    let mut relay = Wire::stranger(warp).await?;
    relay.sign_in(&warproom_client::Credentials::Token(bot.token)).await?;
    let wrong_token = put("a wrong token", "wpbot_AAAAsesquipedalianAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let mut stranger = Wire::stranger(warp).await?;
    let wrong_token = warproom_client::Credentials::Token(wrong_token.into());
    ensure!(stranger.sign_in(&wrong_token).await.is_err());
    let members = manager.client.call(ListMembers {}).await?.members;
    ensure!(members.len() == 2, "{} members", members.len());
    put("the WARP's name", "Kent WARP");
    Ok(canaries)
}

/// A manager gives bots only rooms that it is in.
fn join(room: RoomId, manager: &Person) -> AddToRoom {
    AddToRoom { room, id: EntryId::random(), member: manager.member, role: RoomRole::Lead }
}

/// Searches every file below a folder, names included.
fn search(folder: &Path, canaries: &[Canary], searched: &mut usize) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, canaries, searched)?;
            continue;
        }
        *searched += 1;
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        for canary in canaries {
            // The authority's certificate names the WARP: it is shown to everyone who connects.
            let is_public = canary.text == "Kent WARP" && path.extension() == Some("pem".as_ref());
            let form = found(&bytes, canary)
                .or_else(|| found(path.as_os_str().as_encoded_bytes(), canary));
            if let Some(form) = form.filter(|_| !is_public) {
                anyhow::bail!("{} is in {}, {form}", canary.what, path.display());
            }
        }
    }
    Ok(())
}
