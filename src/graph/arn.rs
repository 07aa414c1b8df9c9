//! The ARN of a resource as text with holes, from the form that `names.yaml` gives it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::catalog::{self, ArnPiece, Returned};
use crate::finding::{Reason, ReasonKind};
use crate::value::{EntityId, Found, Hole, Part, Pseudo, Resolver, Unknown, Value, World as _};

use super::StackGraph;

impl<'p> StackGraph<'p> {
    /// A text with the ARNs and names of resources written out as far as they are known; `why` gathers what is not.
    pub fn with_arns(&self, resolver: &Resolver<'_, 'p>, parts: &[Part<'p>], why: &mut Unknown<'p>) -> Vec<Part<'p>> {
        let mut written = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Hole(Hole::Resource(id, Returned::Arn, _)) => self.write_arn(resolver, *id, &mut written, why),
                Part::Hole(Hole::Resource(id, Returned::Name, _)) => self.write_name(resolver, *id, &mut written, why),
                part => written.push(part.clone()),
            }
        }
        written
    }

    fn write_arn(&self, resolver: &Resolver<'_, 'p>, id: EntityId, arn: &mut Vec<Part<'p>>, why: &mut Unknown<'p>) {
        let entity = self.entity(id);
        let form = catalog::naming(entity.kind).and_then(catalog::Naming::arn_form);
        let Some((service, pieces)) = form else {
            return arn.push(Part::Hole(Hole::Resource(id, Returned::Arn, &entity.resource.name)));
        };
        let pseudo = |pseudo| Part::Hole(Hole::Pseudo(pseudo, entity.template));
        let text = |text: String| Part::Text(Cow::Owned(text));
        arn.extend([text("arn:".to_owned()), pseudo(Pseudo::Partition), text(format!(":{service}:"))]);
        arn.extend([pseudo(Pseudo::Region), text(":".to_owned()), pseudo(Pseudo::AccountId), text(":".to_owned())]);
        for piece in pieces {
            match piece {
                ArnPiece::Text(literal) => arn.push(Part::Text(Cow::Borrowed(literal))),
                ArnPiece::Name => {
                    if entity.kind.starts_with("AWS::IAM::") {
                        self.write_path(resolver, id, arn, why);
                    }
                    self.write_name(resolver, id, arn, why);
                }
                ArnPiece::Id => arn.push(Part::Hole(Hole::Resource(id, Returned::Id, &entity.resource.name))),
                ArnPiece::Property(name) => {
                    let found = self.root(resolver, id);
                    let found = match &found.value {
                        Value::Map(crate::value::Map::Node(cursor)) => resolver.member_of(*cursor, name, &[]),
                        _ => found,
                    };
                    match Self::written_out(resolver, &found, why) {
                        Some(parts) => arn.extend(parts),
                        None => arn.push(open(id, name)),
                    }
                }
                ArnPiece::Unknown => arn.push(open(id, "a part that AWS makes up")),
            }
        }
    }

    /// The path of an identity, which stands before its name.
    fn write_path(&self, resolver: &Resolver<'_, 'p>, id: EntityId, arn: &mut Vec<Part<'p>>, why: &mut Unknown<'p>) {
        let Value::Map(crate::value::Map::Node(cursor)) = self.root(resolver, id).value else { return };
        let path = resolver.member_of(cursor, "Path", &[]);
        match &path.value {
            Value::Absent => {}
            Value::Scalar(scalar) => match scalar.text.trim_start_matches('/') {
                "" => {}
                path => arn.push(Part::Text(Cow::Owned(path.to_owned()))),
            },
            _ => {
                if let Value::Unknown(unknown) = &path.value {
                    why.merge(unknown);
                }
                arn.push(open(id, "Path"));
            }
        }
    }

    fn write_name(&self, resolver: &Resolver<'_, 'p>, id: EntityId, text: &mut Vec<Part<'p>>, why: &mut Unknown<'p>) {
        let found = self.physical_name(id).map(|cursor| resolver.found(cursor)).filter(|name| !name.value.is_absent());
        let Some(found) = found else {
            return text.push(Part::Hole(Hole::Resource(id, Returned::Name, &self.entity(id).resource.name)));
        };
        match Self::written_out(resolver, &found, why) {
            Some(parts) => text.extend(parts),
            None => text.push(open(id, "its name")),
        }
    }

    fn written_out(resolver: &Resolver<'_, 'p>, found: &Found<'p>, why: &mut Unknown<'p>) -> Option<Vec<Part<'p>>> {
        if let Value::Unknown(unknown) = &found.value {
            why.merge(unknown);
        }
        let parts = resolver.parts(&found.value)?;
        why.merge(&resolver.why(&parts));
        Some(resolver.with_names(&parts))
    }
}

/// A part of an ARN that may be anything.
fn open<'p>(id: EntityId, what: &str) -> Part<'p> {
    let reason = Reason { kind: ReasonKind::Attribute, name: what.to_owned() };
    Part::Hole(Hole::Derived(format!("{what} of {}", id.0).into(), Arc::new(reason)))
}
