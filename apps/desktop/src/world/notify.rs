//! Notifications of the system. Whether they say any content is the model's decision; here is how they
//! are shown, on a thread of its own, because the system may take its time.

use std::sync::Once;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use notify_rust::{Timeout, Urgency};

use crate::effect::Notification;

/// Notifications that wait for the system. More of them at once help nobody.
const WAITING: usize = 16;

/// Shows notifications. Its thread begins with the first one.
#[derive(Default)]
pub(super) struct Notifier(Option<SyncSender<Notification>>);

impl Notifier {
    /// Shows one, soon. Without a system that shows any, nothing happens.
    pub(super) fn show(&mut self, notification: Notification) {
        // A full queue means that the system does not show them.
        let _ = self.0.get_or_insert_with(start).try_send(notification);
    }
}

fn start() -> SyncSender<Notification> {
    let (queue, waiting) = sync_channel(WAITING);
    let started = thread::Builder::new().name("notify".to_owned()).spawn(move || run(&waiting));
    if let Err(error) = started {
        tracing::warn!(%error, "no notifications");
    }
    queue
}

fn run(waiting: &Receiver<Notification>) {
    static SAID: Once = Once::new();
    let takes_markup = takes_markup();
    for notification in waiting {
        if let Err(error) = show(&notification, takes_markup) {
            SAID.call_once(|| tracing::warn!(%error, "the system shows no notifications"));
        }
    }
}

fn show(notification: &Notification, takes_markup: bool) -> notify_rust::error::Result<()> {
    let body = if takes_markup { plain(&notification.body) } else { notification.body.clone() };
    let mut shown = notify_rust::Notification::new();
    shown.appname("Warproom").summary(&notification.title).body(&body);
    if notification.urgent {
        shown.urgency(Urgency::Critical).timeout(Timeout::Never);
    }
    shown.show().map(drop)
}

/// Whether the system reads tags in a body (Desktop Notifications Specification 1.2, `body-markup`).
#[cfg(target_os = "linux")]
fn takes_markup() -> bool {
    let can = notify_rust::get_capabilities();
    can.is_ok_and(|can| can.iter().any(|one| one == "body-markup"))
}

#[cfg(not(target_os = "linux"))]
const fn takes_markup() -> bool {
    false
}

/// A text that reads the same where tags are read: what people wrote is never a tag or a link.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_no_markup() {
        assert_eq!(plain("<a href=\"x\">A & B</a>"), "&lt;a href=\"x\"&gt;A &amp; B&lt;/a&gt;");
    }
}
