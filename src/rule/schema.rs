//! The JSON Schema of rule files, made from the tables that their reader uses: keys, operators, kinds of options.

use serde_json::{Map, Value, json};

use super::declarative::OPERATORS;
use super::options::OptionKind;
use super::registry::KEYS;

/// What each key of a rule file says, in the order of [`KEYS`].
const ABOUT: [&str; KEYS.len()] = [
    "Stable, never reused: letters for the category, then digits.",
    "What people type, equal to the file's name.",
    "One line, without an instance.",
    "How bad it is, and where cases differ, in which.",
    "How sure a verdict is that rests on nothing but the text.",
    "From which profile on the rule runs.",
    "Types of resources and kinds of nodes, with globs; or Template; or Project.",
    "Names for the nodes that values refer to.",
    "Whether the rule applies to a node.",
    "What has to hold.",
    "The name of a check in Rust, in place of let, when and require.",
    "What becomes of a verdict that cannot be reached.",
    "Rules whose finding about the same entry makes one of this rule superfluous.",
    "Whether every value that a parameter may have counts, or its default only.",
    "Where a finding points.",
    "What is wrong, with names: {self}, {value}, {failing}, {when} and every bound name.",
    "Other places that a finding shows.",
    "What a configuration may set: each option has type, default and about.",
    "Ids of controls by framework.",
    "Ids of controls that fit by analogy only.",
    "Ids of rules of other tools; ~ marks a weaker relative.",
    "Why it matters, in Markdown.",
    "What to do, in Markdown.",
    "Pages of documentation that the facts come from.",
    "Why no test of the rule is undecided.",
    "Templates with the verdicts that are expected of them.",
];

/// The schema, for editors and for `docs/schema/rule.schema.json`.
pub fn schema() -> Value {
    let property = |(key, about): (&&str, &&str)| {
        let Value::Object(mut shape) = shape(key) else { return ((*key).to_owned(), Value::Bool(true)) };
        shape.insert("description".to_owned(), json!(about));
        ((*key).to_owned(), Value::Object(shape))
    };
    let properties: Map<String, Value> = KEYS.iter().zip(&ABOUT).map(property).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule of mlops-lint",
        "type": "object",
        "required": ["id", "name", "severity", "match", "message"],
        "oneOf": [
            { "required": ["require"] },
            { "required": ["native"] },
            // Judged by the engine.
            { "properties": { "match": { "const": "Suppression" } }, "not": { "anyOf": [{ "required": ["require"] }, { "required": ["native"] }] } },
        ],
        "properties": properties,
        "additionalProperties": false,
        "$defs": definitions(),
    })
}

fn shape(key: &str) -> Value {
    let texts = json!({ "$ref": "#/$defs/texts" });
    match key {
        "id" => json!({ "type": "string", "pattern": "^[A-Z]+[0-9]+$" }),
        "name" => json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$" }),
        "severity" => json!({ "oneOf": [
            { "$ref": "#/$defs/level" },
            {
                "type": "object",
                "required": ["default"],
                "properties": {
                    "default": { "$ref": "#/$defs/level" },
                    "cases": { "type": "array", "items": {
                        "type": "object",
                        "required": ["when", "is"],
                        "properties": {
                            "when": { "$ref": "#/$defs/condition" },
                            "is": { "$ref": "#/$defs/level" },
                            "because": { "type": "string" },
                        },
                        "additionalProperties": false,
                    } },
                },
                "additionalProperties": false,
            },
        ] }),
        "confidence" => json!({ "enum": ["certain", "likely", "possible"] }),
        "profile" => json!({ "enum": ["recommended", "strict"] }),
        "match" => json!({ "$ref": "#/$defs/kinds" }),
        "let" => json!({ "type": "object", "additionalProperties": {
            "type": "object",
            "required": ["resolve", "to"],
            "properties": {
                "resolve": { "type": "string" },
                "to": { "$ref": "#/$defs/kinds" },
                "many": { "type": "boolean" },
            },
            "additionalProperties": false,
        } }),
        "when" | "require" => json!({ "$ref": "#/$defs/condition" }),
        "unknown" => json!({ "enum": ["skip", "pass", "fail"] }),
        "covered_by" => json!({ "type": "array", "items": { "type": "string" } }),
        "parameters" => json!({ "enum": ["any", "default"] }),
        "related" | "peers" | "references" => texts,
        "options" => json!({ "type": "object", "additionalProperties": {
            "type": "object",
            "required": ["type", "default"],
            "properties": {
                "type": { "enum": OptionKind::ALL },
                "default": { "type": ["string", "number", "array"] },
                "about": { "type": "string" },
            },
            "additionalProperties": false,
        } }),
        "controls" | "controls_by_analogy" => {
            json!({ "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } } })
        }
        "tests" => json!({ "type": "array", "items": { "type": "object", "required": ["name"] } }),
        _ => json!({ "type": "string" }),
    }
}

fn definitions() -> Value {
    let mut leaf: Map<String, Value> = OPERATORS
        .iter()
        .map(|(name, takes, asks)| ((*name).to_owned(), json!({ "description": format!("{asks} (takes {takes})") })))
        .collect();
    leaf.insert("satisfies".to_owned(), json!({ "$ref": "#/$defs/condition" }));
    leaf.insert("path".to_owned(), json!({ "type": "string" }));
    leaf.insert("as".to_owned(), json!({ "type": "string" }));
    for quantifier in ["every", "some", "no"] {
        leaf.insert(
            quantifier.to_owned(),
            json!({ "type": ["string", "array", "object"], "items": { "type": "string" } }),
        );
    }
    let subject = |name: &str| json!({ "required": [name] });
    let combined = |name: &str| {
        json!({
            "type": "object",
            "required": [name],
            "properties": { name: { "$ref": "#/$defs/condition" } },
            "additionalProperties": false,
        })
    };
    json!({
        "level": { "enum": ["info", "low", "medium", "high", "critical"] },
        "texts": { "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] },
        "kinds": { "oneOf": [
            { "$ref": "#/$defs/texts" },
            { "type": "object", "required": ["table"], "properties": { "table": { "type": "string" } }, "additionalProperties": false },
        ] },
        "condition": { "anyOf": [
            { "type": "array", "items": { "$ref": "#/$defs/condition" } },
            combined("all"),
            combined("any"),
            combined("none"),
            combined("not"),
            {
                "type": "object",
                "required": ["allows"],
                "properties": { "allows": { "$ref": "#/$defs/allows" } },
                "additionalProperties": false,
            },
            {
                "type": "object",
                "required": ["can"],
                "properties": { "can": { "$ref": "#/$defs/can" } },
                "additionalProperties": false,
            },
            { "$ref": "#/$defs/leaf" },
        ] },
        "can": can(),
        "allows": {
            "type": "object",
            "required": ["policy", "do"],
            "oneOf": [subject("service"), subject("principal")],
            "properties": {
                "policy": { "type": "string" },
                "service": { "type": "string" },
                "principal": { "type": "string" },
                "do": { "$ref": "#/$defs/texts" },
                "on": { "type": "string" },
            },
            "additionalProperties": false,
        },
        "leaf": {
            "type": "object",
            "oneOf": [subject("path"), subject("every"), subject("some"), subject("no")],
            "properties": leaf,
            "additionalProperties": false,
        },
    })
}

/// `{can: …}`.
fn can() -> Value {
    json!({
        "type": "object",
        "required": ["who", "do"],
        "properties": {
            "who": { "type": "string" },
            "do": { "oneOf": [
                { "$ref": "#/$defs/texts" },
                {
                    "type": "object",
                    "required": ["table", "for"],
                    "properties": { "table": { "type": "string" }, "for": { "type": "string" } },
                    "additionalProperties": false,
                },
            ] },
            "on": { "type": "string" },
            "given": { "type": "object", "additionalProperties": { "type": "string" } },
            "certainly": { "type": "boolean" },
        },
        "additionalProperties": false,
    })
}
