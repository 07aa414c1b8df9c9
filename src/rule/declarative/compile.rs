//! A rule file's conditions, from the tree of the file to [`Condition`]s. Errors point into the file and suggest.
//!
//! Bundled rules come as JSON that `build.rs` made, users' rules as YAML; both are read by the same reader into the same tree.

use crate::catalog::{self, PatternKind, Rows, Table};
use crate::graph::Reach;
use crate::source::Span;
use crate::syntax::{Kind, Node, path};
use crate::value::pattern::Automaton;

use super::condition::{
    Allows, Caller, Can, Comparison, Condition, Form, Kinds, Leaf, Operator, Patterns, Quantifier, Reference, Rights,
    RightsRow, Set, Subject, Term, TermPath, Test, Via,
};

/// A mistake in a rule file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do.
    pub help: Option<String>,
}

/// The result of compiling a part of a rule.
pub type Compiled<T> = Result<T, RuleError>;

/// Graph subjects within graph subjects; more is refused (`rule-language.md` §3).
const DEEPEST: usize = 4;

/// The operators by name, with what they take and what they ask, for documentation and suggestions.
pub const OPERATORS: &[(&str, &str, &str)] = &[
    ("present", "true", "something is written, and it is no empty list"),
    ("absent", "true", "nothing is written, or it is AWS::NoValue"),
    (
        "is",
        "string|number|bool|list|map|scalar|reference|constant",
        "the value's form; constant is what no run changes",
    ),
    ("equals", "a scalar or $path", "equal, with CloudFormation's coercion"),
    ("not_equals", "a scalar or $path", "the opposite of equals"),
    ("in", "a list, {table, key} or $path", "one of a set"),
    ("not_in", "a list, {table, key} or $path", "the opposite of in"),
    ("same_as", "$path", "equal to another value, holes compared by identity"),
    ("matches", "a regular expression, a list of them or {table}", "a pattern matches somewhere in the text"),
    ("not_matches", "a regular expression, a list of them or {table}", "no pattern matches"),
    ("glob", "a glob, a list of them, {table} or $path", "a glob covers the whole text; * also crosses / and :"),
    ("not_glob", "a glob, a list of them, {table} or $path", "no glob covers the text"),
    ("prefix", "a text or a list of them", "the text starts with one of them"),
    ("suffix", "a text or a list of them", "the text ends with one of them"),
    ("contains", "a text, a list of them or $path", "the text or list holds one of them"),
    ("at_least", "a number", "a number that is not less"),
    ("at_most", "a number", "a number that is not more"),
    ("above", "a number", "a number that is more"),
    ("below", "a number", "a number that is less"),
    ("multiple_of", "a number", "a whole multiple"),
    ("count", "{at_least, at_most, above, below, equals: number}", "how many elements the subject has"),
    ("subset_of", "a list, {table, key} or $path", "every item is in the set"),
    ("superset_of", "a list, {table, key} or $path", "every item of the set is in the list"),
    ("intersects", "a list, {table, key} or $path", "at least one item is in the set"),
    ("unique", "true or false", "no item stands twice"),
    ("version", "{at_least, at_most, above, below, equals: text}", "a dotted version, compared number by number"),
    ("before", "a date, YYYY-MM-DD", "a date that is earlier"),
    ("cidr_within", "a block or a list of them", "an address block inside one of them"),
    ("cidr_overlaps", "a block or a list of them", "an address block that meets one of them"),
    ("refers_to", "$name or {types: kinds}", "refers to a node, directly, by name, by ARN or by URI"),
    ("kind_is", "arn|name|id|url|list", "what a reference gives"),
    ("secret_like", "true or false", "a literal secret, or a text that holds one, also as the default of a parameter"),
    ("no_echo", "true or false", "holds the value of a parameter with NoEcho"),
    ("satisfies", "a condition", "a nested condition about the bound thing"),
];

fn error<T>(node: Node<'_>, message: impl Into<String>, help: Option<String>) -> Compiled<T> {
    Err(RuleError { message: message.into(), span: node.span(), help })
}

/// The condition of a node.
pub(crate) fn condition(node: Node<'_>) -> Compiled<Condition> {
    condition_at(node, 0)
}

fn condition_at(node: Node<'_>, depth: usize) -> Compiled<Condition> {
    if depth > DEEPEST {
        return error(node, format!("graph subjects are nested deeper than {DEEPEST}"), None);
    }
    match node.kind() {
        Kind::Sequence => Ok(Condition::All(list(node, depth)?)),
        Kind::Mapping => {
            let mut entries = node.entries();
            let Some((key, value)) = entries.next() else { return error(node, "an empty condition", None) };
            let alone = entries.next().is_none();
            match key.text() {
                "all" if alone => Ok(Condition::All(list(value, depth)?)),
                "any" if alone => Ok(Condition::Any(list(value, depth)?)),
                "none" if alone => Ok(Condition::None(list(value, depth)?)),
                "not" if alone => Ok(Condition::Not(Box::new(condition_at(value, depth)?))),
                "allows" if alone => Ok(Condition::Allows(Box::new(allows(value)?))),
                "can" if alone => Ok(Condition::Can(Box::new(can(value)?))),
                _ => Ok(Condition::Leaf(Box::new(leaf(node, depth)?))),
            }
        }
        _ => error(node, "a condition is a map or a list of conditions", None),
    }
}

fn allows(node: Node<'_>) -> Compiled<Allows> {
    only(node, &["policy", "service", "principal", "do", "on"])?;
    let Some(policy) = node.get("policy") else { return error(node, "`allows` needs `policy`", None) };
    let caller = match (node.get("service"), node.get("principal")) {
        (Some(service), None) => Caller::Service(term(service)?),
        (None, Some(principal)) => Caller::Principal(term(principal)?),
        _ => return error(node, "`allows` needs either `service` or `principal`", None),
    };
    let Some(actions) = node.get("do") else { return error(node, "`allows` needs `do`", None) };
    Ok(Allows {
        policy: term_path(policy)?,
        caller,
        actions: texts(actions)?,
        on: node.get("on").map(term_path).transpose()?,
    })
}

fn can(node: Node<'_>) -> Compiled<Can> {
    only(node, &["who", "do", "on", "given", "certainly"])?;
    let Some(who) = node.get("who") else { return error(node, "`can` needs `who`", None) };
    let Some(rights) = node.get("do") else { return error(node, "`can` needs `do`", None) };
    let given = node.get("given").into_iter().flat_map(Node::entries);
    Ok(Can {
        who: term_path(who)?,
        rights: if rights.is_mapping() { rows_of_rights(rights)? } else { Rights::Actions(texts(rights)?) },
        on: node.get("on").map(term_path).transpose()?,
        given: given.map(|(key, value)| Ok((key.text().into(), text(value)?.into()))).collect::<Compiled<_>>()?,
        certainly: node.get("certainly").map(flag).transpose()?.unwrap_or_default(),
    })
}

/// `{table, for}`: the actions of the rows whose key, a regular expression, matches the text at a path.
fn rows_of_rights(node: Node<'_>) -> Compiled<Rights> {
    only(node, &["table", "for"])?;
    let (Some(name), Some(path)) = (node.get("table"), node.get("for")) else {
        return error(node, "rights of a table need `table` and `for`", None);
    };
    let table = named_table(name)?;
    let Rows::Keyed(rows) = &table.rows else {
        return error(name, format!("table `{}` has no keys", table.name), None);
    };
    let row = |(text, actions): &(&'static str, &'static [&'static str])| {
        let automaton = Automaton::any(PatternKind::Regex, &[text]);
        let automata = vec![automaton.or_else(|message| error(name, message, None))?];
        Ok(RightsRow { texts: Patterns { automata, table: None }, actions })
    };
    Ok(Rights::Rows { table, rows: rows.iter().map(row).collect::<Compiled<_>>()?, of: term_path(path)? })
}

fn list(node: Node<'_>, depth: usize) -> Compiled<Vec<Condition>> {
    if !node.is_sequence() {
        return Ok(vec![condition_at(node, depth)?]);
    }
    node.items().map(|item| condition_at(item, depth)).collect()
}

fn leaf(node: Node<'_>, depth: usize) -> Compiled<Leaf> {
    let mut quantifier = None;
    let mut bind = None;
    let mut operator = None;
    for (key, value) in node.entries() {
        let found = match key.text() {
            "path" => Quantifier::Path,
            "every" => Quantifier::Every,
            "some" => Quantifier::Some,
            "no" => Quantifier::No,
            "as" => {
                bind = Some(text(value)?.into());
                continue;
            }
            name => {
                if let Some((first, _)) = operator {
                    let first: Node<'_> = first;
                    return error(
                        key,
                        format!("two operators in one test: `{}` and `{name}`", first.text()),
                        Some("write a list of two tests".into()),
                    );
                }
                operator = Some((key, value));
                continue;
            }
        };
        if quantifier.replace((found, value)).is_some() {
            return error(key, "two subjects in one test", Some("write a list of two tests".into()));
        }
    }
    let Some((quantifier, subject_node)) = quantifier else {
        let first = node.entries().next().map_or(node, |(key, _)| key);
        let help = suggestion(first.text(), ["path", "every", "some", "no", "all", "any", "none", "not"].into_iter());
        return error(first, "a test needs a subject: `path`, `every`, `some` or `no`", help);
    };
    let subject = subject(subject_node)?;
    if quantifier == Quantifier::Path && subject_node.is_sequence() {
        return error(subject_node, "`path` takes one path; `every`, `some` and `no` take several", None);
    }
    let graph = !matches!(subject, Subject::Path(_));
    if quantifier == Quantifier::Path && graph {
        return error(
            subject_node,
            "`path` takes a path; `every`, `some` and `no` take nodes, statements and referrers",
            None,
        );
    }
    let Some((key, argument)) = operator else {
        let names = OPERATORS.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
        return error(node, "a test needs an operator", Some(format!("one of {names}")));
    };
    let test = if key.text() == "satisfies" {
        Test::Satisfies(condition_at(argument, depth + usize::from(graph))?)
    } else {
        Test::Operator(self::operator(key, argument)?)
    };
    let joins = match (&subject, bind.as_deref(), &test) {
        (Subject::Nodes(_), Some(bind), Test::Satisfies(condition)) if quantifier != Quantifier::Every => {
            super::join::joins(condition, bind)
        }
        _ => Vec::new(),
    };
    Ok(Leaf { quantifier, subject, bind, test, joins })
}

fn subject(node: Node<'_>) -> Compiled<Subject> {
    if node.scalar().is_some() {
        return Ok(Subject::Path(term_paths(node)?));
    }
    if node.is_sequence() {
        let paths = node.items().map(term_paths).collect::<Compiled<Vec<_>>>()?;
        return Ok(Subject::Path(paths.into_iter().flatten().collect()));
    }
    let Some((key, value)) = node.entries().next() else {
        return error(
            node,
            "a subject is a path, a list of paths, or a map with `nodes`, `statements`, `referrers` or `targets`",
            None,
        );
    };
    match key.text() {
        "nodes" => {
            only(node, &["nodes"])?;
            Ok(Subject::Nodes(kinds(value)?))
        }
        _ if node.get("statements").is_some() => {
            only(node, &["statements", "effect", "action", "effective"])?;
            let word = |name: &str| node.get(name).map(text).transpose();
            Ok(Subject::Statements {
                of: term_path(node.get("statements").unwrap_or(value))?,
                effect: word("effect")?.map(Into::into),
                action: word("action")?.map(Into::into),
                reach: if word("effective")? == Some("true") { Reach::Effective } else { Reach::Own },
            })
        }
        _ if node.get("referrers").is_some() => {
            only(node, &["referrers", "via", "written"])?;
            let Some(via) = node.get("via") else { return error(node, "`referrers` needs `via`", None) };
            Ok(Subject::Referrers {
                of: term_path(node.get("referrers").unwrap_or(value))?,
                via: self::via(via)?,
                written: node.get("written").map(flag).transpose()?.unwrap_or_default(),
            })
        }
        _ if node.get("targets").is_some() => {
            only(node, &["targets", "to"])?;
            let Some(to) = node.get("to") else { return error(node, "`targets` needs `to`", None) };
            Ok(Subject::Targets { of: term_path(node.get("targets").unwrap_or(value))?, to: kinds(to)? })
        }
        other => {
            let help = suggestion(other, ["nodes", "statements", "referrers", "targets"].into_iter());
            error(key, format!("`{other}` is no subject"), help)
        }
    }
}

fn via(node: Node<'_>) -> Compiled<Vec<Via>> {
    if node.is_sequence() {
        return node
            .items()
            .map(|item| {
                // `AWS::SNS::Topic.KmsMasterKeyId`
                let text = text(item)?;
                let Some((kind, at)) = text.split_once('.') else {
                    return error(item, "a reference is written `TYPE.PATH`", None);
                };
                Ok(Via { kind: kind.into(), paths: paths(item, at)?, columns: Vec::new() })
            })
            .collect();
    }
    let (table, _) = table(node)?;
    let Rows::Records(rows) = &table.rows else {
        return error(node, format!("table `{}` has no rows of `type` and `path`", table.name), None);
    };
    rows.iter()
        .map(|row| {
            let column = |name: &str| row.iter().find(|(known, _)| *known == name).map(|&(_, value)| value);
            match (column("type"), column("path")) {
                (Some(kind), Some(at)) => Ok(Via { kind: kind.into(), paths: paths(node, at)?, columns: row.to_vec() }),
                _ => error(node, format!("a row of table `{}` lacks `type` or `path`", table.name), None),
            }
        })
        .collect()
}

/// Kinds: a name, a list of names, `{table: name}`.
pub(crate) fn kinds(node: Node<'_>) -> Compiled<Kinds> {
    if node.is_mapping() {
        let (table, texts) = table(node)?;
        let Rows::Records(rows) = &table.rows else {
            return Ok(Kinds(texts.iter().map(|text| (*text).into()).collect()));
        };
        let types = rows.iter().copied().flatten().filter(|(name, _)| *name == "type");
        return Ok(Kinds(types.map(|(_, kind)| (*kind).into()).collect()));
    }
    Ok(Kinds(texts(node)?))
}

/// A table and its texts (of a key, if the node names one).
fn table(node: Node<'_>) -> Compiled<(&'static Table, &'static [&'static str])> {
    only(node, &["table", "key"])?;
    let Some(name) = node.get("table") else { return error(node, "`table` is missing", None) };
    let table = named_table(name)?;
    let texts = match (&table.rows, node.get("key")) {
        (Rows::Texts(texts), None) => texts,
        (Rows::Keyed(rows), Some(key)) => match rows.iter().find(|(known, _)| *known == key.text()) {
            Some((_, texts)) => texts,
            None => {
                return error(
                    key,
                    format!("table `{}` has no key `{}`", table.name, key.text()),
                    suggestion(key.text(), rows.iter().map(|(known, _)| *known)),
                );
            }
        },
        (Rows::Records(_), None) => &[][..],
        (Rows::Keyed(_), None) => return error(node, format!("table `{}` needs a `key`", table.name), None),
        (_, Some(key)) => return error(key, format!("table `{}` has no keys", table.name), None),
    };
    Ok((table, texts))
}

fn named_table(name: Node<'_>) -> Compiled<&'static Table> {
    let unknown = || RuleError {
        message: format!("there is no table `{}`", name.text()),
        span: name.span(),
        help: suggestion(name.text(), catalog::tables().iter().map(|table| table.name)),
    };
    catalog::table(name.text()).ok_or_else(unknown)
}

/// `let: {name: {resolve, to, many}}`.
pub(crate) fn bindings(node: Node<'_>) -> Compiled<Vec<super::Binding>> {
    node.entries()
        .map(|(key, value)| {
            only(value, &["resolve", "to", "many"])?;
            let (Some(resolve), Some(to)) = (value.get("resolve"), value.get("to")) else {
                return error(key, format!("`{}` needs `resolve` and `to`", key.text()), None);
            };
            Ok(super::Binding {
                name: key.text().into(),
                of: term_paths(resolve)?,
                to: kinds(to)?,
                many: value.get("many").and_then(Node::scalar) == Some("true"),
            })
        })
        .collect()
}

fn operator(key: Node<'_>, argument: Node<'_>) -> Compiled<Operator> {
    use Comparison::{Above, AtLeast, AtMost, Below, MultipleOf};
    let argument = optioned(argument)?;
    let name = key.text();
    let not = |operator: Operator| Operator::Not(Box::new(operator));
    Ok(match name {
        "present" => Operator::Present(flag(argument)?),
        "absent" => Operator::Present(!flag(argument)?),
        "is" => Operator::Is(form(argument)?),
        "equals" => Operator::Equals(term(argument)?),
        "not_equals" => not(Operator::Equals(term(argument)?)),
        "same_as" => match term(argument)? {
            term @ Term::Path(_) => Operator::Equals(term),
            Term::Literal(_) => return error(argument, "`same_as` takes a path that starts with `$`", None),
        },
        "in" => Operator::In(set(argument)?),
        "not_in" => not(Operator::In(set(argument)?)),
        "matches" => Operator::Matches(patterns(argument, PatternKind::Regex)?),
        "not_matches" => not(Operator::Matches(patterns(argument, PatternKind::Regex)?)),
        "glob" => glob(argument)?,
        "not_glob" => not(glob(argument)?),
        "prefix" => Operator::Prefix(texts(argument)?),
        "suffix" => Operator::Suffix(texts(argument)?),
        "contains" if is_path(argument) => Operator::ContainsOf(term_path(argument)?),
        "contains" => Operator::Contains(texts(argument)?),
        "at_least" => Operator::Number(AtLeast, number(argument)?),
        "at_most" => Operator::Number(AtMost, number(argument)?),
        "above" => Operator::Number(Above, number(argument)?),
        "below" => Operator::Number(Below, number(argument)?),
        "multiple_of" => Operator::Number(MultipleOf, number(argument)?),
        "count" => Operator::Count(comparisons(argument, number)?),
        "subset_of" => Operator::SubsetOf(set(argument)?),
        "superset_of" => Operator::SupersetOf(set(argument)?),
        "intersects" => Operator::Intersects(set(argument)?),
        "unique" => Operator::Unique(flag(argument)?),
        "version" => Operator::Version(comparisons(argument, |node| Ok(text(node)?.into()))?),
        "before" => Operator::Before(text(argument)?.into()),
        "cidr_within" => Operator::CidrWithin(blocks(argument)?),
        "cidr_overlaps" => Operator::CidrOverlaps(blocks(argument)?),
        "refers_to" => {
            if let Some(types) = argument.get("types") {
                only(argument, &["types"])?;
                Operator::RefersToKinds(kinds(types)?)
            } else {
                Operator::RefersTo(term_path(argument)?)
            }
        }
        "kind_is" => Operator::KindIs(reference(argument)?),
        "secret_like" => Operator::SecretLike(flag(argument)?),
        "no_echo" => Operator::NoEcho(flag(argument)?),
        other => {
            let help = suggestion(other, OPERATORS.iter().map(|(name, ..)| *name));
            return error(key, format!("`{other}` is no operator"), help);
        }
    })
}

/// What an argument stands for: itself, or for `{option: name}` the value of that option of the rule.
fn optioned(node: Node<'_>) -> Compiled<Node<'_>> {
    let Some(name) = node.get("option").filter(|_| node.is_mapping()) else { return Ok(node) };
    only(node, &["option"])?;
    option_value(node, text(name)?).ok_or_else(|| RuleError {
        message: format!("the rule has no option `{}`", name.text()),
        span: name.span(),
        help: None,
    })
}

/// The value of an option, from any node of the rule. What a configuration says stands in place of the default.
pub(crate) fn option_value<'d>(node: Node<'d>, name: &str) -> Option<Node<'d>> {
    let mut root = node;
    while let Some(parent) = root.parent() {
        root = parent;
    }
    root.get_path(&["options", name, "default"])
}

fn comparisons<'d, T>(node: Node<'d>, read: impl Fn(Node<'d>) -> Compiled<T>) -> Compiled<Vec<(Comparison, T)>> {
    if !node.is_mapping() {
        return Ok(vec![(Comparison::Equals, read(node)?)]);
    }
    node.entries()
        .map(|(key, value)| {
            let comparison = match key.text() {
                "at_least" => Comparison::AtLeast,
                "at_most" => Comparison::AtMost,
                "above" => Comparison::Above,
                "below" => Comparison::Below,
                "equals" => Comparison::Equals,
                other => {
                    let help = suggestion(other, ["at_least", "at_most", "above", "below", "equals"].into_iter());
                    return error(key, format!("`{other}` is no comparison"), help);
                }
            };
            Ok((comparison, read(optioned(value)?)?))
        })
        .collect()
}

fn set(node: Node<'_>) -> Compiled<Set> {
    if node.is_mapping() {
        let (table, texts) = table(node)?;
        return Ok(Set::Table(table, texts));
    }
    if is_path(node) {
        return Ok(Set::Path(term_path(node)?));
    }
    Ok(Set::Literals(texts(node)?))
}

fn patterns(node: Node<'_>, kind: PatternKind) -> Compiled<Patterns> {
    let (table, texts): (_, Vec<&str>) = if node.is_mapping() {
        let (table, texts) = table(node)?;
        (Some(table), texts.to_vec())
    } else if node.is_sequence() {
        (None, node.items().map(text).collect::<Compiled<_>>()?)
    } else {
        (None, vec![text(node)?])
    };
    match Automaton::any(kind, &texts) {
        Ok(automaton) => Ok(Patterns { automata: vec![automaton], table }),
        Err(message) => error(node, message, None),
    }
}

/// True if an argument is read from the templates.
fn is_path(node: Node<'_>) -> bool {
    node.scalar().is_some_and(|text| text.starts_with('$'))
}

fn glob(node: Node<'_>) -> Compiled<Operator> {
    if is_path(node) {
        return Ok(Operator::GlobOf(term_path(node)?));
    }
    Ok(Operator::Matches(patterns(node, PatternKind::Glob)?))
}

fn blocks(node: Node<'_>) -> Compiled<Vec<Box<str>>> {
    let blocks = texts(node)?;
    match blocks.iter().find(|block| super::operator::block(block).is_none()) {
        Some(block) => error(node, format!("`{block}` is no address block"), None),
        None => Ok(blocks),
    }
}

fn term(node: Node<'_>) -> Compiled<Term> {
    let text = text(node)?;
    if text.starts_with('$') { Ok(Term::Path(term_path(node)?)) } else { Ok(Term::Literal(text.into())) }
}

/// One path with an optional name in front.
fn term_path(node: Node<'_>) -> Compiled<TermPath> {
    one_path(node, "write a test for each path")
}

/// One path with an optional name in front; the help is for several, which braces give.
pub(crate) fn one_path(node: Node<'_>, help: &str) -> Compiled<TermPath> {
    let mut paths = term_paths(node)?;
    match paths.len() {
        1 => Ok(paths.remove(0)),
        count => {
            let message = format!("`{}` stands for {count} paths, and one is expected here", node.text());
            error(node, message, Some(help.to_owned()))
        }
    }
}

/// Paths with an optional name in front; braces give several.
pub(crate) fn term_paths(node: Node<'_>) -> Compiled<Vec<TermPath>> {
    let text = text(node)?;
    let (variable, rest) = match text.strip_prefix('$') {
        None => (None, text),
        Some(rest) => {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            if name.is_empty() {
                return error(node, "`$` without a name", None);
            }
            (Some(name), rest.strip_prefix('.').unwrap_or(rest))
        }
    };
    // `$self` is the node itself.
    let variable = variable.map(Into::into);
    Ok(paths(node, rest)?.into_iter().map(|path| TermPath { variable: variable.clone(), path }).collect())
}

fn paths(node: Node<'_>, text: &str) -> Compiled<Vec<crate::syntax::Path>> {
    path::parse(text).map_err(|problem| {
        // What stands in a table has no place in the rule.
        let span = node.scalar().and_then(|whole| whole.strip_suffix(text)).map_or(node.span(), |before| {
            let offset = |at: usize| u32::try_from(before.len() + at).unwrap_or(u32::MAX);
            let (start, end) = node.text_map().range(offset(problem.at.start), offset(problem.at.end));
            Span::new(node.span().file, start, end)
        });
        RuleError { message: format!("`{text}` is no path: {problem}"), span, help: None }
    })
}

fn texts(node: Node<'_>) -> Compiled<Vec<Box<str>>> {
    if node.is_sequence() {
        node.items().map(|item| Ok(text(item)?.into())).collect()
    } else {
        Ok(vec![text(node)?.into()])
    }
}

/// The text of a scalar.
pub(crate) fn text(node: Node<'_>) -> Compiled<&str> {
    match node.scalar() {
        Some(text) => Ok(text),
        None => error(node, "a text is expected here", None),
    }
}

fn number(node: Node<'_>) -> Compiled<f64> {
    text(node)?.parse().or_else(|_| error(node, format!("`{}` is no number", node.text()), None))
}

fn flag(node: Node<'_>) -> Compiled<bool> {
    match text(node)? {
        "true" => Ok(true),
        "false" => Ok(false),
        other => error(node, format!("`{other}` is neither true nor false"), None),
    }
}

fn form(node: Node<'_>) -> Compiled<Form> {
    Ok(match text(node)? {
        "string" => Form::String,
        "number" => Form::Number,
        "bool" => Form::Bool,
        "list" => Form::List,
        "map" => Form::Map,
        "scalar" => Form::Scalar,
        "reference" => Form::Reference,
        "constant" => Form::Constant,
        other => {
            let forms = ["string", "number", "bool", "list", "map", "scalar", "reference", "constant"];
            return error(node, format!("`{other}` is no form"), suggestion(other, forms.into_iter()));
        }
    })
}

fn reference(node: Node<'_>) -> Compiled<Reference> {
    Ok(match text(node)? {
        "arn" => Reference::Arn,
        "name" => Reference::Name,
        "id" => Reference::Id,
        "url" => Reference::Url,
        "list" => Reference::List,
        other => {
            let kinds = ["arn", "name", "id", "url", "list"];
            return error(node, format!("`{other}` is no kind of reference"), suggestion(other, kinds.into_iter()));
        }
    })
}

/// Refuses keys that a map does not take.
pub(crate) fn only(node: Node<'_>, known: &[&str]) -> Compiled<()> {
    for (key, _) in node.entries() {
        if !known.contains(&key.text()) {
            let help = suggestion(key.text(), known.iter().copied());
            return error(key, format!("`{}` is not known here", key.text()), help);
        }
    }
    Ok(())
}

/// "did you mean …?", if a known word is near.
pub fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

/// The known word that is nearest to a word, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for known in known {
        let within = best.map_or(limit, |(distance, _)| distance);
        if let Some(distance) = distance_within(word, known, within)
            && best.is_none_or(|best| (distance, known) < best)
        {
            best = Some((distance, known));
        }
    }
    best.map(|(_, known)| known)
}

/// Edit distance (Levenshtein) of two words, in characters, if it is not larger than a limit.
pub(crate) fn distance_within(a: &str, b: &str, limit: usize) -> Option<usize> {
    if a.is_ascii() && b.is_ascii() {
        return edits(a.as_bytes(), b.as_bytes(), limit);
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    edits(&a, &b, limit)
}

fn edits<T: PartialEq>(mut a: &[T], mut b: &[T], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // What is the same at both ends costs nothing.
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        let mut least = row[0];
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
            least = least.min(row[j + 1]);
        }
        if least > limit {
            return None;
        }
    }
    Some(row[b.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested() {
        assert_eq!(nearest("equls", OPERATORS.iter().map(|(name, ..)| *name)), Some("equals"));
        assert_eq!(nearest("xyz", OPERATORS.iter().map(|(name, ..)| *name)), None);
        assert_eq!(distance_within("kitten", "sitting", 3), Some(3));
        assert_eq!(distance_within("kitten", "sitting", 2), None);
        assert_eq!(distance_within("\u{e4}b", "ab", 1), Some(1));
        assert_eq!(distance_within("abab", "ab", 2), Some(2));
        assert_eq!(distance_within("", "abc", 3), Some(3));
    }
}
