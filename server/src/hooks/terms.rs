//! What a webhook may do, as its messages are read by it: where they go, under which label, and
//! which rooms they may name.

use warproom_proto::calls::PostAlert;
use warproom_proto::register::Bot;
use warproom_proto::{BotId, Label, Message, Principal, RoomId};

use super::Answer;
use super::tlp;
use crate::domain::{Latest, Room, State};

/// The bounds of one webhook.
pub struct Terms {
    /// Whose webhook.
    pub bot: BotId,
    /// Where a message goes that names no room.
    pub room: RoomId,
    /// The label of a message that says none. Nothing is posted under a milder one.
    floor: Label,
    /// The strictest label the bot may post.
    ceiling: Label,
    /// How far the label of a follow-up is raised: to what the bot may post and the room may hold.
    highest: Label,
    /// The rooms of the grant, by what they are called.
    rooms: Vec<(String, RoomId)>,
}

impl Terms {
    /// Those of a bot.
    pub fn new(state: &State, bot: &Bot) -> Result<Self, Answer> {
        let (Some(hook), Some(ceiling)) = (bot.hook, bot.grant.post) else {
            return Err(Answer::INVALID_TOKEN);
        };
        let named = |room: &RoomId| {
            let settings = state.rooms.get(room)?.settings()?;
            Some((as_channel(settings.name.as_str()), *room))
        };
        let rooms = bot.grant.rooms.iter().filter_map(named).collect();
        let settings = state.rooms.get(&hook.room).and_then(Room::settings);
        let highest = settings.map_or(ceiling, |settings| settings.ceiling.min(ceiling));
        Ok(Self { bot: bot.bot, room: hook.room, floor: hook.label, ceiling, highest, rooms })
    }

    /// The room of this name, if it is in the grant. A room outside is as unknown as one that never
    /// was. Where two have the name, the webhook's own is meant, or none.
    pub fn room_named(&self, channel: &str) -> Option<RoomId> {
        let channel = as_channel(channel.strip_prefix('#').unwrap_or(channel));
        let mut named = self.rooms.iter().filter(|(name, _)| *name == channel).map(|(_, id)| *id);
        let first = named.next()?;
        match named.next() {
            None => Some(first),
            Some(_) => self.rooms.contains(&(channel, self.room)).then_some(self.room),
        }
    }

    /// The label of a message: the strictest of the webhook's own, the one it states and those that
    /// its words spell. Above what the bot may post it is refused, never lowered.
    pub fn label<'a>(
        &self,
        stated: Option<Label>,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Result<Label, Answer> {
        let spelt = words.into_iter().filter_map(tlp::strictest).max();
        let label = stated.max(spelt).map_or(self.floor, |label| label.max(self.floor));
        if label <= self.ceiling {
            return Ok(label);
        }
        let sentence = format!(
            "this message is marked {label}, and this webhook posts {} at most: nothing was posted",
            self.ceiling
        );
        Err(Answer::sentence(403, sentence))
    }

    /// The latest alert of the same source, which an alert takes the place of.
    pub fn earlier(&self, state: &State, call: &PostAlert) -> Option<Latest> {
        let source = call.alert.source.as_ref()?;
        let room = state.rooms.get(&call.room)?;
        room.latest_alert(Principal::Bot(self.bot), &source.id, call.exercise)
    }

    /// Makes an alert an update of an earlier one, which only the server knows of, and as strict: a
    /// relay never lowers. Where it may not be as strict, it is as strict as it may.
    pub fn follow(&self, call: &mut PostAlert, earlier: &Latest) {
        call.label = call.label.max(earlier.label.min(self.highest));
        if call.alert.message == Message::Alert {
            call.alert.message = Message::Update;
        }
    }
}

/// A room's name as a channel: channels have no capitals and no spaces.
fn as_channel(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '_'], "-")
}

impl Terms {
    /// Some, for tests and fuzz targets: TLP:GREEN to TLP:AMBER, a room called "Early Warning", another "Ops".
    pub fn sample() -> Self {
        let (room, other) = (RoomId::random(), RoomId::random());
        let rooms = vec![("early-warning".to_owned(), room), ("ops".to_owned(), other)];
        let (floor, ceiling) = (Label::Green, Label::Amber);
        Self { bot: BotId::random(), room, floor, ceiling, highest: ceiling, rooms }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Draft, own};
    use super::*;

    fn fields(value: &serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_channel_is_a_room_of_the_grant_however_it_is_written() {
        let mut terms = Terms::sample();
        for channel in ["Early Warning", "#early-warning", "EARLY_WARNING", " #"] {
            let expected = (channel != " #").then_some(terms.room);
            assert_eq!(terms.room_named(channel), expected, "{channel}");
        }
        assert_eq!(terms.room_named("#ops"), Some(terms.rooms[1].1));
        for elsewhere in ["", "#", "@ops", "##ops", "board", "early"] {
            assert_eq!(terms.room_named(elsewhere), None, "{elsewhere}");
        }
        terms.rooms.push(("ops".to_owned(), RoomId::random()));
        assert_eq!(terms.room_named("ops"), None, "two of that name");
        terms.rooms.push(("early-warning".to_owned(), RoomId::random()));
        assert_eq!(terms.room_named("early-warning"), Some(terms.room), "its own is meant");
    }

    #[test]
    fn a_follow_up_is_an_update_as_strict_as_what_it_follows_up_to_what_it_may() {
        let mut terms = Terms::sample();
        let mut follow = |own, earlier, highest| {
            terms.highest = highest;
            let message =
                serde_json::json!({"headline": "a", "label": own, "id": "a", "revision": "2"});
            let Ok(Draft::Alert(mut call)) = own::read(fields(&message), &terms) else {
                panic!("{own}")
            };
            let latest = Latest { seq: 5, revision: "1".parse().unwrap(), label: earlier };
            terms.follow(&mut call, &latest);
            assert_eq!(call.alert.message, Message::Update);
            call.label
        };
        assert_eq!(follow(Label::Green, Label::Amber, Label::Amber), Label::Amber);
        assert_eq!(follow(Label::Amber, Label::Green, Label::Amber), Label::Amber);
        assert_eq!(follow(Label::Green, Label::Red, Label::Amber), Label::Amber);
        assert_eq!(follow(Label::Amber, Label::Red, Label::Green), Label::Amber, "lowered");
    }

    #[test]
    fn words_and_statements_raise_a_label_and_never_lower_it() {
        let terms = Terms::sample();
        let label = |stated, text| terms.label(stated, [text]).map_err(|answer| answer.status);
        assert_eq!(label(None, "nothing"), Ok(Label::Green));
        assert_eq!(label(Some(Label::Clear), "TLP:CLEAR"), Ok(Label::Green));
        assert_eq!(label(Some(Label::Amber), "TLP:CLEAR"), Ok(Label::Amber));
        assert_eq!(label(Some(Label::Clear), "see TLP:AMBER"), Ok(Label::Amber));
        assert_eq!(label(Some(Label::Red), ""), Err(403));
        assert_eq!(label(None, "TLP:AMBER+STRICT"), Err(403));
    }
}
