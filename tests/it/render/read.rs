//! Readers of the formats, as their consumers read them: what a renderer writes is compared with what comes back.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use quick_xml::events::Event as Xml;

/// A workflow command as the runner of GitHub Actions understands it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) name: String,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) message: String,
}

/// The commands among the lines of a log, and the other lines.
///
/// After GitHub's documentation of workflow commands and the runner's `ActionCommand`: a line that starts with `::`; the next `::` ends the
/// command; the first blank ends its name; properties are separated by commas; escapes are undone with `%25` last.
pub(super) fn commands(log: &str) -> (Vec<Command>, Vec<&str>) {
    let (mut commands, mut others) = (Vec::new(), Vec::new());
    for line in log.lines() {
        let parts = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"));
        let Some((head, message)) = parts else {
            others.push(line);
            continue;
        };
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let unescape = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
        let property = |text: &str| {
            let (key, value) = text.split_once('=').expect("a property has a value");
            let value = unescape(value).replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
            (key.to_owned(), value)
        };
        commands.push(Command {
            name: name.to_owned(),
            properties: properties.split(',').filter(|text| !text.is_empty()).map(property).collect(),
            message: unescape(message).replace("%25", "%"),
        });
    }
    (commands, others)
}

/// An element of an XML document.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) children: Vec<Self>,
    pub(super) text: String,
}

impl Element {
    pub(super) fn number(&self, attribute: &str) -> usize {
        self.attributes[attribute].parse().unwrap()
    }

    /// All elements of a name below this one.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> Vec<&'a Self> {
        let mut found: Vec<&Self> = self.children.iter().filter(|child| child.name == name).collect();
        found.extend(self.children.iter().flat_map(|child| child.all(name)));
        found
    }
}

/// Reads a document; panics if it is not well-formed.
pub(super) fn xml(text: &str) -> Element {
    let bad = |c: char| matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    assert!(!text.contains(bad), "a character that XML 1.0 does not know");
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().unwrap();
        match event {
            Xml::Start(ref tag) | Xml::Empty(ref tag) => {
                let attribute = |attribute: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
                    let attribute = attribute.unwrap();
                    let key = attribute.key.as_ref().to_owned();
                    (key, quick_xml::escape::unescape(&attribute.value).unwrap().into_owned())
                };
                let element = Element {
                    name: tag.name().as_ref().to_owned(),
                    attributes: tag.attributes().map(attribute).collect(),
                    ..Element::default()
                };
                if matches!(event, Xml::Empty(_)) {
                    open.last_mut().unwrap().children.push(element);
                } else {
                    open.push(element);
                }
            }
            Xml::End(_) => {
                let element = open.pop().unwrap();
                open.last_mut().unwrap().children.push(element);
            }
            Xml::Text(text) => open.last_mut().unwrap().text.push_str(&text),
            Xml::GeneralRef(name) => {
                let text = quick_xml::escape::unescape(&format!("&{};", &*name)).unwrap().into_owned();
                open.last_mut().unwrap().text.push_str(&text);
            }
            Xml::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open.len(), 1, "every element ends");
    open.pop().unwrap().children.pop().expect("a root element")
}

/// A cell of a table as people read it.
#[derive(Debug, Default)]
pub(super) struct Cell {
    /// Without markup.
    pub(super) text: String,
    pub(super) links: Vec<String>,
}

/// The tables of a page, row by row, the heads included; panics if a cell holds more than text, code and links.
pub(super) fn tables(markdown: &str) -> Vec<Vec<Vec<Cell>>> {
    let mut tables: Vec<Vec<Vec<Cell>>> = Vec::new();
    let mut is_table = false;
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::Table(_)) => {
                tables.push(Vec::new());
                is_table = true;
            }
            Event::End(TagEnd::Table) => is_table = false,
            _ if !is_table => {}
            Event::Start(Tag::TableHead | Tag::TableRow) => tables.last_mut().unwrap().push(Vec::new()),
            Event::Start(Tag::TableCell) => tables.last_mut().unwrap().last_mut().unwrap().push(Cell::default()),
            Event::End(_) => {}
            other => {
                let cell = tables.last_mut().unwrap().last_mut().unwrap().last_mut().unwrap();
                match other {
                    Event::Text(piece) | Event::Code(piece) => cell.text.push_str(&piece),
                    Event::InlineHtml(html) if matches!(&*html, "<code>" | "</code>") => {}
                    Event::Start(Tag::Link { dest_url, .. }) => cell.links.push(dest_url.into_string()),
                    surprise => panic!("{surprise:?} in a cell: {cell:?}"),
                }
            }
        }
    }
    tables
}
