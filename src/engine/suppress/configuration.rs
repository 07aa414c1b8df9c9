//! `suppress: [{rules, paths, reason, until}]` of a configuration.

use crate::source::Span;

use super::{Cover, PathSuppressions, Suppression, SuppressionOrigin, Until, Word};

/// Reads the entries; the configuration has been read before, so that they have their shape.
pub(super) fn read(configured: PathSuppressions<'_>) -> Vec<Suppression> {
    let place = |span: Span| Span { file: configured.file, ..span };
    let suppression = |entry: &crate::config::Suppress| Suppression {
        origin: SuppressionOrigin::Configuration,
        place: place(entry.span),
        cover: Cover::Paths(entry.paths.clone()),
        words: entry.rules.iter().map(|rule| Word { span: place(rule.span), text: rule.value.clone() }).collect(),
        reason: entry.reason.trim().to_owned(),
        until: entry.until.as_ref().map_or(Until::Open, |until| Until::read(until.value.trim(), place(until.span))),
    };
    configured.entries.iter().map(suppression).collect()
}
