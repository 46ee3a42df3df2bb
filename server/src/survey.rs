//! A look round, when somebody asks for the metrics: what is not counted as it happens, because it costs
//! something to know.

use crate::backup::latest;
use crate::context::Context;
use crate::metrics::Now;
use crate::readiness;

/// The metrics as text, with what is so now. Reads the sizes of files: not for an async thread.
pub fn text(context: &Context) -> String {
    look(context, &context.metrics.now);
    context.metrics.text()
}

fn look(context: &Context, now: &Now) {
    let crowd = context.hub.crowd();
    now.members.set(count(crowd.members));
    now.bots.set(count(crowd.bots));
    now.queued_frames.set(count(crowd.queued_frames));
    now.longest_queue_frames.set(count(crowd.longest_queue_frames));
    now.waiting_appends.set(count(context.journal.waiting()));
    now.ready.set(readiness::is_ready(context).into());
    if let Ok(free_bytes) = context.store.free_bytes() {
        now.disk_free_bytes.set(float(free_bytes));
    }
    now.store_bytes.set(float(context.store.size_bytes()));
    now.reserve_bytes.set(float(context.readiness.reserve_bytes));
    // One that cannot be read is as one that there is not: somebody has to look.
    let latest_ms = latest::read(&context.latest_backup).ok().flatten().map_or(0, |one| one.at_ms);
    now.latest_backup_s.set(float(u64::try_from(latest_ms / 1000).unwrap_or(0)));
    if let Some(expiry_s) = context.certificate.expiry_s() {
        now.certificate_expiry_s.set(float(u64::try_from(expiry_s).unwrap_or(0)));
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 8 PiB, and Prometheus knows no more")]
const fn float(bytes: u64) -> f64 {
    bytes as f64
}
