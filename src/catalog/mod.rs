//! Facts as static data: tables, names of resources, embedded documents, bundled rules and their patterns.
//!
//! `build.rs` turns `rules/` into what stands here. Nothing is parsed or compiled when the program starts; there are
//! only bytes and lookups, so every floor may ask.

mod bundled;
mod documents;
mod frameworks;
mod generated;
mod naming;
mod rules;

pub use bundled::{BundledFile, reference};
pub use documents::{
    EmbeddedProperty, Format, VirtualRule, asl_action, embedded, images, nested_states, nested_steps, pipeline_step,
    virtual_resources,
};
pub use frameworks::{Framework, frameworks};
pub use naming::{ArnPiece, Naming, Returned, naming};
pub use rules::{BundledRule, PatternKind, automaton, bundled, patterns, rule};

/// A file of `rules/catalog`: facts that rules look things up in.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// The file's name without its extension.
    pub name: &'static str,
    /// One line about what it lists.
    pub summary: &'static str,
    /// The date of the source, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// True if what the table lacks is unknown, not false.
    pub open: bool,
    /// Where the facts come from.
    pub source: &'static [&'static str],
    /// The facts.
    pub rows: Rows,
}

/// The rows of a table, in the order of the file.
#[derive(Debug, PartialEq, Eq)]
pub enum Rows {
    /// A list of texts.
    Texts(&'static [&'static str]),
    /// Lists of texts, each below a key.
    Keyed(&'static [(&'static str, &'static [&'static str])]),
    /// Flat records: names and values.
    Records(&'static [&'static [(&'static str, &'static str)]]),
}

/// The table of a name.
pub fn table(name: &str) -> Option<&'static Table> {
    let at = generated::TABLES.binary_search_by(|table| table.name.cmp(name)).ok()?;
    Some(&generated::TABLES[at])
}

/// All tables, by name.
pub fn tables() -> &'static [Table] {
    generated::TABLES
}

/// The items of one key, from a slice that is sorted by key.
fn run<T>(sorted: &'static [T], key: impl Fn(&T) -> &'static str, wanted: &str) -> &'static [T] {
    let start = sorted.partition_point(|item| key(item) < wanted);
    let rest = &sorted[start..];
    &rest[..rest.partition_point(|item| key(item) == wanted)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_found_by_its_name() {
        assert!(!tables().is_empty());
        for known in tables() {
            assert_eq!(table(known.name), Some(known));
            assert!(!known.source.is_empty() && !known.summary.is_empty(), "{}", known.name);
        }
        assert_eq!(table("no-such-table"), None);
    }

    #[test]
    fn rows_keep_their_form() {
        let texts = table("deployers").map(|table| &table.rows);
        assert!(matches!(texts, Some(Rows::Texts(rows)) if rows.contains(&"AWS::SageMaker::Pipeline")));
        let records = table("log-destinations").map(|table| &table.rows);
        let flow_log: &[(&str, &str)] = &[("type", "AWS::EC2::FlowLog"), ("path", "LogDestination")];
        assert!(matches!(records, Some(Rows::Records(rows)) if rows.contains(&flow_log)));
    }

    #[test]
    fn account_ids_keep_their_leading_zeros() {
        let rows = table("ml-image-registries").map(|table| &table.rows);
        assert!(matches!(rows, Some(Rows::Texts(rows)) if rows.contains(&"007051062584")));
    }
}
