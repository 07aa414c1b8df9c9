//! Reads texts into templates, in parallel where that pays; the order is that of the paths.

use std::sync::Arc;

use camino::Utf8PathBuf;
use rayon::prelude::*;

use crate::graph::Deployment;
use crate::source::{FileId, SourceFile, SourceMap};
use crate::syntax;
use crate::template::{Template, TemplateId};

/// Below this many bytes threads cost more than they save: starting them takes as long as judging 10 kB.
const PARALLEL_FROM: usize = 32 << 10;

/// The templates of a project with their texts.
#[derive(Debug, Default)]
pub struct Project {
    /// All texts: those of the templates, whose file numbers are template numbers, then those that say how they are deployed.
    pub sources: SourceMap,
    /// The templates, in the order of their paths.
    pub templates: Vec<Template>,
    /// True if only single files were named: templates that were not loaded may matter.
    pub partial: bool,
    /// True if there is enough work for more than one thread.
    pub is_large: bool,
    /// How the templates are deployed, if that is said.
    pub deployment: Option<Deployment>,
}

impl Project {
    /// Parses texts; `files` are path and text, in the order in which they are to be reported.
    ///
    /// # Panics
    /// With more than `u32::MAX` files.
    pub fn load(files: Vec<(Utf8PathBuf, Arc<str>)>, partial: bool) -> Self {
        let parse = |(index, (_, text)): (usize, &(Utf8PathBuf, Arc<str>))| {
            let number = u32::try_from(index).expect("fewer than 2^32 files");
            Template::new(TemplateId(number), syntax::parse(FileId::new(number), text))
        };
        let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
        let is_large = files.len() > 1 && bytes > PARALLEL_FROM;
        let templates = if is_large {
            files.par_iter().enumerate().map(parse).collect()
        } else {
            files.iter().enumerate().map(parse).collect()
        };
        let mut sources = SourceMap::default();
        for (path, text) in files {
            sources.add(SourceFile::new(path, text));
        }
        Self { sources, templates, partial, is_large, deployment: None }
    }

    /// The paths of the templates, in order.
    pub fn paths(&self) -> Vec<Utf8PathBuf> {
        self.sources.iter().take(self.templates.len()).map(|(_, file)| file.path().to_owned()).collect()
    }
}
