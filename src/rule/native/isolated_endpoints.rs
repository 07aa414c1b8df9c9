//! NET023: what runs in subnets without a way out, and has no interface endpoint to a service that it needs.
//!
//! Which services those are is data: `vpc-workloads` has what AWS documents for a kind of workload, `private-calls` what the
//! role of code says about the calls that it makes. A role counts only if nothing else is given it: of a shared one nobody
//! knows which part is whose.

use std::collections::BTreeMap;

use crate::finding::Label;
use crate::graph::{Reach, covers_action};
use crate::syntax::{Segment, path};
use crate::value::{EntityId, Found, Map, Resolver, Truth, Unknown, Value};

use super::isolation::{Workload, column, rows, sentence, walk};
use super::problem::{Problem, answer};
use super::scenario::Answer;
use super::{Context, Sink};

/// Conditions under which a service calls in the name of the role, and not the code.
const CALLED_FOR: [&str; 5] =
    ["kms:ViaService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:ViaAWSService"];

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    if let Some(workload) = Workload::of(context) {
        workload.ask(sink, &|resolver| workload.judge_endpoints(resolver));
    }
}

/// The services that a workload needs, each with the places that say so.
type Needs = BTreeMap<&'static str, Vec<Label>>;

impl<'p> Workload<'_, 'p> {
    fn judge_endpoints(&self, resolver: &Resolver<'_, 'p>) -> Answer<'p, Vec<Problem<'p>>> {
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
        let mut vpcs: Vec<EntityId> = match self.isolated(resolver) {
            Ok(isolated) => isolated.into_iter().map(|isolated| isolated.vpc).collect(),
            Err(why) => return Answer::Unknown(why),
        };
        vpcs.sort_unstable();
        vpcs.dedup();
        let problems = vpcs.into_iter().filter_map(|vpc| self.lacks(resolver, vpc, &needs, &mut unknown)).collect();
        answer(problems, unknown)
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

    /// What a VPC has no endpoint for.
    fn lacks(
        &self,
        resolver: &Resolver<'_, 'p>,
        vpc: EntityId,
        needs: &Needs,
        unknown: &mut Unknown<'p>,
    ) -> Option<Problem<'p>> {
        let mut missing = Vec::new();
        let mut related = Vec::new();
        for (service, places) in needs {
            let endpoints = self.endpoints(resolver, vpc, service);
            if endpoints.nodes.iter().any(|(_, why)| why.is_none()) {
                continue;
            }
            let mut doubt = endpoints.others;
            endpoints.nodes.iter().filter_map(|(_, why)| why.as_ref()).for_each(|why| doubt.merge(why));
            if doubt.reasons.is_empty() {
                missing.push(format!("`{service}`"));
                related.extend(places.iter().cloned());
            }
            unknown.merge(&doubt);
        }
        if missing.is_empty() {
            return None;
        }
        let list = sentence(&missing);
        let name = self.context.graph.entity(vpc).name();
        let them = if missing.len() == 1 { "it" } else { "them" };
        let detail =
            format!("{list}: no route leads out of its subnets, and `{name}` has no interface endpoint for {them}");
        Some(self.problem(resolver, detail, related, (vpc, format!("has no endpoint for {list}"))))
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

    /// The actions that its own role names, and that nothing takes back.
    fn named_actions(&self, resolver: &Resolver<'_, 'p>, unknown: &mut Unknown<'p>) -> Vec<Found<'p>> {
        let mut named = Vec::new();
        let mut denied = Vec::new();
        for carrier in self.policy_carriers(resolver, unknown) {
            let found = Found { value: Value::Entity(carrier), ..resolver.root(carrier) };
            for statement in self.context.graph.statements(resolver, &found, Reach::Effective) {
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
        named.retain(|action| action.value.as_str().is_some_and(|text| !is_denied(text)));
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

/// Whether an action of a policy is the one of a row, or begins as it does, perhaps with a wildcard after that; actions know no
/// case.
fn is_action(pattern: &str, action: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => action.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(action),
    }
}

fn names_a_proxy(variable: &str) -> bool {
    ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].iter().any(|known| known.eq_ignore_ascii_case(variable))
}
