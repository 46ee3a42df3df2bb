//! The labels of an event: its tags, the tags of everything in it, and how far each part may be
//! distributed.
//!
//! MISP's distribution is about its own servers, so it is translated towards the strict side:
//!
//! | distribution | stands for | because |
//! |---|---|---|
//! | 0, your organisation only | AMBER+STRICT | that is what AMBER+STRICT says |
//! | 1, this community only | AMBER | the community is that server's, and a WARP is another one |
//! | 2, connected communities | GREEN | communities, not the public |
//! | 3, all communities | nothing | no limit; the tags decide |
//! | 4, a sharing group | AMBER | a list of organisations, which is not a WARP's |
//! | 5, as the event | nothing | the event's own counts |
//!
//! Any other number is a marking that cannot be read. A tag and a distribution that disagree are both
//! kept, and the stricter wins. Deleted parts count too: it costs nothing, and what is deleted on one
//! server may not be on another. Other events that MISP thinks related do not: nothing of theirs is
//! shown.

use crate::formats::csaf::json::Node;
use crate::formats::csaf::marks::{Marks, is_tlp};

/// All marks of an event.
pub(super) fn marks(event: &Node) -> Vec<String> {
    let mut marks = Marks::default();
    event.visit(&mut |field, value| {
        match field {
            "RelatedEvent" => return false,
            "distribution" => value.each().iter().for_each(|one| distribution(one, &mut marks)),
            "sharing_group_id" if value.text() != "0" && !value.text().is_empty() => {
                marks.put("TLP:AMBER");
            }
            "SharingGroup" => {
                if value.is_map() && !value.fields().is_empty() {
                    marks.put("TLP:AMBER");
                }
                return false;
            }
            "Tag" | "tag" | "Tags" | "tags" | "tag_name" => tags(value, &mut marks),
            _ => {}
        }
        true
    });
    marks.finish()
}

/// Takes the TLP tags of a list of tags, which may be names alone.
fn tags(tags: &Node, marks: &mut Marks) {
    for tag in tags.each() {
        let names = if tag.is_map() { tag.every(&["name"]) } else { vec![tag] };
        for name in names {
            if is_tlp(name.text()) {
                marks.put(name.text());
            }
        }
    }
}

fn distribution(distribution: &Node, marks: &mut Marks) {
    match distribution.text() {
        "0" => marks.put("TLP:AMBER+STRICT"),
        "1" | "4" => marks.put("TLP:AMBER"),
        "2" => marks.put("TLP:GREEN"),
        "3" | "5" | "" => {}
        other => marks.put(&format!("TLP distribution {other}")),
    }
}
