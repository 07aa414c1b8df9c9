//! Rust literals, and files that are whole or not there.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Text as a Rust literal.
pub(crate) fn literal(text: &str) -> String {
    format!("{text:?}")
}

/// Text that may be missing as a Rust expression.
pub(crate) fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "None".to_owned(), |text| format!("Some({})", literal(text)))
}

/// A slice of expressions.
pub(crate) fn slice(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("&[{}]", items.join(", "))
}

/// A slice of text literals.
pub(crate) fn literals<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    slice(items.into_iter().map(|item| literal(item.as_ref())))
}

/// A static slice, one item a line.
pub(crate) fn table(code: &mut String, name: &str, of: &str, items: impl IntoIterator<Item = String>) {
    code.push_str("pub(super) static ");
    code.push_str(name);
    code.push_str(": &[");
    code.push_str(of);
    code.push_str("] = &[\n");
    for item in items {
        code.push_str(&item);
        code.push_str(",\n");
    }
    code.push_str("];\n");
}

/// Writes a file beside its place and moves it there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    File::create(&beside)?.write_all(content)?;
    std::fs::rename(&beside, path)
}
