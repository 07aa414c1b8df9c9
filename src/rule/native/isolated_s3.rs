//! NET022: jobs and models in subnets without a way out, from which no endpoint leads to S3.
//!
//! A gateway endpoint serves the subnets of the route tables that it lists, an interface endpoint the whole VPC. Network
//! isolation changes nothing: what SageMaker itself copies takes the network of the subnets, too.

use std::cell::OnceCell;

use crate::graph::Reference;
use crate::syntax::Segment;
use crate::value::{EntityId, Resolver, Truth, Unknown, Value};

use super::isolation::{Isolated, Workload, sentence, walk};
use super::problem::{Problem, answer};
use super::scenario::Answer;
use super::{Context, Sink};

/// Members of jobs and models that name a place in S3, or a package that does.
const DATA: &str = "**.{S3Uri,S3OutputPath,ModelDataUrl,ModelPackageName}";

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    if let Some(workload) = Workload::of(context) {
        let names_data = OnceCell::new();
        workload.ask(sink, &|resolver| workload.judge_s3(resolver, &names_data));
    }
}

impl<'p> Workload<'_, 'p> {
    /// `names_data`: whether it names a place in S3 whatever is chosen. To look through all of it takes longer than all else.
    fn judge_s3(&self, resolver: &Resolver<'_, 'p>, names_data: &OnceCell<bool>) -> Answer<'p, Vec<Problem<'p>>> {
        let names_data = names_data.get_or_init(|| {
            let found = walk(&self.context.graph.unchosen(), self.id, DATA);
            found.iter().any(|found| !matches!(found.value, Value::Absent | Value::Unknown(_)))
        });
        if !names_data && walk(resolver, self.id, DATA).iter().all(|found| found.value.is_absent()) {
            return Answer::Aside;
        }
        let isolated = match self.isolated(resolver) {
            Ok(isolated) => isolated,
            Err(why) => return Answer::Unknown(why),
        };
        let mut unknown = Unknown::default();
        let mut cut_off: Vec<&Isolated> = Vec::new();
        let mut gateways = Vec::new();
        for subnet in &isolated {
            match self.reaches_s3(resolver, subnet, &mut gateways) {
                (Truth::True, _) => {}
                (Truth::False, _) => cut_off.push(subnet),
                (Truth::Unknown, why) => unknown.merge(&why),
            }
        }
        let name = |id: EntityId| format!("`{}`", self.context.graph.entity(id).name());
        let problem = cut_off.first().map(|first| {
            let subnets = sentence(&cut_off.iter().map(|isolated| name(isolated.subnet)).collect::<Vec<_>>());
            let its = if cut_off.len() == 1 { "its" } else { "their" };
            let (lack, about) = match gateways.first() {
                Some(&gateway) => {
                    let lack = format!("{} is not in {its} route table", name(gateway));
                    (lack, (gateway, "serves other route tables".to_owned()))
                }
                None => (format!("{} has no endpoint of S3", name(first.vpc)), (first.vpc, "the VPC".to_owned())),
            };
            self.problem(resolver, format!("{subnets}: no route leads out, and {lack}"), Vec::new(), about)
        });
        answer(problem.into_iter().collect(), unknown)
    }

    /// Whether an endpoint leads from a subnet to S3; `gateways` gathers those that lead there from other route tables.
    fn reaches_s3(
        &self,
        resolver: &Resolver<'_, 'p>,
        isolated: &Isolated,
        gateways: &mut Vec<EntityId>,
    ) -> (Truth, Unknown<'p>) {
        let endpoints = self.endpoints(resolver, isolated.vpc, "s3");
        let mut doubt = endpoints.others;
        for (endpoint, why) in endpoints.nodes {
            let kind = walk(resolver, endpoint, "VpcEndpointType").into_iter().next().map(|found| found.value);
            let serves = match kind {
                Some(Value::Scalar(kind)) if &*kind.text == "Interface" => Reference::Yes,
                Some(Value::Symbolic(parts)) => Reference::Maybe(resolver.why(&parts)),
                Some(Value::Unknown(why)) => Reference::Maybe((*why).clone()),
                _ => self.is_routed(resolver, endpoint, isolated.subnet),
            };
            match (serves, why) {
                (Reference::Yes, None) => return (Truth::True, Unknown::default()),
                (Reference::Yes, Some(why)) | (Reference::Maybe(why), _) => doubt.merge(&why),
                (Reference::No, None) => gateways.push(endpoint),
                (Reference::No, Some(_)) => {}
            }
        }
        (if doubt.reasons.is_empty() { Truth::False } else { Truth::Unknown }, doubt)
    }

    /// Whether a gateway endpoint is in the route table of a subnet.
    fn is_routed(&self, resolver: &Resolver<'_, 'p>, endpoint: EntityId, subnet: EntityId) -> Reference<'p> {
        let graph = self.context.graph;
        let path = [Segment::Key("RouteTableIds".into()), Segment::Each];
        let table = match graph.route_table(resolver, subnet) {
            Ok(Some(table)) => table,
            Ok(None) => {
                let why = graph.other_tables(resolver, endpoint, &path);
                return if why.reasons.is_empty() { Reference::No } else { Reference::Maybe(why) };
            }
            Err(why) => return Reference::Maybe(why),
        };
        let mut maybe = Unknown::default();
        for found in resolver.walk_short(resolver.root(endpoint), &path) {
            match graph.refers_to(resolver, &found.value, table) {
                Reference::Yes => return Reference::Yes,
                Reference::Maybe(why) => maybe.merge(&why),
                Reference::No => {}
            }
        }
        if maybe.reasons.is_empty() { Reference::No } else { Reference::Maybe(maybe) }
    }
}
