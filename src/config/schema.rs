//! The JSON Schema of configuration files, made from the table of keys, so that it cannot say something else than the reader.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, Key, SEVERITIES, Shape};

/// The schema, for editors and for `docs/schema/config.schema.json`.
pub fn schema() -> Value {
    let properties: Map<String, Value> = KEYS.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of mlops-lint",
        "description": "`.mlops-lint.yaml` in the folder of a project.",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
        "$defs": shapes(),
    })
}

/// The shapes that keys name, and what they are made of.
#[allow(clippy::too_many_lines, reason = "it is one document")]
fn shapes() -> Value {
    json!({
            "texts": {
                "oneOf": [
                    { "type": "string", "minLength": 1 },
                    { "type": "array", "items": { "type": "string", "minLength": 1 } },
                ],
            },
            "level": { "enum": SEVERITIES },
            "severity": {
                "type": "object",
                "additionalProperties": {
                    "oneOf": [
                        { "$ref": "#/$defs/level" },
                        { "type": "object", "additionalProperties": { "$ref": "#/$defs/level" } },
                    ],
                },
            },
            "options": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": {
                        "type": ["string", "number", "boolean", "array"],
                        "items": { "type": ["string", "number", "boolean"] },
                    },
                },
            },
            "suppress": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["rules", "paths", "reason"],
                    "properties": {
                        "rules": { "description": "Ids or names of rules.", "$ref": "#/$defs/texts" },
                        "paths": { "description": "Globs of files.", "$ref": "#/$defs/texts" },
                        "reason": { "description": "Why it is accepted.", "type": "string", "minLength": 1 },
                        "until": {
                            "description": "The last day on which it is.",
                            "type": "string",
                            "pattern": "^\\d{4}-\\d{2}-\\d{2}$",
                        },
                    },
                    "additionalProperties": false,
                },
            },
            "value": {
                "oneOf": [
                    { "type": ["string", "number", "boolean"] },
                    { "type": "array", "items": { "type": ["string", "number", "boolean"] } },
                    {
                        "description": "An output of another stack.",
                        "type": "object",
                        "required": ["stack", "output"],
                        "properties": { "stack": { "type": "string" }, "output": { "type": "string" } },
                        "additionalProperties": false,
                    },
                ],
            },
            "parameters": { "type": "object", "additionalProperties": { "$ref": "#/$defs/value" } },
            "environments": { "type": "object", "additionalProperties": { "$ref": "#/$defs/parameters" } },
            "stacks": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "required": ["template"],
                    "properties": {
                        "template": {
                            "description": "The template, relative to the folder of the configuration.",
                            "type": "string",
                            "minLength": 1,
                        },
                        "parameters": { "$ref": "#/$defs/parameters" },
                        "environments": { "$ref": "#/$defs/environments" },
                    },
                    "additionalProperties": false,
                },
            },
            "shared-parameters": {
                "oneOf": [
                    { "enum": ["all", "none"] },
                    { "type": "array", "items": { "type": "string", "minLength": 1 } },
                ],
            },
    })
}

fn property(key: &Key) -> Value {
    let description = format!("{} Default: {}.", key.about, key.default);
    match key.shape {
        Shape::Word(words) => json!({ "description": description, "enum": words }),
        Shape::Texts => json!({ "description": description, "$ref": "#/$defs/texts" }),
        Shape::Own(name) => json!({ "description": description, "$ref": format!("#/$defs/{name}") }),
    }
}
