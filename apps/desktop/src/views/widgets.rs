//! What every view is made of: chips, buttons, fields, headings, overlays. Each has a name for a
//! screen reader.

mod chip;
mod control;
mod frame;

pub use chip::{chip, exercise_mark, label_picker, severity_mark, typed_label};
pub use control::{
    button, choice, danger_button, field, link_button, long_field, primary_button, secret_field,
};
pub use frame::{card, heading, overlay, quiet, say_where, strong, takes_focus, title, trouble};
