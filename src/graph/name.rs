//! When a value refers to a node: by reference, by physical name, by an ARN or URI that holds the name.

use crate::catalog::{self, Naming};
use crate::finding::ReasonKind;
use crate::value::{EntityId, Hole, Part, Resolver, Scenario, Truth, Unknown, Value, World as _, same};

use super::StackGraph;
use super::foreign::is_foreign;

/// Whether a value refers to a node.
#[derive(Debug)]
pub enum Reference<'p> {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It may.
    Maybe(Unknown<'p>),
}

impl Reference<'_> {
    fn is_yes(&self) -> bool {
        matches!(self, Self::Yes)
    }
}

impl<'p> StackGraph<'p> {
    /// Whether a value refers to a node, in the resolver's scenario.
    pub fn refers_to(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>, target: EntityId) -> Reference<'p> {
        self.refers_within(resolver, value, target, 4)
    }

    fn refers_within(
        &self,
        resolver: &Resolver<'_, 'p>,
        value: &Value<'p>,
        target: EntityId,
        depth: u8,
    ) -> Reference<'p> {
        let parts = match value {
            Value::Entity(id) => return self.entity_refers(*id, target),
            Value::Unknown(unknown) => return Reference::Maybe((**unknown).clone()),
            Value::List(list) => {
                let mut maybe = None;
                for item in resolver.items(list) {
                    match self.refers_within(resolver, &item.value, target, depth) {
                        Reference::Yes => return Reference::Yes,
                        Reference::Maybe(unknown) => maybe = Some(unknown),
                        Reference::No => {}
                    }
                }
                return maybe.map_or(Reference::No, Reference::Maybe);
            }
            other => match resolver.parts(other) {
                Some(parts) => parts,
                None => return Reference::No,
            },
        };
        if is_foreign(&parts) {
            return Reference::No;
        }
        let mut elsewhere = false;
        for part in &parts {
            let Part::Hole(Hole::Resource(id, ..)) = part else { continue };
            if self.is_same_thing(*id, target) {
                return Reference::Yes;
            }
            // An alias, a version and the like stand for what they refer to.
            if depth > 0 && self.points_at(resolver, *id, target, depth).is_yes() {
                return Reference::Yes;
            }
            elsewhere = true;
        }
        if elsewhere && matches!(parts[..], [Part::Hole(_)]) {
            return Reference::No;
        }
        self.by_name(resolver, &parts, target)
    }

    /// Whether the resource behind an alias is the target.
    fn points_at(&self, resolver: &Resolver<'_, 'p>, id: EntityId, target: EntityId, depth: u8) -> Reference<'p> {
        let Some(value) = self.behind(resolver, id) else { return Reference::No };
        self.refers_within(resolver, &value, target, depth - 1)
    }

    fn entity_refers(&self, id: EntityId, target: EntityId) -> Reference<'p> {
        if self.is_same_thing(id, target) { Reference::Yes } else { Reference::No }
    }

    /// True if both are one resource: a resource is also the virtual node that it is read as.
    fn is_same_thing(&self, a: EntityId, b: EntityId) -> bool {
        if a == b {
            return true;
        }
        let (x, y) = (self.entity(a), self.entity(b));
        let whole = |entity: &super::Entity<'_>| entity.virtual_node.as_ref().is_none_or(|node| node.name.is_none());
        std::ptr::eq(x.resource, y.resource)
            && whole(x)
            && whole(y)
            && (x.virtual_node.is_none() || y.virtual_node.is_none())
            && x.kind != "ML::Image"
            && y.kind != "ML::Image"
    }

    fn by_name(&self, resolver: &Resolver<'_, 'p>, parts: &[Part<'p>], target: EntityId) -> Reference<'p> {
        let parts = resolver.with_names(parts);
        // What is not known may be anything, but what another resource returns is not this one.
        let is_open = |hole: &Hole<'p>| !matches!(hole, Hole::Resource(..) | Hole::Pseudo(..) | Hole::Foreign(_));
        let open = parts.iter().any(|part| matches!(part, Part::Hole(hole) if is_open(hole)));
        let maybe = |truth: Truth| match truth {
            Truth::True => Reference::Yes,
            Truth::False => Reference::No,
            Truth::Unknown => Reference::Maybe(resolver.why(&parts)),
        };
        let naming = catalog::naming(self.entity(target).kind);
        if is_arn_of_another_service(&parts, naming) {
            return Reference::No;
        }
        let name = self.physical_name(target).map(|cursor| resolver.found(cursor).value);
        let Some(name) = name else {
            // CloudFormation makes the name up; nobody can have written it down.
            let only_holes = parts.iter().all(|part| matches!(part, Part::Hole(_)));
            return if open && only_holes { maybe(Truth::Unknown) } else { Reference::No };
        };
        let Some(name) = resolver.parts(&name).map(|name| resolver.with_names(&name)) else {
            return Reference::Maybe(match name {
                Value::Unknown(why) => (*why).clone(),
                _ => Unknown::because(ReasonKind::Malformed, self.entity(target).name()),
            });
        };
        let mut pieces = segments(&parts);
        pieces.retain(|piece| !is_foreign(piece));
        if self.entity(target).kind == "AWS::S3::Bucket" {
            // What follows the bucket in `s3://bucket/key` and `arn:aws:s3:::bucket/key` is no name of a bucket.
            let service = pieces.iter().position(|piece| matches!(&piece[..], [Part::Text(text)] if text == "s3"));
            if let Some(service) = service {
                pieces = pieces.drain(service + 1..).take(1).collect();
            }
        }
        // A physical name holds no separator, so a text that does is compared piece by piece.
        let mut best = if pieces.is_empty() || contains_separator(&name) { same(&parts, &name) } else { Truth::False };
        if best != Truth::True {
            for segment in pieces {
                best = best.or(same(&segment, &name));
            }
        }
        if best == Truth::True && self.spans_templates(resolver, &name) {
            resolver.note_shared();
        }
        if best == Truth::Unknown && self.is_external(&parts) == Truth::True {
            return Reference::No;
        }
        if best == Truth::Unknown && !open && !name.iter().any(|part| matches!(part, Part::Hole(_))) {
            return Reference::No;
        }
        maybe(best)
    }

    fn spans_templates(&self, _resolver: &Resolver<'_, 'p>, name: &[Part<'p>]) -> bool {
        self.templates.len() > 1 && name.iter().any(|part| matches!(part, Part::Hole(Hole::Parameter(..))))
    }

    /// The nodes of the given kinds that a value refers to, and whether there may be others.
    pub fn targets(
        &self,
        resolver: &Resolver<'_, 'p>,
        value: &Value<'p>,
        kinds: &[&'p str],
    ) -> (Vec<EntityId>, Option<Unknown<'p>>) {
        let mut found = Vec::new();
        let mut maybe: Option<Unknown<'p>> = None;
        if let Value::Unknown(unknown) = value {
            return (found, Some((**unknown).clone()));
        }
        for kind in kinds {
            let meant = self.meant(resolver, value, kind);
            for id in meant.sure() {
                match self.refers_to(resolver, value, id) {
                    Reference::Yes => found.push(id),
                    Reference::Maybe(unknown) => maybe.get_or_insert_default().merge(&unknown),
                    Reference::No => {}
                }
            }
            for id in meant.open() {
                // Nothing more is learnt of these: one is found, or a choice has to be made first.
                if !found.is_empty() || maybe.as_ref().is_some_and(|maybe| !maybe.blockers.is_empty()) {
                    break;
                }
                if let Reference::Maybe(unknown) = self.refers_to(resolver, value, id) {
                    maybe.get_or_insert_default().merge(&unknown);
                }
            }
        }
        if !found.is_empty() {
            maybe = None;
        } else if maybe.is_none() {
            maybe = self.unfound(resolver, value);
        }
        (found, maybe)
    }

    /// Why a value that meets nothing here may still meet something: it is not known, or not everything was loaded.
    fn unfound(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>) -> Option<Unknown<'p>> {
        if let Some(external) = self.external(resolver, value) {
            return Some(external);
        }
        match value {
            Value::Unknown(unknown) => return Some((**unknown).clone()),
            Value::Symbolic(parts) => {
                let open = parts.iter().any(|part| match part {
                    Part::Hole(Hole::Resource(..) | Hole::Pseudo(..)) | Part::Text(_) => false,
                    Part::Hole(_) => true,
                });
                if open && parts.iter().all(|part| matches!(part, Part::Hole(_))) {
                    return Some(resolver.why(parts));
                }
                if matches!(parts[..], [Part::Hole(Hole::Resource(..))]) {
                    return None;
                }
            }
            Value::Scalar(_) => {}
            _ => return None,
        }
        if let Some(name) = self.unseen() {
            return Some(Unknown::because(ReasonKind::Macro, name));
        }
        if let Some(why) = self.any_unread() {
            return Some(why);
        }
        self.partial.then(|| Unknown::because(ReasonKind::OutsideTheSet, format!("`{}`", crate::value::text_of(value))))
    }

    /// A resolver with no choice made.
    pub fn unchosen(&self) -> Resolver<'_, 'p> {
        Resolver::new(self, Scenario::default())
    }
}

pub(super) fn contains_separator(parts: &[Part<'_>]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains(['/', ':'])))
}

/// The pieces between `/`, `:` and other separators that physical names cannot hold.
pub(super) fn segments<'p>(parts: &[Part<'p>]) -> Vec<Vec<Part<'p>>> {
    let mut segments = vec![Vec::new()];
    let mut cut = false;
    for part in parts {
        match part {
            Part::Hole(hole) => segments.last_mut().expect("never empty").push(Part::Hole(hole.clone())),
            Part::Text(text) => {
                for (index, piece) in text.split(['/', ':']).enumerate() {
                    if index > 0 {
                        segments.push(Vec::new());
                        cut = true;
                    }
                    if !piece.is_empty() {
                        let piece = Part::Text(std::borrow::Cow::Owned(piece.to_owned()));
                        segments.last_mut().expect("never empty").push(piece);
                    }
                }
            }
        }
    }
    if !cut {
        return Vec::new();
    }
    // Partition, region and account stand in every ARN; none of them is a name.
    segments.retain(|segment| !matches!(segment[..], [] | [Part::Hole(Hole::Pseudo(..))]));
    segments
}

/// True for an ARN whose service is literal and not that of the type.
pub(super) fn is_arn_of_another_service(parts: &[Part<'_>], naming: Option<&'static Naming>) -> bool {
    let Some(service) = naming.and_then(|naming| naming.arn).and_then(|arn| arn.split(':').next()) else {
        return false;
    };
    let mut text = String::new();
    for part in parts.iter().take(3) {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Hole(_) => text.push('\u{1}'),
        }
    }
    if !text.starts_with("arn:") {
        return false;
    }
    let mut fields = text.split(':').skip(2);
    match (fields.next(), fields.next()) {
        // The invocation ARNs of API Gateway hold the service's API: `arn:aws:apigateway:REGION:runtime.sagemaker:path/…`.
        (Some(named), Some(_)) => !named.contains('\u{1}') && named != service && named != "apigateway",
        _ => false,
    }
}
