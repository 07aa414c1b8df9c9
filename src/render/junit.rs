//! JUnit's XML, which most CI systems show as test results: a suite a template, a failed test a finding.
//!
//! There is no standard; written is what the schema of Jenkins knows. A template without a finding is one passed test, so that
//! a clean run is not an empty one.

use std::borrow::Cow;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::engine::{Report, Suppressed};
use crate::finding::{Finding, RuleId, Subject, UnknownMode};
use crate::source::FileId;

use super::RenderContext;
use super::excerpt::PEOPLE;
use super::place::Places;
use super::text::{one_line, safe_char};
use super::words::{details, rule_name, undecided};

/// Writes one document.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let view = View { report, cx, places: Places::new(cx, PEOPLE) };
    let suites = view.suites();
    let total = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>().to_string();
    let mut xml = Writer::new_with_indent(&mut *out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attributes([
            ("name", "mlops-lint"),
            ("tests", &total(|suite| suite.cases.len())),
            ("failures", &total(|suite| suite.count("failure"))),
            ("errors", &total(|suite| suite.count("error"))),
        ])
        .write_inner_content(|xml| suites.iter().try_for_each(|suite| suite.write(xml)))?;
    writeln!(out)
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    outcome: Option<Outcome>,
}

/// Why a test has not passed.
struct Outcome {
    /// `failure`, `error` or `skipped`.
    element: &'static str,
    /// The severity, where there is one.
    kind: Option<&'static str>,
    message: String,
    text: String,
}

impl Suite {
    fn count(&self, element: &str) -> usize {
        self.cases.iter().filter_map(|case| case.outcome.as_ref()).filter(|outcome| outcome.element == element).count()
    }

    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let name = attribute(&self.name);
        xml.create_element("testsuite")
            .with_attributes([
                ("name", &*name),
                ("tests", &self.cases.len().to_string()),
                ("failures", &self.count("failure").to_string()),
                ("errors", &self.count("error").to_string()),
                ("skipped", &self.count("skipped").to_string()),
            ])
            .write_inner_content(|xml| {
                for case in &self.cases {
                    let test = xml
                        .create_element("testcase")
                        .with_attributes([("name", &*attribute(&case.name)), ("classname", &*name)]);
                    match &case.outcome {
                        None => test.write_empty()?,
                        Some(outcome) => test.write_inner_content(|xml| outcome.write(xml))?,
                    };
                }
                Ok(())
            })?;
        Ok(())
    }
}

impl Outcome {
    fn new(element: &'static str, message: String) -> Self {
        Self { element, kind: None, message, text: String::new() }
    }

    fn write<W: Write>(&self, xml: &mut Writer<W>) -> io::Result<()> {
        let message = attribute(&self.message);
        let element = xml
            .create_element(self.element)
            .with_attribute(("message", &*message))
            .with_attributes(self.kind.map(|kind| ("type", kind)));
        if self.text.is_empty() {
            element.write_empty()?;
        } else {
            element.write_text_content(BytesText::new(&content(&self.text)))?;
        }
        Ok(())
    }
}

struct View<'a> {
    report: &'a Report,
    cx: &'a RenderContext<'a>,
    places: Places<'a>,
}

impl View<'_> {
    /// The templates with what was found in each.
    fn suites(&self) -> Vec<Suite> {
        let files = (0u32..).take(self.cx.sources.len()).map(FileId::new);
        let mut suites: Vec<Suite> =
            files.map(|file| Suite { name: self.places.portable(file).to_owned(), cases: Vec::new() }).collect();
        let mut add = |file: FileId, rule: &RuleId, subject: &Subject, outcome: Outcome| {
            suites[file.index()].cases.push(Case { name: self.case(rule, subject), outcome: Some(outcome) });
        };
        for finding in &self.report.findings {
            add(finding.primary.span.file, &finding.rule, &finding.subject, self.failure(finding));
        }
        let suppressed = if self.cx.show_suppressed { self.report.suppressed.as_slice() } else { &[] };
        for Suppressed { finding, reason, .. } in suppressed {
            let outcome = Outcome::new("skipped", format!("suppressed: {reason}"));
            add(finding.primary.span.file, &finding.rule, &finding.subject, outcome);
        }
        let listed = if self.cx.unknown.lists() { self.report.undecided.as_slice() } else { &[] };
        for open in listed {
            let denied = self.cx.unknown == UnknownMode::Deny;
            let outcome = Outcome {
                kind: denied.then_some("undecided"),
                text: self.places.portable_at(open.span),
                ..Outcome::new(if denied { "failure" } else { "skipped" }, undecided(open))
            };
            add(open.span.file, &open.rule, &open.subject, outcome);
        }
        for suite in suites.iter_mut().filter(|suite| suite.cases.is_empty()) {
            suite.cases.push(Case { name: "no finding".to_owned(), outcome: None });
        }
        // A rule that failed is no test of a template.
        let failures = self.report.failures.iter().map(|failure| Case {
            name: self.case(&failure.rule, &Subject::default()),
            outcome: Some(Outcome::new("error", format!("rule failed on {}: {}", failure.target, failure.message))),
        });
        let failures = Suite { name: "mlops-lint".to_owned(), cases: failures.collect() };
        suites.extend(Some(failures).filter(|suite| !suite.cases.is_empty()));
        suites
    }

    fn failure(&self, finding: &Finding) -> Outcome {
        let mut lines =
            vec![format!("{}: {}", self.places.portable_at(finding.primary.span), one_line(&finding.message))];
        lines.extend(details(finding, &self.places, usize::MAX));
        lines.push(format!("mlops-lint explain {}", finding.rule.as_str()));
        Outcome {
            kind: Some(finding.severity.as_str()),
            text: lines.join("\n"),
            ..Outcome::new("failure", finding.message.clone())
        }
    }

    /// A name that stays when lines move, so that a history of tests can be kept.
    fn case(&self, rule: &RuleId, subject: &Subject) -> String {
        let name = format!("{} {}", rule.as_str(), rule_name(self.report, rule));
        if subject.path.is_empty() { name } else { format!("{name}: {}", subject.path) }
    }
}

/// Text for an attribute, whose line breaks a reader would turn into blanks.
fn attribute(text: &str) -> Cow<'_, str> {
    match one_line(text) {
        line if line.contains(['\u{fffe}', '\u{ffff}']) => Cow::Owned(content(&line)),
        line => line,
    }
}

/// Text without the characters that XML 1.0 does not know in any form.
fn content(text: &str) -> String {
    let known = |character| match character {
        '\n' => '\n',
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        other => safe_char(other),
    };
    text.chars().map(known).collect()
}
