//! probe
use std::sync::Arc;
use mlops_lint::source::*;
use mlops_lint::syntax::*;

fn dump(node: Node<'_>, out: &mut String) {
    let text = node.document().text().clone();
    let raw = &text[node.text_range()];
    if let Some(tag) = node.tag_text() { out.push_str(tag); out.push(' '); }
    match node.kind() {
        Kind::Scalar => out.push_str(&format!("{:?}<{:?}>@{}", node.text(), raw, node.text_range().start)),
        Kind::Mapping => { out.push_str(&format!("{{<{raw:?}> ")); for (k, v) in node.entries() { dump(k, out); out.push_str(": "); dump(v, out); out.push_str(", ") } out.push('}') }
        Kind::Sequence => { out.push_str(&format!("[<{raw:?}> ")); for v in node.items() { dump(v, out); out.push_str(", ") } out.push(']') }
        other => out.push_str(&format!("{other:?}<{raw:?}>")),
    }
}

#[test]
fn probe() {
    let file = std::fs::read_to_string("/tmp/hs/cases.txt").unwrap();
    for case in file.lines() {
        let text: String = serde_json::from_str(case).unwrap();
        let text: Arc<str> = text.into();
        let parsed = parse(FileId::new(0), &text);
        println!("## {case}");
        let mut out = String::new();
        if let Some(root) = parsed.document.root() { dump(root, &mut out); }
        println!("   {out}");
        for c in parsed.document.comments() { println!("   # {:?} {}", parsed.document.comment_text(*c), c.own_line); }
        for i in parsed.issues { println!("   ! {:?} {:?} {} | {:?} | {:?}", i.kind, &text[i.span.range()], i.message, i.help, i.related.map(|(s, t)| (text[s.range()].to_owned(), t))); }
    }
}
