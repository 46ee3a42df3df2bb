//! Documents that can be wrong are tested: the protocol page with its worked examples, its limits and
//! its bots, the machine-readable description, the README's commands, the tests that the threat model
//! names, and every link.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use warproom_client::proto::calls::{self, AddBot, Call, Visitor};
use warproom_client::proto::concern::{concerns, words};
use warproom_client::proto::entry::Kind;
use warproom_client::proto::notice::Notice;
use warproom_client::proto::record::{Head, LogId, Position, Salt, commitment};
use warproom_client::proto::register::Dependency;
use warproom_client::proto::{ErrorCode, Label, Principal, Severity, Subject, limits, schema};
use warproom_server::config::Config;
use warproom_tests::are_here;
use warproom_tests::harness::{Warp, client_binary, copy_folder, entry_of, server_binary};

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

/// The values that a type's tag may have, as the machine-readable description says.
fn tags<'a>(description: &'a Value, of: &str, tag: &str) -> anyhow::Result<Vec<&'a str>> {
    let variants = description["components"]["schemas"][of]["oneOf"].as_array();
    let variants = variants.with_context(|| format!("{of} has no variants"))?;
    Ok(variants.iter().filter_map(|one| one["properties"][tag]["const"].as_str()).collect())
}

#[test]
fn the_protocol_page_names_every_kind_of_entry_and_act() -> anyhow::Result<()> {
    let page = document("docs/protocol.md")?;
    let description = schema::openrpc();
    let (kinds, events) =
        (tags(&description, "Handling", "kind")?, tags(&description, "Act", "event")?);
    ensure!(kinds.len() >= 11 && events.len() >= 16, "{kinds:?} {events:?}");
    // What this version reads as unknown, nobody sends.
    for kind in kinds.into_iter().filter(|kind| *kind != "unknown") {
        ensure!(page.contains(&format!("\n| `{kind}` |")), "docs/protocol.md: no row for {kind}");
    }
    for event in events.into_iter().filter(|event| *event != "unknown") {
        ensure!(page.contains(&format!("`{event}`")), "docs/protocol.md does not name {event}");
    }
    Ok(())
}

#[test]
fn the_protocol_page_names_every_field_of_every_call() -> anyhow::Result<()> {
    let page = document("docs/protocol.md")?;
    let description = schema::openrpc();
    let schemas = &description["components"]["schemas"];
    let methods = description["methods"].as_array().context("there are no calls")?;
    let mut fields = 0;
    for method in methods {
        let name = method["name"].as_str().context("a call has a name")?;
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.with_context(|| format!("docs/protocol.md has no row for {name}"))?;
        let params = method["params"][0]["schema"]["$ref"].as_str();
        let Some(params) = params.and_then(|path| path.rsplit('/').next()) else { continue };
        let params = &schemas[params];
        let required: Vec<_> = params["required"].as_array().into_iter().flatten().collect();
        for field in params["properties"].as_object().into_iter().flat_map(|map| map.keys()) {
            let mark = if required.iter().any(|one| *one == field) { "" } else { "?" };
            ensure!(row.contains(&format!("`{field}{mark}`")), "{name}: {field}{mark}: {row}");
            fields += 1;
        }
    }
    ensure!(fields >= 100, "only {fields} fields found");
    Ok(())
}

#[test]
fn what_the_protocol_page_says_concerns_whom_does() -> anyhow::Result<()> {
    let page = document("docs/protocol.md")?;
    let mut tried = 0;
    for line in page.lines().filter(|line| line.starts_with("| `{\"subject\":")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [dependency, subjects, touched] = *cells else { bail!("another table: {line}") };
        let dependency: Dependency = serde_json::from_str(dependency.trim_matches('`'))?;
        let subjects: Vec<Subject> = serde_json::from_str(subjects.trim_matches('`'))?;
        let is_touched = !concerns(std::slice::from_ref(&dependency), &subjects).is_empty();
        ensure!((touched == "yes") == is_touched && ["yes", "no"].contains(&touched), "{line}");
        tried += 1;
    }
    ensure!(tried >= 10, "only {tried} examples found");

    let list = page.split("These are: ").nth(1).and_then(|rest| rest.split('.').next());
    let list = list.context("the page lists no legal forms")?;
    let forms: Vec<_> = list.split('`').skip(1).step_by(2).collect();
    ensure!(forms.len() == 17, "{forms:?}");
    for form in forms {
        ensure!(words(&format!("Civica {form}")) == ["civica"], "{form} is part of a name");
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

/// The commands of ours in a page: those of `sh` blocks, whoever runs them, and what begins with one of our
/// programs in blocks of text. What reads their output is cut off.
fn commands_of_ours(page: &str) -> Vec<String> {
    let fenced = page.split("```").skip(1).step_by(2);
    let fenced = fenced.filter(|block| block.starts_with("sh") || block.starts_with("text"));
    let lines = fenced.collect::<String>().replace("\\\n", " ");
    let commands = lines.lines().filter_map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("runuser -u warproom -- ").unwrap_or(line);
        let command = line.split(" | ").next()?.split(" > ").next()?;
        let is_ours = ["warproom", "warproom-server"].contains(&command.split(' ').next()?);
        is_ours.then(|| command.to_owned())
    });
    commands.collect()
}

/// Whether the programs know a command and each of its options.
fn exists(command: &str) -> anyhow::Result<()> {
    let mut words = command.split_whitespace().peekable();
    let program = match words.next() {
        Some("warproom") => client_binary()?,
        _ => server_binary()?,
    };
    // Options for every command, each with its value, stand first.
    while words.next_if(|word| word.starts_with("--")).is_some() {
        words.next();
    }
    let is_plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let names: Vec<_> = words.take_while(|word| is_plain(word) && !word.starts_with('-')).collect();
    let output = Command::new(program).args(&names).arg("--help").output()?;
    ensure!(output.status.success(), "{command}: there is no such command");
    let help = String::from_utf8(output.stdout)?;
    let known: Vec<_> = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
    for option in command.split_whitespace().filter(|word| word.starts_with("--")) {
        ensure!(known.contains(&option), "{command}: there is no {option}");
    }
    Ok(())
}

#[test]
fn the_commands_of_the_readme_and_of_operating_exist() -> anyhow::Result<()> {
    for (page, at_least) in [("README.md", 10), ("docs/operating.md", 60)] {
        let commands = commands_of_ours(&document(page)?);
        for command in &commands {
            exists(command).with_context(|| page.to_owned())?;
        }
        ensure!(commands.len() >= at_least, "{page}: only {} commands found", commands.len());
    }
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
        // What stands between fences is code.
        let prose: String = page.split("```").step_by(2).collect();
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
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
        let path = file?.path();
        if path.is_file() {
            code.push_str(&fs::read_to_string(path)?);
        }
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

/// The text of a page's blocks of one language, a string for each.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    let inside = page.split(opening.as_str()).skip(1);
    inside.filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_worked_example_of_the_chain_is_right() -> anyhow::Result<()> {
    let page = document("docs/protocol.md")?;
    let room = "01890a5d-ac96-774b-bcce-b302099a8001";
    let (salt, at_ms): (Salt, i64) =
        ("000102030405060708090a0b0c0d0e0f".parse()?, 1_705_572_720_000);
    ensure!(page.contains(room) && page.contains(&salt.to_string()), "another example");
    let item = blocks(&page, "json").into_iter().find(|block| block.contains("Planning is down."));
    let item = item.context("the example has no item")?.trim_end();
    ensure!(page.contains(&format!("item of {} bytes", item.len())), "{} bytes", item.len());
    ensure!(page.contains(&format!("`{at_ms:016x}`")), "the time as bytes");

    let start = Position::start(LogId::room(room.parse()?));
    let first = commitment(&salt, at_ms, item.as_bytes());
    let second = Head([0xab; 32]);
    let (one, two) = (start.next(&first), start.next(&first).next(&second));
    for (name, value) in [
        ("head(0)", start.head),
        ("commitment(1)", first),
        ("head(1)", one.head),
        ("head(2)", two.head),
    ] {
        ensure!(page.contains(&format!("{name:<14}= {value}")), "{name} is {value}");
    }
    Ok(())
}

/// A number as the pages write it: 16,384.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let (head, tail) = digits.split_at(digits.len() % 3);
    let groups = tail.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let head = (!head.is_empty()).then(|| head.to_owned());
    head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

#[test]
fn the_limits_on_the_pages_are_those_in_force() -> anyhow::Result<()> {
    let page = document("docs/protocol.md")?;
    let rows = [
        ("largest message before sign-in", limits::FRAME_BYTES_BEFORE_SIGN_IN),
        ("largest message after sign-in", limits::FRAME_BYTES),
        ("text of an entry", limits::TEXT_BYTES),
        ("reaction", limits::REACTION_BYTES),
        ("mentions in an entry", limits::MENTIONS),
        ("subjects of an entry", limits::SUBJECTS),
        ("references of an alert", limits::REFERENCES),
        ("options of an ask", limits::ASK_OPTIONS),
        ("time to answer by", usize::try_from(limits::ASK_MS / (24 * 60 * 60 * 1000))?),
        ("note of an answer", limits::NOTE_BYTES),
        ("answers of one organisation to one ask", limits::ANSWERS),
        ("dependencies of a register entry", limits::DEPENDENCIES),
        ("dependencies of a register entry", limits::DEPENDENCY_ALIASES),
        ("deputies of a register entry", limits::DEPUTIES),
        ("entries of a bot in a minute", limits::BOT_PER_MINUTE.into()),
        ("body of a webhook", limits::HOOK_BYTES),
        ("part of a file", limits::PART_BYTES),
        ("files of an entry", limits::FILES),
        ("page of records", limits::PAGE),
        ("page of records", limits::PAGE_BYTES),
        ("hits of a search call", limits::SEARCH_HITS),
        ("aliases, clients of an organisation", limits::ORGANISATION_LIST),
        ("rooms in a bot's grant", limits::GRANT_ROOMS),
        ("password", limits::PASSWORD_CHARS),
        ("password", limits::PASSWORD_BYTES),
    ];
    for (what, limit) in rows {
        let row = page.lines().find(|line| line.starts_with(&format!("| {what} |")));
        let row = row.with_context(|| format!("docs/protocol.md has no row for {what}"))?;
        ensure!(row.contains(&grouped(limit)), "{what} is {limit}: {row}");
    }

    let Config { cache_mib, reserve_mib, files, limits, .. } = Config::default();
    let page = document("docs/operating.md")?;
    for (setting, default) in [
        ("cache_mib", cache_mib),
        ("reserve_mib", reserve_mib),
        ("files.largest_mib", files.largest_mib),
        ("files.waiting", files.waiting as u64),
        ("files.room_mib", files.room_mib),
        ("files.organisation_mib", files.organisation_mib),
        ("limits.acts_per_hour", limits.acts_per_hour.into()),
        ("limits.file_parts_per_second", limits.file_parts_per_second.into()),
        ("limits.strangers", limits.strangers as u64),
        ("limits.strangers_per_source", limits.strangers_per_source as u64),
        ("limits.handshake_ms", limits.handshake_ms),
        ("limits.sign_in_ms", limits.sign_in_ms),
        ("limits.connections", limits.connections as u64),
        ("limits.requests_per_second", limits.requests_per_second.into()),
        ("limits.request_burst", limits.request_burst.into()),
        ("limits.in_flight", limits.in_flight as u64),
        ("limits.ping_ms", limits.ping_ms),
        ("limits.retention_wait_hours", limits.retention_wait_hours),
    ] {
        let row = format!("| `{setting}` | {default} |");
        ensure!(page.contains(&row), "docs/operating.md does not say {row}");
    }
    Ok(())
}

#[test]
fn the_tests_that_the_threat_model_names_exist() -> anyhow::Result<()> {
    let page = document("docs/threat-model.md")?;
    let (mut of_modules, mut of_files) = (0, 0);
    // The file that was named last, for the names behind it; until its line of the list or table ends.
    let (mut file, mut latest) = (None, PathBuf::new());
    for line in page.lines() {
        if !line.starts_with(' ') {
            file = None;
        }
        let parts: Vec<&str> = line.split('`').collect();
        for (at, quoted) in parts.iter().enumerate().skip(1).step_by(2) {
            let before = parts[at - 1].rsplit(' ').nth(1).unwrap_or(parts[at - 1]);
            if let Some((module, test)) = quoted.split_once("::") {
                if module == "module" {
                    continue; // How tests are named, in general.
                }
                is_a_test(&format!("tests/tests/e2e/{module}.rs"), test)?;
                of_modules += 1;
            } else if is_of_rust(quoted) && before.eq_ignore_ascii_case("in") {
                let beside = parts.get(at + 1).is_some_and(|rest| rest.starts_with(" beside it"));
                latest = if beside { latest.with_file_name(quoted) } else { quoted.into() };
                file = Some(latest.to_string_lossy().into_owned());
            } else if is_named_as_a_behaviour(quoted) {
                let file = file.as_deref().with_context(|| format!("{quoted}: in which file?"))?;
                is_a_test(file, quoted)?;
                of_files += 1;
            }
        }
    }
    ensure!(of_modules >= 200 && of_files >= 60, "only {of_modules} and {of_files} tests found");
    Ok(())
}

fn is_of_rust(quoted: &str) -> bool {
    Path::new(quoted).extension().is_some_and(|extension| extension == "rs")
}

/// Whether words stand there as in the name of a test, and not a setting's, a file's or a call's.
fn is_named_as_a_behaviour(quoted: &str) -> bool {
    let is_plain = quoted.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_plain && quoted.matches('_').count() >= 2
}

/// Holds where a file has a test of this name, which is run as one.
fn is_a_test(file: &str, name: &str) -> anyhow::Result<()> {
    let code = document(file)?;
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let is_it = |line: &&str| {
        ["fn ", "async fn "].iter().any(|keyword| {
            line.strip_prefix(keyword)
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with('('))
        })
    };
    let at = lines.iter().position(is_it).with_context(|| format!("{file} has no {name}"))?;
    let mut above = lines[..at].iter().rev().take_while(|line| line.starts_with(['#', '/']));
    let is_run = above.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"));
    ensure!(is_run, "{name} in {file} is no test");
    Ok(())
}

#[test]
fn the_bots_of_the_protocol_page_are_short_and_those_that_are_run() -> anyhow::Result<()> {
    let page = document("docs/protocol.md")?;
    for (language, file) in
        [("python", "tests/python/alert.py"), ("javascript", "tests/javascript/alert.js")]
    {
        let bot = blocks(&page, language).first().copied().context("there is no bot")?;
        let lines = bot.lines().count();
        ensure!(lines < 30, "the bot in {language} has {lines} lines");
        ensure!(bot == document(file)?, "the bot in {language} is not {file}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_commands_of_the_protocol_page_post_what_they_say() -> anyhow::Result<()> {
    let page = document("docs/protocol.md")?;
    let mut commands = commands(&page);
    commands.retain(|command| command.starts_with("curl "));
    ensure!(commands.len() == 3, "{} commands", commands.len());
    if !are_here(&["curl"])? {
        return Ok(());
    }
    let warp = Warp::start().await?;
    let manager = warp.manager();
    let room = warp.room(&[manager], Label::Amber, Label::Green).await?;
    let grant = json!({"rooms": [room], "post": "TLP:GREEN", "expires_at_ms": i64::MAX});
    let hook = json!({"room": room, "label": "TLP:GREEN"});
    let call = serde_json::from_value(json!({"name": "Desk", "grant": grant, "hook": hook}))?;
    let added = manager.client.call::<AddBot>(call).await?;
    let address = added.hook.context("the bot has no webhook")?;
    let keys = warp.folder().join("keys");
    let output = tokio::task::spawn_blocking(move || {
        let mut shell = Command::new("sh");
        shell.current_dir(keys).env("WARPROOM_HOOK", address.expose());
        shell.arg("-ec").arg(commands.join(" --silent --show-error\n")).output()
    });
    let output = output.await??;
    let said = String::from_utf8(output.stdout)?;
    let problem = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && said == "okokok", "{said} {problem}");

    let records = manager.history(room).await?;
    let entries: Vec<_> = records.iter().rev().take(3).filter_map(entry_of).collect();
    let [own, alertmanager, slack] = &*entries else { bail!("{} entries", entries.len()) };
    for entry in &entries {
        ensure!(entry.handling.author == Principal::Bot(added.bot), "{:?}", entry.handling);
        ensure!(entry.handling.label == Label::Green, "{:?}", entry.handling);
    }
    let text = slack.content.text.as_ref().context("the post has a text")?.as_str();
    let expected =
        "as “Backups”\nBackup of *planning* failed, see status (https://status.example/7)";
    ensure!(text == expected, "{text}");
    let monitoring = (alertmanager, "A disk is full");
    for (entry, headline) in [monitoring, (own, "Patch Ivanti Connect Secure now")] {
        let Kind::Alert(alert) = &entry.handling.kind else { bail!("{:?}", entry.handling) };
        let told = entry.content.headline.as_ref().context("an alert has a headline")?;
        ensure!(alert.severity == Severity::Severe, "{alert:?}");
        ensure!(told.as_str() == headline, "{told}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backup_restore_and_rotation_commands_of_the_operating_page_work_word_for_word()
-> anyhow::Result<()> {
    let page = document("docs/operating.md")?;
    let section = |heading: &str| -> anyhow::Result<Vec<String>> {
        let after = page.split(&format!("\n## {heading}\n")).nth(1).context("no such chapter")?;
        Ok(commands(after.split("\n## ").next().unwrap_or_default()))
    };
    let backups = section("Backups")?;
    let (restoring, backing_up): (Vec<_>, Vec<_>) =
        backups.into_iter().partition(|command| command.contains(" restore "));
    let rotating = section("Changing keys")?;
    let counts = (backing_up.len(), restoring.len(), rotating.len());
    ensure!(counts == (2, 1, 4), "{counts:?} commands");

    let mut warp = Warp::start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    let posted = warp.manager().post(room, Label::Green, "kept").await?;
    let here = warp.folder().parent().context("it is in a folder")?.to_owned();
    let said = type_in(&backing_up, &here).await?;
    let whole = format!("room {room}: {} records, head {}", posted.seq, posted.head);
    ensure!(said.contains("is taken and verified") && said.contains(&whole), "{said}");

    // Another machine: all that is there is the backup and the copy of the keys.
    let machine = tempfile::tempdir()?;
    copy_folder(&here.join("backup"), &machine.path().join("backup"))?;
    copy_folder(&here.join("warp/keys"), &machine.path().join("keys-copy"))?;
    let said = type_in(&restoring, machine.path()).await?;
    ensure!(said.contains(&whole) && said.contains("serve"), "{said}");

    // The old machine's folder is gone, and the new one's in its place.
    type_in(&rotating, &here).await?;
    let said = type_in(&backing_up, &here).await?;
    ensure!(said.contains("Backup 2 in"), "{said}");
    warp.stop().await?;
    fs::remove_dir_all(warp.folder())?;
    copy_folder(&machine.path().join("warp"), &warp.folder())?;
    warp.restart().await?;
    warp.manager().back().await?;
    ensure!(warp.manager().history(room).await?.len() as u64 == posted.seq);
    Ok(())
}

/// Runs commands in a shell in a folder, with the server's binary where programs are looked for; what
/// they say.
async fn type_in(commands: &[String], folder: &Path) -> anyhow::Result<String> {
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let programs = binary.parent().context("a program is in a folder")?;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.current_dir(folder).env("PATH", format!("{}:{path}", programs.display()));
    shell.arg("-ec").arg(commands.join("\n"));
    let output = tokio::task::spawn_blocking(move || shell.output()).await??;
    let problem = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{commands:?}: {problem}");
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn the_changelog_has_this_version() -> anyhow::Result<()> {
    let page = document("CHANGELOG.md")?;
    let newest = page.lines().find_map(|line| line.strip_prefix("## ")).context("no version")?;
    let version = env!("CARGO_PKG_VERSION");
    ensure!(newest.contains(version) || newest == "Unreleased", "{newest:?}, not {version}");
    ensure!(page.contains(&format!("\n## {version}")), "there is no section on {version}");
    Ok(())
}
