//! How fast somebody may do what stays: one allowance for all their connections, and for a bot its webhook
//! with them. What they may do is not decided here.
//!
//! Who was quiet may do a few at once; over time each has their rate. Kept is one moment for each: when
//! their allowance is whole again. (Known as the generic cell rate algorithm; it allows exactly what a token
//! bucket does.)

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use warproom_proto::{Error, Principal};

/// How many are remembered that did something of late. A WARP has some hundred members and bots; beyond this,
/// the one that waits least is forgotten.
const REMEMBERED: usize = 4096;

/// What a bot may append at once after a pause: a quarter of a minute's worth, so that a burst of
/// alerts is not held up, but at least so many, so that a slow relay may bring one page of news.
const LEAST_BURST: u16 = 5;

/// How fast.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// The time from one to the next in the long run.
    each: Duration,
    /// How many at once after a pause.
    burst: u32,
}

impl Rate {
    /// A bot's entries, by its grant.
    #[must_use]
    pub fn of_bot(per_minute: u16) -> Self {
        let per_minute = per_minute.max(1);
        let burst = (per_minute / 4).max(LEAST_BURST).min(per_minute);
        Self { each: Duration::from_mins(1) / u32::from(per_minute), burst: burst.into() }
    }

    /// A member's acts: a quarter of an hour's worth at once, for who sets a room up.
    #[must_use]
    pub fn of_acts(per_hour: u32) -> Self {
        let per_hour = per_hour.max(1);
        Self { each: Duration::from_hours(1) / per_hour, burst: per_hour.div_ceil(4) }
    }
}

/// The allowances of all.
#[derive(Default)]
pub struct Rates {
    /// When each one's allowance is whole again. Who is not in it has all of it.
    whole_at: Mutex<HashMap<Principal, Instant>>,
}

impl Rates {
    /// Takes one off somebody's allowance, or says how long they have to wait.
    pub fn take(&self, who: Principal, rate: Rate) -> Result<(), Error> {
        let Rate { each, burst } = rate;
        let now = Instant::now();
        let mut whole_at = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let before = whole_at.get(&who).map_or(now, |at| (*at).max(now));
        let spent = before - now;
        let wait = (spent + each).saturating_sub(each * burst);
        if !wait.is_zero() {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            return Err(Error::slow_down(wait_ms.saturating_add(1)));
        }
        if whole_at.len() >= REMEMBERED && !whole_at.contains_key(&who) {
            forget(&mut whole_at, now);
        }
        whole_at.insert(who, before + each);
        Ok(())
    }
}

/// Makes room: forgets who has all of its allowance, or else who has most of it.
fn forget(whole_at: &mut HashMap<Principal, Instant>, now: Instant) {
    whole_at.retain(|_, at| *at > now);
    if whole_at.len() >= REMEMBERED {
        let least = whole_at.iter().min_by_key(|(_, at)| **at).map(|(bot, _)| *bot);
        least.and_then(|bot| whole_at.remove(&bot));
    }
}

#[cfg(test)]
mod tests {
    use warproom_proto::{BotId, ErrorCode, MemberId};

    use super::*;

    fn take(rates: &Rates, bot: BotId, per_minute: u16) -> Result<(), Error> {
        rates.take(Principal::Bot(bot), Rate::of_bot(per_minute))
    }

    fn taken(rates: &Rates, bot: BotId, per_minute: u16, tries: usize) -> usize {
        (0..tries).filter(|_| take(rates, bot, per_minute).is_ok()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_allowed_and_then_the_rate_of_the_grant() {
        for (per_minute, burst) in [(60, 15), (600, 150), (10, 5), (5, 5), (3, 3), (1, 1)] {
            let rates = Rates::default();
            let bot = BotId::random();
            assert_eq!(taken(&rates, bot, per_minute, 1_000), burst, "{per_minute} a minute");
            let refusal = take(&rates, bot, per_minute).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::SlowDown);
            let wait = refusal.data.unwrap().retry_after_ms;
            tokio::time::advance(Duration::from_millis(wait - 2)).await;
            assert!(take(&rates, bot, per_minute).is_err(), "{per_minute}: too early");
            tokio::time::advance(Duration::from_millis(2)).await;
            assert_eq!(taken(&rates, bot, per_minute, 10), 1, "{per_minute}: after the wait");
            tokio::time::advance(Duration::from_hours(1)).await;
            assert_eq!(taken(&rates, bot, per_minute, 1_000), burst, "{per_minute}: no hoarding");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn over_an_hour_a_bot_gets_its_rate_and_no_more() {
        let rates = Rates::default();
        let bot = BotId::random();
        let mut passed = 0;
        for _ in 0..36_000 {
            passed += taken(&rates, bot, 60, 1);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert!((3_600..=3_615).contains(&passed), "{passed}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_acts_as_often_as_an_hour_allows_and_a_quarter_of_it_at_once() {
        for (per_hour, burst) in [(1_200, 300), (4, 1), (1, 1), (u32::MAX, 10_000)] {
            let rates = Rates::default();
            let who = Principal::Member(MemberId::random());
            let taken = |tries| {
                (0..tries).filter(|_| rates.take(who, Rate::of_acts(per_hour)).is_ok()).count()
            };
            assert_eq!(taken(10_000), burst, "{per_hour} an hour");
            if per_hour < u32::MAX {
                tokio::time::advance(Duration::from_hours(1) / per_hour).await;
                assert_eq!(taken(10), 1, "{per_hour} an hour: after the wait");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_bot_does_not_spend_anothers_allowance() {
        let rates = Rates::default();
        let (one, other) = (BotId::random(), BotId::random());
        assert_eq!(taken(&rates, one, 60, 100), 15);
        assert_eq!(taken(&rates, other, 60, 100), 15);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded_and_whoever_waits_stays() {
        let rates = Rates::default();
        let busy = BotId::random();
        assert_eq!(taken(&rates, busy, 60, 100), 15);
        for _ in 0..2 * REMEMBERED {
            assert!(take(&rates, BotId::random(), 600).is_ok());
        }
        assert!(rates.whole_at.lock().unwrap().len() <= REMEMBERED);
        assert!(take(&rates, busy, 60).is_err(), "forgotten while it had to wait");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_remembered_takes_nobodys_place() {
        let rates = Rates::default();
        let bots: Vec<_> = (0..REMEMBERED).map(|_| BotId::random()).collect();
        for bot in &bots {
            assert_eq!(taken(&rates, *bot, 60, 1), 1);
        }
        for bot in &bots {
            assert_eq!(taken(&rates, *bot, 60, 100), 14, "what was spent was forgotten");
        }
    }
}
