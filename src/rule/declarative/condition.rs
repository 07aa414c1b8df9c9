//! A compiled rule: conditions with parsed paths, operators with their automata ready. Built once, then only read.

use crate::catalog::Table;
use crate::graph::Reach;
use crate::syntax::Path;
use crate::value::pattern::Automaton;

/// What must hold, or what makes a rule apply.
#[derive(Debug)]
pub enum Condition {
    /// Every one.
    All(Vec<Self>),
    /// At least one.
    Any(Vec<Self>),
    /// Not one.
    None(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// A question to a policy.
    Allows(Box<Allows>),
    /// A question to all that gives an identity its rights.
    Can(Box<Can>),
    /// A test of values.
    Leaf(Box<Leaf>),
}

/// Whether a resource policy allows something: `{allows: {policy, service|principal, do, on}}`.
#[derive(Debug)]
pub struct Allows {
    /// The policy, or what carries it.
    pub policy: TermPath,
    /// Who wants to.
    pub caller: Caller,
    /// What; all of it has to be allowed.
    pub actions: Vec<Box<str>>,
    /// To what; without it the resources of the statements do not count.
    pub on: Option<TermPath>,
}

/// Who wants something of a policy.
#[derive(Debug)]
pub enum Caller {
    /// An AWS service as itself.
    Service(Term),
    /// An account, a role or a user.
    Principal(Term),
}

/// Whether an identity may do something: `{can: {who, do, on, given, certainly}}`.
#[derive(Debug)]
pub struct Can {
    /// The identity, or what refers to it.
    pub who: TermPath,
    /// What; all of it has to be allowed.
    pub rights: Rights,
    /// To what, all of it; without it the resources of the statements do not count.
    pub on: Option<TermPath>,
    /// Condition keys of the request with their values.
    pub given: Vec<(Box<str>, Box<str>)>,
    /// Whether a right under a condition that may not hold is in doubt.
    pub certainly: bool,
}

/// Actions that are asked for.
#[derive(Debug)]
pub enum Rights {
    /// These.
    Actions(Vec<Box<str>>),
    /// Those of the rows of a table whose pattern matches a text.
    Rows {
        /// The table.
        table: &'static Table,
        /// Its rows.
        rows: Vec<RightsRow>,
        /// The text.
        of: TermPath,
    },
}

/// A row of a table of rights.
#[derive(Debug)]
pub struct RightsRow {
    /// Which texts it is about.
    pub texts: Patterns,
    /// What it asks for.
    pub actions: &'static [&'static str],
}

/// A test of what a subject yields.
#[derive(Debug)]
pub struct Leaf {
    /// How many of them must pass.
    pub quantifier: Quantifier,
    /// What is tested.
    pub subject: Subject,
    /// The name of the tested thing within `satisfies`, and in messages.
    pub bind: Option<Box<str>>,
    /// The test.
    pub test: Test,
    /// If the subject is nodes: how those that can pass the test are looked up, each passing by at least one of these.
    pub joins: Vec<Join>,
}

/// What a node has to fulfil to pass a test, as far as it can be looked up.
#[derive(Debug)]
pub enum Join {
    /// One of its paths refers to what a variable is bound to.
    Refers {
        /// The path of the node.
        path: Path,
        /// The variable.
        variable: Box<str>,
    },
    /// A value refers to it.
    Referred(TermPath),
    /// One of its paths equals a value.
    Equals {
        /// The path of the node.
        path: Path,
        /// The value.
        term: Term,
    },
}

/// How many of a subject's elements must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// The one value of a path; absent if there is none.
    Path,
    /// All of them; true of none.
    Every,
    /// At least one; false of none.
    Some,
    /// Not one.
    No,
}

/// What a test looks at.
#[derive(Debug)]
pub enum Subject {
    /// Values at paths.
    Path(Vec<TermPath>),
    /// Nodes of the graph.
    Nodes(Kinds),
    /// Statements of policies.
    Statements {
        /// Whose.
        of: TermPath,
        /// `Allow` or `Deny` only.
        effect: Option<Box<str>>,
        /// Only those that cover this action.
        action: Option<Box<str>>,
        /// With policies attached elsewhere, or without.
        reach: Reach,
    },
    /// Nodes that refer to something.
    Referrers {
        /// To what.
        of: TermPath,
        /// Through which properties.
        via: Vec<Via>,
        /// Also those that a condition leaves out in this scenario.
        written: bool,
    },
    /// Nodes that a value refers to.
    Targets {
        /// The value.
        of: TermPath,
        /// Of which kinds.
        to: Kinds,
    },
}

/// A row of a table of references: nodes of a type whose path may refer to something.
#[derive(Debug)]
pub struct Via {
    /// The type or kind.
    pub kind: Box<str>,
    /// The paths (several if the row's has braces).
    pub paths: Vec<Path>,
    /// All columns of the row, for messages and tests.
    pub columns: Vec<(&'static str, &'static str)>,
}

/// Types and kinds, as names or globs (`AWS::SageMaker::*`).
#[derive(Debug, Clone, Default)]
pub struct Kinds(pub Vec<Box<str>>);

impl Kinds {
    /// True if one of them is, or covers, a type.
    pub fn contains(&self, kind: &str) -> bool {
        self.0.iter().any(|known| kind_matches(known, kind))
    }
}

/// Whether a type or a glob with one `*` names a type.
pub fn kind_matches(pattern: &str, kind: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == kind,
        Some((head, tail)) => kind.len() >= head.len() + tail.len() && kind.starts_with(head) && kind.ends_with(tail),
    }
}

/// A path from the node itself, or from a name.
#[derive(Debug, Clone, Default)]
pub struct TermPath {
    /// The name, without `$`; absent for the node itself.
    pub variable: Option<Box<str>>,
    /// The steps.
    pub path: Path,
}

/// A test.
#[derive(Debug)]
pub enum Test {
    /// A nested condition about the bound thing.
    Satisfies(Condition),
    /// An operator.
    Operator(Operator),
}

/// A value to compare with.
#[derive(Debug)]
pub enum Term {
    /// Read from the templates.
    Path(TermPath),
    /// Written in the rule.
    Literal(Box<str>),
}

/// What is on the other side of `in` and the like.
#[derive(Debug)]
pub enum Set {
    /// Written in the rule.
    Literals(Vec<Box<str>>),
    /// Rows of a table.
    Table(&'static Table, &'static [&'static str]),
    /// Read from the templates.
    Path(TermPath),
}

/// Patterns of one leaf; one that matches suffices.
#[derive(Debug)]
pub struct Patterns {
    /// The automata.
    pub automata: Vec<Automaton>,
    /// The table that they come from.
    pub table: Option<&'static Table>,
}

/// Operators (`rule-language.md` §3).
#[derive(Debug)]
pub enum Operator {
    /// Something is there (not an empty list), or not.
    Present(bool),
    /// The value's form.
    Is(Form),
    /// Equal to a term, after CloudFormation's coercion.
    Equals(Term),
    /// One of a set.
    In(Set),
    /// A pattern matches.
    Matches(Patterns),
    /// A glob that the templates hold covers the text.
    GlobOf(TermPath),
    /// Starts with one of these.
    Prefix(Vec<Box<str>>),
    /// Ends with one of these.
    Suffix(Vec<Box<str>>),
    /// Holds one of these.
    Contains(Vec<Box<str>>),
    /// Holds a text that stands in the templates.
    ContainsOf(TermPath),
    /// A number in a relation.
    Number(Comparison, f64),
    /// How many elements.
    Count(Vec<(Comparison, f64)>),
    /// A list within a set.
    SubsetOf(Set),
    /// A list that holds all of a set.
    SupersetOf(Set),
    /// A list that holds one of a set.
    Intersects(Set),
    /// A list without repeats, or with.
    Unique(bool),
    /// A version in relations (`at_least: "1.2"`).
    Version(Vec<(Comparison, Box<str>)>),
    /// A date before another (`YYYY-MM-DD`).
    Before(Box<str>),
    /// A block within one of these.
    CidrWithin(Vec<Box<str>>),
    /// A block that meets one of these.
    CidrOverlaps(Vec<Box<str>>),
    /// Refers to a node.
    RefersTo(TermPath),
    /// Refers to a node of one of these kinds.
    RefersToKinds(Kinds),
    /// What a reference gives.
    KindIs(Reference),
    /// A literal secret, or a text that holds one; or not.
    SecretLike(bool),
    /// The value of a parameter with `NoEcho`; or not.
    NoEcho(bool),
    /// The opposite of an operator.
    Not(Box<Self>),
}

/// Relations of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator of its name")]
pub enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equals,
    MultipleOf,
}

/// Forms of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the form of its name")]
pub enum Form {
    String,
    Number,
    Bool,
    List,
    Map,
    Scalar,
    Reference,
    Constant,
}

/// What a reference may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum Reference {
    Arn,
    Name,
    Id,
    Url,
    List,
}
