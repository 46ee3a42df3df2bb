//! What concerns this member and may interrupt them, as far as the server said.

use anyhow::Result;
use jiff::Zoned;
use warproom_client::proto::calls::{Preferences, ShowPreferences};
use warproom_client::proto::concern::concerns;
use warproom_client::proto::register::Dependency;
use warproom_client::proto::{Kind, Principal};
use warproom_client::{because, interrupts};

use crate::out::note;
use crate::session::Session;
use crate::show::{Item, safe};

/// What concerns a member.
pub(super) struct Concern {
    me: Principal,
    depends_on: Vec<Dependency>,
    preferences: Preferences,
}

impl Concern {
    /// Asks the server. Where it does not say, that is told, and nothing is kept from the reader: the
    /// entries come all the same.
    pub(super) async fn ask(session: &Session) -> Self {
        let mut concern = Self {
            me: session.me().principal,
            depends_on: Vec::new(),
            preferences: Preferences::default(),
        };
        if let Err(error) = concern.take(session).await {
            let error = safe(&format!("{error:#}"));
            note(&format!(
                "what concerns your organisation is not known, so no alert will say that it does: {error}"
            ));
        }
        concern
    }

    /// Asks again; what was known before holds where there is no answer.
    pub(super) async fn ask_again(&mut self, session: &Session) {
        // The next time will do: until then the last answer is the best there is.
        let _ = self.take(session).await;
    }

    async fn take(&mut self, session: &Session) -> Result<()> {
        let entry = session.own_entry().await?;
        self.preferences = session.call(ShowPreferences {}).await?;
        self.depends_on = entry.depends_on;
        Ok(())
    }

    /// Why a post or an alert concerns this member's organisation. One's own needs no reasons.
    pub(super) fn reasons(&self, item: &Item) -> Vec<String> {
        let Some(handling) = item.entry.as_ref().map(|entry| &entry.handling) else {
            return Vec::new();
        };
        let is_said = matches!(handling.kind, Kind::Post { .. } | Kind::Alert(_));
        if !is_said || handling.author == self.me {
            return Vec::new();
        }
        concerns(&self.depends_on, &handling.subjects).into_iter().map(because).collect()
    }

    /// Whether an entry interrupts this member now.
    pub(super) fn interrupts(&self, item: &Item, now: &Zoned) -> bool {
        let Some(entry) = &item.entry else { return false };
        let minute_of_day =
            u16::from(now.hour().unsigned_abs()) * 60 + u16::from(now.minute().unsigned_abs());
        let now_ms = now.timestamp().as_millisecond();
        let (preferences, depends_on) = (&self.preferences, &self.depends_on);
        interrupts(preferences, entry, self.me, depends_on, minute_of_day, now_ms).is_some()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use warproom_client::proto::calls::QuietHours;
    use warproom_client::proto::{EntryId, MemberId, Severity, Subject};

    use super::*;

    fn member(n: u8) -> Principal {
        Principal::Member(MemberId::from_bytes([n; 16]))
    }

    fn concern() -> Concern {
        let civica =
            Dependency { subject: Subject::Vendor("Civica".parse().unwrap()), aliases: Vec::new() };
        Concern {
            me: member(1),
            depends_on: vec![civica],
            preferences: Preferences {
                quiet: Some(QuietHours { from_minute: 22 * 60, to_minute: 7 * 60 }),
                ..Preferences::default()
            },
        }
    }

    fn alert(by: u8, vendor: &str, severity: Severity) -> Item {
        let entry = json!({"handling": {
            "id": EntryId::from_bytes([2; 16]), "author": member(by), "label": "TLP:AMBER",
            "kind": "alert", "severity": severity, "urgency": "unknown", "certainty": "unknown",
            "subjects": [{"vendor": vendor}],
        }});
        Item {
            seq: 12,
            at_ms: Some(0),
            entry: Some(serde_json::from_value(entry).unwrap()),
            erased: false,
            edited: false,
            superseded: None,
            concerns: Vec::new(),
        }
    }

    fn at(time: &str) -> Zoned {
        format!("2024-07-18T{time}[Europe/London]").parse().unwrap()
    }

    #[test]
    fn an_alert_about_a_supplier_says_why_it_concerns_and_ones_own_does_not() {
        let reasons = |item| concern().reasons(&item);
        assert_eq!(reasons(alert(2, "Civica UK Ltd", Severity::Minor)), ["your supplier: Civica"]);
        assert!(reasons(alert(2, "Capita", Severity::Extreme)).is_empty());
        assert!(reasons(alert(1, "Civica", Severity::Minor)).is_empty());
    }

    #[test]
    fn quiet_hours_are_those_of_the_clock_on_the_wall() {
        let rings = |item, time| concern().interrupts(&item, &at(time));
        assert!(rings(alert(2, "Civica", Severity::Minor), "21:59"));
        assert!(!rings(alert(2, "Civica", Severity::Minor), "22:00"));
        assert!(rings(alert(2, "Capita", Severity::Extreme), "03:00"));
        assert!(!rings(alert(2, "Capita", Severity::Minor), "12:00"));
    }
}
