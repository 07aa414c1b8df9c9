//! The pages of `docs/rules`: one for each rule, an index, and what is covered. Made from the rule files, checked fresh.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use mlops_lint::catalog::{self, frameworks, virtual_resources};
use mlops_lint::finding::Severity;
use mlops_lint::rule::{Registered, Registry, RuleDocs};

use super::{DOCUMENTS_ARE_MINE, root, settle};

const MADE: &str = "<!-- Made from the rule file by `UPDATE=1 cargo test --test it docs`. -->\n";

/// Pages by file name.
fn pages() -> BTreeMap<String, String> {
    let registry = Registry::bundled();
    let rules = registry.rules();
    let mut pages: BTreeMap<String, String> =
        rules.iter().map(|rule| (format!("{}.md", rule.meta.id.as_str()), page(rule))).collect();
    pages.insert("README.md".to_owned(), index(rules));
    pages.insert("coverage.md".to_owned(), coverage(rules));
    pages
}

fn page(rule: &Registered) -> String {
    let (meta, docs) = (&rule.meta, rule.docs());
    let mut page = format!("{MADE}\n# {} {}\n\n{}.\n\n", meta.id.as_str(), meta.name, meta.summary);
    let kinds: Vec<String> = rule.kinds.0.iter().map(|kind| format!("`{kind}`")).collect();
    let _ = write!(
        page,
        "| severity | profile | confidence | looks at |\n|---|---|---|---|\n| {} | {} | {} | {} |\n",
        meta.severity,
        meta.profile.as_str(),
        meta.confidence.as_str(),
        kinds.join(", ")
    );
    let cases: Vec<String> = docs.severity_cases.iter().map(|case| format!("Severity {}.\n", case.told())).collect();
    if !cases.is_empty() {
        let _ = write!(page, "\n{}", cases.join("\n"));
    }
    section(&mut page, "Why it matters", &docs.why);
    section(&mut page, "What to do", &docs.remedy);
    example(&mut page, "What it finds", docs.example_bad.as_deref());
    example(&mut page, "What passes", docs.example_good.as_deref());
    let options: Vec<String> = rule
        .options()
        .iter()
        .map(|option| {
            format!(
                "- `{}` ({}, default {}): {}",
                option.name,
                option.kind.as_str(),
                option.value.join(", "),
                option.about
            )
        })
        .collect();
    section(&mut page, "Options", &options.join("\n"));
    section(&mut page, "Controls", &controls(&docs));
    let peers: Vec<String> = docs.peers.iter().map(|peer| format!("`{peer}`")).collect();
    section(&mut page, "Related rules of other tools", &peers.join(", "));
    let references: Vec<String> = docs.references.iter().map(|url| format!("- <{url}>")).collect();
    section(&mut page, "Read more", &references.join("\n"));
    let accept = format!(
        "Beside or above the key, with a reason: `# mlops-lint: ignore[{}] why it is accepted`. Other ways: \
         [suppressing](../suppressing.md).",
        meta.name
    );
    section(&mut page, "To accept a finding", &accept);
    page
}

fn section(page: &mut String, title: &str, text: &str) {
    if !text.trim().is_empty() {
        let _ = write!(page, "\n## {title}\n\n{}\n", text.trim());
    }
}

fn example(page: &mut String, title: &str, template: Option<&str>) {
    if let Some(template) = template {
        let shown = template.trim_end().replace("# <- fail", "# <- found").replace("# <- unknown", "# <- undecided");
        let _ = write!(page, "\n## {title}\n\n```yaml\n{shown}\n```\n");
    }
}

/// Controls with their titles; those by analogy are told apart.
fn controls(docs: &RuleDocs) -> String {
    let mut lines = Vec::new();
    for (of, note) in [(&docs.controls, ""), (&docs.controls_by_analogy, ", by analogy")] {
        for (id, controls) in of {
            let framework = frameworks().iter().find(|framework| framework.id == id);
            let name = framework.map_or(id.as_str(), |framework| framework.name);
            for control in controls {
                let title = framework.and_then(|framework| framework.title(control)).unwrap_or_default();
                lines.push(format!("- {name}{note}: **{control}** {title}"));
            }
        }
    }
    lines.join("\n")
}

fn index(rules: &[Registered]) -> String {
    let mut page = format!(
        "{MADE}\n# Rules\n\n{} rules. What they cover, and what they do not: [coverage](coverage.md).\n",
        rules.len()
    );
    let categories: BTreeSet<String> = rules.iter().map(|rule| rule.meta.category()).collect();
    for category in categories {
        let _ = write!(
            page,
            "\n## {}\n\n| rule | severity | profile | what it finds |\n|---|---|---|---|\n",
            category.to_uppercase()
        );
        for rule in rules.iter().filter(|rule| rule.meta.category() == category) {
            let meta = &rule.meta;
            let id = meta.id.as_str();
            let _ = writeln!(
                page,
                "| [{id}]({id}.md) {} | {} | {} | {} |",
                meta.name,
                meta.severity,
                meta.profile.as_str(),
                meta.summary
            );
        }
    }
    page
}

/// Whether a rule judges resources of a type, be it through a virtual kind.
fn judges(rule: &Registered, kind: &str) -> bool {
    rule.kinds.contains(kind) || virtual_resources(kind).iter().any(|row| rule.kinds.contains(row.kind))
}

fn links(rules: &[&Registered]) -> String {
    let links: Vec<String> = rules.iter().map(|rule| format!("[{0}]({0}.md)", rule.meta.id.as_str())).collect();
    if links.is_empty() { "-".to_owned() } else { links.join(" ") }
}

fn coverage(rules: &[Registered]) -> String {
    let mut page = format!(
        "{MADE}\n# Coverage\n\nWhat the rules look at, and where there is none yet (`-`). A rule that looks at everything (templates as such) is not counted here.\n\n## Resource types of SageMaker\n\n"
    );
    let types: Vec<&str> = include_str!("sagemaker-types.txt").lines().filter(|line| !line.starts_with('#')).collect();
    let about_types = |rule: &&Registered| types.iter().any(|kind| judges(rule, kind));
    let categories: BTreeSet<String> = rules.iter().filter(about_types).map(|rule| rule.meta.category()).collect();
    let heads: Vec<String> = categories.iter().map(|category| category.to_uppercase()).collect();
    let _ = writeln!(page, "| type | {} |\n|---|{}", heads.join(" | "), "---|".repeat(heads.len()));
    let mut without = Vec::new();
    for kind in &types {
        let of = |category: &String| -> Vec<&Registered> {
            rules.iter().filter(|rule| rule.meta.category() == *category && judges(rule, kind)).collect()
        };
        let cells: Vec<String> = categories.iter().map(|category| links(&of(category))).collect();
        if cells.iter().all(|cell| cell == "-") {
            without.push(format!("`{kind}`"));
            continue;
        }
        let short = kind.trim_start_matches("AWS::SageMaker::");
        let _ = writeln!(page, "| {short} | {} |", cells.join(" | "));
    }
    let _ = write!(
        page,
        "\n{} of {} types have at least one rule. None has: {}.\n\n## Jobs and models wherever they are defined\n\nIn steps of pipelines, tasks of state machines, and resources alike.\n\n| kind | rules |\n|---|---|\n",
        types.len() - without.len(),
        types.len(),
        without.join(", ")
    );
    let kinds: BTreeSet<&str> = rules
        .iter()
        .flat_map(|rule| rule.kinds.0.iter())
        .map(|kind| &**kind)
        .filter(|kind| kind.starts_with("ML::"))
        .collect();
    for kind in kinds {
        let of: Vec<&Registered> = rules.iter().filter(|rule| rule.kinds.contains(kind)).collect();
        let _ = writeln!(page, "| `{kind}` | {} |", links(&of));
    }
    by_control(rules, &mut page);
    page
}

fn by_control(rules: &[Registered], page: &mut String) {
    page.push_str("\n## Controls\n\nOf each framework, the controls that the planned rules map to. *Analogy*: the control fits, but no published mapping names it.\n");
    for framework in frameworks() {
        let _ = write!(page, "\n### {}\n\n| control | rules | by analogy |\n|---|---|---|\n", framework.name);
        for (control, title) in framework.controls() {
            let of = |pick: fn(&RuleDocs) -> &BTreeMap<String, Vec<String>>| -> Vec<&Registered> {
                let maps = |rule: &&Registered| {
                    pick(&rule.docs()).get(framework.id).is_some_and(|ids| ids.iter().any(|id| id == control))
                };
                rules.iter().filter(maps).collect()
            };
            let (own, by_analogy) = (of(|docs| &docs.controls), of(|docs| &docs.controls_by_analogy));
            let _ = writeln!(page, "| **{control}** {title} | {} | {} |", links(&own), links(&by_analogy));
        }
    }
}

#[test]
fn pages_of_rules_are_fresh() {
    let _mine = DOCUMENTS_ARE_MINE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let pages = pages();
    for (name, fresh) in &pages {
        let path = format!("docs/rules/{name}");
        let old = fs::read_to_string(root().join(&path)).unwrap_or_default();
        settle(&path, &old, fresh);
    }
    for entry in fs::read_dir(root().join("docs/rules")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if pages.contains_key(&name) {
            continue;
        }
        assert!(std::env::var_os("UPDATE").is_some(), "docs/rules/{name} is the page of no rule");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn pages_of_rules_say_what_the_rules_say() {
    let pages = pages();
    assert_eq!(pages.len(), catalog::bundled().len() + 2);
    for rule in catalog::bundled() {
        let page = &pages[&format!("{}.md", rule.id)];
        for part in [rule.summary, "## Why it matters", "## What to do", "## Read more", rule.name] {
            assert!(page.contains(part), "{}: {part}", rule.id);
        }
    }
    let severity = Severity::High.to_string();
    assert!(pages["README.md"].contains(&format!("| [ENC017](ENC017.md) training-job-volume-kms | {severity} |")));
    assert!(pages["coverage.md"].contains("| EndpointConfig |"), "{}", pages["coverage.md"]);
}
