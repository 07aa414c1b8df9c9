//! What runs in subnets without a way out: the table of workloads, their subnets, and the endpoints of their VPCs.

use crate::catalog::{self, Rows};
use crate::finding::Label;
use crate::syntax::{Segment, path};
use crate::value::pattern::{Piece, matches};
use crate::value::{Cursor, EntityId, Found, Part, Resolver, Truth, Unknown, Value, World as _};

use super::problem::{Problem, tell};
use super::scenario::{Answer, Answers};
use super::{Context, Sink};

/// A row of a table: names and values.
pub(super) type Row = &'static [(&'static str, &'static str)];

/// The rows of a table of records.
pub(super) fn rows(table: &str) -> &'static [Row] {
    match catalog::table(table).map(|table| &table.rows) {
        Some(Rows::Records(rows)) => rows,
        _ => &[],
    }
}

/// What a row says in a column.
pub(super) fn column(row: Row, name: &str) -> Option<&'static str> {
    row.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// Names in a sentence: "`a`, `b` and `c`".
pub(super) fn sentence(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// What stands at a path of a node.
pub(super) fn walk<'p>(resolver: &Resolver<'_, 'p>, id: EntityId, text: &str) -> Vec<Found<'p>> {
    let paths = path::parse(text).unwrap_or_default();
    paths.iter().flat_map(|path| resolver.walk_short(resolver.root(id), path)).collect()
}

/// Something that runs in subnets.
pub(super) struct Workload<'c, 'p> {
    pub(super) context: &'c Context<'c, 'p>,
    pub(super) id: EntityId,
    pub(super) row: Row,
}

/// A subnet that no route leads out of.
pub(super) struct Isolated {
    pub(super) subnet: EntityId,
    pub(super) vpc: EntityId,
}

/// Endpoints of a VPC for a service.
pub(super) struct Endpoints<'p> {
    /// Each with the reason why it may be none.
    pub(super) nodes: Vec<(EntityId, Option<Unknown<'p>>)>,
    /// Why there may be others; nothing to say if there are none.
    pub(super) others: Unknown<'p>,
}

impl<'c, 'p> Workload<'c, 'p> {
    /// The workload in question; nothing can be said of networks that no template makes.
    pub(super) fn of(context: &'c Context<'c, 'p>) -> Option<Self> {
        let id = context.entity.filter(|_| !context.graph.of_kind("AWS::EC2::Subnet").is_empty())?;
        let kind = context.graph.entity(id).kind;
        let row = rows("vpc-workloads").iter().find(|row| column(row, "type") == Some(kind))?;
        Some(Self { context, id, row })
    }

    /// Asks under every scenario in which it exists and is given subnets, and tells the answers.
    pub(super) fn ask(&self, sink: &mut Sink, question: &dyn Fn(&Resolver<'_, 'p>) -> Answer<'p, Vec<Problem<'p>>>) {
        let answers = Answers::ask(self.context, &|resolver| {
            match self.context.graph.exists(resolver, self.id) {
                Ok(true) if resolver.scenario().is_empty() || resolver.is_admitted(self.context.template) => {}
                Ok(_) => return Answer::Aside,
                Err(why) => return Answer::Unknown((*why).clone()),
            }
            if self.at(resolver, "subnets").iter().all(|found| found.value.is_absent()) {
                return Answer::Aside;
            }
            question(resolver)
        });
        let entity = self.context.graph.entity(self.id);
        tell(self.context, entity.resource, entity.name(), &answers, sink);
    }

    /// What stands at the path that a column names.
    pub(super) fn at(&self, resolver: &Resolver<'_, 'p>, name: &str) -> Vec<Found<'p>> {
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

    /// What is wrong with it, at its subnets, with a resource that has to do with it.
    pub(super) fn problem(
        &self,
        resolver: &Resolver<'_, 'p>,
        detail: String,
        mut related: Vec<Label>,
        (about, label): (EntityId, String),
    ) -> Problem<'p> {
        let entity = self.context.graph.entity(about);
        let key = self.context.graph.template(entity.template).node(entity.resource.key);
        related.push(Label { span: key.span(), text: label });
        let cursor = self.place(resolver);
        let span = cursor.node.key().unwrap_or(cursor.node).span();
        Problem { cursor, span, detail, help: None, related }
    }

    /// Its subnets, if no route leads out of any of them; none if one does, or if one lies elsewhere.
    pub(super) fn isolated(&self, resolver: &Resolver<'_, 'p>) -> Result<Vec<Isolated>, Unknown<'p>> {
        let graph = self.context.graph;
        let mut isolated = Vec::new();
        let mut unknown = Unknown::default();
        for found in self.at(resolver, "subnets") {
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
                    Ok(vpc) => isolated.push(Isolated { subnet, vpc }),
                    Err(why) => unknown.merge(&why),
                }
            }
        }
        if unknown.reasons.is_empty() { Ok(isolated) } else { Err(unknown) }
    }

    /// The endpoints that a VPC has for a service, of whatever type.
    pub(super) fn endpoints(&self, resolver: &Resolver<'_, 'p>, vpc: EntityId, service: &str) -> Endpoints<'p> {
        let graph = self.context.graph;
        let all = graph.referrers(resolver, "AWS::EC2::VPCEndpoint", &[Segment::Key("VpcId".into())], vpc);
        let mut endpoints = Endpoints { nodes: Vec::new(), others: all.others };
        endpoints.others.merge(&graph.unseen_users(resolver, Some(vpc)).unwrap_or_default());
        // FIPS endpoints have a name of their own.
        let Some(pattern) = graph.glob(&format!("*.{{{service},{service}-fips}}")) else { return endpoints };
        for endpoint in all.nodes {
            for found in walk(resolver, endpoint, "ServiceName") {
                match (resolver.parts(&found.value), &found.value) {
                    (Some(parts), _) => match matches(&pattern, &pieces(&parts)) {
                        Truth::True => endpoints.nodes.push((endpoint, None)),
                        Truth::False => {}
                        Truth::Unknown => endpoints.nodes.push((endpoint, Some(resolver.why(&parts)))),
                    },
                    (None, Value::Unknown(why)) => endpoints.nodes.push((endpoint, Some((**why).clone()))),
                    _ => {}
                }
            }
        }
        endpoints
    }
}

fn pieces<'a>(parts: &'a [Part<'_>]) -> Vec<Piece<'a>> {
    let piece = |part: &'a Part<'_>| match part {
        Part::Text(text) => Piece::Text(text),
        Part::Hole(_) => Piece::Hole,
    };
    parts.iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Native rules take a text that is no path for a path to nothing.
    #[test]
    fn columns_of_paths_hold_paths() {
        let mut seen = 0;
        for table in catalog::tables() {
            let columns = ["path", "subnets", "property", "isolation", "environment", "role"];
            for text in rows(table.name).iter().flat_map(|row| columns.iter().filter_map(|name| column(row, name))) {
                if let Err(problem) = path::parse(text) {
                    panic!("table `{}`: `{text}` is no path: {problem}", table.name);
                }
                seen += 1;
            }
        }
        assert!(seen > 50, "{seen}");
    }
}
