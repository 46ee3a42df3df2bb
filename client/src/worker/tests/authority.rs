//! The authority that the server is known by, changed for another: who follows, and who is led astray.

use warproom_proto::calls::{SignedCheckpoint, authority_message};
use warproom_proto::invitation::Address;
use warproom_proto::merkle::empty_root;
use warproom_proto::register::Signature;
use warproom_proto::{Checkpoint, Note};

use super::*;
use crate::Heads;

/// Connects with what is remembered, and is signed in with this. What is remembered then.
async fn visit(server: &Server, heads: Heads, says: SignedIn) -> Result<Heads, ConnectError> {
    let connecting = Connector::new(server.address.clone(), token()).heads(heads).connect();
    let serving = async {
        let mut peer = server.accept(limits::SUBPROTOCOL).await?;
        peer.serve("session.start", says).await;
        Some(peer)
    };
    // On the heap: it is large.
    let both = Box::pin(async { tokio::join!(connecting, serving) });
    let (connected, _peer) = timeout(ENOUGH, both).await.expect("somebody waits for ever");
    Ok(connected?.0.heads())
}

/// A sign-in to a WARP with an audit log, whose key signed for this authority.
fn vouched(key: &DeviceKey, authority: Fingerprint) -> SignedIn {
    let said = SignedIn { warp: WarpId::from_bytes([3; 16]), ..signed_in() };
    let origin = Checkpoint::origin_of(said.warp);
    let checkpoint = Checkpoint { origin, size: 0, root: empty_root() };
    let (public, signature) = (key.public_key(), key.sign(checkpoint.text().as_bytes()));
    let note = Note::new(checkpoint, &[(public, signature)]);
    SignedIn {
        audit: Some(SignedCheckpoint { note, key: public }),
        authority: vec![Signature([0; 64]), key.sign(&authority_message(said.warp, &authority))],
        ..said
    }
}

#[tokio::test]
async fn a_later_authority_is_remembered_and_the_earlier_one_is_believed_no_more() {
    let (mut server, key) = (Server::start().await, DeviceKey::generate());
    let says = vouched(&key, server.authority());
    let heads = visit(&server, Heads::default(), says).await.unwrap();
    assert_eq!(heads.address(server.address.clone()), server.address);
    let stolen = server.keys();
    server.change_authority();
    server.change_authority();
    let says = vouched(&key, server.authority());
    let heads = visit(&server, heads, says.clone()).await.unwrap();
    let known = heads.address(server.address.clone());
    assert_eq!(known, Address { authority: server.authority(), ..server.address.clone() });
    // It stays as it is, and is enough by itself.
    let heads = visit(&server, heads, signed_in()).await.unwrap();
    server.go_by(stolen);
    let refused = visit(&server, heads, says.clone()).await.unwrap_err();
    assert!(refused.may_be_intercepted(), "{refused}");
    // Who never came in between cannot know.
    visit(&server, Heads::default(), says).await.unwrap();
}

#[tokio::test]
async fn a_client_that_stays_learns_of_another_authority_when_it_reconnects() {
    let (mut server, key) = (Server::start().await, DeviceKey::generate());
    let says = vouched(&key, server.authority());
    let heads = visit(&server, Heads::default(), says.clone()).await.unwrap();
    let connecting = Connector::new(server.address.clone(), token()).heads(heads).connect();
    let (connected, peer) = tokio::join!(connecting, welcome_by(&server, says));
    let (client, mut events) = connected.unwrap();
    let stolen = server.keys();
    server.change_authority();
    peer.close(1001).await;
    let peer = welcome_by(&server, vouched(&key, server.authority())).await;
    assert!(matches!(next(&mut events).await, Some(Event::Reconnected(_))));
    assert_eq!(client.address(server.address.clone()).authority, server.authority());
    server.go_by(stolen);
    peer.close(1001).await;
    assert!(timeout(ENOUGH, server.accept(limits::SUBPROTOCOL)).await.unwrap().is_none());
    let untrusted =
        |state: &State| matches!(state, State::Reconnecting { trouble: Trouble::Untrusted, .. });
    until(&client, untrusted).await;
}

#[tokio::test]
async fn nobody_is_led_to_another_authority_but_by_the_key_of_the_audit_log_they_remember() {
    let (mut server, key) = (Server::start().await, DeviceKey::generate());
    let first = server.authority();
    let known = visit(&server, Heads::default(), vouched(&key, first)).await.unwrap();
    let nothing = Heads::default();
    server.change_authority();
    let present = server.authority();
    let right = vouched(&key, present);
    let (other, own) = (vouched(&DeviceKey::generate(), present), vouched(&key, first));
    let of_another_warp = key.sign(&authority_message(WarpId::from_bytes([4; 16]), &present));
    for (what, heads, says) in [
        ("nothing remembered, so nobody's key is known", &nothing, right.clone()),
        ("nothing signed", &known, SignedIn { authority: Vec::new(), ..right.clone() }),
        ("signed by another", &known, SignedIn { authority: other.authority, ..right.clone() }),
        ("what was signed for the one before", &known, SignedIn { ..own }),
        (
            "what was signed for another WARP",
            &known,
            SignedIn { authority: vec![of_another_warp], ..right.clone() },
        ),
        (
            "the other WARP's id along with it",
            &known,
            SignedIn { warp: WarpId::from_bytes([4; 16]), ..right.clone() },
        ),
    ] {
        let led = visit(&server, heads.clone(), says).await.unwrap();
        assert_eq!(led.address(server.address.clone()), server.address, "{what}");
    }
    let followed = visit(&server, known, right).await.unwrap();
    assert_eq!(followed.address(server.address.clone()).authority, present);
}
