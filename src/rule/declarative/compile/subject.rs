//! What a test looks at: paths, nodes, statements, referrers, targets, and the tables that name them.

use crate::catalog::{self, Rows, Table};
use crate::graph::Reach;
use crate::syntax::Node;

use super::super::condition::{Kinds, Subject, Via};
use super::read::{flag, only, paths, term_path, term_paths, text, texts};
use super::word::suggestion;
use super::{Compiled, RuleError, error};

pub(super) fn subject(node: Node<'_>) -> Compiled<Subject> {
    if node.scalar().is_some() {
        return Ok(Subject::Path(term_paths(node)?));
    }
    if node.is_sequence() {
        let paths = node.items().map(term_paths).collect::<Compiled<Vec<_>>>()?;
        return Ok(Subject::Path(paths.into_iter().flatten().collect()));
    }
    let Some((key, value)) = node.entries().next() else {
        return error(
            node,
            "a subject is a path, a list of paths, or a map with `nodes`, `statements`, `referrers` or `targets`",
            None,
        );
    };
    match key.text() {
        "nodes" => {
            only(node, &["nodes"])?;
            Ok(Subject::Nodes(kinds(value)?))
        }
        _ if node.get("statements").is_some() => {
            only(node, &["statements", "effect", "action", "effective"])?;
            let word = |name: &str| node.get(name).map(text).transpose();
            Ok(Subject::Statements {
                of: term_path(node.get("statements").unwrap_or(value))?,
                effect: word("effect")?.map(Into::into),
                action: word("action")?.map(Into::into),
                reach: if word("effective")? == Some("true") { Reach::Effective } else { Reach::Own },
            })
        }
        _ if node.get("referrers").is_some() => {
            only(node, &["referrers", "via", "written"])?;
            let Some(via) = node.get("via") else { return error(node, "`referrers` needs `via`", None) };
            Ok(Subject::Referrers {
                of: term_path(node.get("referrers").unwrap_or(value))?,
                via: self::via(via)?,
                written: node.get("written").map(flag).transpose()?.unwrap_or_default(),
            })
        }
        _ if node.get("targets").is_some() => {
            only(node, &["targets", "to"])?;
            let Some(to) = node.get("to") else { return error(node, "`targets` needs `to`", None) };
            Ok(Subject::Targets { of: term_path(node.get("targets").unwrap_or(value))?, to: kinds(to)? })
        }
        other => {
            let help = suggestion(other, ["nodes", "statements", "referrers", "targets"].into_iter());
            error(key, format!("`{other}` is no subject"), help)
        }
    }
}

fn via(node: Node<'_>) -> Compiled<Vec<Via>> {
    if node.is_sequence() {
        return node
            .items()
            .map(|item| {
                // `AWS::SNS::Topic.KmsMasterKeyId`
                let text = text(item)?;
                let Some((kind, at)) = text.split_once('.') else {
                    return error(item, "a reference is written `TYPE.PATH`", None);
                };
                Ok(Via { kind: kind.into(), paths: paths(item, at)?, columns: Vec::new() })
            })
            .collect();
    }
    let (table, _) = table(node)?;
    let Rows::Records(rows) = &table.rows else {
        return error(node, format!("table `{}` has no rows of `type` and `path`", table.name), None);
    };
    rows.iter()
        .map(|row| {
            let column = |name: &str| row.iter().find(|(known, _)| *known == name).map(|&(_, value)| value);
            match (column("type"), column("path")) {
                (Some(kind), Some(at)) => Ok(Via { kind: kind.into(), paths: paths(node, at)?, columns: row.to_vec() }),
                _ => error(node, format!("a row of table `{}` lacks `type` or `path`", table.name), None),
            }
        })
        .collect()
}

/// Kinds: a name, a list of names, `{table: name}`.
pub(crate) fn kinds(node: Node<'_>) -> Compiled<Kinds> {
    if node.is_mapping() {
        let (table, texts) = table(node)?;
        let Rows::Records(rows) = &table.rows else {
            return Ok(Kinds(texts.iter().map(|text| (*text).into()).collect()));
        };
        let types = rows.iter().copied().flatten().filter(|(name, _)| *name == "type");
        return Ok(Kinds(types.map(|(_, kind)| (*kind).into()).collect()));
    }
    Ok(Kinds(texts(node)?))
}

/// A table and its texts (of a key, if the node names one).
pub(super) fn table(node: Node<'_>) -> Compiled<(&'static Table, &'static [&'static str])> {
    only(node, &["table", "key"])?;
    let Some(name) = node.get("table") else { return error(node, "`table` is missing", None) };
    let table = named_table(name)?;
    let texts = match (&table.rows, node.get("key")) {
        (Rows::Texts(texts), None) => texts,
        (Rows::Keyed(rows), Some(key)) => match rows.iter().find(|(known, _)| *known == key.text()) {
            Some((_, texts)) => texts,
            None => {
                return error(
                    key,
                    format!("table `{}` has no key `{}`", table.name, key.text()),
                    suggestion(key.text(), rows.iter().map(|(known, _)| *known)),
                );
            }
        },
        (Rows::Records(_), None) => &[][..],
        (Rows::Keyed(_), None) => return error(node, format!("table `{}` needs a `key`", table.name), None),
        (_, Some(key)) => return error(key, format!("table `{}` has no keys", table.name), None),
    };
    Ok((table, texts))
}

pub(super) fn named_table(name: Node<'_>) -> Compiled<&'static Table> {
    let unknown = || RuleError {
        message: format!("there is no table `{}`", name.text()),
        span: name.span(),
        help: suggestion(name.text(), catalog::tables().iter().map(|table| table.name)),
    };
    catalog::table(name.text()).ok_or_else(unknown)
}
