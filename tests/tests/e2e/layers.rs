//! The layers: which way imports point, and what each layer does not know. Read from the manifests
//! and the source text, so that a shortcut shows before it is built on.

#[path = "layers/desktop.rs"]
mod desktop;

use std::fs;
use std::path::{Path, PathBuf};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Where the workspace's own source lies.
const FOLDERS: [&str; 6] = ["proto", "client", "server", "tests", "apps", "fuzz"];

/// A source file.
struct Source {
    /// Its path from the workspace on.
    path: String,
    text: String,
}

impl Source {
    /// The text without comments. (A `//` within a string only makes it a little shorter.)
    fn code(&self) -> String {
        let lines = self.text.lines().map(|line| {
            let trimmed = line.trim_start();
            if trimmed.starts_with("//") { "" } else { line.split(" // ").next().unwrap_or(line) }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Whether its code has this word, as a whole word.
    fn names(&self, word: &str) -> bool {
        let code = self.code();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        code.match_indices(word).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            let after = code[at + word.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
    }
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn sources(under: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&Path::new(WORKSPACE).join(under), &mut files);
    assert!(!files.is_empty(), "no source under {under}");
    let source = |file: PathBuf| Source {
        path: file.strip_prefix(WORKSPACE).unwrap().to_str().unwrap().to_owned(),
        text: fs::read_to_string(&file).unwrap(),
    };
    files.into_iter().map(source).collect()
}

fn all_sources() -> Vec<Source> {
    FOLDERS.iter().flat_map(|folder| sources(folder)).collect()
}

/// What a crate's manifest depends on, of every kind.
fn dependencies(folder: &Path) -> Vec<String> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let mut names = Vec::new();
    let mut depends = false;
    for line in manifest.lines() {
        if let Some(section) = line.trim().strip_prefix('[') {
            depends = section.trim_end_matches(']').ends_with("dependencies");
        } else if let (true, Some((name, _))) = (depends, line.split_once('=')) {
            let name = name.trim().trim_end_matches(".workspace");
            names.push(name.to_owned());
        }
    }
    assert!(!names.is_empty(), "{} depends on nothing", folder.display());
    names
}

fn workspace_dependencies(folder: &str) -> Vec<String> {
    let all = dependencies(&Path::new(WORKSPACE).join(folder));
    all.into_iter().filter(|name| name.starts_with("warproom")).collect()
}

/// Checks that within a folder only some files name a word.
fn only(folder: &str, word: &str, allowed: &[&str]) {
    let is_allowed = |path: &str| allowed.iter().any(|start| path.starts_with(start));
    let offenders: Vec<_> = sources(folder)
        .into_iter()
        .filter(|source| !is_allowed(&source.path) && source.names(word))
        .map(|source| source.path)
        .collect();
    assert!(offenders.is_empty(), "only {allowed:?} may name {word}, not {offenders:?}");
}

#[test]
fn crates_depend_in_one_direction() {
    assert_eq!(workspace_dependencies("proto"), Vec::<String>::new());
    assert_eq!(workspace_dependencies("client"), ["warproom-proto"]);
    assert_eq!(workspace_dependencies("server"), ["warproom-proto"]);
    for app in fs::read_dir(Path::new(WORKSPACE).join("apps")).unwrap().flatten() {
        let depends = dependencies(&app.path());
        let ours: Vec<_> = depends.iter().filter(|name| name.starts_with("warproom")).collect();
        assert_eq!(ours, ["warproom-client"], "{}", app.path().display());
    }
}

#[test]
fn the_protocol_knows_no_runtime_no_tls_and_no_database() {
    let depends = dependencies(&Path::new(WORKSPACE).join("proto"));
    for unknown in ["tokio", "rustls", "tungstenite", "sled", "hyper", "mio"] {
        let found: Vec<_> = depends.iter().filter(|name| name.contains(unknown)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn only_the_store_knows_the_database() {
    only("server/src", "sled", &["server/src/store.rs", "server/src/store/"]);
    for folder in ["client", "apps", "proto"] {
        only(folder, "sled", &[]);
    }
}

#[test]
fn only_one_module_knows_where_files_lie() {
    let own = ["server/src/files.rs", "server/src/files/"];
    // What opens a part is made by the store, and handed on by the calls.
    only(
        "server/src",
        "FileKey",
        &[own[0], own[1], "server/src/store", "server/src/calls/files.rs"],
    );
    for source in sources("server/src/store") {
        assert!(!source.code().contains("crate::files"), "{} imports files", source.path);
    }
}

#[test]
fn only_tls_knows_the_tls_library() {
    for word in ["rustls", "tokio_rustls", "rcgen", "x509_parser"] {
        only("server/src", word, &["server/src/tls.rs", "server/src/tls/"]);
        only("client/src", word, &["client/src/transport/tls.rs", "client/src/transport/tls/"]);
        // Feeds are fetched from whoever publishes them, by another library's HTTP.
        only("apps", word, &["apps/relay/src/fetch/tls.rs"]);
    }
}

#[test]
fn only_the_transport_knows_the_websocket() {
    for word in ["tungstenite", "tokio_tungstenite"] {
        only("server/src", word, &["server/src/transport.rs", "server/src/transport/"]);
        only("client/src", word, &["client/src/transport.rs", "client/src/transport/"]);
        only("apps", word, &[]);
    }
}

#[test]
fn only_metrics_know_how_they_are_written() {
    only("server/src", "prometheus_client", &["server/src/metrics.rs", "server/src/metrics/"]);
}

#[test]
fn only_the_door_knows_http() {
    for word in ["hyper", "hyper_util", "http_body_util"] {
        only("server/src", word, &["server/src/http.rs", "server/src/http/"]);
    }
}

#[test]
fn the_domain_knows_no_io_and_no_clock() {
    let io = ["tokio", "SystemTime", "Instant", "std::fs", "std::io", "std::net", "std::thread"];
    for word in io {
        only("server/src/domain", word, &[]);
    }
    only("server/src/domain", "tracing", &[]);
}

#[test]
fn the_domain_imports_no_other_layer() {
    let mut domain = sources("server/src/domain");
    domain.extend(sources("server/src").into_iter().filter(|one| one.path.ends_with("domain.rs")));
    assert!(domain.len() > 5);
    let layers = fs::read_to_string(Path::new(WORKSPACE).join("server/src/lib.rs")).unwrap();
    let layers = layers
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    for layer in layers.filter(|layer| *layer != "domain") {
        for source in &domain {
            let names = source.code().contains(&format!("crate::{layer}"));
            assert!(!names, "{} imports {layer}", source.path);
        }
    }
}

#[test]
fn the_servers_imports_point_one_way() {
    // main → listen → connection → calls → { domain, hub, store }: below must not name above.
    let layers = ["listen", "connection", "calls"];
    for (above, below) in [(0, "connection"), (0, "calls"), (1, "calls")] {
        let upward = format!("crate::{}::", layers[above]);
        let files = sources("server/src").into_iter().filter(|source| {
            let stem = source.path.trim_start_matches("server/src/").trim_end_matches(".rs");
            stem == below || stem.starts_with(&format!("{below}/"))
        });
        for source in files {
            // A connection holds its place at the door, and gives it back by dropping it.
            let code = source.code().replace("use crate::listen::Stranger;", "");
            assert!(!code.contains(&upward), "{} imports {upward}", source.path);
        }
    }
    for low in ["store", "hub"] {
        for layer in layers {
            let upward = format!("crate::{layer}");
            let files = sources("server/src").into_iter();
            let starts = [format!("server/src/{low}.rs"), format!("server/src/{low}/")];
            for source in files.filter(|one| starts.iter().any(|start| one.path.starts_with(start)))
            {
                assert!(!source.code().contains(&upward), "{} imports {upward}", source.path);
            }
        }
    }
}

#[test]
fn files_are_named_for_what_they_hold() {
    for source in all_sources() {
        let name = source.path.rsplit('/').next().unwrap();
        let vague = ["mod.rs", "utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs"];
        assert!(!vague.contains(&name), "{}", source.path);
    }
}

#[test]
fn every_file_opens_with_what_it_is() {
    let silent: Vec<_> =
        all_sources().into_iter().filter(|source| !source.text.starts_with("//!")).collect();
    let silent: Vec<_> = silent.iter().map(|source| &source.path).collect();
    assert!(silent.is_empty(), "no `//!` at the top: {silent:?}");
}

#[test]
fn no_file_outgrows_its_reader() {
    /// Lines beyond which a file is split (tests aside).
    const MOST: usize = 600;
    for source in all_sources().iter().filter(|source| !source.is_test()) {
        let lines = source.text.lines().count();
        assert!(lines <= MOST, "{} has {lines} lines", source.path);
    }
}
