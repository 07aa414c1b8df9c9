//! The reference architecture: templates, scripts, workflow and their documentation.

use super::generated::REFERENCE;

/// A file of `templates/`.
#[derive(Debug, PartialEq, Eq)]
pub struct BundledFile {
    /// Below `templates/`, with forward slashes.
    pub path: &'static str,
    /// What it holds.
    pub text: &'static str,
    /// True if it is a program.
    pub executable: bool,
}

impl BundledFile {
    /// True for what CloudFormation deploys.
    pub fn is_template(&self) -> bool {
        matches!(self.path.split_once('/'), Some(("infrastructure" | "pipeline" | "monitoring", _)))
    }
}

/// All files of the reference architecture, by path.
pub fn reference() -> &'static [BundledFile] {
    REFERENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_whole_and_clean() {
        let templates = reference().iter().filter(|file| file.is_template()).count();
        assert!(templates >= 6, "{templates}");
        assert!(reference().iter().any(|file| file.path == "infrastructure/kms-keys.yaml" && !file.executable));
        for file in reference() {
            assert!(!file.path.contains("cache"), "{}", file.path);
            assert_eq!(file.executable, file.text.starts_with("#!"), "{}", file.path);
        }
    }
}
