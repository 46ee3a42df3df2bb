//! What the configuration takes, and what it says about what it does not.

use std::path::Path;
use std::time::Duration;

use warproom_client::proto::Label;
use warproom_relay::config::{Asks, Config, Kind};

use crate::settings::load;

const SOURCE: &str = "[[source]]\nname = \"A\"\nkind = \"feed\"\nurl = \"https://x.example/feed\"\n\
                      every = \"15m\"\nrooms = [\"One\"]\n";

fn refusal(text: &str) -> String {
    load(text).err().unwrap().to_string()
}

fn with(lines: &str) -> String {
    format!("{SOURCE}{lines}")
}

#[test]
fn the_sample_is_a_configuration() {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/relay.toml"));
    let config = Config::load(file).map_err(|error| error.to_string()).unwrap();
    assert_eq!(config.sources.len(), 7);
    assert_eq!(config.warp.address().unwrap().host_port, "warp.example:7443");
    assert_eq!(config.state, file.with_file_name("state"));
    let taxii = config.sources.iter().find(|one| one.kind == Kind::Taxii).unwrap();
    assert_eq!(taxii.label, Label::Amber);
    assert_eq!((taxii.ask, taxii.due), (Some(Asks::Acknowledge), Some(Duration::from_hours(24))));
    assert!(config.sources.last().unwrap().exercise);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let said = refusal(&with("evry = \"15m\"\n"));
    assert!(said.contains("line 7: unknown field `evry`"), "{said}");
    assert!(refusal("stat = \"x\"\n").contains("line 1: unknown field `stat`"));
    let said = refusal(&with("[source.filters]\nword = []\n"));
    assert!(said.contains("unknown field `word`"), "{said}");
}

#[test]
fn a_token_is_not_repeated_when_its_line_is_wrong() {
    let said = refusal(&format!("[warp]\ntoken = \"wr-secret\" oops\n{SOURCE}"));
    assert!(said.contains("line 2") && !said.contains("secret"), "{said}");
}

#[test]
fn a_secret_that_is_written_down_is_refused_and_not_repeated() {
    let said = refusal(&with("headers = { X-Key = \"hunter2\" }\n"));
    assert!(
        said.contains("line 7: a secret is not written here") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_not_repeated() {
    let above = |lines: &str| format!("{lines}{SOURCE}");
    for (text, part) in [
        (with("auth = \"me:hunter2\"\n"), "line 7: auth is not written so: write auth = { user"),
        (with("auth = [\"me\", \"hunter2\"]\n"), "a secret is not written"),
        (with("headers = \"X-Key: hunter2\"\n"), "write headers = {"),
        (with("headers = { \"X-Key: hunter2\" = { env = \"X\" } }\n"), "name of a header"),
        (with("proxy = [\"http://me:hunter2@proxy.example\"]\n"), "write proxy ="),
        (with("[source.auth]\nuser = [\"hunter2\"]\npassword = { env = \"X\" }\n"), "write user ="),
        (with("[source.auth]\nuser = \"me\"\npassword = \"hunter2\"\n"), "a secret is not written"),
        (above("[warp]\ntoken = [\"hunter2\"]\n"), "line 2: token is not written so"),
        (above("warp = \"hunter2\"\n"), "line 1: a value of the wrong kind"),
        (
            SOURCE.replace("\"https://x.example/feed\"", "[\"https://me:hunter2@x.example\"]"),
            "write url =",
        ),
    ] {
        let said = refusal(&text);
        assert!(said.contains(part) && !said.contains("hunter2"), "{said} should say {part}");
    }
}

#[test]
fn a_label_below_green_is_for_public_sources() {
    let said = refusal(&with("label = \"TLP:CLEAR\"\n"));
    assert!(said.contains("public = true"), "{said}");
    let config = load(&with("label = \"TLP:CLEAR\"\npublic = true\n")).ok().unwrap();
    assert_eq!(config.sources[0].label, Label::Clear);
    assert_eq!(load(SOURCE).ok().unwrap().sources[0].label, Label::Green);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let folder = "[[source]]\nname = \"A\"\nkind = \"folder\"\nevery = \"5s\"\nrooms = [\"One\"]\n";
    for (text, part) in [
        (String::new(), "there is no source"),
        (format!("{SOURCE}{SOURCE}"), "two sources are called \"A\""),
        (with("due = \"1h\"\n"), "due is there without ask"),
        (with("ask = \"acknowledge\"\ndue = \"32d\"\n"), "at most \"31d\""),
        (with("digest_over = 0\n"), "digest_over is from 1"),
        (with("headers = { Host = { env = \"X\" } }\n"), "set by the relay itself"),
        (with("proxy = \"::\"\n"), "its proxy is not an address"),
        (SOURCE.replace("15m", "1s"), "every is from"),
        (SOURCE.replace("15m", "soon"), "is not a length of time"),
        (SOURCE.replace("[\"One\"]", "[]"), "1 to 16 rooms"),
        (SOURCE.replace("https:", "http:"), "begins with https://"),
        (SOURCE.replace("https://", "https://me:pw@"), "set them under auth"),
        (folder.to_owned(), "a folder has a path"),
    ] {
        let said = refusal(&text);
        assert!(said.contains(part), "{said} should say {part}");
    }
}

#[test]
fn lengths_of_time_are_written_as_people_write_them() {
    for (written, seconds) in [("90s", 90), ("15m", 900), ("1h 30m", 5400), ("2 days", 172_800)] {
        let config = load(&SOURCE.replace("15m", written)).ok().unwrap();
        assert_eq!(config.sources[0].every.as_secs(), seconds, "{written}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_named() {
    let text = format!("[warp]\ntoken_file = \"nowhere\"\n{SOURCE}");
    let said = load(&text).ok().unwrap().warp.credentials().err().unwrap().to_string();
    assert!(said.contains("nowhere"), "{said}");
    let said = load(SOURCE).ok().unwrap().warp.credentials().err().unwrap().to_string();
    assert!(said.contains("WARPROOM_RELAY_TOKEN"), "{said}");
}
