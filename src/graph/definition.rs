//! Where the definitions of state machines and pipelines start: in a string, written out, or in a branch of `Fn::If`.

use crate::catalog::{self, Format};
use crate::syntax::Tag;
use crate::template::{Embedded, Expr, Resource, Template, visit};
use crate::value::{Cursor, Dialect};

/// A definition of a resource.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'p> {
    /// The outermost map.
    pub root: Cursor<'p>,
    /// The property's value that it stands in.
    pub host: Cursor<'p>,
    /// Its language.
    pub dialect: Dialect,
}

/// The definitions of a resource that can be read.
pub fn definitions<'p>(template: &'p Template, resource: &'p Resource) -> Vec<Definition<'p>> {
    let Some(properties) = resource.properties.map(|node| template.node(node)) else { return Vec::new() };
    let cursor = Cursor::new(template, &resource.bindings, properties);
    let mut found = Vec::new();
    for property in catalog::embedded(&resource.kind) {
        let dialect = match property.format {
            Format::Asl => Dialect::Asl,
            Format::SageMakerPipeline => Dialect::Pipeline,
            _ => continue,
        };
        let substitutions = property.substitutions.and_then(|name| properties.get(name));
        let frame = cursor.frame.with_substitutions(substitutions);
        visit(properties, property.path, &mut |host| {
            let host = Cursor { frame, dialect, ..cursor.to(host) };
            found.extend(root(template, host).map(|root| Definition { root, host, dialect }));
        });
    }
    found
}

/// The outermost map of a definition, in its text or written out.
fn root<'p>(template: &'p Template, host: Cursor<'p>) -> Option<Cursor<'p>> {
    if let Some(embedded) = template.embedded_at(host.node.id()) {
        let embedded: &'p Embedded = embedded;
        let root = embedded.document.as_ref().ok()?.root()?;
        return Some(Cursor { embedded: Some(embedded), ..host.to(root) });
    }
    match Expr::of(host.node) {
        Expr::Map(_) => Some(host),
        Expr::Call(call) if call.function == Tag::ToJsonString => Some(host.to(call.argument)),
        _ => None,
    }
}
