//! Options of rules: what a rule file offers under `options`, and how a configuration sets it.
//!
//! An option is set by writing its value in place of the default into the rule's own text, so that nothing behind the
//! reader of rules knows of it.

use std::sync::Arc;

use crate::source::FileId;
use crate::syntax::{self, Node};

use super::declarative::{Compiled, RuleError, only, suggestion, text};

/// What an option may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OptionKind {
    /// One number.
    Number,
    /// One text.
    Text,
    /// A list of texts.
    Texts,
}

impl OptionKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Number, Self::Text, Self::Texts];

    /// The word in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Texts => "texts",
        }
    }

    fn of(option: Node<'_>) -> Option<Self> {
        let word = option.get("type")?.text();
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// An option of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOption {
    /// Its name.
    pub name: String,
    /// What it may be.
    pub kind: OptionKind,
    /// What it does.
    pub about: String,
    /// What it is set to.
    pub value: Vec<String>,
}

/// Why an option cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OptionError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Whether the options of a rule file are well-formed.
pub(super) fn check(body: Node<'_>) -> Compiled<()> {
    for (key, option) in body.get("options").into_iter().flat_map(Node::entries) {
        only(option, &["type", "default", "about"])?;
        let error = |span, message: String| Err(RuleError { message, span, help: None });
        let Some(kind) = option.get("type") else { return error(key.span(), "an option needs `type`".to_owned()) };
        let word = text(kind)?;
        let Some(shape) = OptionKind::of(option) else {
            let known = OptionKind::ALL.map(OptionKind::as_str).join(", ");
            return error(kind.span(), format!("`{word}` is none of {known}"));
        };
        let Some(default) = option.get("default") else {
            return error(key.span(), "an option needs `default`".to_owned());
        };
        let values: Vec<String> = values(default);
        if let Err(problem) = fits(shape, &values) {
            return error(default.span(), problem);
        }
    }
    Ok(())
}

/// The options of a rule whose options are well-formed.
pub(super) fn read(body: &Arc<str>) -> Vec<RuleOption> {
    let parsed = syntax::parse(FileId::new(0), body);
    let options = parsed.document.root().and_then(|root| root.get("options"));
    options
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(name, option)| {
            Some(RuleOption {
                name: name.text().to_owned(),
                kind: OptionKind::of(option)?,
                about: option.get("about").map(|node| node.text().to_owned()).unwrap_or_default(),
                value: option.get("default").map(values).unwrap_or_default(),
            })
        })
        .collect()
}

/// The text of a rule with a value in place of an option's default.
pub(super) fn set(body: &Arc<str>, name: &str, given: &[String]) -> Result<String, OptionError> {
    let parsed = syntax::parse(FileId::new(0), body);
    let options = parsed.document.root().and_then(|root| root.get("options"));
    let Some((kind, default)) = options
        .and_then(|options| options.get(name))
        .and_then(|option| Some((OptionKind::of(option)?, option.get("default")?)))
    else {
        let known = options.into_iter().flat_map(Node::entries).map(|(key, _)| key.text());
        let help = suggestion(name, known);
        let message = match options {
            Some(_) => format!("the rule has no option `{name}`"),
            None => "the rule has no options".to_owned(),
        };
        return Err(OptionError { message, help });
    };
    fits(kind, given).map_err(|message| OptionError { message, help: None })?;
    let quoted: Vec<String> = given.iter().map(|value| serde_json::Value::from(value.as_str()).to_string()).collect();
    let written = if kind == OptionKind::Texts { format!("[{}]", quoted.join(", ")) } else { quoted.concat() };
    let place = default.span().range();
    Ok(format!("{}{written}{}", &body[..place.start], &body[place.end..]))
}

fn values(node: Node<'_>) -> Vec<String> {
    if node.is_sequence() {
        node.items().map(|item| item.text().to_owned()).collect()
    } else {
        vec![node.text().to_owned()]
    }
}

fn fits(kind: OptionKind, values: &[String]) -> Result<(), String> {
    match (kind, values) {
        (OptionKind::Number, [value]) if value.parse::<f64>().is_err() => Err(format!("`{value}` is no number")),
        (OptionKind::Texts, _) | (_, [_]) => Ok(()),
        _ => Err("one value is expected here, not a list".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use crate::rule::Registry;

    const RULE: &str = "
id: OWN001
name: own
summary: s
severity: high
match: AWS::Logs::LogGroup
options:
  days: { type: number, default: 365, about: How long. }
  names: { type: texts, default: [a, b], about: Which. }
require:
  - { path: RetentionInDays, at_least: { option: days } }
  - { path: LogGroupName, in: { option: names } }
message: \"`{self}` keeps {value}, not {options.days} days, or is none of {options.names}\"
";

    fn registry() -> Registry {
        let mut registry = Registry::default();
        registry.add(Utf8Path::new("own.yaml"), RULE).unwrap_or_else(|error| panic!("{}", error.error));
        registry
    }

    #[test]
    fn a_rule_lists_its_options() {
        let registry = registry();
        let options = registry.find("OWN001").unwrap().options();
        let told: Vec<_> = options.iter().map(|o| (o.name.as_str(), o.kind.as_str(), o.value.join(","))).collect();
        assert_eq!(told, [("days", "number", "365".to_owned()), ("names", "texts", "a,b".to_owned())]);
    }

    #[test]
    fn a_value_takes_the_place_of_the_default() {
        let mut registry = registry();
        let rule = registry.find_mut("own").unwrap();
        rule.set_option("days", &["90".to_owned()]).unwrap();
        rule.set_option("names", &["x \"y\"".to_owned()]).unwrap();
        assert_eq!(rule.options()[0].value, ["90"]);
        assert_eq!(rule.options()[1].value, ["x \"y\""]);
        let shown = format!("{:?}", rule.rule());
        assert!(shown.contains("90.0") && !shown.contains("365"), "{shown}");
        assert!(shown.contains("not 90 days") || shown.contains(", not "), "{shown}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut registry = registry();
        let rule = registry.find_mut("own").unwrap();
        let error = |rule: &mut crate::rule::Registered, name: &str, values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            let error = rule.set_option(name, &values).unwrap_err();
            (error.message, error.help)
        };
        assert_eq!(error(rule, "day", &["1"]).1.as_deref(), Some("did you mean `days`?"));
        assert_eq!(error(rule, "days", &["soon"]).0, "`soon` is no number");
        assert_eq!(error(rule, "days", &["1", "2"]).0, "one value is expected here, not a list");
    }
}
