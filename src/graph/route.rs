//! Where the traffic of a subnet can go: its route table, and whether anything in it leads out of the VPC.

use crate::finding::ReasonKind;
use crate::syntax::Segment;
use crate::value::{EntityId, Resolver, Truth, Unknown};

use super::{Reference, StackGraph};

/// What puts routes into a route table. Which way they lead does not matter here: behind a peering connection or a transit
/// gateway there may be all that a VPC lacks. The route of a gateway endpoint is none of these.
const ROUTES: [(&str, &[&str]); 2] =
    [("AWS::EC2::Route", &["RouteTableId"]), ("AWS::EC2::VPNGatewayRoutePropagation", &["RouteTableIds", "[*]"])];

/// Nodes that refer to something, and why there may be more.
#[derive(Debug, Default)]
pub struct Referrers<'p> {
    /// Those that certainly do, in order.
    pub nodes: Vec<EntityId>,
    /// Why there may be others; nothing to say if there are none.
    pub others: Unknown<'p>,
}

impl<'p> StackGraph<'p> {
    /// The nodes of a kind whose property refers to a node, as far as they exist in the resolver's scenario.
    pub fn referrers(
        &self,
        resolver: &Resolver<'_, 'p>,
        kind: &str,
        path: &[Segment],
        target: EntityId,
    ) -> Referrers<'p> {
        let mut referrers = Referrers::default();
        let candidates = self.candidates(resolver, kind, path, target);
        for id in candidates.sure().into_iter().chain(candidates.open()) {
            let mut refers = Reference::No;
            for found in resolver.walk_short(resolver.root(id), path) {
                match (self.refers_to(resolver, &found.value, target), &mut refers) {
                    (Reference::No, _) => {}
                    (Reference::Maybe(why), Reference::Maybe(known)) => known.merge(&why),
                    (found, _) => refers = found,
                }
                if matches!(refers, Reference::Yes) {
                    break;
                }
            }
            match (refers, self.exists(resolver, id)) {
                (Reference::No, _) | (_, Ok(false)) => {}
                (Reference::Yes, Ok(true)) => referrers.nodes.push(id),
                (Reference::Maybe(why), Ok(true)) => referrers.others.merge(&why),
                (_, Err(why)) => referrers.others.merge(&why),
            }
        }
        referrers
    }

    /// Why a node may be used by something that cannot be seen: a macro may add it, or it stands behind a syntax error or
    /// in a file that was not loaded.
    /// Without a node the same for the project as a whole.
    pub fn unseen_users(&self, resolver: &Resolver<'_, 'p>, id: Option<EntityId>) -> Option<Unknown<'p>> {
        if let Some(name) = self.unseen() {
            return Some(Unknown::because(ReasonKind::Macro, name));
        }
        // A stack is given the resources of the one around it.
        let is_nested = || self.nestings().any(|(_, _, child)| self.templates[child.index()].is_broken());
        let may_be_used = |id| {
            self.templates[self.entity(id).template.index()].is_broken()
                || is_nested()
                || self.is_known_outside(resolver, id)
        };
        if let Some(why) = self.any_unread().filter(|_| id.is_none_or(may_be_used)) {
            return Some(why);
        }
        let outside = |name: String| Unknown::because(ReasonKind::OutsideTheSet, name);
        match id.filter(|_| self.is_partial()) {
            Some(id) if self.is_known_outside(resolver, id) => Some(outside(format!("`{}`", self.entity(id).name()))),
            None if self.is_partial() => Some(outside("the project".to_owned())),
            _ => None,
        }
    }

    /// The route table of a subnet; none for the main one of its VPC, which no template can name.
    pub fn route_table(&self, resolver: &Resolver<'_, 'p>, subnet: EntityId) -> Result<Option<EntityId>, Unknown<'p>> {
        let kind = "AWS::EC2::SubnetRouteTableAssociation";
        let associations = self.referrers(resolver, kind, &keys(&["SubnetId"]), subnet);
        let Some(&association) = associations.nodes.first() else {
            let mut others = associations.others;
            if let Some(why) = self.unseen_users(resolver, Some(subnet)) {
                others.merge(&why);
            }
            return if others.reasons.is_empty() { Ok(None) } else { Err(others) };
        };
        let named = resolver.walk_short(resolver.root(association), &keys(&["RouteTableId"]));
        let mut why = Unknown::because(ReasonKind::OutsideTheSet, format!("`{}`", self.entity(association).name()));
        for found in named {
            let (tables, maybe) = self.targets(resolver, &found.value, &["AWS::EC2::RouteTable"]);
            if let Some(&table) = tables.first() {
                return Ok(Some(table));
            }
            why = maybe.unwrap_or(why);
        }
        Err(why)
    }

    /// Whether traffic of a subnet can leave its VPC by a route. The main route table of a VPC that a template creates holds
    /// the local route only; that of any other VPC is not known.
    pub fn leads_out(&self, resolver: &Resolver<'_, 'p>, subnet: EntityId) -> (Truth, Unknown<'p>) {
        let table = match self.route_table(resolver, subnet) {
            Ok(Some(table)) => table,
            Ok(None) => {
                let mut why = self.vpc_of(resolver, subnet).err().unwrap_or_default();
                for (kind, path) in ROUTES {
                    for &route in self.of_kind(kind) {
                        why.merge(&self.other_tables(resolver, route, &keys(path)));
                    }
                }
                return (if why.reasons.is_empty() { Truth::False } else { Truth::Unknown }, why);
            }
            Err(why) => return (Truth::Unknown, why),
        };
        let mut others = self.unseen_users(resolver, Some(table)).unwrap_or_default();
        for (kind, path) in ROUTES {
            let routes = self.referrers(resolver, kind, &keys(path), table);
            if !routes.nodes.is_empty() {
                return (Truth::True, Unknown::default());
            }
            others.merge(&routes.others);
        }
        if others.reasons.is_empty() { (Truth::False, others) } else { (Truth::Unknown, others) }
    }

    /// Why a node may mean the main route table of a VPC: what it names is no table that a template creates.
    pub fn other_tables(&self, resolver: &Resolver<'_, 'p>, id: EntityId, path: &[Segment]) -> Unknown<'p> {
        let mut unknown = Unknown::default();
        if matches!(self.exists(resolver, id), Ok(false)) {
            return unknown;
        }
        for found in resolver.walk_short(resolver.root(id), path) {
            let (tables, maybe) = self.targets(resolver, &found.value, &["AWS::EC2::RouteTable"]);
            if tables.is_empty() && !found.value.is_absent() {
                let name = format!("`{}`", self.entity(id).name());
                unknown.merge(&maybe.unwrap_or_else(|| Unknown::because(ReasonKind::OutsideTheSet, name)));
            }
        }
        unknown
    }

    /// The VPC of a subnet, if a template creates it.
    pub fn vpc_of(&self, resolver: &Resolver<'_, 'p>, subnet: EntityId) -> Result<EntityId, Unknown<'p>> {
        let mut why = Unknown::because(ReasonKind::OutsideTheSet, format!("VPC of `{}`", self.entity(subnet).name()));
        for found in resolver.walk_short(resolver.root(subnet), &keys(&["VpcId"])) {
            let (vpcs, maybe) = self.targets(resolver, &found.value, &["AWS::EC2::VPC"]);
            if let Some(&vpc) = vpcs.first() {
                return Ok(vpc);
            }
            why = maybe.unwrap_or(why);
        }
        Err(why)
    }
}

/// A path of plain keys and `[*]`.
fn keys(path: &[&str]) -> Vec<Segment> {
    let segment = |key: &&str| if *key == "[*]" { Segment::Each } else { Segment::Key((*key).into()) };
    path.iter().map(segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::GraphOptions;
    use crate::source::FileId;
    use crate::syntax::parse;
    use crate::template::{Template, TemplateId};

    /// Whether traffic of `A` can leave its VPC, where `more` stands beside the two.
    fn out(more: &str, partial: bool) -> Truth {
        let text = format!(
            "Resources:\n  V: {{Type: AWS::EC2::VPC}}\n  A: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: !Ref V}}}}\n{more}"
        );
        let templates = [Template::new(TemplateId(0), parse(FileId::new(0), &text.as_str().into()))];
        let options = GraphOptions { partial, ..GraphOptions::default() };
        let graph = StackGraph::new(&templates, &["t.yaml".into()], options);
        let subnet = graph.of_kind("AWS::EC2::Subnet")[0];
        graph.leads_out(&graph.unchosen(), subnet).0
    }

    const TABLE: &str = "  T: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref V}}
  OfA: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref A, RouteTableId: !Ref T}}
";

    #[test]
    fn a_route_table_without_routes_leads_nowhere() {
        let route = "  R: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref T, NatGatewayId: n}}\n";
        assert_eq!(out(TABLE, false), Truth::False);
        assert_eq!(out(&format!("{TABLE}{route}"), false), Truth::True);
    }

    #[test]
    fn a_route_whose_table_is_not_known_may_be_any_table_s() {
        let route = "  R: {Type: AWS::EC2::Route, Properties: {RouteTableId: !GetAtt Lookup.Main, NatGatewayId: n}}\n  Lookup: {Type: Custom::Lookup}\n";
        assert_eq!(out("", false), Truth::False);
        assert_eq!(out(route, false), Truth::Unknown);
    }

    #[test]
    fn files_that_were_not_loaded_may_add_routes_to_a_table_that_they_know() {
        let export = "Outputs: {O: {Value: !Ref T, Export: {Name: t}}}\n";
        assert_eq!(out(TABLE, true), Truth::False);
        assert_eq!(out(&format!("{TABLE}{export}"), true), Truth::Unknown);
        assert_eq!(out(&format!("{TABLE}{export}"), false), Truth::False);
    }
}
