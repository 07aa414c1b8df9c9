//! Findings as a person who has little time reads them, or a site that takes only so many.

use std::cmp::Reverse;

use crate::finding::Finding;

/// The numbers of the findings, the worst first; equally bad ones stay in the order of places.
pub(super) fn worst_first(findings: &[Finding]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|&index| Reverse(findings[index].severity));
    order
}
