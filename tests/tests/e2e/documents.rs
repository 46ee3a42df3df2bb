//! Documents that can be wrong are tested: the protocol page, the machine-readable description, the
//! README's commands, and every link.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use warproom_client::proto::calls::{self, Call, Visitor};
use warproom_client::proto::notice::Notice;
use warproom_client::proto::{ErrorCode, schema};
use warproom_tests::harness::{client_binary, server_binary};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document(name: &str) -> anyhow::Result<String> {
    fs::read_to_string(root().join(name)).with_context(|| name.to_owned())
}

#[test]
fn the_protocol_page_names_every_call_notice_and_error() -> anyhow::Result<()> {
    struct Missing<'a>(&'a str, Vec<&'static str>);
    impl Visitor for Missing<'_> {
        fn call<C: Call>(&mut self) {
            if !self.0.contains(&format!("`{}`", C::METHOD)) {
                self.1.push(C::METHOD);
            }
        }
    }
    let page = document("docs/protocol.md")?;
    let mut missing = Missing(&page, Vec::new());
    calls::each(&mut missing);
    let Missing(_, mut missing) = missing;
    missing.extend(Notice::METHODS.iter().filter(|name| !page.contains(&format!("`{name}`"))));
    ensure!(missing.is_empty(), "docs/protocol.md does not name {missing:?}");
    for code in ErrorCode::ALL {
        let number = code.number();
        ensure!(
            page.contains(&format!("| {number} |")),
            "docs/protocol.md has no row for {number}"
        );
    }
    Ok(())
}

#[test]
fn the_machine_readable_description_is_current() -> anyhow::Result<()> {
    let current = serde_json::to_string_pretty(&schema::openrpc())? + "\n";
    let command = "cargo run -p warproom-server -- schema > docs/openrpc.json";
    ensure!(document("docs/openrpc.json")? == current, "docs/openrpc.json is old; run: {command}");
    let printed = Command::new(server_binary()?).arg("schema").output()?;
    ensure!(printed.stdout == current.as_bytes(), "`schema` prints something else");
    Ok(())
}

/// The lines of `sh` blocks.
fn commands(page: &str) -> Vec<String> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => commands.push(line.to_owned()),
            _ => {}
        }
    }
    commands
}

#[test]
fn the_commands_of_the_readme_exist() -> anyhow::Result<()> {
    let mut tried = 0;
    for command in commands(&document("README.md")?) {
        let mut words = command.split_whitespace();
        let program = match words.next() {
            Some("warproom") => client_binary()?,
            Some("warproom-server") => server_binary()?,
            _ => continue,
        };
        let is_plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
        let names: Vec<_> = words.take_while(is_plain).collect();
        let output = Command::new(program).args(&names).arg("--help").output()?;
        ensure!(output.status.success(), "{command}: there is no such command");
        let help = String::from_utf8(output.stdout)?;
        for option in command.split_whitespace().filter(|word| word.starts_with("--")) {
            ensure!(help.contains(option), "{command}: there is no {option}");
        }
        tried += 1;
    }
    ensure!(tried >= 10, "only {tried} commands found");
    Ok(())
}

#[test]
fn every_link_leads_somewhere() -> anyhow::Result<()> {
    let mut pages: Vec<PathBuf> = vec![root()];
    pages.push(root().join("docs"));
    let files = pages.iter().map(fs::read_dir).collect::<Result<Vec<_>, _>>()?;
    for file in files.into_iter().flatten() {
        let path = file?.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = fs::read_to_string(&path)?;
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let folder = path.parent().context("a file is in a folder")?;
            ensure!(folder.join(target).exists(), "{}: {target} is not there", path.display());
        }
    }
    Ok(())
}

#[test]
fn the_long_runs_that_are_documented_exist() -> anyhow::Result<()> {
    let page = document("CONTRIBUTING.md")?;
    let tests = fs::read_dir(root().join("tests/tests/e2e"))?;
    let mut code = String::new();
    for file in tests {
        code.push_str(&fs::read_to_string(file?.path())?);
    }
    for line in commands(&page).iter().filter(|line| line.contains("--test e2e")) {
        let variable = line.split('=').next().context("a command begins with its variable")?;
        ensure!(code.contains(&format!("\"{variable}\"")), "{variable} is read nowhere");
        let filter = line.split("--test e2e ").nth(1).and_then(|rest| rest.split(' ').next());
        let filter = filter.context("a command names its test")?;
        ensure!(code.contains(filter), "no test has {filter:?} in its name");
    }
    Ok(())
}
