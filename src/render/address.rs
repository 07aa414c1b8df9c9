//! Addresses in reports: files as URI references, rules as pages.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::catalog;
use crate::engine::ReportedRule;

/// Where this program is developed; empty until `Cargo.toml` has a `repository`.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Where this version of the program is found: its repository, else the package it is, as a package URL (purl).
///
/// A package URL has no page behind it, but is absolute, says which program wrote a report, and does not lie.
/// Source: <https://spdx.github.io/spdx-spec/v3.0.1/annexes/pkg-url-specification>.
pub(super) fn program(version: &str) -> Cow<'static, str> {
    program_in(repository(), version)
}

fn program_in<'a>(repository: Option<&'a str>, version: &str) -> Cow<'a, str> {
    match repository {
        Some(repository) => Cow::Borrowed(repository),
        None => Cow::Owned(format!("pkg:cargo/{}@{version}", env!("CARGO_PKG_NAME"))),
    }
}

fn repository() -> Option<&'static str> {
    Some(REPOSITORY).filter(|url| is_absolute(url))
}

/// The page about a rule: our own if we have one, else the first that the rule refers to.
pub(super) fn page(rule: &ReportedRule) -> Option<Cow<'_, str>> {
    page_in(repository(), rule)
}

fn page_in<'a>(repository: Option<&str>, rule: &'a ReportedRule) -> Option<Cow<'a, str>> {
    let id = rule.meta.id.as_str();
    // A rule of the user's own has no page of ours.
    match repository.filter(|_| catalog::rule(id).is_some()) {
        Some(repository) => {
            Some(Cow::Owned(format!("{}/blob/main/docs/rules/{id}.md", repository.trim_end_matches('/'))))
        }
        None => rule.docs.references.iter().map(String::as_str).find(|url| is_absolute(url)).map(Cow::Borrowed),
    }
}

/// Whether a text is an address as readers of reports take it.
pub(super) fn is_absolute(url: &str) -> bool {
    url.starts_with("https://")
        && !url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}

/// A portable path as a URI reference: percent-encoded, relative unless the file lies outside of the repository.
pub(super) fn uri(path: &str) -> String {
    // What the system calls the real path of a file on Windows.
    let path: &str = &match (path.strip_prefix("//?/UNC/"), path.strip_prefix("//?/")) {
        (Some(share), _) => Cow::Owned(format!("//{share}")),
        (None, rest) => Cow::Borrowed(rest.unwrap_or(path)),
    };
    let drive = has_drive(path);
    let mut uri = String::with_capacity(path.len());
    match path.strip_prefix("//") {
        // A share: its server is the authority.
        Some(_) => uri.push_str("file:"),
        None if drive => uri.push_str("file:///"),
        None if path.starts_with('/') => uri.push_str("file://"),
        None => {}
    }
    let first_segment = path.find('/').unwrap_or(path.len());
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || b"/-_.~@+,=$!&".contains(&byte) => uri.push(char::from(byte)),
            // A colon in the first segment would make it a scheme (RFC 3986 §4.2).
            b':' if at > first_segment || (drive && at == 1) => uri.push(':'),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// `C:/…`: absolute on Windows. Elsewhere it would be a folder with an odd name, which no template has.
fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, RuleId, Severity};
    use crate::rule::{Profile, RuleDocs, RuleMeta};

    #[test]
    fn paths_become_valid_references() {
        assert_eq!(uri("a b/é#?.yaml"), "a%20b/%C3%A9%23%3F.yaml");
        assert_eq!(uri("c:d/e:f.yaml"), "c%3Ad/e:f.yaml");
        assert_eq!(uri("100%/(a)[b].yaml"), "100%25/%28a%29%5Bb%5D.yaml");
        assert_eq!(uri("/out/side.yaml"), "file:///out/side.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }

    #[test]
    fn absolute_paths_of_windows_become_file_addresses() {
        assert_eq!(uri("C:/out side/a.yaml"), "file:///C:/out%20side/a.yaml");
        assert_eq!(uri("//?/C:/out/a.yaml"), "file:///C:/out/a.yaml");
        for share in ["//server/share/a.yaml", "//?/UNC/server/share/a.yaml"] {
            assert_eq!(uri(share), "file://server/share/a.yaml");
        }
    }

    #[test]
    fn the_program_is_at_its_repository_or_is_a_package() {
        assert_eq!(program_in(Some("https://example.org/mlops-lint"), "1.2.3"), "https://example.org/mlops-lint");
        assert_eq!(program_in(None, "1.2.3"), "pkg:cargo/mlops-lint@1.2.3");
    }

    #[test]
    fn a_bundled_rule_has_a_page_once_there_is_a_repository() {
        let rule = |id: &str, references: &[&str]| ReportedRule {
            meta: RuleMeta {
                id: RuleId::new(id),
                name: "a".to_owned(),
                summary: "a".to_owned(),
                severity: Severity::High,
                confidence: Confidence::Certain,
                profile: Profile::Recommended,
            },
            docs: RuleDocs {
                references: references.iter().map(|&url| url.to_owned()).collect(),
                ..RuleDocs::default()
            }
            .into(),
        };
        let bundled = rule("ENC001", &["not an address", "https://docs.aws.amazon.com/a"]);
        let own = rule("ORG001", &[]);
        let repository = Some("https://example.org/mlops-lint/");
        assert_eq!(
            page_in(repository, &bundled).as_deref(),
            Some("https://example.org/mlops-lint/blob/main/docs/rules/ENC001.md")
        );
        assert_eq!(page_in(None, &bundled).as_deref(), Some("https://docs.aws.amazon.com/a"));
        assert_eq!(page_in(repository, &own), None);
    }
}
