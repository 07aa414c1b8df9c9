//! Finds what accepts a place, without going through all suppressions for each finding.

use std::collections::BTreeMap;

use crate::finding::RuleId;
use crate::source::{FileId, Span};

use super::{Accepted, Cover};

/// What is accepted, by rule and place.
pub(super) struct Index {
    trees: BTreeMap<(RuleId, FileId), Trees>,
    /// `Properties`, by the logical id at which a missing property is marked.
    missing: BTreeMap<(RuleId, Span), Vec<usize>>,
    /// What the configuration accepts.
    paths: BTreeMap<RuleId, Vec<usize>>,
}

/// What a place says of the suppressions that cover it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// They accept a finding.
    Used,
    /// A verdict in them could not be reached.
    Open,
}

/// Parts of a file for one rule; subtrees lie within each other or apart.
#[derive(Debug, Default)]
struct Trees {
    /// By start, the wider first.
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    span: Span,
    /// The next wider part around it.
    around: Option<usize>,
    /// What covers exactly this part.
    accepted: Vec<usize>,
    is_used: bool,
    is_open: bool,
}

impl Index {
    pub(super) fn new(accepted: &[Accepted]) -> Self {
        let mut index = Self { trees: BTreeMap::new(), missing: BTreeMap::new(), paths: BTreeMap::new() };
        let mut spans: BTreeMap<(RuleId, FileId), Vec<(Span, usize)>> = BTreeMap::new();
        for (number, one) in accepted.iter().enumerate() {
            match &one.cover {
                Cover::Tree { spans: parts, missing, .. } => {
                    for span in parts {
                        spans.entry((one.rule.clone(), span.file)).or_default().push((*span, number));
                    }
                    if let Some((logical_id, _)) = missing {
                        index.missing.entry((one.rule.clone(), *logical_id)).or_default().push(number);
                    }
                }
                Cover::Paths(_) => index.paths.entry(one.rule.clone()).or_default().push(number),
            }
        }
        index.trees = spans.into_iter().map(|(key, spans)| (key, Trees::new(spans))).collect();
        index
    }

    /// The narrowest that accepts a place; all around it are marked.
    pub(super) fn mark<'f>(
        &mut self,
        rule: &RuleId,
        (place, subject): (Span, &str),
        path: &dyn Fn(FileId) -> &'f str,
        mark: Mark,
        accepted: &mut [Accepted],
    ) -> Option<usize> {
        let trees = self.trees.get_mut(&(rule.clone(), place.file));
        let tree = trees.and_then(|trees| trees.mark(place, mark));
        let missing = self.missing.get(&(rule.clone(), place)).into_iter().flatten();
        let paths = self.paths.get(rule).into_iter().flatten();
        let mut narrowest = tree;
        for &number in missing.chain(paths) {
            if !accepted[number].cover.holds_beside_trees(place, subject, path) {
                continue;
            }
            accepted[number].set(mark);
            let is_narrower = |best: usize| accepted[number].cover.size() < accepted[best].cover.size();
            narrowest = if narrowest.is_none_or(is_narrower) { Some(number) } else { narrowest };
        }
        narrowest
    }

    /// Hands the marks on, from each part to all around it.
    pub(super) fn finish(self, accepted: &mut [Accepted]) {
        let mut all: Vec<Trees> = self.trees.into_values().collect();
        for trees in &mut all {
            for number in (0..trees.parts.len()).rev() {
                let part = &trees.parts[number];
                let marks = [(part.is_used, Mark::Used), (part.is_open, Mark::Open)];
                for (_, mark) in marks.into_iter().filter(|(is_marked, _)| *is_marked) {
                    trees.parts[number].accepted.iter().for_each(|&one| accepted[one].set(mark));
                    if let Some(around) = trees.parts[number].around {
                        trees.parts[around].set(mark);
                    }
                }
            }
        }
    }
}

impl Trees {
    fn new(mut spans: Vec<(Span, usize)>) -> Self {
        spans.sort_by_key(|&(span, number)| (span.start, std::cmp::Reverse(span.end), number));
        let mut trees = Self::default();
        let mut open: Vec<usize> = Vec::new();
        for (span, number) in spans {
            if let Some(last) = trees.parts.last_mut().filter(|part| part.span == span) {
                last.accepted.push(number);
                continue;
            }
            while open.pop_if(|&mut part| trees.parts[part].span.end < span.end).is_some() {}
            let part =
                Part { span, around: open.last().copied(), accepted: vec![number], is_used: false, is_open: false };
            open.push(trees.parts.len());
            trees.parts.push(part);
        }
        trees
    }

    /// The first of those that cover the narrowest part around a place.
    fn mark(&mut self, place: Span, mark: Mark) -> Option<usize> {
        let mut at = self.parts.partition_point(|part| part.span.start <= place.start).checked_sub(1);
        while let Some(number) = at {
            let part = &mut self.parts[number];
            if place.end <= part.span.end {
                part.set(mark);
                return part.accepted.first().copied();
            }
            at = part.around;
        }
        None
    }
}

impl Part {
    fn set(&mut self, mark: Mark) {
        match mark {
            Mark::Used => self.is_used = true,
            Mark::Open => self.is_open = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against going through all of them.
    #[test]
    fn the_narrowest_part_is_found() {
        let span = |start, end| Span::new(FileId::new(0), start, end);
        let all = [
            (0, 100),
            (5, 40),
            (5, 20),
            (10, 20),
            (10, 20),
            (20, 40),
            (50, 60),
            (60, 60),
            (70, 90),
            (71, 72),
            (80, 81),
        ];
        let mut trees =
            Trees::new(all.iter().zip(0..).map(|(&(start, end), number)| (span(start, end), number)).collect());
        for start in 0..101 {
            for end in start + 1..102 {
                let holding = all.iter().enumerate().filter(|(_, (a, b))| *a <= start && end <= *b);
                let expected = holding.min_by_key(|(number, (a, b))| (b - a, *number)).map(|(number, _)| number);
                assert_eq!(trees.mark(span(start, end), Mark::Used), expected, "{start}..{end}");
            }
        }
    }
}
