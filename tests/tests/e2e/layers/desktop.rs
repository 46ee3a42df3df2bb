//! The layers of the desktop client: which of its parts knows which, and which library each knows.

use std::collections::BTreeSet;

use super::{Source, only, sources};

/// The layers of the desktop client, from the lowest: what stands in one imports only from those before
/// it. The parts of a layer of one line know each other.
const DESKTOP: [&[&str]; 5] = [
    &["action", "effect", "model", "news", "request"],
    &["controller"],
    &["commands", "look", "profile"],
    &["views", "world"],
    &["app"],
];

/// Parts of the same layer that know each other: what is done, what it changes and what it asks for.
const TOGETHER: &[&str] = DESKTOP[0];

/// The part of the desktop client that a file of it belongs to.
fn part_of(source: &Source) -> &str {
    let within = source.path.trim_start_matches("apps/desktop/src/");
    within.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The parts that some code of the desktop client imports from its own crate. The names at the root
/// itself are those of the model.
fn imported(code: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for (at, word) in code.match_indices("crate::") {
        let rest = &code[at + word.len()..];
        let list = match rest.strip_prefix('{') {
            Some(list) => top_level(list),
            None => vec![rest],
        };
        for one in list {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let name: String = one.trim_start().chars().take_while(|c| is_part(*c)).collect();
            let is_module = name.starts_with(char::is_lowercase);
            parts.insert(if is_module { name } else { "model".to_owned() });
        }
    }
    parts
}

/// The items of a list in braces, as far as its end, each from its beginning.
fn top_level(list: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut items) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&list[begin..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&list[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// What some code of a part imports although it stands beside or above it.
fn upward(part: &str, code: &str) -> Vec<String> {
    let layer = |part: &str| DESKTOP.iter().position(|layer| layer.contains(&part));
    let own = layer(part).unwrap_or_else(|| panic!("{part} has no place among the layers"));
    let is_allowed = |other: &String| {
        let is_together = TOGETHER.contains(&part) && TOGETHER.contains(&other.as_str());
        other == part || is_together || layer(other).is_some_and(|other| other < own)
    };
    imported(code).into_iter().filter(|other| !is_allowed(other)).collect()
}

#[test]
fn imports_of_the_desktop_client_point_one_way() {
    let mut parts = BTreeSet::new();
    for source in sources("apps/desktop/src").into_iter().filter(|source| !source.is_test()) {
        let part = part_of(&source).to_owned();
        // The crate's two roots name everything; the fixture is for tests and measurements.
        if ["lib", "main", "fixture"].contains(&part.as_str()) {
            continue;
        }
        let code = source.code();
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let upward = upward(&part, code);
        assert!(upward.is_empty(), "{} imports {upward:?}, beside or above it", source.path);
        parts.insert(part);
    }
    let all: BTreeSet<_> = DESKTOP.concat().into_iter().map(ToOwned::to_owned).collect();
    assert_eq!(parts, all, "every layer has its files");
}

#[test]
fn an_import_that_points_upward_is_noticed() {
    assert_eq!(upward("commands", "use crate::views::Cx;"), ["views"]);
    assert_eq!(upward("model", "use crate::profile::ProfileName;"), ["profile"]);
    let list = "use crate::{Action, look::{self, Palette}, world};";
    assert_eq!(upward("views", list), ["world"]);
    assert_eq!(upward("look", list), ["world"]);
    assert!(upward("views", "use crate::{Action, commands::keys};").is_empty());
    assert!(upward("effect", "use crate::model::compose::Draft;").is_empty());
}

#[test]
fn no_view_of_the_desktop_client_names_a_key_by_itself() {
    // What keys do where is read from tables, of which the list of shortcuts is made too.
    let views = sources("apps/desktop/src/views");
    for source in views.into_iter().filter(|source| !source.is_test()) {
        let code = source.code();
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        let source = Source { text: code, ..source };
        for word in ["Key", "key_pressed", "consume_key"] {
            assert!(!source.names(word), "{} names {word}", source.path);
        }
    }
}

#[test]
fn each_part_of_the_desktop_client_knows_its_own_library_and_no_other() {
    let desktop = "apps/desktop/src";
    let allowed = |word: &str, parts: &[&str]| {
        let parts: Vec<_> = parts.iter().map(|part| format!("{desktop}/{part}")).collect();
        only(desktop, word, &parts.iter().map(String::as_str).collect::<Vec<_>>());
    };
    for word in ["tokio", "notify_rust"] {
        allowed(word, &["world.rs", "world/"]);
    }
    allowed("rusqlite", &["profile.rs", "profile/"]);
    let key_stores =
        ["keyring_core", "zbus_secret_service_keyring_store", "windows_native_keyring_store"];
    for word in key_stores {
        allowed(word, &["profile/key_store.rs"]);
    }
    let window = ["main.rs", "app.rs", "commands.rs", "commands/", "views.rs", "views/", "look"];
    for word in ["egui", "eframe"] {
        allowed(word, &window);
    }
    allowed("tracing_subscriber", &["main.rs"]);
    allowed("tracing", &["app.rs", "world.rs", "world/", "profile.rs", "profile/"]);
}

#[test]
fn the_desktop_model_knows_no_io_no_clock_and_no_screen() {
    let mut model = sources("apps/desktop/src/model");
    model.extend(sources("apps/desktop/src").into_iter().filter(|one| {
        let parts = ["model.rs", "action.rs", "effect.rs", "news.rs", "controller.rs"];
        parts.iter().any(|part| one.path == format!("apps/desktop/src/{part}"))
    }));
    assert!(model.len() > 10);
    // An address as text is read by the standard library's type for it: only sockets are I/O.
    let sockets = ["TcpStream", "TcpListener", "UdpSocket"];
    let io = ["SystemTime", "Instant", "std::fs", "std::io", "std::thread"];
    let io: Vec<_> = io.into_iter().chain(sockets).collect();
    let above = ["crate::views", "crate::look", "crate::app", "crate::world", "crate::commands"];
    for source in &model {
        for word in &io {
            assert!(!source.names(word), "{} names {word}", source.path);
        }
        for layer in above {
            assert!(!source.code().contains(layer), "{} imports {layer}", source.path);
        }
    }
}
