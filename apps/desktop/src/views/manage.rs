//! Managing: tabs, and below them a list, a thing of it or a form.

mod acts;
mod audit;
mod bot;
mod bots;
mod devices;
mod disclosure;
mod entry;
mod form;
mod invitations;
mod labels;
mod members;
mod once;
mod organisations;
mod picker;
mod proposals;
mod room;
mod rooms;
mod table;

use egui::{Button, EventFilter, Frame, Id, Margin, Response, Role, ScrollArea, Ui, WidgetInfo};

use super::Cx;
use super::widgets::{self, field, link_button, quiet, title, trouble};
use crate::Action;
use crate::commands::here;
use crate::look::{READING_WIDTH, WORKING_WIDTH, space};
use crate::model::desk::Focus;
use crate::model::manage::{self, ManagePage, Shown};
use crate::model::rooms::Direction;

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    Frame::new().inner_margin(Margin::from(space::L)).show(ui, |ui| {
        ui.set_max_width(ui.available_width().min(WORKING_WIDTH));
        tabs(ui, cx);
        ui.separator();
        let page = (cx.model.manage.page.name(), what_is_shown(cx.model.manage.shown));
        ScrollArea::vertical().id_salt(page).auto_shrink([false, false]).show(ui, |ui| {
            standing(ui, cx);
            match cx.model.manage.page {
                ManagePage::Rooms => rooms::ui(ui, cx),
                ManagePage::Members => members::ui(ui, cx),
                ManagePage::Invitations => invitations::ui(ui, cx),
                ManagePage::Organisations => organisations::ui(ui, cx),
                ManagePage::Devices => devices::ui(ui, cx),
                ManagePage::Bots => bots::ui(ui, cx),
                ManagePage::Proposals => proposals::ui(ui, cx),
                ManagePage::Acts => acts::ui(ui, cx),
                ManagePage::Audit => audit::ui(ui, cx),
                ManagePage::Disclosure => disclosure::ui(ui, cx),
            }
        });
    });
}

/// What is open, for the place it is scrolled to: each kind of thing has one of its own.
const fn what_is_shown(shown: Shown) -> u8 {
    match shown {
        Shown::List => 0,
        Shown::New => 1,
        Shown::Entry => 2,
        Shown::Room(_) => 3,
        Shown::Member(_) => 4,
        Shown::Organisation(_) => 5,
        Shown::Bot(_) => 6,
        Shown::Act(_) => 7,
        Shown::Audited(_) => 8,
    }
}

/// The pages. The arrow keys go from one to the next.
fn tabs(ui: &mut Ui, cx: &mut Cx<'_>) {
    let now = cx.model.manage.page;
    let pages = ManagePage::all_for(cx.model);
    ui.horizontal_wrapped(|ui| {
        for (place, page) in pages.iter().copied().enumerate() {
            let is_now = page == now;
            let tab = ui.add(Button::selectable(is_now, page.name()));
            let name = page.name();
            tab.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_now, name));
            let moved = Id::unique(("manage tab", place));
            if ui.data_mut(|data| data.remove_temp::<bool>(moved)).is_some() {
                tab.request_focus();
            }
            if tab.clicked() {
                cx.act(Action::Manage(manage::Action::Show(page)));
            }
            if tab.has_focus() {
                arrows(ui, cx, tab.id, (place, &pages));
            }
        }
    });
}

/// Takes the arrow keys for the tab that has the keyboard: they show the next page.
fn arrows(ui: &Ui, cx: &mut Cx<'_>, tab: Id, (place, pages): (usize, &[ManagePage])) {
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(tab, filter));
    let next = match here::taken(ui, here::TABS).first() {
        Some(Direction::On) => place.checked_add(1),
        Some(Direction::Back) => place.checked_sub(1),
        None => None,
    };
    let Some((next, page)) = next.and_then(|next| Some((next, *pages.get(next)?))) else {
        return;
    };
    ui.data_mut(|data| data.insert_temp(Id::unique(("manage tab", next)), true));
    cx.act(Action::Manage(manage::Action::Show(page)));
}

/// What stands above whatever is shown: no connection, or why something was not done.
fn standing(ui: &mut Ui, cx: &Cx<'_>) {
    ui.scope(|ui| {
        if !cx.model.is_connected() {
            trouble(
                ui,
                cx.look,
                "There is no connection to the server: nothing can be changed until it is back.",
            );
        }
        if let Some(sentence) = &cx.model.manage.trouble {
            trouble(ui, cx.look, sentence);
        }
    });
}

/// The heading of something that was opened from a list, and the way back.
fn opened(ui: &mut Ui, cx: &mut Cx<'_>, back_to: &str, heading: &str) {
    let back = link_button(ui, cx.look, &format!("← {back_to}"));
    if !matches!(cx.model.manage.shown, Shown::New) {
        takes_focus(cx, &back);
    }
    if back.clicked() {
        cx.act(Action::Manage(manage::Action::Open(Shown::List)));
    }
    ui.add_space(space::S);
    title(ui, heading);
    ui.set_max_width(ui.available_width().min(READING_WIDTH));
}

/// The field that narrows a list.
fn filter(ui: &mut Ui, cx: &mut Cx<'_>, name: &str) {
    let (response, changed) = field(ui, name, &cx.model.manage.filter);
    takes_focus(cx, &response);
    if let Some(text) = changed {
        cx.act(Action::Manage(manage::Action::Filter(text)));
    }
}

/// Gives the keyboard to what came to the screen, unless something lies over it.
fn takes_focus(cx: &Cx<'_>, response: &Response) {
    if cx.model.desk.overlays.is_empty() && cx.model.desk.confirm.is_none() {
        widgets::takes_focus(cx, Focus::Field, response);
    }
}

/// That only managers may do something, and who they are.
fn only_managers(ui: &mut Ui, cx: &Cx<'_>, what: &str) {
    quiet(ui, cx.look, &format!("Only managers {what}: ask {}.", manage::managers(cx.model)));
}

/// Opens something of the page.
fn open(cx: &mut Cx<'_>, shown: Shown) {
    cx.act(Action::Manage(manage::Action::Open(shown)));
}

/// Asks about a deed.
fn ask(cx: &mut Cx<'_>, deed: manage::Deed) {
    cx.act(Action::Manage(manage::Action::Ask(deed)));
}
