//! Cloud assemblies of the CDK: which of their files are templates is written in `manifest.json`.
//!
//! A stack's artifact (`aws:cloudformation:stack`) names its `templateFile`, a nested assembly (`cdk:cloud-assembly`) its `directoryName`,
//! and an asset manifest (`cdk:asset-manifest`) its `file`, where templates of nested stacks are listed among other files.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Deserialize;

use super::{Candidate, has_extension};

/// Nested assemblies (stages) below each other; more is a manifest that names itself.
const MAX_NESTED: u32 = 8;

#[derive(Deserialize)]
struct Manifest {
    artifacts: BTreeMap<String, Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    template_file: Option<String>,
    directory_name: Option<String>,
    file: Option<String>,
}

#[derive(Deserialize)]
struct AssetManifest {
    #[serde(default)]
    files: BTreeMap<String, FileAsset>,
}

#[derive(Deserialize)]
struct FileAsset {
    #[serde(default)]
    source: AssetSource,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AssetSource {
    path: Option<String>,
    packaging: Option<String>,
}

/// The files that may be templates, if this is the manifest of an assembly with a stack or a nested assembly.
pub(super) fn of_manifest(path: &Utf8Path) -> Option<Vec<Candidate>> {
    if path.file_name() != Some("manifest.json") {
        return None;
    }
    let mut candidates = Vec::new();
    collect(path, MAX_NESTED, &mut candidates)?;
    Some(candidates)
}

fn collect(path: &Utf8Path, depth: u32, candidates: &mut Vec<Candidate>) -> Option<()> {
    let text = std::fs::read(path).ok()?;
    let manifest: Manifest = serde_json::from_slice(&text).ok()?;
    let is_part =
        |artifact: &Artifact| matches!(artifact.kind.as_str(), "aws:cloudformation:stack" | "cdk:cloud-assembly");
    if depth == 0 || !manifest.artifacts.values().any(is_part) {
        return None;
    }
    let directory = path.parent()?;
    for artifact in manifest.artifacts.values() {
        let properties = &artifact.properties;
        match artifact.kind.as_str() {
            // Named by the manifest, so missing ones are said; a stack without resources is nobody's mistake.
            "aws:cloudformation:stack" => {
                let named = properties.template_file.iter();
                candidates.extend(named.map(|file| take(directory, file, directory.join(file).exists())));
            }
            "cdk:cloud-assembly" => {
                if let Some(nested) = &properties.directory_name {
                    collect(&directory.join(nested).join("manifest.json"), depth - 1, candidates);
                }
            }
            "cdk:asset-manifest" => {
                if let Some(file) = &properties.file {
                    assets(&directory.join(file), directory, candidates);
                }
            }
            _ => {}
        }
    }
    Some(())
}

/// Templates of nested stacks are assets like any other file: they are told by their text.
fn assets(path: &Utf8Path, directory: &Utf8Path, candidates: &mut Vec<Candidate>) {
    let manifest = std::fs::read(path).ok().and_then(|text| serde_json::from_slice::<AssetManifest>(&text).ok());
    for asset in manifest.iter().flat_map(|manifest| manifest.files.values()) {
        if asset.source.packaging.as_deref() != Some("zip")
            && let Some(file) = &asset.source.path
            && has_extension(Utf8Path::new(file).extension())
            && directory.join(file).is_file()
        {
            candidates.push(take(directory, file, true));
        }
    }
}

fn take(directory: &Utf8Path, file: &str, walked: bool) -> Candidate {
    let path = directory.join(file);
    Candidate { path: path.canonicalize_utf8().unwrap_or(path), walked }
}
