//! Our trees against those of libyaml, which `PyYAML` and so cfn-lint, SAM and the AWS CLI read templates with.

use std::path::Path;
use std::sync::Arc;

use libyaml_safer::{EventData, ScalarStyle};
use mlops_lint::source::FileId;
use mlops_lint::syntax::{self, IssueKind, Kind, Node, Style};

/// What both readers say about one node or end of a collection.
#[derive(Debug, PartialEq)]
struct Item {
    /// Kind, tag and text.
    what: String,
    /// Byte range, where both mean the same by it.
    place: Option<(usize, usize)>,
}

fn item(what: String) -> Item {
    Item { what, place: None }
}

/// Compares structure, tags, text and places of a text; `Err` says what differs.
pub(super) fn agree(text: &str) -> Result<usize, String> {
    // It panics on some texts that end inside a block scalar; that is no verdict.
    let Ok(theirs) = std::panic::catch_unwind(|| libyaml(text)) else { return Ok(0) };
    let parsed = syntax::parse(FileId::new(0), &Arc::from(text));
    let failed = parsed.issues.iter().find(|issue| matches!(issue.kind, IssueKind::Syntax | IssueKind::TooDeep));
    let theirs = match (theirs, failed) {
        (Err(_), Some(_)) => return Ok(0),
        (Err(error), None) => return Err(format!("libyaml refuses what we take: {error}")),
        (Ok(_), Some(issue)) => return Err(format!("we refuse what libyaml takes: {issue:?}")),
        (Ok(theirs), None) => theirs,
    };
    let mut ours = Vec::new();
    if let Some(root) = parsed.document.root() {
        flatten(root, &mut ours);
    }
    for (ours, theirs) in ours.iter().zip(&theirs) {
        let place = ours.place.is_none() || theirs.place.is_none() || ours.place == theirs.place;
        if ours.what != theirs.what || !place {
            return Err(format!("we read {ours:?}, libyaml {theirs:?}"));
        }
    }
    if ours.len() == theirs.len() {
        Ok(ours.len())
    } else {
        Err(format!("we read {} items, libyaml {}", ours.len(), theirs.len()))
    }
}

fn flatten(node: Node<'_>, out: &mut Vec<Item>) {
    if node.is_alias() {
        out.push(item("*".to_owned()));
        return;
    }
    let tag = node.tag_text().map_or(String::new(), |tag| match tag.strip_prefix("!!") {
        Some(name) => format!("tag:yaml.org,2002:{name}"),
        None => tag.to_owned(),
    });
    if node.kind() == Kind::Scalar {
        let range = node.text_range();
        out.push(Item {
            what: format!("{tag} {:?} {:?}", node.style(), node.text()),
            place: Some((range.start, range.end)),
        });
        return;
    }
    out.push(item(format!("{tag} {:?}", node.kind())));
    node.children().for_each(|child| flatten(child, out));
    out.push(item("end".to_owned()));
}

/// The first document, as libyaml reads it.
fn libyaml(text: &str) -> Result<Vec<Item>, String> {
    let mut parser = libyaml_safer::Parser::new();
    let mut bytes = text.as_bytes();
    parser.set_input_string(&mut bytes);
    let mut out = Vec::new();
    for event in &mut parser {
        let event = event.map_err(|error| error.to_string())?;
        let place = (usize::try_from(event.start_mark.index).unwrap(), usize::try_from(event.end_mark.index).unwrap());
        match event.data {
            EventData::DocumentEnd { .. } => break,
            EventData::Alias { .. } => out.push(item("*".to_owned())),
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let style = match style {
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                    _ => Style::Plain,
                };
                // Its scalars start at the tag or anchor, its empty ones stand elsewhere, its block scalars end behind the line breaks.
                let same_place = anchor.is_none()
                    && tag.is_none()
                    && place.0 < place.1
                    && !matches!(style, Style::Literal | Style::Folded);
                let what = format!("{} {style:?} {value:?}", tag.unwrap_or_default());
                out.push(Item { what, place: same_place.then_some(place) });
            }
            EventData::SequenceStart { tag, .. } => {
                out.push(item(format!("{} {:?}", tag.unwrap_or_default(), Kind::Sequence)));
            }
            EventData::MappingStart { tag, .. } => {
                out.push(item(format!("{} {:?}", tag.unwrap_or_default(), Kind::Mapping)));
            }
            EventData::SequenceEnd | EventData::MappingEnd => out.push(item("end".to_owned())),
            _ => {}
        }
    }
    Ok(out)
}

/// Every YAML file below a folder of the project.
fn files(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            out.push(path);
        }
    }
}

#[test]
fn every_yaml_file_of_the_project_is_read_as_libyaml_reads_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["rules", "templates", "fixtures"] {
        files(&root.join(folder), &mut paths);
    }
    let mut items = 0;
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        match agree(&text) {
            Ok(count) => items += count,
            Err(difference) => panic!("{}: {difference}", path.display()),
        }
        assert_eq!(super::bodies::parse(&text), 0, "every scalar aligns");
    }
    assert!(paths.len() > 5 && items > 1000, "{} files, {items} items", paths.len());
}

#[test]
fn quirks_are_read_as_libyaml_reads_them() {
    for text in QUIRKS {
        if let Err(difference) = agree(text) {
            panic!("{text:?}: {difference}");
        }
        assert_eq!(super::bodies::parse(text), 0, "{text:?}");
    }
}

/// Where we differ from libyaml: YAML 1.2 has no line breaks but CR and LF, JSON is YAML, a comment has a space before it, and names of anchors are longer.
#[test]
fn differences_from_libyaml_are_known() {
    for text in [
        "a: x\u{2028}y\nb: 1\n",
        "a: x\u{85}y\nb: 1\n",
        "[\"\\ud83d\\ude00\"]",
        "a: \"x\"#no\n",
        "- &x:\n  a: 1\n",
        "a: *nope.example.com\n \nb: *\u{e9}\n",
    ] {
        assert!(agree(text).is_err(), "{text:?} is read alike now");
        super::bodies::parse(text);
    }
    let long = format!("{{{}: 1}}", "k".repeat(1500));
    assert!(agree(&long).is_err());
}

const QUIRKS: &[&str] = &[
    "",
    "# only a comment\n",
    "a: 1",
    "a: !Ref B\n",
    "a: !Sub |\n  x ${B}\n  y\nb: 1\n",
    "a: !GetAtt [X, Arn]\n",
    "a: !Join ['', [!Ref X, !Sub '${Y}']]\n",
    "a: !Transform {Name: 'AWS::Include'}\n",
    "a: !Base64 !Sub x\n",
    "a: !Ref\nb: 1\n",
    "a: 1\na: 2\n",
    "x: &d {k: 1}\ny:\n  <<: *d\n  z: 2\n",
    "Version: 2012-10-17\n",
    "id: 012345678901\no: 0o17\nh: 0x1F\nu: 1_000\ns: 12:30:45\n",
    "a: 1\r\nb: !Sub |\r\n  x\r\n  y\r\nc: 2\r\n",
    "a: 1\rb: 2\r",
    "a:\n\tb: 1\n",
    "a:\t1\nb:\t- x\n",
    "a:\t1\n",
    "a: {\n\t\"b\": 1\n}\n",
    "a:\n  b: [\n\t1,\n\t\t{ c: d }\n\t]\nc: '\n\tx'\n",
    "a: {\n\tb: |\n\t}\n",
    "{\n\t\"Resources\": {\n\t\t\"A\": {\n\t\t\t\"Type\": \"T\"\n\t\t}\n\t}\n}\n",
    "\u{e9}: \"\u{65e5}\u{672c}\" # c\nb: \u{1f600}x\n",
    "a: \"x\u{1}y\"\n",
    "a: 1\n---\nb: 2\n",
    "---\na: 1\n...\n",
    "# top\na: 1 # right\n# mid\nb:\n  # in\n  - x\n",
    "{\"a\":1,\"b\":{\"c\":[]}}",
    "a: {\"b\":\n  1, \"c\":\n  [2]}\n",
    "a:\n  b: {\n\"c\": 1\n}\n",
    "a: one\n  two\n\n  three\nb: 1\n",
    "a: \"x\ny\"\nb: 1\n",
    "a: \"x\\\n   y\\\n\n   z \\\n  \\  w\"\n",
    "a: 'x\n\n\n  y'\n",
    "a:\n- b\n- c: 1\nd: 2\n",
    "a:\n- - b\n  - c\n-\n  - d\n",
    "a: arn:aws:s3:::x\nb: http://x:80/y\n",
    "a: [1, 2\nb: 3\n",
    "a:\n  b: 1\n c: 2\n",
    "a: b: c\n",
    "? a\n: b\n? [c]\n: d\n",
    "[a: 1, b: [c: 2], d]",
    "a: |\nb: >+\n\n\nc: |-\n",
    "a: |2-\n\n   x  \n  y\n\n\nb: |+\n  z\n\n\nc: 1\n",
    "a: >\n  x\n  y\n\n  z\n   indented\n  w\n\n\n",
    "a: >-\n\n  x\n   \n  y\n",
    "a: |\n  x\n   \n",
    "a: | # comment\n  x\n",
    "--- |\n text\n",
    "--- >-\n text\n more",
    "- |\n a\n- >\n b\n",
    "a: ! 010\nb: !!str 010\nc: !!int \"3\"\n",
    "a: ~\nb:\nc: \"\"\nd: ''\n",
    "a: 'it''s'\nb: 'it's'\n",
    "a: \"\\q\"\n",
    "a: \"\\x41\\u00e9\\U0001F600\\N\\_\\L\\P\\0\\a\\b\\e\\f\\v\\r\\t\\/\\ \"\n",
    "a: @x\n",
    "a: `x\n",
    "a: %x\n",
    "Resource: *\n",
    "{{resolve:ssm:x}}: 1\n",
    "a: {{resolve:ssm:x}}\n",
    "a: - b\n",
    "a: 1\n- b\n",
    "- a\nb: 1\n",
    "a\nb: 1\n",
    "a: 1]\n",
    "a: [1]]\n",
    "a: x #no\nb: x#yes\n",
    "%YAML 1.1\n---\na: 1\n",
    "a:   \n  \n  b: 1   \n\n\n",
];
