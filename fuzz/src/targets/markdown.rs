//! What people see of others' words: Markdown in the window, and boards as files that leave the WARP.

use warproom_client::{BoardView, ExportError, Relaxed};
use warproom_desktop::model::markdown::{Block, Span, SpanKind, Target, defanged, parse, visible};
use warproom_proto::Label;
use warproom_proto::calls::Board;

/// The deepest that lists and quotes are nested.
const DEPTH: usize = 8;

/// Markdown. Nothing steers, what opens is an address that was understood, and what is defanged opens
/// nothing.
pub(super) fn markdown(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let document = parse(text);
    assert!(document == parse(text), "it is read in two ways");
    each(&document.blocks, 0, &mut |span| {
        assert!(!span.text.chars().any(turns), "{:?} turns what is read", span.text);
        if let SpanKind::Link(link) = &span.kind {
            opens(&link.target);
        }
    });
    assert!(!visible(text).chars().any(turns));
    if let Some(target) = Target::parse(text) {
        opens(&target);
    }
}

fn opens(target: &Target) {
    let address = target.as_str().to_ascii_lowercase();
    let known = ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme));
    assert!(known && !target.host().is_empty(), "{address:?}");
    let parts = target.parts();
    assert_eq!(format!("{}{}{}", parts.0, parts.1, parts.2), target.as_str());
    let defanged = defanged(target);
    assert!(
        Target::parse(&defanged).is_none(),
        "{address:?} defanged is {defanged:?}, which opens"
    );
}

fn each(blocks: &[Block], depth: usize, look: &mut impl FnMut(&Span)) {
    assert!(depth <= DEPTH, "it is nested too deeply");
    for block in blocks {
        match block {
            Block::Paragraph(spans) | Block::Heading(_, spans) => spans.iter().for_each(&mut *look),
            Block::List { items, .. } => items.iter().for_each(|item| each(item, depth + 1, look)),
            Block::Quote(blocks) => each(blocks, depth + 1, look),
            Block::Table(rows) => rows.iter().flatten().flatten().for_each(&mut *look),
            Block::Code(_) | Block::Rule => {}
        }
    }
}

/// The characters that turn the direction of what is read (UAX #9), and control characters.
fn turns(c: char) -> bool {
    ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
        || c.is_control() && c != '\n' && c != '\t'
}

/// A board as the server answers it, as a file. No cell is a formula, no label is milder than what is in
/// it, and what is TLP:RED leaves no trace.
pub(super) fn board(bytes: &[u8]) {
    let Ok(board) = serde_json::from_slice::<Board>(bytes) else { return };
    let Some(view) = BoardView::of(&board, &Relaxed::default()) else { return };
    let files =
        |view: &BoardView| [view.csv(|who| who.to_string()), view.markdown(|who| who.to_string())];
    if view.ask_label == Label::Red {
        assert!(files(&view).iter().all(|file| matches!(file, Err(ExportError::Red))));
        return;
    }
    let answers = view.rows.iter().filter_map(|row| row.answer.as_ref());
    let shown = answers.map(|answer| answer.label).filter(|label| *label < Label::Red);
    let label = shown.fold(view.ask_label, Label::max);
    let without = without_red(view.clone());
    for (file, other) in files(&view).into_iter().zip(files(&without)) {
        let (Ok(file), Ok(other)) = (file, other) else { panic!("a board is not written") };
        assert!(file.starts_with(label.as_str()), "{label} became {:?}", file.lines().next());
        assert_eq!(file, other, "what is TLP:RED shows");
    }
    let Ok(csv) = view.csv(|who| who.to_string()) else { return };
    for cell in cells(&csv) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "a formula: {cell:?}");
    }
}

/// The same board, on which whoever answered under TLP:RED said nothing.
fn without_red(mut view: BoardView) -> BoardView {
    let answers = view.rows.iter_mut().filter_map(|row| row.answer.as_mut());
    for answer in answers.filter(|answer| answer.label == Label::Red) {
        answer.note = None;
        answer.subjects.clear();
        answer.at_ms = 0;
    }
    view
}

/// The cells of a file, as a spreadsheet reads them (RFC 4180).
fn cells(csv: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut rest = csv.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => push(&mut cells, '"'),
            '"' => quoted = !quoted,
            ',' | '\n' | '\r' if !quoted => cells.push(String::new()),
            c => push(&mut cells, c),
        }
    }
    cells
}

fn push(cells: &mut [String], c: char) {
    if let Some(cell) = cells.last_mut() {
        cell.push(c);
    }
}
