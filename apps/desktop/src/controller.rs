//! Ties a model to the world: what a person does and what happens goes into the model, what the model
//! asks for goes to the world. It has no window, so that behaviour is tested without one.

use crate::{Action, Effect, Model, News};

/// Whatever can do what the model asks, and tells what happens.
pub trait World {
    /// Begins to do something. Never waits for it.
    fn perform(&mut self, effect: Effect);

    /// The next thing that happened, if there is one. Never waits for it.
    fn news(&mut self) -> Option<News>;

    /// The window closes: waits, though not for long, until what it handed over is on disk.
    fn end(&mut self) {}
}

/// The news taken in one turn at most, so that a flood of entries cannot hold up a frame.
const NEWS_IN_A_TURN: usize = 512;

/// A model in its world.
pub struct Controller<W> {
    /// What the window shows.
    pub model: Model,
    /// What does what the model asks.
    pub world: W,
}

/// Whether a turn took everything there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is no more news now.
    Done,
    /// There is more: take another turn soon.
    More,
}

impl<W: World> Controller<W> {
    /// A new model in this world.
    pub fn new(world: W) -> Self {
        Self { model: Model::default(), world }
    }

    /// A person did something.
    pub fn act(&mut self, action: Action) {
        for effect in self.model.act(action) {
            self.world.perform(effect);
        }
    }

    /// Something happened.
    pub fn hear(&mut self, news: &News) {
        for effect in self.model.hear(news) {
            self.world.perform(effect);
        }
    }

    /// Takes what has happened since the last turn.
    pub fn turn(&mut self) -> Turn {
        for _ in 0..NEWS_IN_A_TURN {
            let Some(news) = self.world.news() else { return Turn::Done };
            self.hear(&news);
        }
        Turn::More
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::model::desk;

    #[derive(Default)]
    struct Flood {
        asked: Vec<Effect>,
        news: VecDeque<News>,
    }

    impl World for Flood {
        fn perform(&mut self, effect: Effect) {
            self.asked.push(effect);
        }

        fn news(&mut self) -> Option<News> {
            self.news.pop_front()
        }
    }

    #[test]
    fn a_flood_of_news_is_taken_in_several_turns_and_none_of_it_is_lost() {
        let last = i64::try_from(NEWS_IN_A_TURN).unwrap() + 3;
        let news = (1..=last).map(News::Clock).collect();
        let mut controller = Controller::new(Flood { news, ..Flood::default() });
        assert_eq!(controller.turn(), Turn::More);
        assert_eq!(controller.model.now_ms, last - 3);
        assert_eq!(controller.turn(), Turn::Done);
        assert_eq!(controller.model.now_ms, last);
        assert_eq!(controller.turn(), Turn::Done);
    }

    #[test]
    fn what_the_model_asks_for_is_done_in_order() {
        let mut controller = Controller::new(Flood::default());
        for text in ["one", "two"] {
            controller.act(Action::Desk(desk::Action::Copy(text.to_owned())));
        }
        let asked = controller.world.asked.iter().map(|effect| match effect {
            Effect::Copy(text) => text.as_str(),
            _ => "something else",
        });
        assert_eq!(asked.collect::<Vec<_>>(), ["one", "two"]);
    }
}
