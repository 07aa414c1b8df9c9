//! The JSON Schema of what we write, made from the types that are written. Comments of types and fields become descriptions.
//!
//! Part of the feature `schema`, which only the tests have: they keep the files in `docs/schema` fresh.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schema of a type, as it is written.
pub(crate) fn of<T: JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    RecursiveTransform(close).transform(&mut schema);
    schema.to_value()
}

/// No key that is not listed, one line a description, and no formats that name types of Rust.
fn close(schema: &mut Schema) {
    if schema.get("properties").is_some() {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        let line = description.replace('\n', " ");
        schema.insert("description".to_owned(), line.into());
    }
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
}
