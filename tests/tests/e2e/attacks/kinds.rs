//! Each kind of secret at each entrance: only its own opens (CWE-287, confused credentials).

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use warproom_client::{DeviceKey, TotpSecret};
use warproom_proto::calls::{AddBot, sign_in_message};
use warproom_proto::register::{Hook, Role};
use warproom_proto::{ErrorCode, Label};
use warproom_tests::harness::{Person, Raw, Warp, grant, raw_tls};

use super::{next_step, refused};

/// Every kind of secret, and with each the entrance that it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    InvitationCode,
    BotToken,
    HookSecret,
    Password,
    TotpCode,
    Signature,
}

const KINDS: [Kind; 6] = [
    Kind::InvitationCode,
    Kind::BotToken,
    Kind::HookSecret,
    Kind::Password,
    Kind::TotpCode,
    Kind::Signature,
];

/// Whose password and code are tried, each at an entrance of their own, so that no brake answers.
struct Grounds {
    warp: Warp,
    dan: Person,
    eve: Person,
    code: String,
    token: String,
    hook: String,
}

#[tokio::test]
async fn each_kind_of_secret_opens_its_own_entrance_and_no_other() -> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let mut wrong = Vec::new();
    for entrance in KINDS {
        // The right one last: until then nothing has let anybody in.
        let mut kinds = KINDS.to_vec();
        kinds.sort_by_key(|kind| *kind == entrance);
        for kind in kinds {
            let opens = grounds.opens(entrance, kind).await?;
            if opens != (kind == entrance) {
                wrong.push(format!("{kind:?} at the entrance of {entrance:?}: {opens}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

impl Grounds {
    async fn prepare() -> anyhow::Result<Self> {
        let warp = Warp::start().await?;
        let dover = warp.organisation("Dover District Council").await?;
        let dan = warp.officer("dan", dover).await?;
        let eve = warp.officer("eve", dover).await?;
        let (_, invitation) = warp.invite("new", dover, Role::Officer).await?;
        let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
        let call = AddBot {
            name: "Monitoring".parse()?,
            grant: grant(room, None, Some(Label::Green)),
            hook: Some(Hook { room, label: Label::Green }),
        };
        let added = warp.manager().client.call(call).await?;
        let hook = added.hook.context("a webhook was asked for")?;
        let (_, secret) = hook.expose().rsplit_once('/').context("an address")?;
        Ok(Self {
            code: invitation.code.expose().to_owned(),
            token: added.token.expose().to_owned(),
            hook: secret.to_owned(),
            warp,
            dan,
            eve,
        })
    }

    /// A secret as it is now, on a connection where that matters.
    fn secret(&self, kind: Kind, raw: &Raw) -> anyhow::Result<String> {
        Ok(match kind {
            Kind::InvitationCode => self.code.clone(),
            Kind::BotToken => self.token.clone(),
            Kind::HookSecret => self.hook.clone(),
            Kind::Password => Person::PASSWORD.to_owned(),
            Kind::TotpCode => self.eve.totp.code_at(next_step()?).expose().to_owned(),
            Kind::Signature => {
                let signature = self.dan.key.sign(&sign_in_message(raw.exporter()));
                serde_json::to_value(signature)?.as_str().context("a text")?.to_owned()
            }
        })
    }

    /// Whether a secret of one kind opens the entrance of another.
    async fn opens(&self, entrance: Kind, kind: Kind) -> anyhow::Result<bool> {
        let mut raw = self.warp.raw().await?;
        let secret = self.secret(kind, &raw)?;
        if entrance == Kind::HookSecret {
            return self.hook_opens(&secret).await;
        }
        let (call, fields) = self.fields(entrance, &secret, &raw)?;
        let reply = raw.call(1, call, &fields).await?;
        match refused(&reply)? {
            None => Ok(true),
            // A signature that is none is not even one to be checked.
            Some(ErrorCode::SignInRefused | ErrorCode::BadParams) => Ok(false),
            Some(other) => anyhow::bail!("{kind:?} at {entrance:?}: {other:?}"),
        }
    }

    fn fields(
        &self,
        entrance: Kind,
        secret: &str,
        raw: &Raw,
    ) -> anyhow::Result<(&'static str, Value)> {
        let key = DeviceKey::generate();
        let signature = key.sign(&sign_in_message(raw.exporter()));
        let device = json!({"name": "x", "public_key": key.public_key(), "signature": signature});
        let enrol = |whose: &Person, password: &str, code: &str| {
            let handle = whose.handle.as_str();
            json!({"handle": handle, "password": password, "totp_code": code, "device": device})
        };
        Ok(match entrance {
            Kind::InvitationCode => {
                let totp = TotpSecret::generate();
                let code = totp.code_now();
                let totp = json!({"secret": totp.to_base32(), "code": code});
                let password = Person::PASSWORD;
                let fields =
                    json!({"code": secret, "password": password, "totp": totp, "device": device});
                ("invitation.redeem", fields)
            }
            Kind::BotToken => ("session.start", json!({"proof": {"token": secret}})),
            Kind::Password => {
                let code = self.dan.totp.code_at(next_step()?);
                ("device.enrol", enrol(&self.dan, secret, code.expose()))
            }
            Kind::TotpCode => ("device.enrol", enrol(&self.eve, Person::PASSWORD, secret)),
            Kind::Signature => {
                let proof = json!({"device": self.dan.device, "signature": secret});
                ("session.start", json!({"proof": {"device": proof}}))
            }
            Kind::HookSecret => anyhow::bail!("a webhook is no call"),
        })
    }

    /// Whether a webhook's request with this secret is taken.
    async fn hook_opens(&self, secret: &str) -> anyhow::Result<bool> {
        let mut tls = raw_tls(self.warp.local()).await?;
        let path = secret.replace(' ', "%20");
        let body = r#"{"text": "from outside"}"#;
        let request = format!(
            "POST /hooks/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        tls.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        // The server may end the connection without TLS's goodbye.
        let _ = tls.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).context("no answer")?;
        // A path that no secret could be in is not found; one that it could be in is forbidden.
        ensure!(matches!(status, "200" | "403" | "404"), "{answer}");
        Ok(status == "200")
    }
}
