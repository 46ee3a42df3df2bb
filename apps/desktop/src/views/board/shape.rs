//! A shape for each answer, by its place among the options: what tells answers apart is never colour.

/// One for each of the most options an ask has. All differ in outline, not in filling alone, but for
/// those that are far apart in the list.
const SHAPES: [&str; 8] = ["●", "▲", "■", "◆", "○", "△", "□", "◇"];

/// The shape of the option at this place; one that is no option any more has a question mark.
pub fn shape(place: usize) -> &'static str {
    SHAPES.get(place).copied().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use warproom_client::proto::limits;

    #[test]
    fn each_option_has_its_own_shape() {
        let shapes: HashSet<_> = (0..limits::ASK_OPTIONS).map(shape).collect();
        assert_eq!(shapes.len(), limits::ASK_OPTIONS);
        assert!(!shapes.contains(shape(limits::ASK_OPTIONS)));
    }
}
