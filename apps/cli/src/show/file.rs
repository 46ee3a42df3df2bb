//! Files of an entry, for a person: name, size and what they are said to be.

use warproom_client::proto::File;

use super::{caption, safe};

/// A line for each file that an entry carries.
pub(super) fn files(files: &[File]) -> String {
    let line = |file: &File| {
        let said = file.media_type.as_ref();
        let said =
            said.map_or_else(String::new, |said| format!(", said to be {}", safe(said.as_str())));
        let name = safe(file.name.as_str());
        caption("File", &format!("{name} ({}{said})", size(file.size_bytes)))
    };
    files.iter().map(line).collect()
}

/// A size in the unit that fits it, rounded down: never more than there is.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, said) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (52_428_800, "52.4 MB"),
            (u64::MAX, "18446744073.7 GB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }
}
