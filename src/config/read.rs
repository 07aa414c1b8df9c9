//! From the text of a configuration file to a [`Config`], or to the first mistake in it.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use crate::rule::declarative::{RuleError, only, suggestion};
use crate::source::{FileId, Span};
use crate::syntax::{self, Node};

use super::keys::{KEYS, SEVERITIES, Shape};
use super::{
    AssignedValue, Assignment, Config, Environment, Glob, RuleOptions, SeverityOverride, SharedParameters, Stack,
    Suppress, Written,
};

type Read<T> = Result<T, RuleError>;

/// Reads a whole file.
pub(super) fn read(file: FileId, text: &Arc<str>) -> Read<Config> {
    let parsed = syntax::parse(file, text);
    if let Some(issue) = parsed.issues.into_iter().next() {
        return Err(RuleError { message: issue.message, span: issue.span, help: issue.help });
    }
    let mut config = Config::default();
    // An empty file, or one with comments only, says nothing and still marks the project's folder.
    let Some(root) = parsed.document.root().filter(|root| root.scalar() != Some("")) else {
        return Ok(config);
    };
    map(root)?;
    only(root, &KEYS.map(|key| key.name))?;
    for (key, value) in root.entries() {
        setting(&mut config, key.text(), value)?;
    }
    Ok(config)
}

fn setting(config: &mut Config, key: &str, value: Node<'_>) -> Read<()> {
    match key {
        "include" => config.include = Some(globs(value)?),
        "exclude" => config.exclude = Some(globs(value)?),
        "select" => config.select = Some(texts(value)?),
        "ignore" => config.ignore = Some(texts(value)?),
        "profile" => config.profile = Some(word(value, key)?),
        "severity" => config.severity = severities(value)?,
        "fail-on" => config.fail_on = Some(word(value, key)?),
        "min-severity" => config.min_severity = Some(word(value, key)?),
        "unknown" => config.unknown = Some(word(value, key)?),
        "rules" => config.rules = Some(texts(value)?),
        "options" => config.options = entries(value)?.map(options).collect::<Read<_>>()?,
        "suppress" => config.suppress = items(value)?.map(suppress).collect::<Read<_>>()?,
        "environments" => config.environments = entries(value)?.map(environment).collect::<Read<_>>()?,
        "stacks" => config.stacks = entries(value)?.map(stack).collect::<Read<_>>()?,
        "external" => config.external = Some(texts(value)?),
        "shared-parameters" => config.shared_parameters = Some(shared_parameters(value)?),
        // The schema lists what is known, and every one of them has an arm.
        other => return mistake(value.span(), format!("`{other}` is not known here"), None),
    }
    Ok(())
}

fn mistake<T>(span: Span, message: impl Into<String>, help: Option<String>) -> Read<T> {
    Err(RuleError { message: message.into(), span, help })
}

fn map(node: Node<'_>) -> Read<Node<'_>> {
    if node.is_mapping() {
        return Ok(node);
    }
    mistake(node.span(), "a map of keys and values is expected here", None)
}

fn entries(node: Node<'_>) -> Read<impl Iterator<Item = (Node<'_>, Node<'_>)>> {
    Ok(map(node)?.entries())
}

fn items(node: Node<'_>) -> Read<impl Iterator<Item = Node<'_>>> {
    if node.is_sequence() {
        return Ok(node.items());
    }
    mistake(node.span(), "a list is expected here", Some("write `- ` before each item".to_owned()))
}

fn text(node: Node<'_>) -> Read<Written<String>> {
    match node.scalar() {
        Some(text) if !text.is_empty() => Ok(Written { value: text.to_owned(), span: node.span() }),
        _ => mistake(node.span(), "a text is expected here", None),
    }
}

/// A text, or a list of texts.
fn texts(node: Node<'_>) -> Read<Written<Vec<Written<String>>>> {
    let value = if node.is_sequence() { node.items().map(text).collect::<Read<_>>()? } else { vec![text(node)?] };
    Ok(Written { value, span: node.span() })
}

fn globs(node: Node<'_>) -> Read<Written<Vec<Glob>>> {
    let texts = texts(node)?;
    let value = texts.value.iter().map(glob).collect::<Read<_>>()?;
    Ok(Written { value, span: texts.span })
}

fn glob(written: &Written<String>) -> Read<Glob> {
    let Written { value, span } = written;
    Glob::new(value).or_else(|why| mistake(*span, format!("`{value}` is no glob: {why}"), None))
}

/// One of the words that the key takes.
fn word<T>(node: Node<'_>, key: &str) -> Read<Written<T>>
where
    T: FromStr,
    T::Err: Display,
{
    let written = text(node)?;
    let known = KEYS.iter().find(|known| known.name == key);
    let words = match known.map(|known| known.shape) {
        Some(Shape::Word(words)) => words,
        _ => SEVERITIES,
    };
    match written.value.parse() {
        Ok(value) => Ok(Written { value, span: written.span }),
        Err(_) => mistake(
            written.span,
            format!("`{}` is none of {}", written.value, words.join(", ")),
            suggestion(&written.value, words.iter().copied()),
        ),
    }
}

/// `RULE: low`, `"path/**": low`, `"path/**": {RULE: low}`.
fn severities(node: Node<'_>) -> Read<Vec<SeverityOverride>> {
    let mut overrides = Vec::new();
    for (key, value) in entries(node)? {
        let written = text(key)?;
        let is_path = written.value.contains(['/', '*', '.']);
        let path = if is_path { Some(glob(&written)?) } else { None };
        match (path, value.is_mapping()) {
            (Some(path), true) => {
                for (rule, severity) in value.entries() {
                    let severity = word(severity, "")?.value;
                    let (path, rules, span) = (Some(path.clone()), Some(text(rule)?), rule.span());
                    overrides.push(SeverityOverride { path, rules, severity, span });
                }
            }
            (path, _) => {
                let rules = path.is_none().then_some(written);
                overrides.push(SeverityOverride { path, rules, severity: word(value, "")?.value, span: key.span() });
            }
        }
    }
    Ok(overrides)
}

fn options((rule, values): (Node<'_>, Node<'_>)) -> Read<RuleOptions> {
    let value = |(name, value): (Node<'_>, Node<'_>)| {
        let Written { value, span } = texts(value)?;
        let value = value.into_iter().map(|written| written.value).collect();
        Ok((text(name)?, Written { value, span }))
    };
    Ok(RuleOptions { rule: text(rule)?, values: entries(values)?.map(value).collect::<Read<_>>()? })
}

fn suppress(node: Node<'_>) -> Read<Suppress> {
    only(map(node)?, &["rules", "paths", "reason", "until"])?;
    let needed = |key: &str| match node.get(key) {
        Some(value) => Ok(value),
        None => mistake(key_of(node), format!("`{key}` is missing"), None),
    };
    Ok(Suppress {
        rules: texts(needed("rules")?)?.value,
        paths: globs(needed("paths")?)?.value,
        // That a reason is missing is a finding, as it is beside a key.
        reason: node.get("reason").and_then(Node::scalar).unwrap_or_default().to_owned(),
        until: node.get("until").map(text).transpose()?,
        span: key_of(node),
    })
}

/// The first key of a map, which is a better place than all of it.
fn key_of(node: Node<'_>) -> Span {
    node.entries().next().map_or(node.span(), |(key, _)| key.span())
}

fn environment((name, parameters): (Node<'_>, Node<'_>)) -> Read<Environment> {
    Ok(Environment { name: text(name)?, parameters: assignments(parameters)? })
}

fn assignments(node: Node<'_>) -> Read<Vec<Assignment>> {
    entries(node)?.map(assignment).collect()
}

fn assignment((name, value): (Node<'_>, Node<'_>)) -> Read<Assignment> {
    let assigned = if value.is_mapping() {
        only(value, &["stack", "output"])?;
        let part = |key: &str| match value.get(key) {
            Some(part) => text(part),
            None => mistake(key_of(value), format!("`{key}` is missing: an output is `{{stack, output}}`"), None),
        };
        AssignedValue::Output { stack: part("stack")?.value, output: part("output")?.value }
    } else if value.is_sequence() {
        let items = value.items().map(|item| Ok(text(item)?.value)).collect::<Read<Vec<_>>>()?;
        AssignedValue::Literal(items.join(","))
    } else {
        let scalar = value.scalar();
        let Some(scalar) = scalar else {
            return mistake(value.span(), "a text, a list or `{stack, output}` is expected here", None);
        };
        AssignedValue::Literal(scalar.to_owned())
    };
    Ok(Assignment { name: text(name)?, value: Written { value: assigned, span: value.span() } })
}

fn stack((name, node): (Node<'_>, Node<'_>)) -> Read<Stack> {
    only(map(node)?, &["template", "parameters", "environments"])?;
    let Some(template) = node.get("template") else {
        return mistake(name.span(), format!("stack `{}` has no `template`", name.text()), None);
    };
    Ok(Stack {
        name: text(name)?,
        template: text(template)?,
        parameters: node.get("parameters").map(assignments).transpose()?.unwrap_or_default(),
        environments: match node.get("environments") {
            Some(environments) => entries(environments)?.map(environment).collect::<Read<_>>()?,
            None => Vec::new(),
        },
    })
}

fn shared_parameters(node: Node<'_>) -> Read<Written<SharedParameters>> {
    let value = match node.scalar() {
        Some("all") => SharedParameters::All,
        Some("none") => SharedParameters::None,
        Some(other) => {
            let help = suggestion(other, ["all", "none"].into_iter());
            return mistake(node.span(), format!("`{other}` is neither `all`, `none` nor a list of names"), help);
        }
        None => SharedParameters::Names(texts(node)?.value.into_iter().map(|written| written.value).collect()),
    };
    Ok(Written { value, span: node.span() })
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::finding::{Severity, UnknownMode};
    use crate::rule::Profile;

    fn config(text: &str) -> Config {
        Config::read(Utf8Path::new("c.yaml"), text).unwrap_or_else(|error| panic!("{}", error.error))
    }

    /// The message, the text at its place, and the help.
    fn mistake(text: &str) -> (String, String, Option<String>) {
        let error = Config::read(Utf8Path::new("c.yaml"), text).expect_err("it is a mistake");
        let at = error.file.text()[error.error.span.range()].to_owned();
        (error.error.message, at, error.error.help)
    }

    #[test]
    fn what_is_not_said_is_absent() {
        for text in ["", "# only a comment\n", "{}"] {
            let config = config(text);
            assert!(config.profile.is_none() && config.include.is_none() && config.stacks.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn every_key_is_read() {
        let config = config(
            "include: infra/**\nexclude: [cdk.out, '*.draft.yaml']\nselect: [ENC]\nignore: REL001\nprofile: strict\n\
             severity: {REL001: low, 'sandbox/**': info, 'lab/**': {ENC: low}}\nfail-on: high\nmin-severity: low\n\
             unknown: deny\nrules: [ours]\noptions: {LOG010: {days: 90}}\n\
             suppress: [{rules: ENC001, paths: lab/**, reason: a lab, until: 2027-01-31}]\n\
             environments: {dev: {Environment: dev, Zones: [a, b]}}\n\
             stacks: {net: {template: n.yaml, parameters: {K: {stack: kms, output: Arn}}, environments: {dev: {C: '1'}}}}\n\
             external: [central-*]\nshared-parameters: [Environment]\n",
        );
        assert_eq!(config.include.as_ref().unwrap().value[0].text, "infra/**");
        assert_eq!(config.exclude.as_ref().unwrap().value.len(), 2);
        assert_eq!(config.select.as_ref().unwrap().value[0].value, "ENC");
        assert_eq!(config.profile.as_ref().unwrap().value, Profile::Strict);
        assert_eq!(config.severity.len(), 3);
        assert_eq!(config.severity[0].rules.as_ref().unwrap().value, "REL001");
        assert!(config.severity[1].rules.is_none() && config.severity[2].rules.is_some());
        assert_eq!(config.fail_on.as_ref().unwrap().value, Severity::High);
        assert_eq!(config.unknown.as_ref().unwrap().value, UnknownMode::Deny);
        assert_eq!(config.options[0].values[0].1.value, ["90"]);
        assert_eq!(config.suppress[0].until.as_ref().unwrap().value, "2027-01-31");
        let zones = &config.environments[0].parameters[1].value.value;
        assert_eq!(*zones, AssignedValue::Literal("a,b".to_owned()));
        let key = &config.stacks[0].parameters[0].value.value;
        assert_eq!(*key, AssignedValue::Output { stack: "kms".to_owned(), output: "Arn".to_owned() });
        assert_eq!(config.stacks[0].environments[0].name.value, "dev");
        assert_eq!(config.shared_parameters.unwrap().value, SharedParameters::Names(vec!["Environment".to_owned()]));
    }

    #[test]
    fn a_mistake_has_a_place_and_a_suggestion() {
        let (message, at, help) = mistake("profil: strict\n");
        assert_eq!((message.as_str(), at.as_str()), ("`profil` is not known here", "profil"));
        assert_eq!(help.as_deref(), Some("did you mean `profile`?"));
        let (message, at, help) = mistake("fail-on: higg\n");
        assert_eq!((message.as_str(), at.as_str()), ("`higg` is none of info, low, medium, high, critical", "higg"));
        assert_eq!(help.as_deref(), Some("did you mean `high`?"));
        assert_eq!(mistake("include: ['a[']\n").1, "'a['");
        assert_eq!(mistake("suppress: [{rules: ENC001}]\n").0, "`paths` is missing");
        assert_eq!(mistake("stacks: {net: {}}\n").0, "stack `net` has no `template`");
        assert_eq!(mistake("- a\n").0, "a map of keys and values is expected here");
        assert_eq!(mistake("a: b: c\n").1.len().min(1), 1);
    }

    #[test]
    fn globs_mean_what_people_expect() {
        let matches = |glob: &str, path: &str| Glob::new(glob).unwrap().matches(path);
        assert!(matches("infra", "infra/a.yaml") && matches("infra/", "x/infra/a/b.yaml"));
        assert!(matches("*.draft.yaml", "a/b.draft.yaml"));
        assert!(matches("infra/*.yaml", "infra/a.yaml") && !matches("infra/*.yaml", "infra/b/a.yaml"));
        assert!(matches("infra/**", "infra/b/a.yaml") && !matches("infra/**", "x/infra/a.yaml"));
        assert!(matches("./infra/a.yaml", "infra/a.yaml") && matches("/infra/a.yaml", "infra/a.yaml"));
        assert!(!matches("infra", "infrastructure/a.yaml"));
    }
}
