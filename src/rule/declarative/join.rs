//! Which nodes can pass a test at all, as far as that is looked up and not tried: "an association that names this web ACL".

use crate::syntax::Path;

use super::condition::{Condition, Join, Leaf, Operator, Quantifier, Subject, Term, Test};

/// The joins of `{some: {nodes: T}, as: BIND, satisfies: CONDITION}`: a node that passes does so by one of them.
/// Nothing, if nodes may pass by something else.
pub(super) fn joins(condition: &Condition, bind: &str) -> Vec<Join> {
    match condition {
        Condition::All(all) => {
            all.iter().map(|one| joins(one, bind)).find(|joins| !joins.is_empty()).unwrap_or_default()
        }
        Condition::Any(any) => {
            let each: Vec<Vec<Join>> = any.iter().map(|one| joins(one, bind)).collect();
            if each.iter().any(Vec::is_empty) { Vec::new() } else { each.into_iter().flatten().collect() }
        }
        Condition::Leaf(leaf) => of_leaf(leaf, bind),
        Condition::None(_) | Condition::Not(_) | Condition::Allows(_) => Vec::new(),
    }
}

fn of_leaf(leaf: &Leaf, bind: &str) -> Vec<Join> {
    let (Quantifier::Path | Quantifier::Some, Subject::Path(paths)) = (leaf.quantifier, &leaf.subject) else {
        return Vec::new();
    };
    let [path] = &paths[..] else { return Vec::new() };
    let own = path.variable.as_deref() == Some(bind);
    let is_bound = |variable: Option<&str>| variable == Some(bind);
    match &leaf.test {
        Test::Operator(Operator::RefersTo(target)) => match (own, target.variable.as_deref()) {
            (true, Some(variable)) if variable != bind && target.path.is_empty() => {
                vec![Join::Refers { path: path.path.clone(), variable: variable.into() }]
            }
            (false, Some(variable)) if variable == bind && target.path.is_empty() => vec![Join::Referred(path.clone())],
            _ => Vec::new(),
        },
        Test::Operator(Operator::Equals(Term::Path(term))) => match (own, is_bound(term.variable.as_deref())) {
            (true, false) => vec![Join::Equals { path: path.path.clone(), term: term.clone() }],
            (false, true) => vec![Join::Equals { path: term.path.clone(), term: path.clone() }],
            _ => Vec::new(),
        },
        // Something that the node holds passes: then the path to it and on is the node's.
        Test::Satisfies(inner) if own => match &leaf.bind {
            Some(name) => {
                joins(inner, name).into_iter().map(|join| below(join, &path.path, bind)).collect::<Option<_>>()
            }
            None => None,
        }
        .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// A join of something below a node as a join of the node.
fn below(join: Join, path: &Path, bind: &str) -> Option<Join> {
    let on = |more: Path| path.iter().cloned().chain(more).collect();
    match join {
        Join::Refers { path, variable } => (*variable != *bind).then(|| Join::Refers { path: on(path), variable }),
        Join::Equals { path, term } => {
            (term.variable.as_deref() != Some(bind)).then(|| Join::Equals { path: on(path), term })
        }
        // What is below is no node.
        Join::Referred(_) => None,
    }
}
