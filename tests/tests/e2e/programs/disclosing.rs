//! Answering a request for information, and taking something back, by the command line.

use serde_json::Value;
use warproom_client::proto::calls::PostEntry;
use warproom_client::proto::{EntryId, RoomId};
use warproom_tests::harness::entry_of;

use super::*;

/// The files of a disclosure, in the order they are named.
const FILES: [&str; 5] =
    ["document.md", "document.json", "withheld.md", "withheld.json", "statement.json"];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_asks_for_is_written_out_with_the_rest_blacked_out_and_listed()
-> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("alex.fenwick", council, Role::Manager).await?;
    let dewi = warp.officer("dewi.probert", council).await?;
    let alex = Computer::new()?;
    alex.join(&invitation.to_text())?;
    alex.says(&["room", "open", "Canary desk", "--ceiling", "red", "--default", "green"])?;
    alex.says(&["room", "add", "Canary desk", "dewi.probert"])?;
    let json = alex.says(&["--json", "rooms"])?;
    let first: Value = serde_json::from_str(json.lines().next().context("no room")?)?;
    let room: RoomId = serde_json::from_value(first["room"].clone())?;
    let post = |text: &str| -> anyhow::Result<PostEntry> {
        Ok(PostEntry {
            room,
            id: EntryId::random(),
            label: Label::Green,
            text: text.parse()?,
            reply_to: None,
            mentions: vec![dewi.member],
            subjects: Vec::new(),
            ask: None,
            exercise: false,
            files: Vec::new(),
        })
    };
    let text =
        "Ransom note: ring dewi.probert on 020 7946 0958, dp[@]canary[.]example, about CANARY";
    let said = dewi.client.append(post(text)?).await?.seq;
    dewi.post(room, Label::Red, "a ransom note in red").await?;
    dewi.post(room, Label::Green, "nothing about it").await?;

    let folder = tempfile::tempdir()?;
    let to = folder.path().join("foi").to_string_lossy().into_owned();
    let disclose = [
        "disclose",
        "Canary desk",
        "--to",
        &to,
        "--purpose",
        "foi",
        "--reference",
        "FOI 2026/113",
        "--words",
        "ransom note",
        "--up-to",
        "amber",
        "--hide",
        "names=FOIA s.40(2)",
        "--hide",
        "emails",
        "--hide",
        "telephones",
        "--hide-words",
        "canary",
    ];
    let told = alex.says(&disclose)?;
    ensure!(told.contains("1 entries are disclosed") && told.contains("TLP:GREEN"), "{told}");
    let again = alex.complains(&disclose)?;
    ensure!(again.contains("is there already"), "{again}");
    let read = |name: &str| std::fs::read_to_string(Path::new(&to).join(name));
    for name in FILES {
        let text = read(name)?.to_lowercase();
        for hidden in ["canary", "dewi", "probert", "7946", "in red", "nothing about"] {
            ensure!(!text.contains(hidden), "{name} has {hidden}: {text}");
        }
    }
    let statement: Value = serde_json::from_str(&read("statement.json")?)?;
    for file in statement["files"].as_array().context("no files")? {
        let text = read(file["name"].as_str().context("no name")?)?;
        let hash = crate::files::hash(text.as_bytes()).to_string();
        ensure!(file["sha256"] == hash.as_str(), "{file}");
    }
    let document: Value = serde_json::from_str(&read("document.json")?)?;
    let entry = &document["rooms"][0]["entries"][0];
    let history = dewi.history(room).await?;
    let stored = history.iter().find(|one| one.seq == said).context("it was said")?;
    ensure!(entry["number"] == said && entry["label"] == "TLP:GREEN", "{entry}");
    ensure!(entry["head"] == stored.head.to_string().as_str() && entry_of(stored).is_some());
    let rows = read("withheld.md")?;
    for part in ["labelled TLP:RED", "FOIA s.40(2)", "a telephone number", "an e-mail address"] {
        ensure!(rows.contains(part), "{part:?} is not in {rows}");
    }
    let audit = alex.says(&["audit"])?;
    let line = "disclosed 1 record of Canary desk, up to TLP:GREEN, for freedom of information (FOI \
                2026/113); 1 withheld";
    ensure!(audit.contains(line), "{audit}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_post_back_says_whom_it_may_have_reached() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let council = warp.organisation("Dover District Council").await?;
    let (_, invitation) = warp.invite("alex.fenwick", council, Role::Manager).await?;
    warp.officer("dewi.probert", council).await?;
    let alex = Computer::new()?;
    alex.join(&invitation.to_text())?;
    alex.says(&["room", "open", "Ops", "--ceiling", "amber", "--default", "green"])?;
    alex.says(&["room", "add", "Ops", "dewi.probert"])?;
    let said = alex.says(&["say", "Ops", "to the wrong room"])?;
    ensure!(said.contains("#4 in Ops"), "{said}");
    let told = alex.says(&["retract", "Ops", "4"])?;
    for part in ["#4 is taken back", "#4 may have reached 1 besides its author", "could read it"] {
        ensure!(told.contains(part), "{part:?} is not in {told}");
    }
    let json = alex.says(&["--json", "reached", "Ops", "4"])?;
    let reached: Value = serde_json::from_str(&json)?;
    ensure!(reached["recipients"].as_array().is_some_and(|all| all.len() == 1), "{json}");
    ensure!(alex.complains(&["reached", "Ops", "99"])?.contains("no such"), "it is not there");
    Ok(())
}
