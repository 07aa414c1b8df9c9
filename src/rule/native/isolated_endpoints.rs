//! NET023: what runs in subnets without a way out, and has no interface endpoint to a service that it needs.
//!
//! Which services those are is data: `vpc-workloads` has what AWS documents for a kind of workload, `private-calls` what the
//! role of code says about the calls that it makes. A role counts only if nothing else is given it: of a shared one nobody
//! knows which part is whose.

use std::collections::BTreeMap;

use crate::catalog::{self, Rows};
use crate::finding::Label;
use crate::graph::covers_action;
use crate::syntax::{Segment, path};
use crate::value::pattern::{Piece, matches};
use crate::value::{Cursor, EntityId, Found, Map, Part, Resolver, Truth, Unknown, Value, World as _};

use super::problem::{Problem, answer, tell};
use super::scenario::{Answer, Answers};
use super::{Context, Sink};

/// Conditions under which a service calls in the name of the role, and not the code.
const CALLED_FOR: [&str; 5] =
    ["kms:ViaService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:ViaAWSService"];

/// A row of a table: names and values.
type Row = &'static [(&'static str, &'static str)];

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    let Some(id) = context.entity else { return };
    let entity = context.graph.entity(id);
    let row = rows("vpc-workloads").iter().find(|row| column(row, "type") == Some(entity.kind));
    // Nothing can be said of networks that no template makes.
    let Some(row) = row.filter(|_| !context.graph.of_kind("AWS::EC2::Subnet").is_empty()) else { return };
    let workload = Workload { context, id, row };
    let answers = Answers::ask(context, &|resolver| workload.judge(resolver));
    tell(context, entity.resource, entity.name(), &answers, sink);
}

fn rows(table: &str) -> &'static [Row] {
    match catalog::table(table).map(|table| &table.rows) {
        Some(Rows::Records(rows)) => rows,
        _ => &[],
    }
}

fn column(row: Row, name: &str) -> Option<&'static str> {
    row.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// Something that runs in subnets.
struct Workload<'c, 'p> {
    context: &'c Context<'c, 'p>,
    id: EntityId,
    row: Row,
}

/// The services that a workload needs, each with the places that say so.
type Needs = BTreeMap<&'static str, Vec<Label>>;

impl<'p> Workload<'_, 'p> {
    fn judge(&self, resolver: &Resolver<'_, 'p>) -> Answer<'p, Vec<Problem<'p>>> {
        let graph = self.context.graph;
        match graph.exists(resolver, self.id) {
            Ok(true) if resolver.scenario().is_empty() || resolver.is_admitted(self.context.template) => {}
            Ok(_) => return Answer::Aside,
            Err(why) => return Answer::Unknown((*why).clone()),
        }
        let subnets = self.at(resolver, "subnets");
        if subnets.iter().all(|found| found.value.is_absent()) {
            return Answer::Aside;
        }
        match self.goes_through_the_vpc(resolver) {
            (Truth::True, _) => {}
            (Truth::False, _) => return Answer::Aside,
            (Truth::Unknown, why) => return Answer::Unknown(why),
        }
        let mut unknown = Unknown::default();
        let needs = self.needs(resolver, &mut unknown);
        if needs.is_empty() && unknown.blockers.is_empty() {
            return Answer::Fine;
        }
        let vpcs = match self.isolated(resolver, &subnets) {
            Ok(vpcs) if vpcs.is_empty() => return Answer::Fine,
            Ok(vpcs) => vpcs,
            Err(why) => return Answer::Unknown(why),
        };
        let problems = vpcs.into_iter().filter_map(|vpc| self.lacks(resolver, vpc, &needs, &mut unknown)).collect();
        answer(problems, unknown)
    }

    /// What stands at the path that a column names.
    fn at(&self, resolver: &Resolver<'_, 'p>, name: &str) -> Vec<Found<'p>> {
        column(self.row, name).map(|path| walk(resolver, self.id, path)).unwrap_or_default()
    }

    /// Where its subnets are written: the property, not what stands behind it.
    fn place(&self, resolver: &Resolver<'_, 'p>) -> Cursor<'p> {
        let root = resolver.root(self.id).cursor;
        let path = column(self.row, "subnets").unwrap_or_default().trim_end_matches("[*]");
        let found = walk(resolver, self.id, path).into_iter().next();
        let mut cursor = found.map_or(root, |found| found.cursor);
        while cursor.node.key().is_none() {
            let Some(parent) = cursor.node.parent() else { break };
            cursor = cursor.to(parent);
        }
        cursor
    }

    /// Whether its calls take the network of its subnets.
    fn goes_through_the_vpc(&self, resolver: &Resolver<'_, 'p>) -> (Truth, Unknown<'p>) {
        let mut why = Unknown::default();
        let mut is = |name: &str, wanted: &str| {
            self.at(resolver, name).iter().fold(Truth::False, |known, found| {
                known.or(match &found.value {
                    Value::Scalar(scalar) => Truth::from(scalar.text.eq_ignore_ascii_case(wanted)),
                    Value::Symbolic(parts) => {
                        why.merge(&resolver.why(parts));
                        Truth::Unknown
                    }
                    Value::Unknown(unknown) => {
                        why.merge(unknown);
                        Truth::Unknown
                    }
                    _ => Truth::False,
                })
            })
        };
        let mut truth = column(self.row, "value").map_or(Truth::True, |value| is("property", value));
        truth = truth.and(!is("isolation", "true"));
        let has_proxy = self.at(resolver, "environment").iter().any(|found| match &found.value {
            Value::Map(map) => resolver.entries(map).iter().any(|(name, _)| names_a_proxy(name)),
            value => value.as_str().is_some_and(names_a_proxy),
        });
        (if has_proxy { Truth::False } else { truth }, why)
    }

    /// The VPCs of its subnets, if no route leads out of any of these; none if one does, or if it lies elsewhere.
    fn isolated(&self, resolver: &Resolver<'_, 'p>, subnets: &[Found<'p>]) -> Result<Vec<EntityId>, Unknown<'p>> {
        let graph = self.context.graph;
        let mut vpcs = Vec::new();
        let mut unknown = Unknown::default();
        for found in subnets {
            let (meant, maybe) = graph.targets(resolver, &found.value, &["AWS::EC2::Subnet"]);
            if meant.is_empty() && maybe.is_none() {
                return Ok(Vec::new());
            }
            unknown.merge(&maybe.unwrap_or_default());
            for subnet in meant {
                match graph.leads_out(resolver, subnet) {
                    (Truth::True, _) => return Ok(Vec::new()),
                    (Truth::False, _) => {}
                    (Truth::Unknown, why) => unknown.merge(&why),
                }
                match graph.vpc_of(resolver, subnet) {
                    Ok(vpc) => vpcs.push(vpc),
                    Err(why) => unknown.merge(&why),
                }
            }
        }
        vpcs.sort_unstable();
        vpcs.dedup();
        if unknown.reasons.is_empty() { Ok(vpcs) } else { Err(unknown) }
    }

    /// What a VPC has no endpoint for.
    fn lacks(
        &self,
        resolver: &Resolver<'_, 'p>,
        vpc: EntityId,
        needs: &Needs,
        unknown: &mut Unknown<'p>,
    ) -> Option<Problem<'p>> {
        let graph = self.context.graph;
        let mut missing = Vec::new();
        let mut related = Vec::new();
        for (service, places) in needs {
            match self.has_endpoint(resolver, vpc, service) {
                (Truth::True, _) => {}
                (Truth::False, _) => {
                    missing.push(format!("`{service}`"));
                    related.extend(places.iter().cloned());
                }
                (Truth::Unknown, why) => unknown.merge(&why),
            }
        }
        let list = match &missing[..] {
            [] => return None,
            [one] => one.clone(),
            [all @ .., last] => format!("{} and {last}", all.join(", ")),
        };
        let name = graph.entity(vpc).name();
        let them = if missing.len() == 1 { "it" } else { "them" };
        let detail =
            format!("{list}: no route leads out of its subnets, and `{name}` has no interface endpoint for {them}");
        let template = graph.template(graph.entity(vpc).template);
        let key = template.node(graph.entity(vpc).resource.key).span();
        related.push(Label { span: key, text: format!("has no endpoint for {list}") });
        let cursor = self.place(resolver);
        let span = cursor.node.key().unwrap_or(cursor.node).span();
        Some(Problem { cursor, span, detail, help: None, related })
    }

    fn has_endpoint(&self, resolver: &Resolver<'_, 'p>, vpc: EntityId, service: &str) -> (Truth, Unknown<'p>) {
        let graph = self.context.graph;
        let mut why = Unknown::default();
        let endpoints = graph.referrers(resolver, "AWS::EC2::VPCEndpoint", &[Segment::Key("VpcId".into())], vpc);
        let mut truth = Truth::False;
        // FIPS endpoints have a name of their own.
        let pattern = graph.glob(&format!("*.{{{service},{service}-fips}}"));
        for endpoint in endpoints.nodes {
            for found in walk(resolver, endpoint, "ServiceName") {
                let (is, unknown) = match (&pattern, resolver.parts(&found.value), &found.value) {
                    (Some(pattern), Some(parts), _) => {
                        let is = matches(pattern, &pieces(&parts));
                        (is, if is == Truth::Unknown { resolver.why(&parts) } else { Unknown::default() })
                    }
                    (_, _, Value::Unknown(unknown)) => (Truth::Unknown, (**unknown).clone()),
                    _ => (Truth::False, Unknown::default()),
                };
                truth = truth.or(is);
                why.merge(&unknown);
            }
        }
        why.merge(&endpoints.others);
        why.merge(&graph.unseen_users(resolver, Some(vpc)).unwrap_or_default());
        match truth {
            Truth::False if !why.reasons.is_empty() => (Truth::Unknown, why),
            truth => (truth, why),
        }
    }

    /// The services that it needs: what is documented, and what its role says.
    fn needs(&self, resolver: &Resolver<'_, 'p>, unknown: &mut Unknown<'p>) -> Needs {
        let documented = column(self.row, "needs").unwrap_or_default();
        let mut needs: Needs = documented.split_whitespace().map(|service| (service, Vec::new())).collect();
        let Some(code) = column(self.row, "calls") else { return needs };
        for action in self.named_actions(resolver, unknown) {
            let Some(text) = action.value.as_str() else { continue };
            for row in rows("private-calls") {
                let (Some(pattern), Some(endpoint)) = (column(row, "action"), column(row, "endpoint")) else {
                    continue;
                };
                let is_its = column(row, "by").is_some_and(|by| by.split_whitespace().any(|by| by == code));
                if !is_its || !is_action(pattern, text) || self.is_called_for_it(resolver, pattern) {
                    continue;
                }
                let places = needs.entry(endpoint).or_default();
                if places.is_empty() {
                    let text = format!("what it calls `{endpoint}` for");
                    places.push(Label { span: action.cursor.node.span_with_tag(), text });
                }
            }
        }
        needs
    }

    /// The actions that its own role names, each by itself, and that nothing takes back.
    fn named_actions(&self, resolver: &Resolver<'_, 'p>, unknown: &mut Unknown<'p>) -> Vec<Found<'p>> {
        let mut named = Vec::new();
        let mut denied = Vec::new();
        for carrier in self.policy_carriers(resolver, unknown) {
            let found = Found { value: Value::Entity(carrier), ..resolver.root(carrier) };
            for statement in self.context.graph.statements(resolver, &found, true) {
                if let Value::Unknown(why) = &statement.value {
                    note(why, unknown);
                }
                let conditions = listed(resolver, &statement, "conditions");
                let effect = member(&statement, "effect");
                match effect.as_ref().and_then(|found| found.value.as_str()) {
                    Some("Allow") if !conditions.iter().any(is_for_services) => {
                        named.extend(listed(resolver, &statement, "actions"));
                    }
                    Some("Deny") if conditions.is_empty() => denied.push(statement),
                    _ => {}
                }
            }
        }
        let is_denied =
            |action: &str| denied.iter().any(|statement| covers_action(resolver, statement, action).0 != Truth::False);
        named.retain(|action| action.value.as_str().is_some_and(|text| !text.contains(['*', '?']) && !is_denied(text)));
        named
    }

    /// What carries the rights of its code and of nothing else.
    fn policy_carriers(&self, resolver: &Resolver<'_, 'p>, unknown: &mut Unknown<'p>) -> Vec<EntityId> {
        let graph = self.context.graph;
        let given = self.at(resolver, "role");
        // SAM makes a role of the policies that a function lists.
        if graph.entity(self.id).kind == "AWS::Serverless::Function" && given.iter().all(|role| role.value.is_absent())
        {
            return vec![self.id];
        }
        let mut carriers = Vec::new();
        for found in given {
            let (roles, maybe) = graph.targets(resolver, &found.value, &["AWS::IAM::Role"]);
            note(&maybe.unwrap_or_default(), unknown);
            carriers.extend(roles.into_iter().filter(|role| self.has_alone(resolver, *role, unknown)));
        }
        carriers
    }

    /// True if nothing else is given the role.
    fn has_alone(&self, resolver: &Resolver<'_, 'p>, role: EntityId, unknown: &mut Unknown<'p>) -> bool {
        let own = self.context.graph.entity(self.id).resource;
        rows("role-users").iter().all(|row| {
            let (Some(kind), Some(text)) = (column(row, "type"), column(row, "path")) else { return true };
            path::parse(text).unwrap_or_default().iter().all(|path| {
                let users = self.context.graph.referrers(resolver, kind, path, role);
                note(&users.others, unknown);
                let other =
                    |id: &EntityId| *id != self.id && !std::ptr::eq(self.context.graph.entity(*id).resource, own);
                users.others.reasons.is_empty() && !users.nodes.iter().any(other)
            })
        })
    }

    /// True if Lambda itself may be who reads the secret: it logs in to brokers that a function gets events from.
    fn is_called_for_it(&self, resolver: &Resolver<'_, 'p>, action: &str) -> bool {
        if action != "secretsmanager:GetSecretValue" {
            return false;
        }
        let kind = "AWS::Lambda::EventSourceMapping";
        let mappings =
            self.context.graph.referrers(resolver, kind, &[Segment::Key("FunctionName".into())], self.id).nodes;
        let holds = |id: EntityId, path: &str| walk(resolver, id, path).iter().any(|found| !found.value.is_absent());
        mappings.into_iter().any(|id| holds(id, "SourceAccessConfigurations"))
            || holds(self.id, "Events.**.SourceAccessConfigurations")
    }
}

/// Notes what a choice would settle. What stays unknown of a role is as if it said nothing.
fn note<'p>(why: &Unknown<'p>, unknown: &mut Unknown<'p>) {
    if !why.blockers.is_empty() {
        unknown.merge(why);
    }
}

/// True for a condition under which services call in the name of the role.
fn is_for_services(condition: &Found<'_>) -> bool {
    let key = member(condition, "key");
    let key = key.as_ref().and_then(|found| found.value.as_str());
    key.is_some_and(|key| CALLED_FOR.iter().any(|known| known.eq_ignore_ascii_case(key)))
}

/// What stands at a path of a node.
fn walk<'p>(resolver: &Resolver<'_, 'p>, id: EntityId, text: &str) -> Vec<Found<'p>> {
    let paths = path::parse(text).unwrap_or_default();
    paths.iter().flat_map(|path| resolver.walk_short(resolver.root(id), path)).collect()
}

/// A member of a statement.
fn member<'p>(statement: &Found<'p>, name: &str) -> Option<Found<'p>> {
    let Value::Map(Map::View(view)) = &statement.value else { return None };
    view.members.iter().find(|(known, _)| *known == name).map(|(_, found)| found.clone())
}

/// The items of a member of a statement.
fn listed<'p>(resolver: &Resolver<'_, 'p>, statement: &Found<'p>, name: &str) -> Vec<Found<'p>> {
    match member(statement, name).map(|found| found.value) {
        Some(Value::List(list)) => resolver.items(&list),
        _ => Vec::new(),
    }
}

/// Whether an action is the one of a row, or begins as it does; actions know no case.
fn is_action(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => action.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(action),
    }
}

fn names_a_proxy(variable: &str) -> bool {
    ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].iter().any(|known| known.eq_ignore_ascii_case(variable))
}

fn pieces<'a>(parts: &'a [Part<'_>]) -> Vec<Piece<'a>> {
    let piece = |part: &'a Part<'_>| match part {
        Part::Text(text) => Piece::Text(text),
        Part::Hole(_) => Piece::Hole,
    };
    parts.iter().map(piece).collect()
}
