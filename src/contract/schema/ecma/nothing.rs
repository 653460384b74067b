//! Patterns that no text matches.

use regex_syntax::hir::{Hir, HirKind, Look};

/// Whether a pattern, as [`plain`] writes it, is proved to match no text: it wants something before
/// the start or behind the end, as the delimiters of a JavaScript literal (`/^a$/`) do.
pub(crate) fn matches_nothing(plain: &str) -> bool {
    regex_syntax::ParserBuilder::new()
        .build()
        .parse(plain)
        .is_ok_and(|hir| is_impossible(&hir))
}

fn is_impossible(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(class) => match class {
            regex_syntax::hir::Class::Unicode(class) => class.ranges().is_empty(),
            regex_syntax::hir::Class::Bytes(class) => class.ranges().is_empty(),
        },
        HirKind::Repetition(repetition) => repetition.min > 0 && is_impossible(&repetition.sub),
        HirKind::Capture(capture) => is_impossible(&capture.sub),
        HirKind::Alternation(parts) => parts.iter().all(is_impossible),
        HirKind::Concat(parts) => {
            let takes = |part: &Hir| part.properties().minimum_len().unwrap_or(0) > 0;
            let must = |part: &Hir, look| must_look(part, look);
            parts.iter().any(is_impossible)
                || (0..parts.len()).any(|index| {
                    must(&parts[index], Look::Start) && parts[..index].iter().any(takes)
                        || must(&parts[index], Look::End) && parts[index + 1..].iter().any(takes)
                })
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => false,
    }
}

/// Whether every way through a part begins (or ends) at the start (or the end) of the text.
fn must_look(hir: &Hir, look: Look) -> bool {
    match hir.kind() {
        HirKind::Look(this) => *this == look,
        HirKind::Capture(capture) => must_look(&capture.sub, look),
        HirKind::Alternation(parts) => parts.iter().all(|part| must_look(part, look)),
        HirKind::Concat(parts) => {
            let end = if look == Look::Start {
                parts.first()
            } else {
                parts.last()
            };
            end.is_some_and(|part| must_look(part, look))
        }
        _ => false,
    }
}
