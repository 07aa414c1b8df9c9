//! A list that is made while it is written: no report is held twice.

use serde::ser::{Serialize, Serializer};

/// What an iterator gives, as a list.
pub(super) struct Each<I>(pub(super) I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Each<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

#[cfg(feature = "schema")]
impl<I: Iterator<Item: schemars::JsonSchema>> schemars::JsonSchema for Each<I> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Vec::<I::Item>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<I::Item>::json_schema(generator)
    }
}
