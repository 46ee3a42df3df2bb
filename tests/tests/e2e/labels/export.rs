//! What leaves a room in an export: what its reader may read, and of that nothing that may be carried
//! nowhere.

use std::collections::BTreeSet;

use warproom_proto::calls::{Page, RoomExport};
use warproom_proto::{Label, LogId, RoomId, Seq};
use warproom_tests::harness::{Person, chain_end, entry_of, text_of};

use super::{Table, edit, relabel, text};

async fn export(reader: &Person, room: RoomId, after: Seq, limit: u16) -> anyhow::Result<Page> {
    Ok(reader.client.call(RoomExport { room, after, limit }).await?)
}

/// Every text in it, also of edits that stand elsewhere.
fn texts(page: &Page) -> BTreeSet<String> {
    page.records.iter().chain(&page.amendments).filter_map(text_of).collect()
}

/// Whether a record is in it, and not a stub.
fn carries(page: &Page, seq: Seq) -> bool {
    page.records.iter().any(|record| record.seq == seq && entry_of(record).is_some())
}

#[tokio::test]
async fn a_newcomer_takes_out_what_the_label_lets_them_read_and_nobody_takes_out_red()
-> anyhow::Result<()> {
    let Table { room, alice, posts, readers, warp: _warp } = Table::lay().await?;
    let author = ("the author", alice, [true; 5]);
    for (who, reader, reads) in readers.iter().chain([&author]) {
        let page = export(reader, room, 0, 200).await?;
        assert_eq!(chain_end(LogId::room(room), &page.records), Some(page.latest), "{who}");
        let mut expected = BTreeSet::new();
        for ((label, post), reads) in Label::ALL.iter().zip(&posts).zip(reads) {
            let may = *reads && *label < Label::Red;
            for seq in [*post, post + 1] {
                assert_eq!(carries(&page, seq), may, "{who}, {label}, {seq}");
            }
            if may {
                expected.extend([text(*label), "a reply".to_owned()]);
            }
        }
        assert_eq!(texts(&page), expected, "{who}");
    }
    Ok(())
}

#[tokio::test]
async fn what_was_tightened_is_taken_out_by_those_it_is_for_now_and_relaxed_by_the_others_too()
-> anyhow::Result<()> {
    let Table { room, alice, posts, readers, warp: _warp } = Table::lay().await?;
    let (green, red) = (posts[1], posts[4]);
    let edited = "marked GREEN, and put right";
    let amendment = edit(&alice, room, green, edited).await?;
    let people = || readers.iter().map(|(who, reader, _)| (*who, reader));
    // The post alone, with its edit, which stands far behind it.
    let alone = async |reader: &Person| export(reader, room, green - 1, 1).await;
    for (who, reader) in people() {
        assert_eq!(
            texts(&alone(reader).await?),
            [text(Label::Green), edited.into()].into(),
            "{who}"
        );
    }

    relabel(&alice, room, green, Label::AmberStrict).await?;
    let may_now = [true, false, false, true, false];
    for ((who, reader), may) in people().zip(may_now) {
        let (one, whole) = (alone(reader).await?, export(reader, room, 0, 200).await?);
        assert_eq!(texts(&one).contains(edited), may, "{who}");
        assert_eq!(!texts(&one).is_empty(), may, "{who}");
        for seq in [green, green + 1, amendment] {
            assert_eq!(carries(&whole, seq), may, "{who}, {seq}");
        }
        assert_eq!(texts(&whole).contains(&text(Label::Green)), may, "{who}");
    }

    relabel(&alice, room, green, Label::Red).await?;
    for (who, reader) in people().chain([("the author", &alice)]) {
        let whole = export(reader, room, 0, 200).await?;
        assert!(texts(&alone(reader).await?).is_empty(), "{who}");
        assert!(![green, green + 1, amendment].iter().any(|seq| carries(&whole, *seq)), "{who}");
        assert!(!texts(&whole).iter().any(|said| said.starts_with("marked GREEN")), "{who}");
    }

    // The other way: what was nobody's to carry is everybody's, but for the reply, which stays what it is.
    relabel(&alice, room, red, Label::Green).await?;
    for (who, reader) in people() {
        let whole = export(reader, room, 0, 200).await?;
        assert!(texts(&whole).contains(&text(Label::Red)), "{who}");
        assert!(carries(&whole, red) && !carries(&whole, red + 1), "{who}");
    }
    Ok(())
}
