//! What a soak found, as Markdown, and whether it held.

use std::fmt::Write as _;
use std::time::Duration;

use super::counts::What;
use super::memory::Stretch;
use super::{CACHE_MIB, Outcome};
use crate::bench::machine;

/// How much more memory the server may have at the end than after warming up, in percent.
pub const GROWTH_PERCENT: f64 = 5.0;

const KIB_PER_MIB: f64 = 1024.0;
const BYTES_PER_MB: f64 = 1e6;

impl Outcome {
    /// Whether every client knows what the server knows, and nothing happened that should not.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.compared.different == 0 && self.faults.is_empty()
    }

    /// Whether memory is what it was.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.memory.growth_percent().is_some_and(|percent| percent <= GROWTH_PERCENT)
    }

    /// The whole, as tables.
    ///
    /// # Errors
    /// Never: writing to a string does not fail.
    pub fn markdown(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let plan = &self.plan;
        let minutes = plan.lasting.as_secs_f64() / 60.0;
        writeln!(text, "{}.", machine::description())?;
        writeln!(
            text,
            "{minutes:.1} minutes, {} connections, seed {}, a cache of {CACHE_MIB} MiB.\n",
            plan.connections, plan.seed
        )?;
        self.write_memory(&mut text)?;
        self.write_views(&mut text)?;
        writeln!(text, "| What happened | Times |\n|---|---:|")?;
        for (what, times) in self.counts.all() {
            writeln!(text, "| {} | {times} |", what.words())?;
        }
        for fault in &self.faults {
            writeln!(text, "\nFault: {fault}")?;
        }
        for (member, difference) in &self.compared.differences {
            writeln!(text, "\nDifference, a client of {member}: {difference}")?;
        }
        Ok(text)
    }

    fn write_memory(&self, text: &mut String) -> std::fmt::Result {
        let (plan, memory) = (&self.plan, &self.memory);
        let tenth = plan.every(10);
        writeln!(text, "| Memory of the server | Minutes | In RAM | Of it heap | Store on disk |")?;
        writeln!(text, "|---|---|---:|---:|---:|")?;
        let mut row = |what: &str, (from, to): (Duration, Duration), stretch: Option<Stretch>| {
            let minutes = |at: Duration| at.as_secs_f64() / 60.0;
            let stretch = stretch.filter(|stretch| stretch.samples > 0);
            match stretch {
                None => writeln!(text, "| {what} | no samples | | | |"),
                Some(of) => writeln!(
                    text,
                    "| {what} | {:.1} to {:.1} | {:.1} MiB | {:.1} MiB | {:.0} MB |",
                    minutes(from),
                    minutes(to),
                    of.resident_kib / KIB_PER_MIB,
                    of.anonymous_kib / KIB_PER_MIB,
                    of.store_bytes / BYTES_PER_MB
                ),
            }
        };
        let warm = plan.warm_up();
        for number in 0..10 {
            let (from, to) = (tenth * number, tenth * (number + 1));
            let what = match number {
                _ if (from..to).contains(&plan.kill()) => "killed and started again within",
                _ if (from..to).contains(&plan.restart()) => "restarted within",
                _ => "",
            };
            row(what, (from, to), memory.stretch(from, to))?;
        }
        row("**after warming up**", (warm, warm + tenth), memory.warm())?;
        row("**at the end**", (plan.lasting.saturating_sub(tenth), plan.lasting), memory.end())?;
        let growth =
            memory.growth_percent().map_or("unknown".into(), |growth| format!("{growth:+.1} %"));
        writeln!(text, "\nMemory at the end against after warming up: {growth}.\n")
    }

    fn write_views(&self, text: &mut String) -> std::fmt::Result {
        let of = &self.compared;
        writeln!(text, "| Compared at the end | |\n|---|---:|")?;
        writeln!(text, "| clients | {} |", of.clients)?;
        writeln!(text, "| rooms of clients | {} |", of.views)?;
        writeln!(text, "| records in them | {} |", of.records)?;
        writeln!(text, "| boards | {} |", of.boards)?;
        writeln!(text, "| acknowledged entries | {} |", of.acknowledged)?;
        writeln!(text, "| records that are erased | {} |", of.erased)?;
        writeln!(text, "| **differences** | {} |\n", of.different)
    }

    /// What a soak is about and did not happen in this one. In a short one, storms end slow connections
    /// before the server does.
    #[must_use]
    pub fn not_met(&self) -> Vec<&'static str> {
        let all = [
            What::Posts,
            What::Replies,
            What::Asks,
            What::Edits,
            What::Retractions,
            What::Reactions,
            What::Answers,
            What::Typing,
            What::TypingSeen,
            What::PresenceSeen,
            What::TakenOut,
            What::LetIn,
            What::WentByThemselves,
            What::Suspended,
            What::Reinstated,
            What::Removed,
            What::Newcomers,
            What::SignedOut,
            What::Storms,
            What::Cut,
            What::SlowSpells,
            What::FellBehind,
            What::EndedWhileSlow,
            What::Reconnected,
            What::ErasedEntries,
            What::ReadBack,
            What::Restarts,
            What::Kills,
        ];
        let is_asked = |what: &What| *what != What::EndedWhileSlow || self.plan.is_large();
        let never = all.into_iter().filter(|what| self.counts.of(*what) == 0);
        never.filter(is_asked).map(What::words).collect()
    }
}
