//! `allows` and `can`: who may do what to what.

use crate::catalog::{PatternKind, Rows};
use crate::syntax::Node;
use crate::value::pattern::Automaton;

use super::super::condition::{Allows, Caller, Can, Patterns, Rights, RightsRow};
use super::read::{flag, only, term, term_path, text, texts};
use super::subject::named_table;
use super::{Compiled, error};

pub(super) fn allows(node: Node<'_>) -> Compiled<Allows> {
    only(node, &["policy", "service", "principal", "do", "on"])?;
    let Some(policy) = node.get("policy") else { return error(node, "`allows` needs `policy`", None) };
    let caller = match (node.get("service"), node.get("principal")) {
        (Some(service), None) => Caller::Service(term(service)?),
        (None, Some(principal)) => Caller::Principal(term(principal)?),
        _ => return error(node, "`allows` needs either `service` or `principal`", None),
    };
    let Some(actions) = node.get("do") else { return error(node, "`allows` needs `do`", None) };
    Ok(Allows {
        policy: term_path(policy)?,
        caller,
        actions: texts(actions)?,
        on: node.get("on").map(term_path).transpose()?,
    })
}

pub(super) fn can(node: Node<'_>) -> Compiled<Can> {
    only(node, &["who", "do", "on", "given", "certainly"])?;
    let Some(who) = node.get("who") else { return error(node, "`can` needs `who`", None) };
    let Some(rights) = node.get("do") else { return error(node, "`can` needs `do`", None) };
    let given = node.get("given").into_iter().flat_map(Node::entries);
    Ok(Can {
        who: term_path(who)?,
        rights: if rights.is_mapping() { rows_of_rights(rights)? } else { Rights::Actions(texts(rights)?) },
        on: node.get("on").map(term_path).transpose()?,
        given: given.map(|(key, value)| Ok((key.text().into(), text(value)?.into()))).collect::<Compiled<_>>()?,
        certainly: node.get("certainly").map(flag).transpose()?.unwrap_or_default(),
    })
}

/// `{table, for}`: the actions of the rows whose key, a regular expression, matches the text at a path.
fn rows_of_rights(node: Node<'_>) -> Compiled<Rights> {
    only(node, &["table", "for"])?;
    let (Some(name), Some(path)) = (node.get("table"), node.get("for")) else {
        return error(node, "rights of a table need `table` and `for`", None);
    };
    let table = named_table(name)?;
    let Rows::Keyed(rows) = &table.rows else {
        return error(name, format!("table `{}` has no keys", table.name), None);
    };
    let row = |(text, actions): &(&'static str, &'static [&'static str])| {
        let automaton = Automaton::any(PatternKind::Regex, &[text]);
        let automata = vec![automaton.or_else(|message| error(name, message, None))?];
        Ok(RightsRow { texts: Patterns { automata, table: None }, actions })
    };
    Ok(Rights::Rows { table, rows: rows.iter().map(row).collect::<Compiled<_>>()?, of: term_path(path)? })
}
