//! What holds for any text, and for texts that are made to be hard.

use std::sync::Arc;

use mlops_lint::source::FileId;
use mlops_lint::syntax::{self, Kind, Node};
use proptest::prelude::*;

use super::bodies;

/// A value and how to write it: the choices are taken from a list of numbers, so that proptest can shrink them.
#[derive(Debug, Clone)]
enum Tree {
    Scalar(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]{1,6}( [a-z0-9]{1,5}){0,4}",
        "[a-zA-Z0-9 :#'\"\\\\\n${}\\[\\],&*!|>%@é日😀-]{0,24}",
        "([a-z]{0,4}\n){0,3} {0,2}[a-z ]{0,6}\n{0,3}",
        "\\PC{0,12}",
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    scalar().prop_map(Tree::Scalar).prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::List),
            prop::collection::btree_map(scalar(), inner, 0..5).prop_map(|map| Tree::Map(map.into_iter().collect())),
        ]
    })
}

/// Writes a tree as YAML in a style that the choices name.
struct Writer {
    out: String,
    choices: Vec<u8>,
    taken: usize,
    newline: &'static str,
    /// A block scalar was written last: a comment or blank line would belong to it.
    block: bool,
}

impl Writer {
    fn choose(&mut self, among: u8) -> u8 {
        self.taken += 1;
        self.choices
            .get(self.taken % self.choices.len().max(1))
            .copied()
            .unwrap_or(0)
            .wrapping_add(u8::try_from(self.taken % 5).unwrap())
            % among
    }

    fn line(&mut self, indent: usize) {
        let block = std::mem::take(&mut self.block);
        if self.choose(6) == 0 && !block {
            self.out.push_str(" # note: \"x\" | y");
        }
        self.out.push_str(self.newline);
        if self.choose(9) == 0 && !block {
            self.out.push_str(self.newline);
        }
        self.out.push_str(&" ".repeat(indent));
    }

    /// A value behind `key:` or `-`, with the white space before it.
    fn value(&mut self, tree: &Tree, indent: usize, flow: bool) {
        match tree {
            Tree::Scalar(text) => {
                self.out.push(' ');
                if self.choose(5) == 0 {
                    self.out.push_str("!Sub ");
                }
                self.scalar(text, indent, flow, false);
            }
            Tree::List(items) if !flow && !items.is_empty() && self.choose(3) > 0 => {
                for item in items {
                    self.line(indent);
                    self.out.push('-');
                    self.value(item, indent + 2, false);
                }
            }
            Tree::Map(entries) if !flow && !entries.is_empty() && self.choose(3) > 0 => {
                for (key, value) in entries {
                    self.line(indent);
                    self.scalar(key, indent, false, true);
                    self.out.push(':');
                    self.value(value, indent + 2, false);
                }
            }
            Tree::List(items) => {
                self.out.push_str(" [");
                for (index, item) in items.iter().enumerate() {
                    self.separator(index, indent);
                    self.value(item, indent, true);
                }
                self.out.push_str(" ]");
            }
            Tree::Map(entries) => {
                self.out.push_str(" {");
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.separator(index, indent);
                    self.out.push(' ');
                    self.scalar(key, indent, true, true);
                    self.out.push(':');
                    self.value(value, indent, true);
                }
                self.out.push_str(" }");
            }
        }
    }

    fn separator(&mut self, index: usize, indent: usize) {
        if index > 0 {
            self.out.push(',');
        }
        if self.choose(4) == 0 {
            self.line(indent + 1);
        }
    }

    fn scalar(&mut self, text: &str, indent: usize, flow: bool, key: bool) {
        let lines: Vec<&str> = text.split('\n').collect();
        let words = !text.is_empty()
            && text.split(' ').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let printable =
            text.chars().all(|character| matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '😀'));
        let printable = printable && !text.contains(['\u{2028}', '\u{2029}']);
        match self.choose(5) {
            0 if words => self.folded(text, indent + 1, key),
            1 if printable && lines.len() == 1 => {
                self.out.push('\'');
                let text = text.replace('\'', "''");
                if words {
                    self.folded(&text, indent + 1, key);
                } else {
                    self.out.push_str(&text);
                }
                self.out.push('\'');
            }
            2 if printable && !flow && !key && text.contains(|character: char| !matches!(character, ' ' | '\n')) => {
                self.literal(&lines, indent);
            }
            3 if words && !flow && !key => {
                self.out.push_str(">-");
                self.out.push_str(self.newline);
                self.out.push_str(&" ".repeat(indent + 1));
                self.folded(text, indent + 1, false);
                self.block = true;
            }
            _ => {
                let text = bodies::quoted(text);
                self.out.push_str(&text);
            }
        }
    }

    /// Words, some on a new line instead of behind a space.
    fn folded(&mut self, text: &str, indent: usize, one_line: bool) {
        for (index, word) in text.split(' ').enumerate() {
            if index > 0 && !one_line && self.choose(3) == 0 {
                self.out.push_str(self.newline);
                self.out.push_str(&" ".repeat(indent));
            } else if index > 0 {
                self.out.push(' ');
            }
            self.out.push_str(word);
        }
    }

    fn literal(&mut self, lines: &[&str], indent: usize) {
        let breaks = lines.iter().rev().take_while(|line| line.is_empty()).count();
        self.out.push('|');
        // The indentation shows itself unless the first line starts with a space or is blank.
        if indent > 0 {
            self.out.push('2');
        }
        self.out.push_str(["-", "", "+"][breaks.min(2)]);
        let lines = if breaks == 1 { &lines[..lines.len() - 1] } else { lines };
        let count = if breaks > 1 { lines.len() - 1 } else { lines.len() };
        for line in &lines[..count] {
            self.out.push_str(self.newline);
            if !line.is_empty() {
                self.out.push_str(&" ".repeat(indent));
                self.out.push_str(line);
            }
        }
        self.block = true;
    }
}

fn write(tree: &Tree, choices: Vec<u8>, crlf: bool) -> String {
    let mut writer = Writer {
        out: String::from("root:"),
        choices,
        taken: 0,
        newline: if crlf { "\r\n" } else { "\n" },
        block: false,
    };
    writer.value(tree, 2, false);
    writer.out.push_str(writer.newline);
    writer.out
}

fn same(tree: &Tree, node: Node<'_>) -> bool {
    match tree {
        Tree::Scalar(text) => node.scalar() == Some(text),
        Tree::List(items) => {
            node.is_sequence()
                && node.items().count() == items.len()
                && items.iter().zip(node.items()).all(|(tree, node)| same(tree, node))
        }
        Tree::Map(entries) => {
            node.is_mapping()
                && node.entries().count() == entries.len()
                && entries
                    .iter()
                    .zip(node.entries())
                    .all(|((text, tree), (key, value))| key.scalar() == Some(text) && same(tree, value))
        }
    }
}

/// Text that looks like YAML or JSON, so that the reader gets somewhere.
fn yamlish() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "a", "b: ", "c:", " ", "  ", "\n", "\n  ", "\n    ", "\r\n", "\t", "- ", "? ", ": ", "[", "]", "{", "}",
            ",", "\"", "'", "|", ">", "|-\n", ">+\n", "|2\n", "#", " # c", "&x ", "*x", "!Ref ", "!Sub ", "!!str ",
            "<<: ", "---", "...", "\\", "\\n", "\\\n", "\\u00e9", "é", "😀", "\u{feff}", "\u{2028}", "\0", "%", "@",
            "~", "null", "012", "${A}", "1", "-", "true", "\"k\": ", "\"v\"",
        ]),
        0..40,
    )
    .prop_map(|parts| parts.concat())
}

/// True if the numbers of nodes follow the order of the text, so that the nodes from an offset on can be looked up.
fn in_order(text: &str) -> bool {
    let document = syntax::parse(FileId::new(7), &Arc::from(text)).document;
    let starts = |node: Node<'_>| node.text_range().start;
    document.nodes().zip(document.nodes().skip(1)).all(|(node, next)| starts(node) <= starts(next))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in ".*|[ -~\\n\\t]{0,80}") {
        bodies::parse(&text);
    }

    #[test]
    fn any_text_like_yaml_is_read(text in yamlish()) {
        bodies::parse(&text);
        bodies::parse(&format!("{{{text}"));
        prop_assert!(in_order(&text), "{}", text);
    }

    #[test]
    fn any_text_is_read_as_embedded_json(text in yamlish()) {
        bodies::embedded_json(&text);
        bodies::embedded_json(&format!("{{\"a\": [{text}]}}"));
        bodies::embedded_json(&format!("{{\"a\": \"{text}\"}}"));
    }

    #[test]
    fn what_is_written_is_read(tree in tree(), choices in prop::collection::vec(any::<u8>(), 1..40), crlf in any::<bool>()) {
        let text: Arc<str> = write(&tree, choices, crlf).into();
        let parsed = syntax::parse(FileId::new(7), &text);
        prop_assert_eq!(&parsed.issues, &[], "{}", text);
        let root = parsed.document.root().unwrap();
        prop_assert!(same(&tree, root.get("root").unwrap()), "{}", text);
        prop_assert!(in_order(&text), "{}", text);
        prop_assert_eq!(bodies::parse(&text), 0, "every scalar aligns: {}", text);
        if let Err(difference) = super::agree::agree(&text) {
            return Err(TestCaseError::fail(format!("{difference}\n{text}")));
        }
    }

    #[test]
    fn what_is_written_as_json_is_read(tree in tree()) {
        let value = to_json(&tree);
        for text in [value.to_string(), format!("{value:#}")] {
            let text: Arc<str> = text.into();
            let parsed = syntax::json::parse(FileId::new(7), &text).map_err(|issue| TestCaseError::fail(format!("{issue:?} in {text}")))?;
            prop_assert_eq!(&parsed.issues, &[]);
            prop_assert!(same(&tree, parsed.document.root().unwrap()), "{}", text);
            prop_assert_eq!(bodies::parse(&text), 0, "every scalar aligns: {}", text);
        }
    }

    #[test]
    fn json_is_read_as_serde_json_reads_it(text in yamlish()) {
        for text in [text.clone(), format!("{{\"a\": [{text}]}}"), format!("\"{text}\"")] {
            let ours = syntax::json::parse(FileId::new(7), &Arc::from(text.as_str()));
            let theirs = serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}'));
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}: {:?}", text, theirs);
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                prop_assert_eq!(from_node(ours.document.root().unwrap()), theirs);
            }
        }
    }
}

fn to_json(tree: &Tree) -> serde_json::Value {
    match tree {
        Tree::Scalar(text) => text.as_str().into(),
        Tree::List(items) => items.iter().map(to_json).collect(),
        // Sorted by serde_json, as the generator's map is.
        Tree::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
    }
}

fn from_node(node: Node<'_>) -> serde_json::Value {
    match node.kind() {
        Kind::Mapping => node.entries().map(|(key, value)| (key.text().to_owned(), from_node(value))).collect(),
        Kind::Sequence => node.items().map(from_node).collect(),
        _ if node.style() == syntax::Style::Plain => serde_json::from_str(node.text()).unwrap(),
        _ => node.text().into(),
    }
}
