//! Promise 1, seen from the system: what the server asks of it between taking a post and answering.
//!
//! A kill proves little about stable storage, because the system keeps what a dead process wrote.
//! So the real server runs with its system calls traced, one client posts one entry after another,
//! and the trace is read. For each post, between the arrival of the request and the first byte of
//! the reply, in this order:
//!
//! 1. the request is read from the socket,
//! 2. the database's data file is written by some thread (the record),
//! 3. one `fdatasync` of that file begins after that write has ended, and ends without an error,
//! 4. the thread that asked for it has written nothing more to the file since: it is the one that
//!    commits, so its last write of the group is covered too,
//! 5. the reply is written to the socket.
//!
//! Other threads may write to the file at any time: the database moves old data about by itself.
//! The same trace of a server that answers before it stores does not satisfy this.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::json;
use warproom_proto::{EntryId, Label, RoomId};
use warproom_tests::are_here;
use warproom_tests::harness::{PLANTED, Person, Traced, Warp, planted_binary, server_binary};
use warproom_tests::wire::Wire;

/// How many entries are posted, one after another.
const POSTS: usize = 40;

const CALLS: &str = "trace=fdatasync,fsync,sendto,sendmsg,write,writev,pwrite64,pwritev,pwritev2,\
                     recvfrom,recvmsg,read,readv";

#[tokio::test]
async fn every_reply_to_a_post_waits_for_stable_storage() -> anyhow::Result<()> {
    if !are_here(&["strace"])? {
        return Ok(());
    }
    let binary = tokio::task::spawn_blocking(server_binary).await??;
    let steps = traced(binary, &[]).await?;
    match first_unproven(&steps) {
        None => Ok(()),
        Some(post) => anyhow::bail!("post {post} of {POSTS} was answered before it was durable"),
    }
}

#[tokio::test]
async fn a_server_that_answers_first_is_seen_to() -> anyhow::Result<()> {
    if !are_here(&["strace"])? {
        return Ok(());
    }
    let binary = tokio::task::spawn_blocking(planted_binary).await??;
    let steps = traced(binary, &[(PLANTED, "ack-before-flush")]).await?;
    ensure!(first_unproven(&steps).is_some(), "the trace proves nothing");
    Ok(())
}

/// Whether each post was durable before its reply; the first that was not.
fn first_unproven(steps: &[Step]) -> Option<usize> {
    // The server was killed right after the last reply, so the last replies are those to the posts.
    let replies: Vec<usize> =
        (0..steps.len()).filter(|at| steps[*at].what == What::Reply).collect();
    let posts = replies.len().checked_sub(POSTS)?;
    (0..POSTS).find(|post| {
        let from = (posts + post).checked_sub(1).map_or(0, |before| replies[before] + 1);
        !is_durable(&steps[from..replies[posts + post]])
    })
}

/// Steps 1 to 4 of the module's list, in what happened between two replies.
fn is_durable(between: &[Step]) -> bool {
    let asked = between.iter().position(|step| step.what == What::Request);
    let Some(after) = asked.map(|at| &between[at..]) else { return false };
    let written = after.iter().position(|step| step.what == What::Written);
    let Some(after) = written.map(|at| &after[at..]) else { return false };
    let begun = after.iter().position(|step| step.what == What::SyncBegins);
    let Some((sync, after)) = begun.and_then(|at| after[at..].split_first()) else { return false };
    let ends = |step: &Step| step.what == What::SyncEnds && step.thread == sync.thread;
    let Some(end) = after.iter().position(ends) else { return false };
    !after[end..].iter().any(|step| step.what == What::Written && step.thread == sync.thread)
}

/// Something a thread of the server did.
struct Step {
    thread: u32,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// Something was read from a socket.
    Request,
    /// A write to the database's data file ended.
    Written,
    /// An `fdatasync` of that file begins.
    SyncBegins,
    /// It ended, without an error.
    SyncEnds,
    /// A write to a socket begins.
    Reply,
}

/// Runs a server under a trace while somebody posts; what it did, up to its last reply.
async fn traced(binary: PathBuf, environment: &[(&str, &str)]) -> anyhow::Result<Vec<Step>> {
    let mut warp = Warp::builder().binary(binary.clone()).start().await?;
    let room = warp.room(&[warp.manager()], Label::Green, Label::Green).await?;
    warp.stop().await?;
    let trace = warp.folder().join("trace");
    let trace_to = trace.to_str().context("a plain path")?;
    let arguments = ["-f", "-y", "-s", "0", "-e", CALLS, "-e", "signal=none", "-o", trace_to];
    let mut server = Traced::start(&binary, &warp.folder(), &arguments, environment)?;
    let authority = warp.folder().join("keys/authority.pem");
    let posted = post(&server.host_port, &authority, warp.manager(), room).await;
    server.end().await?;
    posted?;
    let text = String::from_utf8_lossy(&fs::read(&trace)?).into_owned();
    let steps = steps(&text, &warp.folder().join("data/db/db"));
    ensure!(steps.len() > POSTS, "the trace is empty");
    Ok(steps)
}

async fn post(
    host_port: &str,
    authority: &Path,
    person: &Person,
    room: RoomId,
) -> anyhow::Result<()> {
    let mut wire = Wire::signed_in(host_port, authority, &person.credentials()).await?;
    for number in 0..POSTS {
        let text = format!("entry {number}");
        let post =
            json!({"room": room, "id": EntryId::random(), "label": Label::Green, "text": text});
        let posted = wire.ask("entry.post", post).await?;
        posted.map_err(|refusal| anyhow::anyhow!("post {number}: {refusal}"))?;
    }
    Ok(())
}

/// Reads a trace: `PID call(FD</path>, …) = result`, or the same in two lines where another thread
/// came in between: `PID call(FD</path>, … <unfinished ...>` and `PID <... call resumed>…) = result`.
fn steps(trace: &str, database: &Path) -> Vec<Step> {
    let database = format!("<{}>", database.display());
    let mut unfinished: HashMap<u32, Option<What>> = HashMap::new();
    let mut steps = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.trim_start().split_once(char::is_whitespace) else {
            continue;
        };
        let (Ok(thread), call) = (thread.parse(), call.trim_start()) else { continue };
        let mut add = |what| steps.push(Step { thread, what });
        if call.starts_with("<... ") {
            let ended = unfinished.remove(&thread).flatten();
            ended.filter(|_| succeeded(call)).into_iter().for_each(&mut add);
            continue;
        }
        let (begins, ends) = meaning(call, &database);
        begins.into_iter().for_each(&mut add);
        if call.contains("<unfinished ...>") {
            unfinished.insert(thread, ends);
        } else if succeeded(call) {
            ends.into_iter().for_each(&mut add);
        }
    }
    steps
}

/// What a call means when it begins, and when it ends well.
fn meaning(call: &str, database: &str) -> (Option<What>, Option<What>) {
    let Some((name, arguments)) = call.split_once('(') else { return (None, None) };
    // The first argument is the descriptor with what it stands for; `>` ends it.
    let descriptor = arguments.split_once('>').map_or("", |(first, _)| first);
    let is_database = format!("{descriptor}>").ends_with(database);
    let is_socket = descriptor.contains("<socket:") || descriptor.contains("<TCP");
    match name {
        "fdatasync" | "fsync" if is_database => (Some(What::SyncBegins), Some(What::SyncEnds)),
        "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" if is_database => {
            (None, Some(What::Written))
        }
        "write" | "writev" | "sendto" | "sendmsg" if is_socket => (Some(What::Reply), None),
        "read" | "readv" | "recvfrom" | "recvmsg" if is_socket => (None, Some(What::Request)),
        _ => (None, None),
    }
}

fn succeeded(call: &str) -> bool {
    let result = call.rsplit_once(" = ").map_or("", |(_, result)| result.trim());
    !result.is_empty() && !result.starts_with('-') && !result.starts_with('?')
}
