//! What is asked of a value: the operators and what they take.

use crate::catalog::PatternKind;
use crate::syntax::Node;
use crate::value::pattern::Automaton;

use super::super::condition::{Comparison, Form, Operator, Patterns, Reference, Set, Term};
use super::read::{flag, number, only, term, term_path, text, texts};
use super::subject::{kinds, table};
use super::word::suggestion;
use super::{Compiled, RuleError, error};

/// The operators by name, with what they take and what they ask, for documentation and suggestions.
pub const OPERATORS: &[(&str, &str, &str)] = &[
    ("present", "true", "something is written, and it is no empty list or text"),
    ("absent", "true", "nothing is written, or it is AWS::NoValue, or an empty list or text"),
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

pub(super) fn operator(key: Node<'_>, argument: Node<'_>) -> Compiled<Operator> {
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
    match blocks.iter().find(|block| super::super::operator::block(block).is_none()) {
        Some(block) => error(node, format!("`{block}` is no address block"), None),
        None => Ok(blocks),
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
