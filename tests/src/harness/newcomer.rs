//! A newcomer at the real window: the keys of the first minutes.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use totp_rs::{Algorithm, Secret, TOTP};

use super::display::Display;
use super::wait::{DEADLINE, eventually};

/// How long after pressing the button it is looked for what it copied.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// From the invitation's text to the desk, without a mouse. The word stands in every secret that is made up
/// on the way.
pub async fn newcomer_joins(display: &Display, invitation: &str, word: &str) -> anyhow::Result<()> {
    display.settled().await?;
    display.picture("1-welcome")?;
    display.copy(invitation)?;
    display.after(&["ctrl+v"]).await?;
    display.after(&["Return"]).await?;
    display.picture("2-check")?;
    // "Yes, this is me": the button has the keyboard.
    display.after(&["Return"]).await?;
    let password = format!("{word} over the sluice gate");
    display.write(&password)?;
    display.after(&["Tab"]).await?;
    display.write(&password)?;
    // Over the device's name, which is filled in, to the passphrase. One key at a time: on a busy
    // machine two would come in one frame.
    display.after(&["Tab"]).await?;
    display.after(&["Tab"]).await?;
    let passphrase = format!("lantern {word} orchard tide");
    display.write(&passphrase)?;
    display.after(&["Tab"]).await?;
    display.write(&passphrase)?;
    display.settled().await?;
    display.picture("3-password")?;
    display.after(&["Return"]).await?;
    display.picture("4-authenticator")?;
    // Back from the code's field to the button that copies the secret.
    display.after(&["shift+Tab"]).await?;
    let copied = eventually(DEADLINE * 3, async || {
        // Copying twice does no harm, and on a busy machine a key may come before its button.
        display.press(&["Return"]).ok()?;
        tokio::time::sleep(LOOK_AGAIN).await;
        let copied = display.clipboard().ok()?;
        code_now(&copied).is_ok().then_some(copied)
    });
    let secret = copied.await.context("the secret was not copied")?.replace([' ', '\n'], "");
    let scanned = display.scanned("4-authenticator")?;
    ensure!(scanned.starts_with("otpauth://totp/") && scanned.contains(&secret), "another QR code");
    let code = code_now(&secret)?;
    display.after(&["Tab"]).await?;
    display.write(&code)?;
    display.after(&["Return"]).await
}

/// The code that an authenticator app would show now.
fn code_now(secret: &str) -> anyhow::Result<String> {
    let bytes = Secret::Encoded(secret.replace(' ', "").trim().to_owned()).to_bytes()?;
    let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 1, 30, bytes, None, String::new());
    Ok(totp.generate_current()?)
}
