//! Webhooks: what programs post by one HTTP request arrives as their bot's entries, within its grant,
//! and nothing else does. Requests are written by hand, byte by byte where that matters.

#[path = "hooks/bounds.rs"]
mod bounds;
#[path = "hooks/request.rs"]
mod request;
#[path = "hooks/revisions.rs"]
mod revisions;
#[path = "hooks/secrecy.rs"]
mod secrecy;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_client::{Client, Delivered, Event, Events};
use warproom_proto::calls::{AddBot, OpenRoom};
use warproom_proto::register::{Grant, Hook};
use warproom_proto::{
    BotId, Kind, Label, Message, Principal, RoomId, RoomSettings, Secret, Severity,
};
use warproom_tests::harness::{Builder, Warp, next_entry, settings, until};

use request::{Reply, Requests};

/// A WARP with a bot that has a webhook.
pub struct Hooked {
    pub warp: Warp,
    pub bot: BotId,
    /// Where the webhook posts.
    pub room: RoomId,
    /// Another room of the grant, called "Early Warning".
    pub other: RoomId,
    /// The bot's token.
    pub token: Secret,
    /// The last part of the webhook's address.
    pub secret: String,
    /// What happens in both rooms, from now on.
    pub events: Events,
    /// Whose events they are.
    _follower: Client,
}

/// In so many milliseconds, since 1970 UTC.
pub fn in_ms(ms: i64) -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())? + ms)
}

impl Hooked {
    pub async fn start() -> anyhow::Result<Self> {
        Self::build(Warp::builder()).await
    }

    /// TLP:GREEN to TLP:AMBER, 600 entries a minute.
    pub async fn build(builder: Builder) -> anyhow::Result<Self> {
        Self::granted(builder, 600, 86_400_000).await
    }

    pub async fn granted(
        builder: Builder,
        per_minute: u16,
        lasting_ms: i64,
    ) -> anyhow::Result<Self> {
        let warp = builder.start().await?;
        let manager = warp.manager();
        let room = warp.room(&[manager], Label::AmberStrict, Label::Green).await?;
        let named = RoomSettings {
            name: "Early Warning".parse()?,
            ..settings(Label::Green, Label::Green)?
        };
        let other = manager.client.call(OpenRoom { settings: named }).await?.room;
        let grant = Grant {
            rooms: vec![room, other],
            read: None,
            post: Some(Label::Amber),
            answer: false,
            per_minute,
            expires_at_ms: in_ms(lasting_ms)?,
        };
        let hook = Some(Hook { room, label: Label::Green });
        let call = AddBot { name: "Monitor".parse()?, grant, hook };
        let added = manager.client.call(call).await?;
        let url = added.hook.context("it was added with a webhook")?;
        let address = format!("https://localhost:{}/hooks/", warp.local().port());
        let secret = url.expose().strip_prefix(&address).context("another address")?.to_owned();
        let (follower, mut events) = manager.connect().await?;
        for room in [room, other] {
            follower.follow(room, Some(0)).await?;
        }
        // Both rooms as they are until the bot is in them.
        let joined = |event: &Event| match event {
            Event::Entry(Delivered { entry: Some(entry), .. }) => match entry.handling.kind {
                Kind::Joined { who, .. } => (who == Principal::Bot(added.bot)).then_some(()),
                _ => None,
            },
            _ => None,
        };
        for _ in 0..2 {
            until(&mut events, joined).await?;
        }
        let (bot, token) = (added.bot, added.token);
        Ok(Self { warp, bot, room, other, token, secret, events, _follower: follower })
    }

    /// A connection for requests.
    pub async fn requests(&self) -> anyhow::Result<Requests> {
        Requests::open(&self.warp).await
    }

    /// Posts JSON to the webhook, on a connection of its own.
    pub async fn post(&self, message: &Value) -> anyhow::Result<Reply> {
        let path = format!("/hooks/{}", self.secret);
        self.requests().await?.post(&path, "application/json", message.to_string().as_bytes()).await
    }

    /// The next entry of the bot's; anything else would be wrong here.
    pub async fn next(&mut self) -> anyhow::Result<Delivered> {
        let delivered = next_entry(&mut self.events).await?;
        let entry = delivered.entry.as_ref().context("withheld")?;
        ensure!(entry.handling.author == Principal::Bot(self.bot), "somebody else's");
        Ok(delivered)
    }

    /// Holds if nothing was posted since: what is posted now is the next there is.
    pub async fn nothing_was_posted(&mut self) -> anyhow::Result<()> {
        for room in [self.room, self.other] {
            let said = "nothing before this";
            let here = self.warp.manager().post(room, Label::Green, said).await?;
            let delivered = next_entry(&mut self.events).await?;
            ensure!((delivered.room, delivered.seq) == (room, here.seq), "something was posted");
        }
        Ok(())
    }
}

fn text(delivered: &Delivered) -> String {
    let content = delivered.entry.as_ref().map(|entry| &entry.content);
    content.and_then(|content| content.text.as_ref()).map(ToString::to_string).unwrap_or_default()
}

fn label(delivered: &Delivered) -> Option<Label> {
    delivered.entry.as_ref().map(|entry| entry.handling.label)
}

fn ok(reply: &Reply) -> anyhow::Result<()> {
    ensure!((reply.status, &*reply.text) == (200, "ok"), "{reply:?}");
    Ok(())
}

#[tokio::test]
async fn a_message_in_slacks_form_becomes_a_post_of_the_bots() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let reply =
        hooked.post(&json!({"text": "<!channel> disk of <https://a.example|db> full"})).await?;
    ok(&reply)?;
    ensure!(reply.head.contains("text/plain"), "{}", reply.head);
    let posted = hooked.next().await?;
    ensure!(text(&posted) == "@channel disk of db (https://a.example) full", "{}", text(&posted));
    let entry = posted.entry.context("shown")?;
    ensure!(posted.room == hooked.room && entry.handling.label == Label::Green);
    ensure!(entry.handling.mentions.is_empty(), "@channel calls nobody");
    ensure!(entry.handling.kind == Kind::Post { reply_to: None });

    // A form, JSON that is called a form, and the paths that clients of Slack know.
    let secret = hooked.secret.clone();
    let form = "payload=%7B%22text%22%3A%22by+form%22%7D";
    let sent_as_form = "application/x-www-form-urlencoded";
    for (path, kind, body, said) in [
        (format!("/hooks/{secret}"), sent_as_form, form, "by form"),
        (format!("/hooks/{secret}"), sent_as_form, "{\"text\":\"by curl\"}", "by curl"),
        (format!("/services/T0/B0/{secret}"), "application/json", "{\"text\":\"a\"}", "a"),
        (format!("/hooks/T0/B0/{secret}"), "text/plain", "{\"text\":\"b\"}", "b"),
    ] {
        ok(&hooked.requests().await?.post(&path, kind, body.as_bytes()).await?)?;
        let posted = hooked.next().await?;
        ensure!(text(&posted) == said, "{}", text(&posted));
    }
    Ok(())
}

#[tokio::test]
async fn attachments_blocks_and_a_username_are_read_and_nothing_remote_is_kept()
-> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let message = json!({
        "username": "mary (manager)", "icon_url": "https://tracker.example/i.png",
        "text": "![seen](https://tracker.example/p.gif)Outage",
        "blocks": [null, {"type": "section", "text": {"type": "mrkdwn", "text": "mail is down"}},
                   {"type": "image", "image_url": "https://tracker.example/b.png", "alt_text": "graph"}],
        "attachments": [null, {"title": "Case 5", "image_url": "https://tracker.example/a.png",
                               "fields": [null, {"title": "since", "value": 9}]}],
    });
    ok(&hooked.post(&message).await?)?;
    let said = text(&hooked.next().await?);
    ensure!(
        said == "as “mary (manager)”\nseenOutage\nmail is down\ngraph\nCase 5\nsince: 9",
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn a_channel_names_a_room_of_the_grant_and_tells_of_no_other() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    for channel in ["Early Warning", "#early-warning"] {
        ok(&hooked.post(&json!({"text": "over here", "channel": channel})).await?)?;
        let posted = hooked.next().await?;
        ensure!(posted.room == hooked.other, "in another room");
    }
    let manager = hooked.warp.manager();
    let secret_room = RoomSettings { name: "Board".parse()?, ..settings(Label::Red, Label::Red)? };
    let board = manager.client.call(OpenRoom { settings: secret_room }).await?.room;
    let there_is = hooked.post(&json!({"text": "let me in", "channel": "#board"})).await?;
    let there_is_not = hooked.post(&json!({"text": "let me in", "channel": "#nowhere"})).await?;
    let by_id = hooked.post(&json!({"text": "let me in", "channel": board.to_string()})).await?;
    for reply in [&there_is, &there_is_not, &by_id] {
        ensure!((reply.status, &*reply.text) == (404, "channel_not_found"), "{reply:?}");
    }
    hooked.nothing_was_posted().await
}

#[tokio::test]
async fn a_message_of_our_own_form_is_an_alert_that_its_next_revision_replaces()
-> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let message = |revision: &str| {
        json!({
            "headline": "Patch Connect Secure", "text": "It is exploited.", "what_to_do": "Patch now.",
            "severity": "severe", "urgency": "immediate", "certainty": "observed",
            "label": "TLP:AMBER", "subjects": [{"vendor": "Ivanti"}], "references": ["https://a.example"],
            "id": "adv-7", "revision": revision,
        })
    };
    ok(&hooked.post(&message("1")).await?)?;
    let first = hooked.next().await?;
    let entry = first.entry.clone().context("shown")?;
    let Kind::Alert(alert) = &entry.handling.kind else { anyhow::bail!("no alert") };
    ensure!((alert.severity, alert.message) == (Severity::Severe, Message::Alert));
    ensure!(entry.handling.label == Label::Amber && entry.handling.subjects.len() == 1);
    ensure!(entry.content.headline.is_some_and(|line| line.as_str() == "Patch Connect Secure"));
    ensure!(entry.content.what_to_do.is_some_and(|text| text.as_str() == "Patch now."));

    ok(&hooked.post(&message("1")).await?)?;
    ok(&hooked.post(&message("2")).await?)?;
    let second = hooked.next().await?;
    let entry = second.entry.context("shown")?;
    let Kind::Alert(alert) = &entry.handling.kind else { anyhow::bail!("no alert") };
    ensure!(alert.supersedes == Some(first.seq), "{:?}", alert.supersedes);
    ensure!(alert.message == Message::Update && second.seq == first.seq + 1, "posted twice");
    Ok(())
}

#[tokio::test]
async fn what_is_real_is_posted_after_an_exercise_with_its_id_and_revision() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    for exercise in [true, false] {
        let message = json!({
            "headline": "Patch now", "id": "adv-7", "revision": "1", "exercise": exercise,
        });
        for _ in 0..2 {
            ok(&hooked.post(&message).await?)?;
        }
    }
    let drill = hooked.next().await?;
    let real = hooked.next().await?;
    ensure!(real.seq == drill.seq + 1, "one of them was posted twice");
    let drill = drill.entry.context("shown")?;
    let real = real.entry.context("shown")?;
    ensure!(drill.handling.exercise && !real.handling.exercise);
    let Kind::Alert(alert) = &real.handling.kind else { anyhow::bail!("no alert") };
    ensure!(alert.supersedes.is_none(), "it took the exercise's place");
    Ok(())
}

#[tokio::test]
async fn an_alertmanagers_group_fires_repeats_and_is_resolved() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let message = |status: &str, ends_at: &str| {
        json!({
            "version": "4", "groupKey": "{}:{instance=\"sql1.kent.internal\"}", "status": status,
            "truncatedAlerts": 0, "receiver": "r", "externalURL": "http://am.kent.internal",
            "groupLabels": {}, "commonLabels": {"alertname": "DiskFull"},
            "commonAnnotations": {"summary": "sql1 is full"},
            "alerts": [{"status": status, "startsAt": "2024-01-18T08:00:00Z", "endsAt": ends_at,
                        "labels": {"alertname": "DiskFull", "severity": "page", "instance": "sql1.kent.internal:9100"},
                        "annotations": {"summary": "sql1 is full"}, "fingerprint": "f1",
                        "generatorURL": "http://prom.kent.internal"}],
        })
    };
    let firing = message("firing", "0001-01-01T00:00:00Z");
    for _ in 0..3 {
        ok(&hooked.post(&firing).await?)?;
    }
    ok(&hooked.post(&message("resolved", "2024-01-18T09:00:00Z")).await?)?;
    let fired = hooked.next().await?;
    let resolved = hooked.next().await?;
    let entry = fired.entry.clone().context("shown")?;
    let Kind::Alert(alert) = &entry.handling.kind else { anyhow::bail!("no alert") };
    ensure!((alert.severity, alert.expires_at_ms) == (Severity::Severe, None));
    let everything = serde_json::to_string(&entry)?;
    ensure!(!everything.contains("sql1") && !everything.contains("internal\""), "{everything}");
    ensure!(!everything.contains("kent.internal"), "{everything}");
    let entry = resolved.entry.context("shown")?;
    let Kind::Alert(alert) = &entry.handling.kind else { anyhow::bail!("no alert") };
    ensure!(alert.message == Message::Cancel && alert.supersedes == Some(fired.seq));
    ensure!(resolved.seq == fired.seq + 1, "a repetition was posted");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_posted_is_refused_with_its_reason_and_posts_nothing() -> anyhow::Result<()>
{
    let mut hooked = Hooked::start().await?;
    let cases: Vec<(Value, u16, &str)> = vec![
        (json!({}), 400, "no_text"),
        (json!({"text": "  "}), 400, "no_text"),
        (json!({"attachments": [null]}), 400, "no_text"),
        (json!({"text": 5}), 400, "invalid_payload"),
        (json!({"text": "a", "attachments": {}}), 400, "invalid_payload"),
        (json!(["text"]), 400, "invalid_payload"),
        (json!({"text": "x".repeat(70_000)}), 400, "msg_too_long"),
        (json!({"headline": "a", "sevrity": "severe"}), 400, "sevrity"),
        (json!({"headline": "a", "severity": "grave"}), 400, "grave"),
        (json!({"headline": "a", "label": "AMBER STRICT"}), 400, "TLP:AMBER+STRICT"),
        (json!({"headline": ""}), 400, "headline"),
        (json!({"headline": "a", "id": "b"}), 400, "revision"),
        (json!({"headline": "a", "message": "cancel"}), 400, "a cancel needs id and revision"),
        (json!({"headline": "a", "message": "update"}), 400, "an update needs id and revision"),
        (
            json!({"headline": "a", "references": vec!["https://a.example"; 33]}),
            400,
            "32 references",
        ),
        (json!({"version": "3", "groupKey": "a", "alerts": []}), 400, "version 4"),
        (
            json!({"version": "4", "groupKey": "a", "alerts": [5], "status": "firing"}),
            400,
            "Alertmanager",
        ),
        // Marked stricter than the bot may post: refused, never posted under a milder label.
        (json!({"text": "TLP:RED: for you alone"}), 403, "TLP:RED"),
        (json!({"text": "TLP v2.0: RED, for you alone"}), 403, "TLP:RED"),
        (json!({"headline": "a", "label": "TLP:AMBER+STRICT"}), 403, "TLP:AMBER+STRICT"),
        (json!({"headline": "a", "text": "tlp: amber (strict)"}), 403, "TLP:AMBER+STRICT"),
        // Within the grant, but above what the room may hold.
        (json!({"text": "TLP:AMBER", "channel": "early warning"}), 403, ""),
    ];
    for (message, status, reason) in cases {
        let reply = hooked.post(&message).await?;
        let shown = message.to_string();
        let shown = &shown[..shown.len().min(80)];
        ensure!(reply.status == status && reply.text.contains(reason), "{shown}: {reply:?}");
    }
    for body in [&b""[..], b"{", b"text=a", b"payload=%5B%5D", b"\xff\xfe", b"payload"] {
        let path = format!("/hooks/{}", hooked.secret);
        let reply = hooked.requests().await?.post(&path, "application/json", body).await?;
        ensure!((reply.status, &*reply.text) == (400, "invalid_payload"), "{body:?}: {reply:?}");
    }
    hooked.nothing_was_posted().await
}

#[tokio::test]
async fn words_and_fields_raise_the_label_and_never_lower_it() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    for (message, expected) in [
        (json!({"text": "no label"}), Label::Green),
        (json!({"text": "TLP:CLEAR, tell everyone"}), Label::Green),
        (json!({"text": "[tlp-amber] tell few"}), Label::Amber),
        (json!({"text": "TLP 2.0: AMBER, tell few"}), Label::Amber),
        (json!({"headline": "a", "label": "TLP:CLEAR"}), Label::Green),
        (json!({"headline": "a", "label": "TLP:GREEN", "text": "but TLP:AMBER"}), Label::Amber),
    ] {
        ok(&hooked.post(&message).await?)?;
        let posted = hooked.next().await?;
        ensure!(label(&posted) == Some(expected), "{message}: {:?}", label(&posted));
    }
    Ok(())
}

#[tokio::test]
async fn a_webhook_too_fast_is_told_when_to_come_again() -> anyhow::Result<()> {
    let hooked = Hooked::granted(Warp::builder(), 12, 86_400_000).await?;
    for _ in 0..5 {
        ok(&hooked.post(&json!({"text": "a"})).await?)?;
    }
    let reply = hooked.post(&json!({"text": "one too many"})).await?;
    ensure!(reply.status == 429, "{reply:?}");
    let wait: u64 = reply.field("retry-after").context("no Retry-After")?.parse()?;
    ensure!((1..=5).contains(&wait), "{wait} s");
    // Alertmanager comes again after a 503 only.
    let group = json!({"version": "4", "groupKey": "a", "status": "firing", "alerts": []});
    let reply = hooked.post(&group).await?;
    ensure!(reply.status == 503 && reply.field("retry-after").is_some(), "{reply:?}");
    tokio::time::sleep(Duration::from_secs(wait)).await;
    ok(&hooked.post(&json!({"text": "in time"})).await?)
}

#[tokio::test]
async fn a_full_disk_asks_to_come_again_and_loses_nothing() -> anyhow::Result<()> {
    let mut hooked = Hooked::start().await?;
    let config = hooked.warp.folder().join("warproom.toml");
    let usual = std::fs::read_to_string(&config)?;
    let reserve = usual.lines().find(|line| line.starts_with("reserve_mib")).context("a line")?;
    // More than any disk has.
    let full = usual.replace(reserve, "reserve_mib = 1000000000000");
    let group = json!({"version": "4", "groupKey": "a", "status": "firing", "alerts": []});
    for (config_now, status) in [(full, 503), (usual.clone(), 200)] {
        hooked.warp.stop().await?;
        std::fs::write(&config, config_now)?;
        hooked.warp.restart().await?;
        for message in [json!({"text": "a"}), json!({"headline": "a"}), group.clone()] {
            let reply = hooked.post(&message).await?;
            ensure!(reply.status == status, "{reply:?}");
            ensure!(reply.field("retry-after").is_some() == (status == 503), "{}", reply.head);
        }
    }
    for _ in 0..3 {
        hooked.next().await?;
    }
    hooked.nothing_was_posted().await
}
