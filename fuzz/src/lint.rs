//! What holds for a whole run over any text.

use mlops_lint::engine::{self, CheckOptions, Report};
use mlops_lint::project::Project;
use mlops_lint::rule::Registry;

/// Checks texts as the templates of one project: no rule fails, every place cuts text out of its file.
pub(super) fn lint(texts: &[&str]) -> Report {
    let files =
        texts.iter().enumerate().map(|(index, text)| (format!("{index}.yaml").into(), (*text).into())).collect();
    let project = Project::load(files, false);
    let registry = Registry::bundled();
    let graph = engine::link(&project);
    let options = CheckOptions::everything();
    let report = engine::check(&project, &graph, &registry, options, |_| "file");
    assert_eq!(report.failures, [], "no rule fails on {texts:?}");
    for finding in &report.findings {
        for span in std::iter::once(finding.primary.span).chain(finding.related.iter().map(|label| label.span)) {
            let text = project.sources.file(span.file).text();
            assert!(text.get(span.range()).is_some(), "{span:?} cuts no text out of {text}");
        }
    }
    drop(graph);
    report
}
