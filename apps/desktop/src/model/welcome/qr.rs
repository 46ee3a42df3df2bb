//! A text as a QR code: which of its squares are dark.

use std::sync::Arc;

use fast_qr::{ECL, QRBuilder};
use zeroize::Zeroizing;

/// A QR code. It shows a secret, so it is wiped like one.
#[derive(Clone)]
pub struct Qr {
    side: usize,
    dark: Arc<Zeroizing<Vec<u8>>>,
}

impl Qr {
    /// The code of a text; none if it is too long for one.
    pub fn of(text: &str) -> Option<Self> {
        let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
        let side = code.size;
        let dark = code.data.iter().take(side * side).map(|square| u8::from(square.value()));
        Some(Self { side, dark: Arc::new(Zeroizing::new(dark.collect())) })
    }

    /// How many squares it has along each side.
    pub const fn side(&self) -> usize {
        self.side
    }

    /// The dark squares: column and row from the upper left.
    pub fn dark(&self) -> impl Iterator<Item = (usize, usize)> {
        let places = self.dark.iter().enumerate().filter(|(_, dark)| **dark != 0);
        places.map(|(place, _)| (place % self.side, place / self.side))
    }
}
