//! Checkpoints of the audit log as they come over a connection: what is proved, and what counts as a
//! forgery.

use warproom_proto::Seq;
use warproom_proto::calls::{Path, SignedCheckpoint};

use super::*;
use crate::audit::AuditHead;
use crate::audit::tests::{Server as Log, WARP};
use crate::{AuditBreak, Heads};

const ASKS: &str = "audit.consistency";

fn with(audit: SignedCheckpoint) -> SignedIn {
    SignedIn { warp: WARP, audit: Some(audit), ..signed_in() }
}

/// A client that remembers the log's first 45 records, signed in with this reply.
async fn start_by(server: &Server, log: &mut Log, says: SignedIn) -> (Client, Events, Peer) {
    let mut heads = Heads::default();
    heads.set_audit(AuditHead::of(&log.shows(45)));
    let connecting = Connector::new(server.address.clone(), token()).heads(heads).connect();
    // On the heap: it is large.
    let both = Box::pin(async { tokio::join!(connecting, asked_for_sign_in(server, says)) });
    let (connected, (asked, peer)) = both.await;
    assert_eq!(asked["audit_seen"], 45);
    let (client, events) = connected.unwrap();
    (client, events, peer)
}

/// The same where the log has no more.
async fn start_at_45(server: &Server, log: &mut Log) -> (Client, Events, Peer) {
    let says = with(log.shows(45));
    start_by(server, log, says).await
}

/// Answers the question that the client must ask now.
async fn prove(peer: &mut Peer, (from, to): (u64, u64), hashes: Vec<Head>) {
    let asked = peer.serve(ASKS, Path { hashes }).await;
    assert_eq!(asked, serde_json::json!({ "from": from, "to": to }));
}

async fn remembers(client: &Client, size: u64) {
    let known = || client.heads().audit().map(|head: AuditHead| head.size);
    let until = async {
        while known() != Some(size) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let met = timeout(ENOUGH, until).await;
    assert!(met.is_ok(), "remembered are {:?} records", known());
}

/// Waits until the client has taken what it was sent, by a call that comes behind.
async fn listed(client: &Client, peer: &mut Peer) {
    let calling = async { client.call(ListRooms::default()).await.unwrap() };
    tokio::join!(calling, peer.serve("room.list", RoomList { rooms: Vec::new() }));
}

#[tokio::test]
async fn a_checkpoint_that_was_overtaken_by_a_sign_in_is_no_forgery_if_the_log_continues_it() {
    let (server, mut log) = (Server::start().await, Log::new(60));
    let (client, mut events, mut peer) = start_at_45(&server, &mut log).await;
    peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(44) }).await;
    prove(&mut peer, (44, 45), log.proof(44, 45)).await;
    // It goes on from where it was.
    peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(50) }).await;
    prove(&mut peer, (45, 50), log.proof(45, 50)).await;
    remembers(&client, 50).await;
    assert_eq!(client.rewritten(), []);
    // Neither does it go back, nor is another log of that size believed.
    let mut forked = log.forked();
    peer.tell(Notice::AuditCheckpoint { checkpoint: forked.shows(46) }).await;
    prove(&mut peer, (46, 50), forked.proof(46, 50)).await;
    let Some(Event::Rewritten(found)) = next(&mut events).await else { panic!("not told") };
    assert_eq!((found.seq, found.how), (46, Discontinuity::Audit(AuditBreak::Forked)));
    remembers(&client, 50).await;
}

#[tokio::test]
async fn a_sign_in_to_a_log_that_went_back_is_told_at_once() {
    let (server, mut log) = (Server::start().await, Log::new(60));
    let (client, mut events, peer) = start_at_45(&server, &mut log).await;
    peer.close(1001).await;
    let (asked, _peer) = asked_for_sign_in(&server, with(log.shows(44))).await;
    assert_eq!(asked["audit_seen"], 45);
    let Some(Event::Rewritten(found)) = next(&mut events).await else { panic!("not told") };
    let how = AuditBreak::RolledBack { remembered: 45 };
    assert_eq!((found.seq, found.how), (44, Discontinuity::Audit(how)));
    remembers(&client, 45).await;
}

#[tokio::test]
async fn a_sign_in_must_bring_the_proof_that_the_log_continues_what_was_remembered() {
    let mut log = Log::new(60);
    let mut forked = log.forked();
    let (right, short) = (log.proof(45, 50), log.proof(40, 50));
    let of_another = forked.proof(45, 50);
    let is_forked = Some(AuditBreak::Forked);
    for (what, shows, path, how) in [
        ("the proof", log.shows(50), Some(right.clone()), None),
        ("none", log.shows(50), None, Some(AuditBreak::Unproved)),
        ("one of another size", log.shows(50), Some(short), is_forked),
        ("one of another log", forked.shows(50), Some(of_another), is_forked),
        ("one that does not fit", forked.shows(50), Some(right), is_forked),
        ("none where none is due", log.shows(45), None, None),
    ] {
        let server = Server::start().await;
        let (audit_path, size) = (path.map(|hashes| Path { hashes }), shows.note.checkpoint().size);
        let says = SignedIn { audit_path, ..with(shows) };
        let (client, _events, _peer) = start_by(&server, &mut log, says).await;
        let told = client.rewritten().first().map(|told| (told.seq, told.how));
        assert_eq!(told, how.map(|how| (45, Discontinuity::Audit(how))), "{what}");
        remembers(&client, if how.is_none() { size } else { 45 }).await;
    }
}

#[tokio::test]
async fn a_server_that_gives_no_proof_for_hours_is_told_of() {
    let (server, mut log) = (Server::start().await, Log::new(60));
    let how = Discontinuity::Audit(AuditBreak::Unproved);
    let unproved = |seq| Rewritten { room: None, seq, how };
    // It refuses. What came before a proof does not count.
    let (client, _events, mut peer) = start_at_45(&server, &mut log).await;
    for size in 46..=51 {
        peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(size) }).await;
        if size == 48 {
            prove(&mut peer, (45, 48), log.proof(45, 48)).await;
        } else {
            let (id, _) = peer.request(ASKS).await;
            peer.refuse(id, ErrorCode::ServerFault).await;
        }
    }
    listed(&client, &mut peer).await;
    assert_eq!(client.rewritten(), []);
    peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(52) }).await;
    peer.request(ASKS).await;
    assert_eq!(client.rewritten(), [unproved(48)]);
    // Worse is told all the same.
    peer.tell(Notice::AuditCheckpoint { checkpoint: log.forked().shows(48) }).await;
    listed(&client, &mut peer).await;
    let how = Discontinuity::Audit(AuditBreak::Forked);
    assert_eq!(client.rewritten(), [Rewritten { room: None, seq: 48, how }]);
    // It is silent, and then proves it after all.
    let (client, mut events, mut peer) = start_at_45(&server, &mut log).await;
    let mut asked = None;
    for (size, told) in [(46, &[][..]), (47, &[]), (48, &[]), (49, &[unproved(45)])] {
        peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(size) }).await;
        if size == 46 {
            asked = Some(peer.request(ASKS).await.0);
        }
        listed(&client, &mut peer).await;
        assert_eq!(client.rewritten(), told, "{size}");
    }
    assert!(
        matches!(next(&mut events).await, Some(Event::Rewritten(found)) if found == unproved(45))
    );
    peer.reply(asked.unwrap(), Path { hashes: log.proof(45, 46) }).await;
    assert!(matches!(next(&mut events).await, Some(Event::AuditProved)));
    assert_eq!(client.rewritten(), []);
}

#[tokio::test]
async fn who_is_refused_a_proof_for_their_own_sake_accuses_nobody_and_who_has_none_is_told_of() {
    for (code, is_told) in [
        (ErrorCode::SignInRequired, false),
        (ErrorCode::SlowDown, false),
        (ErrorCode::ServerFault, false),
        (ErrorCode::StorageFailed, false),
        (ErrorCode::Unknown(99), false),
        (ErrorCode::BadParams, true),
    ] {
        let (server, mut log) = (Server::start().await, Log::new(60));
        let (client, _events, mut peer) = start_at_45(&server, &mut log).await;
        peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(50) }).await;
        let (id, _) = peer.request(ASKS).await;
        peer.refuse(id, code).await;
        listed(&client, &mut peer).await;
        assert_eq!(client.rewritten().len(), usize::from(is_told), "{code:?}");
        remembers(&client, 45).await;
        if !is_told {
            // The next one is asked about from where it was.
            peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(55) }).await;
            prove(&mut peer, (45, 55), log.proof(45, 55)).await;
            remembers(&client, 55).await;
        }
    }
}

#[tokio::test]
async fn a_log_that_is_forgotten_while_a_proof_is_under_way_stays_forgotten() {
    let (server, mut log) = (Server::start().await, Log::new(60));
    for code in [None, Some(ErrorCode::BadParams)] {
        let (client, _events, mut peer) = start_at_45(&server, &mut log).await;
        peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(50) }).await;
        let (id, _) = peer.request(ASKS).await;
        client.forget_audit();
        match code {
            Some(code) => peer.refuse(id, code).await,
            None => peer.reply(id, Path { hashes: log.proof(45, 50) }).await,
        }
        listed(&client, &mut peer).await;
        assert_eq!((client.heads().audit(), client.rewritten()), (None, Vec::new()));
        // The next one is believed as it is.
        peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(20) }).await;
        remembers(&client, 20).await;
    }
}

#[tokio::test]
async fn two_checkpoints_of_one_size_that_differ_are_told_also_while_they_wait() {
    let (server, mut log) = (Server::start().await, Log::new(60));
    let (client, _events, mut peer) = start_at_45(&server, &mut log).await;
    let mut forked = log.forked();
    for checkpoint in [log.shows(50), log.shows(55), log.shows(52), forked.shows(55)] {
        peer.tell(Notice::AuditCheckpoint { checkpoint }).await;
    }
    let (id, _) = peer.request(ASKS).await;
    listed(&client, &mut peer).await;
    let how = Discontinuity::Audit(AuditBreak::Forked);
    assert_eq!(client.rewritten(), [Rewritten { room: None, seq: 55, how }]);
    peer.reply(id, Path { hashes: log.proof(45, 50) }).await;
    prove(&mut peer, (50, 55), log.proof(50, 55)).await;
    remembers(&client, 55).await;
}

#[tokio::test]
async fn a_checkpoint_that_is_asked_for_is_held_against_what_was_remembered_when_it_was() {
    let (server, mut log) = (Server::start().await, Log::new(60));
    let (client, _events, mut peer) = start_at_45(&server, &mut log).await;
    let asking = async { client.audit_checkpoint().await };
    let serving = async {
        let (id, _) = peer.request("audit.checkpoint").await;
        peer.tell(Notice::AuditCheckpoint { checkpoint: log.shows(50) }).await;
        prove(&mut peer, (45, 50), log.proof(45, 50)).await;
        remembers(&client, 50).await;
        peer.reply(id, log.shows(46)).await;
        prove(&mut peer, (45, 46), log.proof(45, 46)).await;
    };
    let both = Box::pin(async { tokio::join!(asking, serving) });
    let (asked, ()) = timeout(ENOUGH, both).await.expect("somebody waits for ever");
    assert_eq!(asked.unwrap(), log.shows(46));
}

/// What a server answers to somebody who asks for the proof of a record, whose log has 45.
#[derive(Clone)]
struct Shown {
    records: Vec<Record>,
    /// None: it says that there is none.
    path: Option<Vec<Head>>,
}

/// What a client makes of it.
async fn proved(seq: Seq, log: &mut Log, shown: Shown) -> Result<Seq, CallError> {
    let server = Server::start().await;
    let (client, _events, mut peer) = start_at_45(&server, log).await;
    let checkpoint = log.shows(45);
    let serving = async {
        peer.serve("audit.checkpoint", &checkpoint).await;
        let Shown { records, path } = shown;
        let fits = records.iter().map(|record| record.seq).eq([seq]);
        let latest = Position { seq: 45, head: Head([0; 32]) };
        let asked =
            peer.serve("audit.page", Page { records, amendments: Vec::new(), latest }).await;
        assert_eq!(asked, serde_json::json!({ "from": { "after": seq - 1 }, "limit": 1 }));
        if !fits {
            return;
        }
        let (id, asked) = peer.request("audit.inclusion").await;
        assert_eq!(asked, serde_json::json!({ "seq": seq, "size": 45 }));
        match path {
            Some(hashes) => peer.reply(id, Path { hashes }).await,
            None => peer.refuse(id, ErrorCode::BadParams).await,
        }
    };
    let asking = async { client.prove_audit(seq).await };
    let both = Box::pin(async { tokio::join!(asking, serving) });
    let proved = timeout(ENOUGH, both).await.expect("somebody waits for ever").0?;
    assert_eq!(proved.signed, checkpoint);
    Ok(proved.seq)
}

#[tokio::test]
async fn a_record_is_proved_by_its_own_path_at_its_own_number_and_by_nothing_else() {
    let (mut log, records) = (Log::new(60), Log::records(45));
    let mut shown = |seq: Seq, of: Seq| {
        let of_record = usize::try_from(of).unwrap();
        Shown { records: vec![records[of_record - 1].clone()], path: Some(log.path(seq, 45)) }
    };
    let right = shown(12, 12);
    let renumbered = |shown: Shown, seq| {
        let records = shown.records.into_iter().map(|record| Record { seq, ..record }).collect();
        Shown { records, ..shown }
    };
    let (another, elsewhere, astray) =
        (shown(12, 13), renumbered(shown(12, 13), 12), shown(13, 12));
    let short = right.path.as_ref().map(|path| path[1..].to_vec());
    let shorter = Shown { path: short, ..right.clone() };
    let denied = Shown { path: None, ..right.clone() };
    let empty = Shown { records: Vec::new(), ..right.clone() };
    let next = shown(13, 13);
    let more = Shown { records: records[11..13].to_vec(), ..right.clone() };
    assert_eq!(proved(12, &mut log, right.clone()).await.unwrap(), 12);
    for (what, seq, shown) in [
        ("another record", 12, another),
        ("another record under its number", 12, elsewhere),
        ("the path of another", 12, astray),
        ("a path that is too short", 12, shorter),
        ("the word that there is none", 12, denied),
        ("no record", 12, empty),
        ("the record after it", 12, next),
        ("more than was asked for", 12, more),
    ] {
        let found = proved(seq, &mut log, shown).await.unwrap_err();
        let how = Discontinuity::Audit(AuditBreak::Forked);
        let expected = Rewritten { room: None, seq, how };
        assert!(
            matches!(found, CallError::Rewritten(found) if found == expected),
            "{what}: {found}"
        );
    }
}

#[tokio::test]
async fn a_number_that_the_log_has_not_come_to_is_refused_here_and_accuses_nobody() {
    let (server, mut log) = (Server::start().await, Log::new(60));
    let (client, _events, mut peer) = start_at_45(&server, &mut log).await;
    for seq in [0, 46, Seq::MAX] {
        let serving = peer.serve("audit.checkpoint", log.shows(45));
        let both = Box::pin(async { tokio::join!(client.prove_audit(seq), serving) });
        let (refused, _) = timeout(ENOUGH, both).await.expect("somebody waits for ever");
        assert_eq!(refused.unwrap_err().code(), Some(ErrorCode::BadParams), "{seq}");
    }
    assert_eq!(client.rewritten(), []);
}

/// What a client that reads the whole log makes of these pages under this checkpoint: how many records it
/// was shown, if the log holds.
async fn checked(
    log: &mut Log,
    shown: SignedCheckpoint,
    pages: &[&[Record]],
) -> Result<u64, CallError> {
    let server = Server::start().await;
    let (client, _events, mut peer) = start_at_45(&server, log).await;
    let (size, mut after) = (shown.note.checkpoint().size, 0);
    let serving = async {
        peer.serve("audit.checkpoint", &shown).await;
        if size > 45 {
            prove(&mut peer, (45, size), log.proof(45, size)).await;
        }
        for page in pages {
            let latest = Position { seq: 60, head: Head([0; 32]) };
            let (records, amendments) = (page.to_vec(), Vec::new());
            let asked = peer.serve("audit.page", Page { records, amendments, latest }).await;
            assert_eq!(asked, serde_json::json!({ "from": { "after": after }, "limit": 200 }));
            after = page.last().map_or(after, |last| last.seq);
        }
    };
    let asking = async { client.check_audit().await };
    let both = Box::pin(async { tokio::join!(asking, serving) });
    let checked = timeout(ENOUGH, both).await.expect("somebody waits for ever").0?;
    assert_eq!(checked.note, shown.note);
    Ok(checked.shown)
}

#[tokio::test]
async fn a_log_that_is_read_whole_must_be_the_one_that_is_signed() {
    let (mut log, records) = (Log::new(60), Log::records(60));
    let (shown, later) = (log.shows(45), log.shows(50));
    assert_eq!(
        checked(&mut log, shown.clone(), &[&records[..20], &records[20..45]]).await.unwrap(),
        15
    );
    // What came since the checkpoint is left alone.
    assert_eq!(checked(&mut log, shown.clone(), &[&records[..60]]).await.unwrap(), 15);
    assert_eq!(checked(&mut log, later.clone(), &[&records[..50]]).await.unwrap(), 16);
    let mut changed = records.clone();
    changed[9].body = records[10].body.clone();
    // The same from a record on, chained anew.
    let mut at = changed[8].position();
    let mut rewritten = changed.clone();
    for record in &mut rewritten[9..] {
        at = at.next(&record.body.commitment());
        record.head = at.head;
    }
    let (gap, rest) = (&records[21..45], &records[..20]);
    for (what, pages, seq) in [
        ("a record that is another", &[&changed[..45]][..], 10),
        ("a log that is another", &[&rewritten[..45]], 45),
        ("a gap", &[rest, gap], 21),
        ("an end before the end", &[rest, &[]], 21),
    ] {
        let found = checked(&mut log, shown.clone(), pages).await.unwrap_err();
        let how = Discontinuity::Audit(AuditBreak::Forked);
        let expected = Rewritten { room: None, seq, how };
        assert!(
            matches!(found, CallError::Rewritten(found) if found == expected),
            "{what}: {found:?}"
        );
    }
}
