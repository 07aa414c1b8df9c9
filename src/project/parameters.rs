//! A file with values of parameters, as tools of AWS take it, into assignments.
//!
//! Read are the list of `aws cloudformation create-stack --parameters` (`[{"ParameterKey": …, "ParameterValue": …}]`), the
//! template configuration of CodePipeline (`{"Parameters": {…}}`), a list of `"Key=Value"`, and `Key=Value` as words or lines.
//! A value that only the deployment knows (`UsePreviousValue`, a function of CodePipeline) is left out. Which templates have
//! such parameters is not asked here.

use std::sync::Arc;

use crate::graph::{AssignedValue, Assignment};
use crate::source::{FileId, Span};
use crate::syntax::{Node, json};

/// A mistake in a file with values of parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParametersError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do, if that is known.
    pub help: Option<String>,
}

type Read<T> = Result<T, ParametersError>;

/// What is said when a file is none of the forms.
const FORMS: &str =
    "take the list of `--parameters` of the AWS CLI, `{\"Parameters\": {…}}` as CodePipeline does, or `Key=Value`";

/// Reads a file. Of a parameter that stands there twice the last value counts.
///
/// # Errors
/// The first mistake, with its place.
pub fn parameters(file: FileId, text: &Arc<str>) -> Read<Vec<Assignment>> {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    let all = if start.starts_with(['{', '[']) {
        let parsed = json::parse(file, text).map_err(|issue| ParametersError {
            message: issue.message,
            span: issue.span,
            help: issue.help,
        })?;
        match parsed.document.root() {
            Some(root) if root.is_sequence() => list(root)?,
            Some(root) => configuration(root)?,
            None => Vec::new(),
        }
    } else {
        words(file, text)?
    };
    let mut last: Vec<Assignment> = Vec::new();
    for assignment in all {
        last.retain(|known| known.name != assignment.name);
        last.push(assignment);
    }
    Ok(last)
}

fn mistake<T>(span: Span, message: impl Into<String>, help: Option<&str>) -> Read<T> {
    Err(ParametersError { message: message.into(), span, help: help.map(ToOwned::to_owned) })
}

fn assignment(name: &str, value: &str, span: Span) -> Assignment {
    Assignment { name: name.to_owned(), value: AssignedValue::Text(value.to_owned()), span: Some(span) }
}

/// `[{"ParameterKey": …, "ParameterValue": …}, "Key=Value"]`
fn list(root: Node<'_>) -> Read<Vec<Assignment>> {
    let mut found = Vec::new();
    for item in root.items() {
        if item.is_mapping() {
            found.extend(entry(item)?);
        } else if let Some(text) = item.scalar() {
            match text.split_once('=') {
                Some((name, value)) if is_name(name) => found.push(assignment(name, value, item.span())),
                _ => return mistake(item.span(), format!("`{text}` is no `Key=Value`"), None),
            }
        } else {
            return mistake(item.span(), "a parameter with its value is expected here", Some(FORMS));
        }
    }
    Ok(found)
}

/// `{"ParameterKey": …, "ParameterValue": …}`; nothing if the stack keeps the value that it has.
fn entry(item: Node<'_>) -> Read<Option<Assignment>> {
    let Some(name) = item.get("ParameterKey") else {
        return mistake(first_key(item), "`ParameterKey` is missing", Some(FORMS));
    };
    let name = text(name)?;
    let keeps = item.get("UsePreviousValue").is_some_and(|node| node.text() == "true");
    match item.get("ParameterValue") {
        Some(value) => Ok(Some(assignment(name, text(value)?, value.span()))),
        None if keeps => Ok(None),
        None => mistake(first_key(item), format!("`{name}` has no `ParameterValue`"), None),
    }
}

/// `{"Parameters": {…}, "Tags": {…}, "StackPolicy": {…}}`
fn configuration(root: Node<'_>) -> Read<Vec<Assignment>> {
    let Some(parameters) = root.get("Parameters") else {
        // A file that only has tags, or a policy, gives no values.
        if root.entries().next().is_none() || root.get("Tags").or_else(|| root.get("StackPolicy")).is_some() {
            return Ok(Vec::new());
        }
        return mistake(first_key(root), "`Parameters` is missing", Some(FORMS));
    };
    if !parameters.is_mapping() {
        return mistake(parameters.span(), "a map of parameters and values is expected here", None);
    }
    let mut found = Vec::new();
    for (name, value) in parameters.entries() {
        // `Fn::GetArtifactAtt` and `Fn::GetParam` are known when the pipeline runs.
        if !value.is_mapping() {
            found.push(assignment(name.text(), text(value)?, value.span()));
        }
    }
    Ok(found)
}

fn text(node: Node<'_>) -> Read<&str> {
    match node.scalar() {
        Some(text) => Ok(text),
        None => mistake(node.span(), "a text is expected here", None),
    }
}

fn first_key(map: Node<'_>) -> Span {
    map.entries().next().map_or(map.span(), |(key, _)| key.span())
}

/// `Key=Value`, one or more on a line. A value ends where the next assignment begins, so it may hold blanks; in quotes it may
/// hold anything.
fn words(file: FileId, text: &str) -> Read<Vec<Assignment>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        let mut at = end - text[start..end].trim_start_matches(['\u{feff}', ' ', '\t']).len();
        start += line.len();
        if text[at..end].starts_with('#') {
            continue;
        }
        while at < end {
            let (assigned, next) = word(file, text, at, end)?;
            found.extend(assigned);
            at = next;
        }
    }
    Ok(found)
}

/// One assignment, which starts at a place, and where the next one may start.
fn word(file: FileId, text: &str, at: usize, end: usize) -> Read<(Option<Assignment>, usize)> {
    let span = |start: usize, end: usize| {
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Span::new(file, number(start), number(end))
    };
    let rest = &text[at..end];
    let Some((name, _)) = rest.split_once('=').filter(|(name, _)| is_name(name)) else {
        let word = rest.split_whitespace().next().unwrap_or_default();
        return mistake(span(at, at + word.len()), format!("`{word}` is no `Key=Value`"), Some(FORMS));
    };
    let value_at = at + name.len() + 1;
    let value = &text[value_at..end];
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    if let Some(quote) = quote {
        let Some(length) = value[1..].find(quote) else {
            return mistake(span(value_at, end), format!("the value of `{name}` has no closing {quote}"), None);
        };
        let after = value_at + length + 2;
        let assigned = assignment(name, &value[1..=length], span(value_at, after));
        return Ok((Some(assigned), end - text[after..end].trim_start().len()));
    }
    let next = next_assignment(value);
    let value = value[..next].trim_end();
    let after = value_at + value.len();
    // The shorthand of `--parameters`, which some keep in files too.
    let assigned = if name == "ParameterKey" {
        shorthand(value, span(at, after))?
    } else {
        // What is empty is marked with its name.
        let from = if value.is_empty() { at } else { value_at };
        Some(assignment(name, value, span(from, after)))
    };
    Ok((assigned, value_at + next))
}

/// `Name,ParameterValue=Text` behind `ParameterKey=`.
fn shorthand(text: &str, span: Span) -> Read<Option<Assignment>> {
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    match rest.strip_prefix("ParameterValue=") {
        // What the shorthand separates by commas, a value escapes them with a backslash.
        Some(value) => Ok(Some(assignment(name, &value.replace("\\,", ","), span))),
        None if rest.contains("UsePreviousValue=true") => Ok(None),
        None => mistake(span, format!("`{name}` has no `ParameterValue`"), None),
    }
}

/// Where the next assignment begins in what follows a value: behind blanks, a name and `=`.
fn next_assignment(text: &str) -> usize {
    let blanks = text.char_indices().filter(|(_, character)| character.is_whitespace());
    let starts = blanks.map(|(at, character)| at + character.len_utf8());
    starts.filter(|&at| text[at..].split_once('=').is_some_and(|(name, _)| is_name(name))).min().unwrap_or(text.len())
}

/// Names of parameters are letters and digits (AWS documentation, "Parameters").
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Read<Vec<Assignment>> {
        parameters(FileId::new(7), &Arc::from(text))
    }

    /// Names and values; every place cuts the value out of the text, or the name where the value is empty.
    fn values(text: &str) -> Vec<String> {
        let found = read(text).unwrap_or_else(|error| panic!("{error}"));
        let shown = |assignment: &Assignment| {
            let AssignedValue::Text(value) = &assignment.value else { panic!("files hold texts") };
            let span = assignment.span.unwrap();
            let marked = &text[span.range()];
            assert_eq!(span.file, FileId::new(7));
            let is_there = if value.is_empty() { !marked.is_empty() } else { marked.contains(&**value) };
            assert!(is_there || marked.contains('\\'), "{marked:?} marks {value:?}");
            format!("{}={value}", assignment.name)
        };
        found.iter().map(shown).collect()
    }

    #[test]
    fn every_form_that_tools_of_aws_take_is_read() {
        for text in [
            r#"[{"ParameterKey": "A", "ParameterValue": "x"}, {"ParameterKey": "B", "ParameterValue": "y,z"}]"#,
            r#"{"Parameters": {"A": "x", "B": "y,z"}, "Tags": {"A": "t"}, "StackPolicy": {"Statement": []}}"#,
            r#"["A=x", "B=y,z"]"#,
            "A=x B=y,z",
            "A=x\nB=y,z\n",
            "# comment\n\n  A=x\t B='y,z'  \r\n",
            "A=\"x\" B=\"y,z\"",
            "\u{feff}A=x\nB=y,z",
            "ParameterKey=A,ParameterValue=x ParameterKey=B,ParameterValue=y\\,z",
        ] {
            assert_eq!(values(text), ["A=x", "B=y,z"], "{text}");
        }
    }

    #[test]
    fn values_may_hold_blanks_and_signs() {
        assert_eq!(values("Cron=cron(0 1 ? * * *) Text=a b  c"), ["Cron=cron(0 1 ? * * *)", "Text=a b  c"]);
        assert_eq!(values("Uri=https://x/y?a=b&c=d"), ["Uri=https://x/y?a=b&c=d"]);
        assert_eq!(values("A='it = so B=c' D=e"), ["A=it = so B=c", "D=e"]);
        assert_eq!(values("A= B=x\nC="), ["A=", "B=x", "C="]);
        assert_eq!(values(r#"{"Parameters": {"A": "", "N": 3, "T": true}}"#), ["A=", "N=3", "T=true"]);
    }

    #[test]
    fn what_only_the_deployment_knows_is_left_out() {
        assert_eq!(values(r#"[{"ParameterKey": "A", "UsePreviousValue": true}, "B=x"]"#), ["B=x"]);
        assert_eq!(values("ParameterKey=A,UsePreviousValue=true B=x"), ["B=x"]);
        let of_pipeline = r#"{"Parameters": {"A": {"Fn::GetParam": ["Build", "x.json", "Key"]}, "B": "x"}}"#;
        assert_eq!(values(of_pipeline), ["B=x"]);
        for empty in ["", "# nothing\n", "[]", "{}", r#"{"Tags": {"A": "x"}}"#, r#"{"Parameters": {}}"#] {
            assert_eq!(values(empty), [""; 0], "{empty}");
        }
    }

    #[test]
    fn the_last_value_counts() {
        assert_eq!(values("A=x B=y A=z"), ["B=y", "A=z"]);
    }

    #[test]
    fn a_mistake_has_its_place() {
        for (text, message, at) in [
            ("A=x\nB\n", "`B` is no `Key=Value`", "B"),
            ("A-b=x", "`A-b=x` is no `Key=Value`", "A-b=x"),
            ("A='x", "the value of `A` has no closing '", "'x"),
            ("A: x", "`A:` is no `Key=Value`", "A:"),
            (r#"["A"]"#, "`A` is no `Key=Value`", r#""A""#),
            (r#"[{"Key": "A"}]"#, "`ParameterKey` is missing", r#""Key""#),
            (r#"[{"ParameterKey": "A"}]"#, "`A` has no `ParameterValue`", r#""ParameterKey""#),
            (r#"[{"ParameterKey": "A", "ParameterValue": ["x"]}]"#, "a text is expected here", r#"["x"]"#),
            (r#"{"A": "x"}"#, "`Parameters` is missing", r#""A""#),
            (r#"{"Parameters": []}"#, "a map of parameters and values is expected here", "[]"),
            (r"[[]]", "a parameter with its value is expected here", "[]"),
            ("ParameterKey=A", "`A` has no `ParameterValue`", "ParameterKey=A"),
        ] {
            let error = read(text).expect_err(text);
            assert_eq!((&*error.message, &text[error.span.range()]), (message, at), "{text}");
        }
        assert!(read("{\"Parameters\": ").is_err());
    }

    #[test]
    fn any_text_is_read_or_refused() {
        let pieces = ["A=", "B", "=", " ", "\n", "'", "\"", "#", "é", "\\", ",", "ParameterKey=", "{", "["];
        for number in 0..pieces.len().pow(4) {
            let piece = |at: u32| pieces[number / pieces.len().pow(at) % pieces.len()];
            let text: String = (0..4).map(piece).collect();
            match read(&text) {
                Ok(found) => assert!(found.iter().all(|one| text.get(one.span.unwrap().range()).is_some()), "{text:?}"),
                Err(error) => assert!(text.get(error.span.range()).is_some(), "{text:?}"),
            }
        }
    }
}
