//! What a person is prompted for, or what is read from a file or a pipe in their place. Passwords and codes
//! never come from arguments or the environment, where other programs could read them; an invitation, which
//! works once, may.

use std::fs;
use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _, stdin};
use std::path::Path;

use anyhow::{Context as _, Result};
use warproom_client::proto::limits::{PASSWORD_BYTES, PASSWORD_CHARS, TEXT_BYTES};
use warproom_client::proto::{Secret, Text};
use zeroize::Zeroizing;

use crate::out::note;
use crate::problem::{Problem, problem};

/// How often a person may try before it is better to start again.
const TRIES: usize = 5;

/// A new password: from the file, or asked twice.
pub(crate) fn new_password(file: Option<&Path>) -> Result<Secret> {
    if let Some(file) = file {
        let password = first_line(file)?;
        check_password(&password)?;
        return Ok(password.as_str().to_owned().into());
    }
    note(&format!(
        "Choose a password of at least {PASSWORD_CHARS} characters. You need it, and a code from your phone, only to set up another device."
    ));
    for _ in 0..TRIES {
        let password = hidden("Password: ")?;
        if let Err(wrong) = check_password(&password) {
            note(&format!("{wrong}; {}.", wrong.next()));
        } else if *hidden("The same again: ")? == *password {
            return Ok(password.as_str().to_owned().into());
        } else {
            note("The two are not the same; once more.");
        }
    }
    Err(problem("no password was set", "start again; nothing was used up").into())
}

/// A password that exists: from the file, or asked once.
pub(crate) fn password(file: Option<&Path>) -> Result<Secret> {
    let password = match file {
        Some(file) => first_line(file)?,
        None => hidden("Password: ")?,
    };
    Ok(password.as_str().to_owned().into())
}

/// A TOTP code, typed or piped, that `is_right` says is the one. Six digits, spaces ignored.
pub(crate) fn code(prompt: &str, mut is_right: impl FnMut(&str) -> bool) -> Result<Secret> {
    for _ in 0..TRIES {
        let code: String = visible(prompt)?.split_whitespace().collect();
        let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        if is_code && is_right(&code) {
            return Ok(code.into());
        }
        note(if is_code {
            "This is not the code of this moment. Wait for the next one; if that is wrong too, check the clocks of phone and computer."
        } else {
            "The code has six digits."
        });
    }
    Err(problem(
        "no code was right",
        "check the clocks of phone and computer, and start again; nothing was used up",
    )
    .into())
}

/// One line from the terminal or a pipe.
pub(crate) fn visible(prompt: &str) -> Result<String> {
    if stdin().is_terminal() {
        let mut stderr = anstream::stderr().lock();
        // A prompt that cannot be shown does not keep an answer from being read.
        let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
    }
    let mut line = String::new();
    let read = stdin().lock().take(LINE_BYTES).read_line(&mut line);
    if read.context("cannot read standard input")? == 0 {
        return Err(problem(
            "there is nobody to ask: standard input has ended",
            "run this in a terminal, or give it what it asks for through a pipe or file",
        )
        .into());
    }
    Ok(line.trim().to_owned())
}

/// The longest answer that is read; far above any real one.
const LINE_BYTES: u64 = 4096;

/// What to write: as given, or from standard input.
pub(crate) fn text(given: Option<&str>) -> Result<Text> {
    let text = match given {
        Some(text) if text != "-" => text.to_owned(),
        None if stdin().is_terminal() => {
            return Err(problem(
                "there is no text",
                "give it as the last argument, pipe it in, or write - to type it here",
            )
            .into());
        }
        _ => piped()?,
    };
    let text = text.replace("\r\n", "\n");
    parse(text.trim_end())
}

/// A text as the protocol takes it.
pub(crate) fn parse(text: &str) -> Result<Text> {
    text.parse().map_err(|error| {
        problem(
            format!("this text cannot be sent: {error}"),
            "write it as plain text; send a long one in parts",
        )
        .into()
    })
}

fn piped() -> Result<String> {
    // Line ends may shrink by half; what is longer still could never be sent.
    let most = TEXT_BYTES * 2;
    let mut bytes = Vec::new();
    let read = stdin().lock().take(most as u64 + 1).read_to_end(&mut bytes);
    read.context("cannot read standard input")?;
    if bytes.len() > most {
        return Err(problem("this text is too long", "send it in parts of 64 KiB at most").into());
    }
    String::from_utf8(bytes).context("standard input is not text in UTF-8")
}

fn hidden(prompt: &str) -> Result<Zeroizing<String>> {
    let password = rpassword::prompt_password(prompt).map_err(|_| {
        problem(
            "there is no terminal to ask for a password",
            "run this in a terminal, or name a file that holds it with --password-file",
        )
    })?;
    Ok(Zeroizing::new(password))
}

fn first_line(file: &Path) -> Result<Zeroizing<String>> {
    let text = fs::read_to_string(file)
        .map(Zeroizing::new)
        .with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// The protocol's own rule, checked before anything is sent.
fn check_password(password: &str) -> Result<(), Problem> {
    if password.chars().count() < PASSWORD_CHARS {
        return Err(problem(
            "the password is too short",
            format!("take at least {PASSWORD_CHARS} characters, for example four words"),
        ));
    }
    if password.len() > PASSWORD_BYTES {
        return Err(problem(
            "the password is too long",
            format!("take at most {PASSWORD_BYTES} bytes"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_passwords_are_refused_by_characters_and_long_ones_by_bytes() {
        assert!(check_password("elevenchars").is_err());
        assert!(check_password("twelve chars").is_ok());
        assert!(check_password("ŵŷâêîôûŵŷâê").is_err());
        assert!(check_password(&"x".repeat(1025)).is_err());
    }

    #[test]
    fn a_password_file_gives_its_first_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        fs::write(&file, "correct horse battery\r\nstaple\n").unwrap();
        assert_eq!(new_password(Some(&file)).unwrap().expose(), "correct horse battery");
        fs::write(&file, "").unwrap();
        assert!(new_password(Some(&file)).is_err());
    }

    #[test]
    fn a_given_text_loses_the_end_that_nobody_meant() {
        assert_eq!(text(Some("a\r\nb\n\n")).unwrap().as_str(), "a\nb");
        assert!(text(Some("  \n")).is_err());
        assert!(text(Some("\u{1b}[2J")).is_err());
    }
}
