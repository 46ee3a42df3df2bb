//! The window: hands frames to the views and their actions to the controller, and what concerns the
//! window alone to the window: its title, the clipboard, the browser.

use eframe::{Frame, glow};
use egui::text_edit::TextEditState;
use egui::{Context, OpenUrl, Ui, ViewportCommand};

use crate::action::Action;
use crate::controller::{Controller, Turn, World};
use crate::model::desk;
use crate::model::profile::ProfileName;
use crate::{Effect, Model, News, views};

/// The program behind the window.
pub struct App<W> {
    /// The model in its world.
    pub controller: Controller<InWindow<W>>,
    /// Whether the window has the keyboard; none before the first frame.
    has_focus: Option<bool>,
    title: String,
    /// The profile that was open when the last frame was drawn.
    profile: Option<ProfileName>,
}

/// A world seen through a window, which has the clipboard and knows the browser.
pub struct InWindow<W> {
    world: W,
    context: Context,
}

impl<W: World> App<W> {
    /// The program in this world, drawing into this context.
    pub fn new(world: W, context: &Context) -> Self {
        crate::look::load_fonts(context);
        context.add_plugin(views::Copying::default());
        let controller = Controller::new(InWindow { world, context: context.clone() });
        Self { controller, has_focus: None, title: String::new(), profile: None }
    }

    fn show_title(&mut self, context: &Context) {
        let title = title(&self.controller.model);
        if title != self.title {
            self.title.clone_from(&title);
            context.send_viewport_cmd(ViewportCommand::Title(title));
        }
    }
}

impl<W: World> eframe::App for App<W> {
    // Also while the window is hidden, so that notifications come.
    fn logic(&mut self, context: &Context, _: &mut Frame) {
        if self.controller.turn() == Turn::More {
            context.request_repaint();
        }
        self.show_title(context);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut Frame) {
        if let Some(seconds) = frame.info().cpu_usage {
            tracing::trace!(took_ms = seconds * 1000.0, "the frame before");
        }
        let has_focus = ui.input(|input| input.focused);
        if self.has_focus.replace(has_focus) != Some(has_focus) {
            self.controller.act(Action::Desk(desk::Action::LookedAt(has_focus)));
        }
        for action in views::ui(ui, &self.controller.model) {
            self.controller.act(action);
            // What was done shows at once.
            ui.ctx().request_repaint();
        }
        let profile = self.controller.model.session.as_ref().map(|session| &session.profile);
        if self.profile.as_ref() != profile {
            self.profile = profile.cloned();
            forget_typed(ui.ctx());
        }
    }

    fn on_exit(&mut self, _: Option<&glow::Context>) {
        self.controller.world.end();
    }
}

impl<W: World> World for InWindow<W> {
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Copy(text) => self.context.copy_text(text),
            Effect::OpenLink(link) if is_for_browser(&link) => {
                self.context.open_url(OpenUrl::new_tab(link));
            }
            // Whatever else a system may start by an address.
            Effect::OpenLink(_) => {}
            effect => self.world.perform(effect),
        }
    }

    fn news(&mut self) -> Option<News> {
        self.world.news()
    }

    fn end(&mut self) {
        self.world.end();
    }
}

/// Fields remember what was typed, to undo it. Whoever uses the window next must not have it: neither a
/// passphrase nor a draft.
fn forget_typed(context: &Context) {
    context.data_mut(egui::util::IdTypeMap::remove_by_type::<TextEditState>);
}

/// Whether a browser or a mail program opens it, and nothing else.
fn is_for_browser(link: &str) -> bool {
    let link = link.to_ascii_lowercase();
    ["https://", "http://", "mailto:"].iter().any(|scheme| link.starts_with(scheme))
}

/// The window's title, which everybody who passes can read: nothing of what is said in the WARP.
fn title(model: &Model) -> String {
    let mentions: usize = model.rooms.rooms.values().map(|room| room.mentions.len()).sum();
    let mentions = if mentions == 0 { String::new() } else { format!("({mentions}) ") };
    let warp = model.session.as_ref().map(|session| format!(" — {}", session.warp));
    format!("{mentions}Warproom{}", warp.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, Script};

    #[test]
    fn the_title_names_the_warp_and_counts_who_calls_and_says_nothing_more() {
        assert_eq!(title(&Model::default()), "Warproom");
        let mut model = fixture::model();
        assert_eq!(title(&model), "Warproom — Kent & Medway WARP");
        model.rooms.rooms.get_mut(&fixture::room(1)).unwrap().mentions = vec![3, 9];
        model.rooms.rooms.get_mut(&fixture::room(2)).unwrap().mentions = vec![4];
        assert_eq!(title(&model), "(3) Warproom — Kent & Medway WARP");
    }

    #[test]
    fn what_was_typed_cannot_be_brought_back_by_whoever_comes_next() {
        let (context, id) = (Context::default(), egui::Id::unique("passphrase"));
        TextEditState::default().store(&context, id);
        assert!(TextEditState::load(&context, id).is_some());
        forget_typed(&context);
        assert!(TextEditState::load(&context, id).is_none());
    }

    #[test]
    fn only_addresses_for_a_browser_or_a_mail_program_are_opened() {
        assert!(is_for_browser("https://www.ncsc.gov.uk/"));
        assert!(is_for_browser("HTTP://warp.example"));
        assert!(is_for_browser("mailto:priya@medway.example"));
        for other in ["file:///etc/passwd", "hxxps://bad.example", "javascript:alert(1)", "ssh://x"]
        {
            assert!(!is_for_browser(other), "{other}");
        }
    }

    #[test]
    fn the_clipboard_and_the_browser_are_the_windows_own_and_the_rest_is_the_worlds() {
        let mut seen = InWindow { world: Script::default(), context: Context::default() };
        seen.perform(Effect::Copy("TLP:GREEN".to_owned()));
        seen.perform(Effect::OpenLink("https://www.ncsc.gov.uk/".to_owned()));
        seen.perform(Effect::CloseProfile);
        assert!(matches!(seen.world.asked[..], [Effect::CloseProfile]));
    }
}
