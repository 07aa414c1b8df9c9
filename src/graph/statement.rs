//! Policy statements in one normal form, whatever carries them (`rule-language.md` §4.5).
//!
//! Settled here: one or list, the case of actions, `Principal: "*"`, booleans as text, documents as objects or JSON text.

use std::borrow::Cow;
use std::rc::Rc;

use crate::catalog::{self, Format};
use crate::finding::ReasonKind;
use crate::syntax::Segment;
use crate::value::{EntityId, Found, Map, Part, Resolver, Scalar, ScalarKind, Truth, Unknown, Value, View, World as _};

use super::StackGraph;

/// The members of `principals`, by the key in a policy.
pub type Principal = (&'static str, &'static str);

const PRINCIPALS: [Principal; 4] =
    [("AWS", "aws"), ("Service", "service"), ("Federated", "federated"), ("CanonicalUser", "canonical")];

/// Whose statements of a carrier are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Those that it carries itself.
    Own,
    /// Also those of policies that are attached to it, from either side.
    Effective,
    /// Those of its permissions boundary.
    Boundary,
}

impl<'p> StackGraph<'p> {
    /// The statements of a node (of an IAM identity: its identity policies) or of a policy document.
    ///
    /// What cannot be read, or may be attached, is one item whose value is unknown.
    pub fn statements(&self, resolver: &Resolver<'_, 'p>, carrier: &Found<'p>, reach: Reach) -> Vec<Found<'p>> {
        let mut statements = Vec::new();
        match &carrier.value {
            Value::Entity(id) if reach == Reach::Boundary => self.boundary_statements(resolver, *id, &mut statements),
            Value::Entity(id) => {
                self.own_statements(resolver, *id, &mut statements);
                if reach == Reach::Effective {
                    self.attached_statements(resolver, *id, &mut statements);
                }
            }
            _ => read_document(resolver, carrier.clone(), &mut statements),
        }
        statements
    }

    /// True if an identity has a permissions boundary, known or not.
    pub fn has_boundary(&self, resolver: &Resolver<'_, 'p>, id: EntityId) -> bool {
        !follow(resolver, self.root(resolver, id), &["PermissionsBoundary"]).is_empty()
    }

    fn own_statements(&self, resolver: &Resolver<'_, 'p>, id: EntityId, statements: &mut Vec<Found<'p>>) {
        let entity = self.entity(id);
        if entity.kind == "AWS::Lambda::Permission" {
            let root = self.root(resolver, id);
            statements.push(permission(resolver, &root));
            return;
        }
        for property in catalog::embedded(entity.kind) {
            // Who may assume a role is not what the role may do; `$self.AssumeRolePolicyDocument` names it.
            if property.format != Format::Policy || property.path == ["AssumeRolePolicyDocument"] {
                continue;
            }
            let root = self.root(resolver, id);
            for document in follow(resolver, root, property.path) {
                read_document(resolver, document, statements);
            }
        }
    }

    /// Statements of policies that name an identity, or that it names.
    fn attached_statements(&self, resolver: &Resolver<'_, 'p>, id: EntityId, statements: &mut Vec<Found<'p>>) {
        let kind = self.entity(id).kind;
        let (list, single, name) = match kind {
            "AWS::IAM::Role" => ("Roles", "AWS::IAM::RolePolicy", "RoleName"),
            "AWS::IAM::User" => ("Users", "AWS::IAM::UserPolicy", "UserName"),
            "AWS::IAM::Group" => ("Groups", "AWS::IAM::GroupPolicy", "GroupName"),
            _ => return,
        };
        for (policy, property) in [("AWS::IAM::Policy", list), ("AWS::IAM::ManagedPolicy", list), (single, name)] {
            let path = [Segment::Key(property.into()), Segment::Each];
            let attached = self.referrers(resolver, policy, &path, id);
            for other in attached.nodes {
                self.own_statements(resolver, other, statements);
            }
            if !attached.others.reasons.is_empty() {
                statements.push(unknown(attached.others, &self.root(resolver, id)));
            }
        }
        for arn in follow(resolver, self.root(resolver, id), &["ManagedPolicyArns", "[*]"]) {
            self.named_statements(resolver, &arn, statements);
        }
    }

    fn boundary_statements(&self, resolver: &Resolver<'_, 'p>, id: EntityId, statements: &mut Vec<Found<'p>>) {
        for arn in follow(resolver, self.root(resolver, id), &["PermissionsBoundary"]) {
            self.named_statements(resolver, &arn, statements);
        }
    }

    /// The statements of the managed policy that a value names.
    fn named_statements(&self, resolver: &Resolver<'_, 'p>, arn: &Found<'p>, statements: &mut Vec<Found<'p>>) {
        let (found, maybe) = self.targets(resolver, &arn.value, &["AWS::IAM::ManagedPolicy"]);
        if found.is_empty() {
            let text = crate::value::text_of(&arn.value);
            let is_of_aws = text.contains(":iam::aws:policy/");
            let kind = if is_of_aws { ReasonKind::AwsManagedPolicy } else { ReasonKind::OutsideTheSet };
            let why = maybe.filter(|_| !is_of_aws).unwrap_or_else(|| Unknown::because(kind, format!("`{text}`")));
            statements.push(unknown(why, arn));
        }
        for policy in found {
            self.own_statements(resolver, policy, statements);
        }
    }
}

/// Statements that are not known.
fn unknown<'p>(why: Unknown<'p>, place: &Found<'p>) -> Found<'p> {
    Found { value: Value::Unknown(Rc::new(why)), ..place.clone() }
}

/// Everything at a path of plain segments.
fn follow<'p>(resolver: &Resolver<'_, 'p>, start: Found<'p>, path: &[&str]) -> Vec<Found<'p>> {
    let mut current = vec![start];
    for segment in path {
        current = current
            .into_iter()
            .flat_map(|found| match *segment {
                "[*]" => each(resolver, found),
                "*" => match &found.value {
                    Value::Map(map) => resolver.entries(map).into_iter().map(|(_, member)| member).collect(),
                    _ => Vec::new(),
                },
                key => vec![member(resolver, &found, key)],
            })
            .filter(|found| !found.value.is_absent())
            .collect();
    }
    current
}

/// A member of a found map, without a path that outlives the call.
fn member<'p>(resolver: &Resolver<'_, 'p>, found: &Found<'p>, key: &str) -> Found<'p> {
    match &found.value {
        Value::Map(Map::Node(cursor)) => resolver.member_of(*cursor, key, &[]),
        Value::Unknown(_) | Value::Symbolic(_) => found.clone(),
        _ => Found { value: Value::Absent, ..found.clone() },
    }
}

/// The items of a list; one or list.
fn each<'p>(resolver: &Resolver<'_, 'p>, found: Found<'p>) -> Vec<Found<'p>> {
    resolver.walk(found, EACH)
}

const EACH: &[Segment] = &[Segment::Each];

fn read_document<'p>(resolver: &Resolver<'_, 'p>, document: Found<'p>, statements: &mut Vec<Found<'p>>) {
    match &document.value {
        Value::Map(Map::Node(_)) => {}
        Value::Unknown(_) => {
            statements.push(document);
            return;
        }
        Value::Symbolic(parts) => {
            let unknown = resolver.why(parts);
            statements.push(Found { value: Value::Unknown(Rc::new(unknown)), ..document });
            return;
        }
        _ => return,
    }
    let list = member(resolver, &document, "Statement");
    if list.value.is_absent() {
        // `AWS::Events::EventBusPolicy` takes one statement without a document around it.
        if !member(resolver, &document, "Effect").value.is_absent() {
            statements.push(statement(resolver, &document));
        }
        return;
    }
    for item in each(resolver, list) {
        if matches!(item.value, Value::Map(_)) {
            statements.push(statement(resolver, &item));
        } else if let Value::Symbolic(parts) = &item.value {
            let unknown = resolver.why(parts);
            statements.push(Found { value: Value::Unknown(Rc::new(unknown)), ..item });
        } else if matches!(item.value, Value::Unknown(_)) {
            statements.push(item);
        }
    }
}

fn statement<'p>(resolver: &Resolver<'_, 'p>, item: &Found<'p>) -> Found<'p> {
    let cursor = item.cursor;
    let get = |key: &str| member(resolver, item, key);
    let list = |key: &str| {
        let found = get(key);
        let place = found.cursor;
        Found { value: Value::items(each(resolver, found)), cursor: place, missing: &[] }
    };
    let members = vec![
        ("sid", get("Sid")),
        ("effect", get("Effect")),
        ("actions", list("Action")),
        ("not_actions", list("NotAction")),
        ("resources", list("Resource")),
        ("not_resources", list("NotResource")),
        ("principals", principals(resolver, get("Principal"))),
        ("not_principals", principals(resolver, get("NotPrincipal"))),
        ("conditions", conditions(resolver, get("Condition"))),
    ];
    Found { value: Value::Map(Map::View(Rc::new(View { members, cursor }))), cursor, missing: &[] }
}

fn principals<'p>(resolver: &Resolver<'_, 'p>, found: Found<'p>) -> Found<'p> {
    let cursor = found.cursor;
    if found.value.is_absent() || matches!(found.value, Value::Unknown(_)) {
        return found;
    }
    let everyone = |value: bool| Found {
        value: Value::Scalar(Scalar {
            text: Cow::Borrowed(if value { "true" } else { "false" }),
            kind: ScalarKind::Bool,
        }),
        cursor,
        missing: &[],
    };
    let mut members = Vec::new();
    let mut all = found.value.as_str() == Some("*");
    for (key, name) in PRINCIPALS {
        let list = match &found.value {
            Value::Map(_) => {
                let value = member(resolver, &found, key);
                if value.value.is_absent() { Vec::new() } else { each(resolver, value) }
            }
            // `Principal: "*"` is every AWS principal and everyone else.
            _ if name == "aws" => vec![found.clone()],
            _ => Vec::new(),
        };
        all |= name == "aws" && list.iter().any(|item| item.value.as_str() == Some("*"));
        members.push((name, Found { value: Value::items(list), cursor, missing: &[] }));
    }
    members.push(("everyone", everyone(all)));
    Found { value: Value::Map(Map::View(Rc::new(View { members, cursor }))), cursor, missing: &[] }
}

fn conditions<'p>(resolver: &Resolver<'_, 'p>, found: Found<'p>) -> Found<'p> {
    let cursor = found.cursor;
    let text = |text: &str| Found { value: Value::text(text.to_owned()), cursor, missing: &[] };
    let mut conditions = Vec::new();
    match &found.value {
        Value::Map(map) => {
            for (operator, keys) in resolver.entries(map) {
                let Value::Map(keys) = &keys.value else {
                    if matches!(keys.value, Value::Unknown(_)) {
                        conditions.push(keys);
                    }
                    continue;
                };
                let (quantifier, name) =
                    operator.rsplit_once(':').map_or((None, &*operator), |(q, name)| (Some(q), name));
                let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
                for (key, value) in resolver.entries(keys) {
                    let place = value.cursor;
                    let values: Vec<_> = each(resolver, value);
                    let quantifier = match quantifier {
                        Some(quantifier) => text(quantifier),
                        None => Found { value: Value::Absent, cursor: place, missing: &[] },
                    };
                    let if_exists = Scalar {
                        text: Cow::Borrowed(if if_exists { "true" } else { "false" }),
                        kind: ScalarKind::Bool,
                    };
                    let members = vec![
                        ("op", text(name)),
                        ("quantifier", quantifier),
                        ("if_exists", Found { value: Value::Scalar(if_exists), cursor: place, missing: &[] }),
                        ("key", text(&key)),
                        ("values", Found { value: Value::items(values), cursor: place, missing: &[] }),
                    ];
                    let view = View { members, cursor: place };
                    conditions.push(Found { value: Value::Map(Map::View(Rc::new(view))), cursor: place, missing: &[] });
                }
            }
        }
        Value::Unknown(_) => return found,
        _ => {}
    }
    Found { value: Value::items(conditions), cursor, missing: found.missing }
}

/// `AWS::Lambda::Permission` as the statement that it adds to the function's policy.
fn permission<'p>(resolver: &Resolver<'_, 'p>, root: &Found<'p>) -> Found<'p> {
    let cursor = root.cursor;
    let get = |key: &str| member(resolver, root, key);
    let found = |value: Value<'p>| Found { value, cursor, missing: &[] };
    let principal = get("Principal");
    let is_service = principal.value.as_str().is_some_and(|text| text.ends_with(".amazonaws.com"));
    let everyone = principal.value.as_str() == Some("*");
    let (service, aws) = if is_service { (vec![principal], Vec::new()) } else { (Vec::new(), vec![principal]) };
    let list = |items: Vec<Found<'p>>| found(Value::items(items));
    let flag = |value: bool| found(Value::text(if value { "true" } else { "false" }));
    let principals = View {
        members: vec![
            ("aws", list(aws)),
            ("service", list(service)),
            ("federated", list(Vec::new())),
            ("canonical", list(Vec::new())),
            ("everyone", flag(everyone)),
        ],
        cursor,
    };
    let mut conditions = Vec::new();
    for (property, operator, key) in [
        ("SourceArn", "ArnLike", "aws:SourceArn"),
        ("SourceAccount", "StringEquals", "aws:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ] {
        let value = get(property);
        if value.value.is_absent() {
            continue;
        }
        let place = value.cursor;
        let members = vec![
            ("op", found(Value::text(operator))),
            ("quantifier", found(Value::Absent)),
            ("if_exists", flag(false)),
            ("key", found(Value::text(key))),
            ("values", list(vec![value])),
        ];
        let view = View { members, cursor: place };
        conditions.push(Found { value: Value::Map(Map::View(Rc::new(view))), cursor: place, missing: &[] });
    }
    let members = vec![
        ("sid", found(Value::Absent)),
        ("effect", found(Value::text("Allow"))),
        ("actions", list(vec![get("Action")])),
        ("not_actions", list(Vec::new())),
        ("resources", list(vec![get("FunctionName")])),
        ("not_resources", list(Vec::new())),
        ("principals", found(Value::Map(Map::View(Rc::new(principals))))),
        ("not_principals", found(Value::Absent)),
        ("conditions", list(conditions)),
    ];
    found(Value::Map(Map::View(Rc::new(View { members, cursor }))))
}

/// Whether a statement covers an action: some pattern of `actions` matches it, or `not_actions` is given and none does.
pub fn covers_action<'p>(resolver: &Resolver<'_, 'p>, statement: &Found<'p>, action: &str) -> (Truth, Unknown<'p>) {
    let mut why = Unknown::default();
    let Value::Map(Map::View(view)) = &statement.value else {
        if let Value::Unknown(unknown) = &statement.value {
            why.merge(unknown);
            return (Truth::Unknown, why);
        }
        return (Truth::False, why);
    };
    let mut any = |name: &str| -> Option<Truth> {
        let list = view.members.iter().find(|(known, _)| *known == name)?;
        let Value::List(list) = &list.1.value else { return None };
        let items = resolver.shared_items(list);
        if items.is_empty() {
            return None;
        }
        let mut truth = Truth::False;
        for item in items.iter() {
            truth = truth.or(match &item.value {
                Value::Unknown(unknown) => {
                    why.merge(unknown);
                    Truth::Unknown
                }
                value => match resolver.parts(value) {
                    Some(parts) => {
                        let truth = action_matches(&parts, action);
                        if truth == Truth::Unknown {
                            why.merge(&resolver.why(&parts));
                        }
                        truth
                    }
                    None => Truth::False,
                },
            });
        }
        Some(truth)
    };
    let truth = match any("actions") {
        Some(truth) => truth,
        None => any("not_actions").map_or(Truth::False, |truth| !truth),
    };
    (truth, why)
}

/// Whether an action pattern matches an action; actions know no case (IAM user guide, "Action").
fn action_matches(pattern: &[Part<'_>], action: &str) -> Truth {
    match pattern {
        [Part::Text(text)] => Truth::from(wildcard(text, action)),
        [Part::Text(text), ..] => {
            // What comes after the literal part is not known; what comes before may already differ.
            let literal: String = text.chars().take_while(|c| !matches!(c, '*' | '?')).collect();
            let possible = action.len() >= literal.len() && action[..literal.len()].eq_ignore_ascii_case(&literal);
            if possible { Truth::Unknown } else { Truth::False }
        }
        [] => Truth::False,
        _ => Truth::Unknown,
    }
}

/// `*` and `?` as IAM has them, without regard to case.
fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_match_like_iam() {
        for (pattern, action, expected) in [
            ("*", "iam:PassRole", true),
            ("iam:Pass*", "iam:PassRole", true),
            ("IAM:passrole", "iam:PassRole", true),
            ("iam:Pass?ole", "iam:PassRole", true),
            ("iam:*Role", "iam:PassRole", true),
            ("iam:Get*", "iam:PassRole", false),
            ("iam:PassRole?", "iam:PassRole", false),
            ("", "iam:PassRole", false),
        ] {
            assert_eq!(wildcard(pattern, action), expected, "{pattern}");
        }
    }
}
