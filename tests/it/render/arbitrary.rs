//! Whatever a report holds, every format can write it.

use std::collections::BTreeMap;

use mlops_lint::engine::Report;
use mlops_lint::finding::{
    Confidence, Finding, Label, Reason, ReasonKind, RuleId, Severity, Subject, Undecided, fingerprints,
};
use mlops_lint::render::{OutputFormat, RenderContext, UnknownMode, render};
use mlops_lint::source::{FileId, SourceFile, SourceMap, Span};
use proptest::prelude::*;

use super::read::{tables, xml};
use super::{context, json};

/// Text with everything that makes columns differ.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just("\t"),
        Just(" "),
        Just("key: value"),
        Just("日本"),
        Just("😀"),
        Just("e\u{301}"),
        Just("\x1b[1m"),
        Just("\u{202e}"),
        Just("[x](1)"),
        Just("`"),
        Just("`a|b\\`"),
        Just("|"),
        Just("\\"),
        Just("<img src=x>&amp;</td>"),
        Just("*_~~$#-"),
        Just("::error::"),
        Just("]]>%0A"),
        Just("\u{ffff}"),
        Just("a-word-that-is-rather-long-and-goes-on"),
        Just("\u{feff}"),
        Just("\0")
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Offsets are taken modulo the text and moved to characters, as those of a parser are.
fn label(files: usize) -> impl Strategy<Value = (usize, usize, usize, String)> {
    (0..files, any::<u16>(), any::<u16>(), text())
        .prop_map(|(file, a, b, text)| (file, usize::from(a), usize::from(b), text))
}

fn place(sources: &SourceMap, (file, a, b, text): (usize, usize, usize, String)) -> Label {
    let id = FileId::new(u32::try_from(file).unwrap());
    let source = sources.file(id).text();
    let at = |offset: usize| {
        let mut offset = offset % (source.len() + 1);
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        u32::try_from(offset).unwrap()
    };
    let (a, b) = (at(a), at(b));
    Label { span: Span::new(id, a.min(b), a.max(b)), text }
}

/// What is compared of a text that went through Markdown: everything but backquotes, of which pairs mean code, and runs of blanks.
fn words(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as it is shown: breaks are blanks, controls are visible.
fn one_line(text: &str) -> String {
    let shown = |c| match c {
        '\n' | '\r' | '\t' => ' ',
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap(),
        '\u{202e}' => '\u{fffd}',
        other => other,
    };
    text.chars().map(shown).collect()
}

fn commands(log: &str) -> (Vec<super::read::Command>, usize) {
    let (commands, others) = super::read::commands(log);
    (commands, others.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_findings_can_be_written(
        texts in prop::collection::vec(text(), 2),
        labels in prop::collection::vec(label(2), 1..6),
        message in text(),
        width in 40_usize..200,
        color in any::<bool>(),
    ) {
        let mut sources = SourceMap::default();
        for (index, text) in texts.into_iter().enumerate() {
            sources.add(SourceFile::new(format!("{index} ,::%.yaml"), text));
        }
        let labels: Vec<Label> = labels.into_iter().map(|label| place(&sources, label)).collect();
        let subject = Subject { path: message.clone(), ..Subject::default() };
        let finding = Finding {
            rule: RuleId::new("X001"), severity: Severity::High, confidence: Confidence::Possible, message: message.clone(),
            primary: labels[0].clone(), related: labels[1..].to_vec(), help: Some(message.clone()), assumed: Some(message.clone()),
            scenario: None, subject: subject.clone(), secrets: Vec::new(),
        };
        let undecided = Undecided {
            span: labels[0].span, rule: RuleId::new("X001"), subject,
            reasons: vec![Reason { kind: ReasonKind::Macro, name: message }],
        };
        let findings = vec![finding];
        let report = Report {
            fingerprints: fingerprints(&findings, |_| "file"), findings, undecided: vec![undecided], hidden: BTreeMap::new(), ..Report::default()
        };
        let cx = RenderContext { width, color, unknown: UnknownMode::Show, ..context(&sources) };
        let mut human = Vec::new();
        render(&report, OutputFormat::Human, &cx, &mut human).unwrap();
        let human = String::from_utf8(human).unwrap();
        // Every label is drawn or stands in the header of its block: the primary one always.
        prop_assert!(human.contains("%.yaml:"));
        let document = json(&report, OutputFormat::Json, &cx);
        prop_assert_eq!(document["findings"].as_array().unwrap().len(), 1);
        let log = json(&report, OutputFormat::Sarif, &cx);
        prop_assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 2);
        let concise = super::text(&report, OutputFormat::Concise, &RenderContext { color: false, ..cx.clone() });
        prop_assert_eq!(concise.matches('\n').count(), 2);
        let (commands, others) = commands(&super::text(&report, OutputFormat::Github, &cx));
        prop_assert_eq!((commands.len(), others), (2, 0));
        let path = format!("sub/{}", sources.file(labels[0].span.file).path());
        prop_assert_eq!(&commands[0].properties["file"], &path);
        let issues = json(&report, OutputFormat::Gitlab, &cx);
        prop_assert_eq!(issues.as_array().unwrap().len(), 2);
        let root = xml(&super::text(&report, OutputFormat::Junit, &cx));
        prop_assert_eq!(root.all("failure").len(), 1);
        let page = super::text(&report, OutputFormat::Markdown, &cx);
        let tables = tables(&page);
        prop_assert_eq!(tables.len(), 2);
        prop_assert_eq!(words(&tables[0][1][3].text), words(&one_line(&report.findings[0].message)));
    }
}
