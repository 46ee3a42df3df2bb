//! The audit log: its signed checkpoint, whether it holds, what narrows it, and one row for each record,
//! newest first.

use egui::{Grid, Ui};
use warproom_client::proto::Seq;

use super::super::Cx;
use super::super::widgets::{button, card, choice, heading, quiet, strong, trouble};
use super::{filter, form, open, opened, table};
use crate::Action;
use crate::look::space;
use crate::model::manage::{self, AuditKind, AuditLine, Proof, Shown};
use crate::model::moment;

/// When so few rows are below what is on the screen, older records are read.
const ROWS_AHEAD: usize = 20;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if let Shown::Audited(seq) = cx.model.manage.shown {
        return one(ui, cx, seq);
    }
    let whose = if cx.model.is_manager() {
        "Who signed in, was turned away, changed what, read or took out what. It never says what was read. \
         That you read it is recorded, too."
    } else {
        "What concerns you: your sign-ins, what you did and what was done about you, and who took something \
         out of your rooms. The rest are stubs, which hold the chain together."
    };
    quiet(ui, cx.look, whose);
    checkpoint(ui, cx);
    chain(ui, cx);
    filter(ui, cx, "Find in the audit log");
    kinds(ui, cx);
    ui.add_space(space::S);
    rows(ui, cx);
}

/// How far the log goes, and by whose signature.
fn checkpoint(ui: &mut Ui, cx: &mut Cx<'_>) {
    let audit = &cx.model.manage.audit;
    let Some(signed) = &audit.checkpoint else {
        match &audit.checkpoint_trouble {
            Some(why) => drop(trouble(ui, cx.look, &format!("There is no checkpoint: {why}"))),
            None => drop(quiet(ui, cx.look, "The checkpoint is not known yet.")),
        }
        return;
    };
    let now = signed.note.checkpoint();
    ui.add_space(space::S);
    card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, "Signed checkpoint");
        quiet(
            ui,
            cx.look,
            "Keep a copy where nobody at the server can change it: whoever changes the log later cannot \
             match it.",
        );
        let facts = [
            ("Log", now.origin.clone()),
            ("Records", now.size.to_string()),
            ("Root", in_groups(&now.root.to_string())),
            ("Signed by", in_groups(&signed.key.to_string())),
        ];
        Grid::new("checkpoint").num_columns(2).min_row_height(space::L).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            for (name, value) in facts {
                quiet(ui, cx.look, name);
                ui.monospace(value);
                ui.end_row();
            }
        });
        ui.horizontal_wrapped(|ui| {
            if button(ui, "Copy the checkpoint").clicked() {
                cx.act(manage::Action::CopyCheckpoint.into());
            }
            if button(ui, "Copy the key").clicked() {
                cx.act(manage::Action::CopyAuditKey.into());
            }
        });
    });
    if let Some(why) = &audit.checkpoint_trouble {
        trouble(ui, cx.look, why);
    }
    ui.add_space(space::S);
}

/// A long number in groups, as it is read out over the telephone.
fn in_groups(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = characters.chunks(8).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// Whether the log holds, as far as it was read.
fn chain(ui: &mut Ui, cx: &mut Cx<'_>) {
    let audit = &cx.model.manage.audit;
    if let Some(how) = &audit.broken {
        let sentence = format!(
            "This log does not hold: {how}. It was changed, or put back from an older copy. Do not rely \
             on it until your WARP's manager has told you why, by another way."
        );
        let said = trouble(ui, cx.look, &sentence);
        said.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Alert, true, &sentence));
    } else if audit.oldest > 0 {
        let (oldest, latest) = (audit.oldest, audit.latest);
        let rest = if oldest == 1 { "" } else { " Older ones are checked as they are read." };
        let sentence = format!(
            "✔ Checked: every record from number {oldest} to {latest} follows the one before it.{rest}"
        );
        quiet(ui, cx.look, &sentence);
    }
    if let Some(why) = &audit.trouble {
        trouble(ui, cx.look, why);
        if button(ui, "Read it again").clicked() {
            cx.act(manage::Action::RefreshAudit.into());
        }
    }
}

fn kinds(ui: &mut Ui, cx: &mut Cx<'_>) {
    let audit = &cx.model.manage.audit;
    ui.horizontal_wrapped(|ui| {
        for kind in AuditKind::ALL {
            if choice(ui, kind.name(), kind == audit.kind).clicked() {
                cx.act(manage::Action::AuditOf(kind).into());
            }
        }
    });
    if !cx.model.is_manager() {
        let says = "Also stubs of what does not concern you";
        if let Some(has_stubs) = form::switch(ui, says, audit.has_stubs) {
            cx.act(manage::Action::AuditStubs(has_stubs).into());
        }
    }
}

fn rows(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let audit = &model.manage.audit;
    let mut taken = None;
    let mut last = 0;
    table::rows(ui, "audit", audit.lines.len(), |ui, place| {
        last = place;
        let line = &audit.lines[place];
        if table::opening(ui, cx.look, &[&cell(line)]).clicked() {
            taken = Some(line.seq);
        }
    });
    if let Some(seq) = taken {
        open(cx, Shown::Audited(seq));
    }
    // Whatever is narrowed away makes place for older ones.
    let is_near_end = last + ROWS_AHEAD >= audit.lines.len();
    if is_near_end && manage::reads_on_audit(model) {
        cx.act(manage::Action::OlderAudit.into());
    }
    end(ui, cx);
}

/// What stands under the last row.
fn end(ui: &mut Ui, cx: &mut Cx<'_>) {
    let model = cx.model;
    let audit = &model.manage.audit;
    let said = if audit.is_reading() {
        "Older records are being read …".to_owned()
    } else if audit.has_older() && !model.is_connected() {
        "Older records are read once there is a connection.".to_owned()
    } else if manage::may_read_older_audit(model) && !manage::reads_on_audit(model) {
        format!("Nothing more down to number {}.", audit.oldest)
    } else if audit.latest == 0 && audit.trouble.is_none() {
        "The audit log is not known yet.".to_owned()
    } else if audit.is_full() {
        "Older records than these are read on the command line: warproom audit.".to_owned()
    } else if audit.oldest == 1 && audit.lines.is_empty() {
        "No record fits.".to_owned()
    } else if audit.oldest == 1 {
        "This is where the log begins.".to_owned()
    } else {
        return;
    };
    quiet(ui, cx.look, &said);
    let goes_on = manage::may_read_older_audit(model) && !manage::reads_on_audit(model);
    if goes_on && button(ui, "Look further back").clicked() {
        cx.act(manage::Action::OlderAudit.into());
    }
}

fn cell(line: &AuditLine) -> String {
    let at = line.at_ms.map(moment::short).unwrap_or_default();
    let gap = if at.is_empty() { "" } else { "  " };
    format!("{at}{gap}#{}  {}", line.seq, line.words)
}

/// One record in full.
fn one(ui: &mut Ui, cx: &mut Cx<'_>, seq: Seq) {
    opened(ui, cx, "Audit log", &format!("Record number {seq}"));
    let model = cx.model;
    let Some(line) = model.manage.audit.lines.iter().find(|line| line.seq == seq) else {
        quiet(ui, cx.look, "It is not among what was read.");
        return;
    };
    card(ui, cx.look, |ui| {
        ui.set_width(ui.available_width());
        strong(ui, &format!("{}.", line.words));
        match line.at_ms {
            Some(at_ms) => quiet(ui, cx.look, &moment::full(at_ms)),
            None => quiet(
                ui,
                cx.look,
                "You may not see what it says, only that there is one: its place in the chain is checked all the same.",
            ),
        };
        if let Some(record) = model.manage.audit.record(seq) {
            quiet(ui, cx.look, "The chain up to here, for comparing with somebody else:");
            ui.monospace(in_groups(&record.head.to_string()));
        }
        let act = line.act.filter(|act| model.manage.acts.record(*act).is_some());
        if let Some(act) = act
            && button(ui, "Show the act itself").clicked()
        {
            open(cx, Shown::Act(act));
        }
    });
    ui.add_space(space::M);
    proof(ui, cx, seq);
}

/// Proving that it stands in the log that is signed.
fn proof(ui: &mut Ui, cx: &mut Cx<'_>, seq: Seq) {
    heading(ui, "Is it really in the log?");
    quiet(
        ui,
        cx.look,
        "The server gives the path from this record up to the root of the signed checkpoint, and this \
         computer follows it: nobody can make one up.",
    );
    let proof = cx.model.manage.audit.proof.as_ref().filter(|(of, _)| *of == seq);
    let is_asked = matches!(proof, Some((_, Proof::Asked)));
    let may = cx.model.is_connected() && !is_asked;
    let button_of_it = ui.add_enabled_ui(may, |ui| button(ui, "Prove this record")).inner;
    if button_of_it.clicked() {
        cx.act(Action::Manage(manage::Action::ProveAudit(seq)));
    }
    let said = match proof {
        None => return,
        Some((_, Proof::Asked)) => quiet(ui, cx.look, "Waiting for the server…"),
        Some((_, Proof::Proved(proved))) => {
            let size = proved.signed.note.checkpoint().size;
            strong(
                ui,
                &format!(
                    "✔ Proved: this record is number {seq} of the {size} records that the checkpoint stands for, which is signed by the key that this computer remembers."
                ),
            )
        }
        Some((_, Proof::Failed(why))) => trouble(ui, cx.look, &format!("It was not proved: {why}")),
    };
    ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
}
