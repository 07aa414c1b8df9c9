//! Which nodes can pass a test at all, as far as that is looked up and not tried: "an association that names this web ACL".

use crate::syntax::Path;

use super::condition::{Condition, Join, Leaf, Operator, Quantifier, Set, Subject, Term, TermPath, Test};

/// The joins of `{some: {nodes: T}, as: BIND, satisfies: CONDITION}`: a node that passes does so by one of them.
/// Nothing, if nodes may pass by something else.
pub(super) fn joins(condition: &Condition, bind: &str) -> Vec<Join> {
    match condition {
        // Any of them would do. What is written in the rule tells fewer nodes apart than what other nodes say.
        Condition::All(all) => {
            let each = all.iter().map(|one| joins(one, bind)).filter(|joins| !joins.is_empty());
            each.min_by_key(|joins| joins.iter().filter(|join| is_constant(join)).count()).unwrap_or_default()
        }
        Condition::Any(any) => each_of(any.iter().map(|one| joins(one, bind))),
        Condition::Leaf(leaf) => of_leaf(leaf, bind),
        Condition::None(_) | Condition::Not(_) | Condition::Allows(_) | Condition::Can(_) => Vec::new(),
    }
}

/// The joins of alternatives; nothing, if one of them has none.
fn each_of(alternatives: impl Iterator<Item = Vec<Join>>) -> Vec<Join> {
    let each: Option<Vec<Vec<Join>>> = alternatives.map(|joins| (!joins.is_empty()).then_some(joins)).collect();
    each.unwrap_or_default().into_iter().flatten().collect()
}

fn is_constant(join: &Join) -> bool {
    matches!(join, Join::Equals { term: Term::Literal(_), .. })
}

fn of_leaf(leaf: &Leaf, bind: &str) -> Vec<Join> {
    let (Quantifier::Path | Quantifier::Some, Subject::Path(paths)) = (leaf.quantifier, &leaf.subject) else {
        return Vec::new();
    };
    each_of(paths.iter().map(|path| of_path(leaf, path, bind)))
}

/// The joins by which one path of a leaf's subject passes.
fn of_path(leaf: &Leaf, path: &TermPath, bind: &str) -> Vec<Join> {
    let own = path.variable.as_deref() == Some(bind);
    let is_bound = |variable: Option<&str>| variable == Some(bind);
    // Numbers are equal in more than one spelling, and indices know only texts.
    let constant = |text: &str| match text.parse::<f64>() {
        Err(_) if !text.is_empty() => vec![Join::Equals { path: path.path.clone(), term: Term::Literal(text.into()) }],
        _ => Vec::new(),
    };
    match &leaf.test {
        Test::Operator(Operator::RefersTo(target)) => match (own, target.variable.as_deref()) {
            (true, Some(variable)) if variable != bind && target.path.is_empty() => {
                vec![Join::Refers { path: path.path.clone(), variable: variable.into() }]
            }
            (false, Some(variable)) if variable == bind && target.path.is_empty() => vec![Join::Referred(path.clone())],
            _ => Vec::new(),
        },
        Test::Operator(Operator::Equals(Term::Path(term))) => match (own, is_bound(term.variable.as_deref())) {
            (true, false) => vec![Join::Equals { path: path.path.clone(), term: Term::Path(term.clone()) }],
            (false, true) => vec![Join::Equals { path: term.path.clone(), term: Term::Path(path.clone()) }],
            _ => Vec::new(),
        },
        Test::Operator(Operator::Equals(Term::Literal(text))) if own => constant(text),
        Test::Operator(Operator::In(Set::Literals(texts))) if own => each_of(texts.iter().map(|text| constant(text))),
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
            let of_node = matches!(&term, Term::Path(term) if term.variable.as_deref() == Some(bind));
            (!of_node).then(|| Join::Equals { path: on(path), term })
        }
        // What is below is no node.
        Join::Referred(_) => None,
    }
}
