//! What names a resource, and what `Ref` and `Fn::GetAtt` give (`rules/catalog/names.yaml`).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::generated::NAMINGS;

/// How resources of one type, or nodes of one virtual kind, are named.
#[derive(Debug, PartialEq, Eq)]
pub struct Naming {
    /// The resource type or virtual kind.
    pub resource_type: &'static str,
    /// The property (a dotted path when nested) that sets the physical name; none if AWS makes the name up.
    pub property: Option<&'static str>,
    /// The property with a name that people see; not unique, so it joins nothing for certain.
    pub label: Option<&'static str>,
    /// The name is unique only among resources with the same value of this property.
    pub within: Option<&'static str>,
    /// What `Ref` returns.
    pub reference: Returned,
    /// The attributes that give this resource's own name, ARN, id or URL.
    pub attributes: &'static [(&'static str, Returned)],
    /// Service, `:` and the resource part of the ARN: `sagemaker:model/{name}`. `{name}` and `{id}` are the resource's
    /// own, `{Property}` is the value of a property, `*` is a part that is not known.
    pub arn: Option<&'static str>,
    /// The resource is another spelling of what this property refers to, as an alias is of its key.
    pub target: Option<&'static str>,
}

/// What a reference gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Returned {
    /// The physical name.
    Name,
    /// The ARN.
    Arn,
    /// An id that AWS made up.
    Id,
    /// A URL.
    Url,
    /// Something else, or something that sources disagree about.
    Other,
}

/// A piece of the resource part of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArnPiece {
    /// This text.
    Text(&'static str),
    /// The resource's own name.
    Name,
    /// The resource's own id.
    Id,
    /// The value of a property.
    Property(&'static str),
    /// A part that is not known.
    Unknown,
}

impl Naming {
    /// The service and the pieces behind the account of the ARN, if its form is known.
    pub fn arn_form(&self) -> Option<(&'static str, Vec<ArnPiece>)> {
        let (service, mut rest) = self.arn?.split_once(':')?;
        let mut pieces = Vec::new();
        while let Some(open) = rest.find(['{', '*']) {
            // A `*` ends where it begins, also in front of a name.
            let close = if rest[open..].starts_with('{') { rest[open..].find('}') } else { None };
            let end = open + close.unwrap_or_default();
            if open > 0 {
                pieces.push(ArnPiece::Text(&rest[..open]));
            }
            pieces.push(match rest.get(open + 1..end).unwrap_or_default() {
                "" => ArnPiece::Unknown,
                "name" => ArnPiece::Name,
                "id" => ArnPiece::Id,
                property => ArnPiece::Property(property),
            });
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(ArnPiece::Text(rest));
        }
        Some((service, pieces))
    }

    /// What an attribute gives, if it gives the resource's own name, ARN, id or URL.
    pub fn attribute(&self, name: &str) -> Option<Returned> {
        self.attributes.iter().find(|(attribute, _)| *attribute == name).map(|&(_, returned)| returned)
    }
}

/// How a resource type or virtual kind is named, if that is known.
pub fn naming(resource_type: &str) -> Option<&'static Naming> {
    // Asked for every reference.
    static BY_TYPE: LazyLock<FxHashMap<&str, &Naming>> =
        LazyLock::new(|| NAMINGS.iter().map(|naming| (naming.resource_type, naming)).collect());
    BY_TYPE.get(resource_type).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_type() {
        for row in NAMINGS {
            assert_eq!(naming(row.resource_type), Some(row));
        }
        assert_eq!(naming("AWS::No::Such"), None);
    }

    #[test]
    fn ref_of_an_endpoint_configuration_is_its_arn() {
        let naming = naming("AWS::SageMaker::EndpointConfig").expect("in the table");
        assert_eq!((naming.property, naming.reference), (Some("EndpointConfigName"), Returned::Arn));
        assert_eq!(naming.attribute("EndpointConfigName"), Some(Returned::Name));
        assert_eq!(naming.attribute("Tags"), None);
        assert_eq!(naming.arn, Some("sagemaker:endpoint-config/{name}"));
    }

    #[test]
    fn the_form_of_an_arn_has_pieces() {
        let form = |kind: &str| naming(kind).and_then(Naming::arn_form);
        let (service, pieces) = form("AWS::KMS::Key").expect("in the table");
        assert_eq!((service, &pieces[..]), ("kms", &[ArnPiece::Text("key/"), ArnPiece::Id][..]));
        let (_, pieces) = form("AWS::StepFunctions::StateMachineAlias").expect("in the table");
        let expected = [ArnPiece::Text("stateMachine:"), ArnPiece::Unknown, ArnPiece::Text(":"), ArnPiece::Name];
        assert_eq!(pieces, expected);
        for row in NAMINGS.iter().filter(|row| row.arn.is_some()) {
            let (_, pieces) = row.arn_form().expect("an ARN has a service");
            assert!(!pieces.is_empty() && !pieces.contains(&ArnPiece::Text("")), "{}", row.resource_type);
        }
    }

    #[test]
    fn an_alias_stands_for_its_key() {
        assert_eq!(naming("AWS::KMS::Alias").and_then(|naming| naming.target), Some("TargetKeyId"));
    }

    #[test]
    fn virtual_kinds_have_names_too() {
        assert_eq!(naming("ML::TrainingJob").and_then(|naming| naming.property), Some("TrainingJobName"));
    }
}
