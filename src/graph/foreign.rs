//! What is known to exist outside of the project: names that the configuration's `external` lists.

use std::borrow::Cow;

use crate::finding::ReasonKind;
use crate::value::pattern::{Piece, matches};
use crate::value::{Hole, Part, Resolver, Truth, Unknown, Value, text_of};

use super::StackGraph;
use super::name::segments;

/// How many colons stand before the resource in an ARN: `arn:partition:service:region:account:resource`.
const FIELDS: usize = 5;

impl<'p> StackGraph<'p> {
    /// True if anything is said of what exists outside of the project.
    pub fn knows_external(&self) -> bool {
        self.deployed.as_ref().is_some_and(|deployed| deployed.external().is_some())
    }

    /// Why a value is settled although nothing here is meant by it: it certainly names something that is provided elsewhere.
    pub fn external(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>) -> Option<Unknown<'p>> {
        if !self.knows_external() {
            return None;
        }
        let parts = resolver.with_names(&resolver.parts(value)?);
        let is_external = self.is_external(&parts) == Truth::True;
        is_external.then(|| Unknown::because(ReasonKind::External, text_of(value)))
    }

    /// Whether a text is, or holds, the name of something that is provided outside of the project: the whole of it, or of an
    /// ARN, URI or path a piece that may be a name.
    ///
    /// Whoever claims that something does not exist in the project asks this first.
    pub fn is_external(&self, parts: &[Part<'_>]) -> Truth {
        let Some(globs) = self.deployed.as_ref().and_then(|deployed| deployed.external()) else {
            return Truth::False;
        };
        let names = names(parts);
        if is_foreign(parts) || names.iter().any(|name| is_foreign(name)) {
            return Truth::True;
        }
        let whole = matches(globs, &pieces(parts));
        names.iter().fold(whole, |known, name| known.or(matches(globs, &pieces(name))))
    }
}

/// True for an import that is known to come from elsewhere, and nothing besides.
pub(super) fn is_foreign(parts: &[Part<'_>]) -> bool {
    matches!(parts, [Part::Hole(Hole::Foreign(_))])
}

fn pieces<'a>(parts: &'a [Part<'_>]) -> Vec<Piece<'a>> {
    let piece = |part: &'a Part<'_>| match part {
        Part::Text(text) => Piece::Text(text),
        Part::Hole(_) => Piece::Hole,
    };
    parts.iter().map(piece).collect()
}

/// The pieces of an ARN, URI or path that may be names; nothing for a text that is one piece.
fn names<'p>(parts: &[Part<'p>]) -> Vec<Vec<Part<'p>>> {
    match resource_of_arn(parts) {
        None => segments(parts),
        Some(resource) => match segments(&resource) {
            names if names.is_empty() => vec![resource],
            names => names,
        },
    }
}

/// What an ARN names behind partition, service, region and account.
fn resource_of_arn<'p>(parts: &[Part<'p>]) -> Option<Vec<Part<'p>>> {
    if !matches!(parts.first(), Some(Part::Text(text)) if text.starts_with("arn:")) {
        return None;
    }
    let colons = parts.iter().enumerate().flat_map(|(index, part)| match part {
        Part::Text(text) => text.match_indices(':').map(|(at, _)| (index, &text[at + 1..])).collect(),
        Part::Hole(_) => Vec::new(),
    });
    let (index, rest) = colons.into_iter().nth(FIELDS - 1)?;
    let rest = (!rest.is_empty()).then(|| Part::Text(Cow::Owned(rest.to_owned())));
    Some(rest.into_iter().chain(parts[index + 1..].iter().cloned()).collect())
}
