//! Reading YAML and JSON: what the tree holds, where it stands, and what is said about texts that are wrong.

mod agree;
#[allow(unreachable_pub, reason = "a part of the fuzz crate, where they are reached")]
#[path = "../../fuzz/src/syntax.rs"]
mod bodies;
mod hostile;
mod properties;

use std::fmt::Write as _;
use std::sync::Arc;

use mlops_lint::source::FileId;
use mlops_lint::syntax::{self, IssueKind, Kind, Node, Parsed, ScalarType, Tag};

fn parse(text: &str) -> Parsed {
    syntax::parse(FileId::new(7), &Arc::from(text))
}

/// The tree with the source text of each node: `<source>` and the decoded text where it is another.
fn shown(text: &str) -> String {
    let parsed = parse(text);
    let mut out = String::new();
    if let Some(root) = parsed.document.root() {
        show(root, &mut out);
    }
    out
}

fn show(node: Node<'_>, out: &mut String) {
    if let Some(tag) = node.tag_text() {
        let _ = write!(out, "{tag} ");
    }
    let raw = &node.document().text()[node.text_range()];
    match node.kind() {
        _ if node.is_alias() => {
            let _ = write!(out, "alias<{raw}>");
        }
        Kind::Scalar if raw == node.text() => {
            let _ = write!(out, "<{raw}>");
        }
        Kind::Scalar => {
            let _ = write!(out, "<{raw}>={}", node.text());
        }
        kind => {
            out.push_str(if kind == Kind::Mapping { "{" } else { "[" });
            for (index, child) in node.children().enumerate() {
                out.push_str(if index == 0 {
                    ""
                } else if kind == Kind::Mapping && index % 2 == 1 {
                    ": "
                } else {
                    ", "
                });
                show(child, out);
            }
            out.push_str(if kind == Kind::Mapping { "}" } else { "]" });
        }
    }
}

#[test]
fn nodes_stand_where_they_are_written() {
    for (text, expected) in [
        ("a: 1\n", "{<a>: <1>}"),
        ("a: 'it''s'\nb: \"x\"\n", "{<a>: <'it''s'>=it's, <b>: <\"x\">=x}"),
        ("a: !Sub |\n  x ${B}\n  y\nb: 1\n", "{<a>: !Sub <|\n  x ${B}\n  y>=x ${B}\ny\n, <b>: <1>}"),
        (
            "a: |2+ # x | y\n\n   x  \n\nb: >-\n  u\n  v\n",
            "{<a>: <|2+ # x | y\n\n   x  >=\n x  \n\n, <b>: <>-\n  u\n  v>=u v}",
        ),
        ("a: |\n  x\n   \n", "{<a>: <|\n  x\n   >=x\n \n}"),
        ("a: |\nb: >+\n\n\nc: |-\n", "{<a>: <|>=, <b>: <>+>=\n\n, <c>: <|->=}"),
        ("a:\n  # one\n  !Sub\n  # two\n  |\n  text\n", "{<a>: !Sub <|\n  text>=text\n}"),
        ("a: |\n  no break at the end", "{<a>: <|\n  no break at the end>=no break at the end}"),
        ("a: >+\n  no\n  break", "{<a>: <>+\n  no\n  break>=no break}"),
        ("a: &x |\n  t\nb: *x\n", "{<a>: <|\n  t>=t\n, <b>: alias<*x>}"),
        ("--- >-\n text\n more", "<>-\n text\n more>=text more"),
        ("a: one\n  two\nb: \"x\ny\"\n", "{<a>: <one\n  two>=one two, <b>: <\"x\ny\">=x y}"),
        ("a: 1\r\nb: !Sub |\r\n  x\r\n  y\r\nc: 2\r\n", "{<a>: <1>, <b>: !Sub <|\r\n  x\r\n  y>=x\ny\n, <c>: <2>}"),
        ("[a: 1, b: [c: 2] , d]", "[{<a>: <1>}, {<b>: [{<c>: <2>}]}, <d>]"),
        ("a: !Join ['', [!Ref X, !GetAtt [Y, Arn]]]\n", "{<a>: !Join [<''>=, [!Ref <X>, !GetAtt [<Y>, <Arn>]]]}"),
        (
            "{\"a\": [1, \"\\u00e9\", {}, []], \"b\": null}",
            "{<\"a\">=a: [<1>, <\"\\u00e9\">=é, {}, []], <\"b\">=b: <null>}",
        ),
        ("", ""),
        ("# only\n", ""),
        ("text", "<text>"),
    ] {
        assert_eq!(shown(text), expected, "{text:?}");
        assert_eq!(parse(text).issues.iter().filter(|issue| issue.kind != IssueKind::Alias).count(), 0, "{text:?}");
    }
}

#[test]
fn a_value_that_is_not_written_stands_behind_its_indicator() {
    for (text, places) in [
        ("a:\nb: # c\n- \n-   \n- - \n? \n: x\n", &[1, 11, 14, 21, 24][..]),
        ("- a\n-\n- b\n", &[5]),
        ("{a, b: , c: }", &[2, 5, 10]),
        ("a: !Ref\nb: &x\nc: !!str\n", &[7, 13, 22]),
        ("a: # only: a comment\n\n\nb: 1", &[1]),
    ] {
        let parsed = parse(text);
        let empty: Vec<usize> = parsed
            .document
            .nodes()
            .filter(|node| node.scalar() == Some(""))
            .map(|node| node.text_range().start)
            .collect();
        assert_eq!(empty, places, "{text:?}");
        assert_eq!(parsed.document.nodes().filter(|node| node.scalar() == Some("~")).count(), 0);
    }
}

#[test]
fn block_collections_go_from_their_first_child_to_their_last() {
    let parsed = parse("a:\n  b: 1\n  c:\n  - x\n  - y   # z\n\nd: {\n e: f }\n");
    let root = parsed.document.root().unwrap();
    let source = |node: Node<'_>| parsed.document.text()[node.text_range()].to_owned();
    assert_eq!(source(root.get("a").unwrap()), "b: 1\n  c:\n  - x\n  - y");
    assert_eq!(source(root.get_path(&["a", "c"]).unwrap()), "x\n  - y");
    assert_eq!(source(root.get("d").unwrap()), "{\n e: f }");
}

#[test]
fn tags_are_functions_with_their_place() {
    let text = "a: !Ref B\nb: !Foo c\nc: !!str 1\nd: ! 010\ne: {Fn::Sub: x}\nf: !<!Sub> y\n";
    let parsed = parse(text);
    let root = parsed.document.root().unwrap();
    let tags: Vec<Tag> = root.entries().map(|(_, value)| value.tag()).collect();
    assert_eq!(tags, [Tag::Ref, Tag::Other, Tag::Yaml, Tag::Yaml, Tag::Sub, Tag::Sub]);
    let value = root.get("a").unwrap();
    assert_eq!((&text[value.tag_span().unwrap().range()], &text[value.span_with_tag().range()]), ("!Ref", "!Ref B"));
    assert_eq!(root.get("c").unwrap().scalar_type(), Some(ScalarType::String));
    assert_eq!(root.get("d").unwrap().scalar_type(), Some(ScalarType::String));
}

#[test]
fn comments_are_kept_in_order() {
    let text = "\u{feff}# top\na: # c1\n  # c2\n  - x # c3\n# c4\nb: |\n  # text\n\t# c5\n";
    let parsed = parse(text);
    let comments: Vec<_> = parsed
        .document
        .comments()
        .iter()
        .map(|&comment| (parsed.document.comment_text(comment), comment.own_line))
        .collect();
    assert_eq!(comments, [("top", true), ("c1", false), ("c2", true), ("c3", false), ("c4", true), ("c5", true)]);
    let many = format!("a:\n{}  b: 1\n", "# c\n".repeat(3000));
    assert_eq!(parse(&many).document.comments().len(), 3000);
}

#[test]
fn tabs_inside_brackets_are_indentation() {
    let text = "a: {\n\t\"b\": 1,\n\t\"c\": [\n\t\t'x\n\t\ty'\n\t]\n}\nd: 1\n";
    assert_eq!(parse(text).issues, []);
    assert_eq!(shown(text), "{<a>: {<\"b\">=b: <1>, <\"c\">=c: [<'x\n\t\ty'>=x y]}, <d>: <1>}");
    // Outside of brackets they stay an error, also where a bracket stands further down.
    assert_eq!(parse("a:\n\tb: {\n\tc: 1\n\t}\n").issues.len(), 1);
}

/// Kind, the text at the place, the message, the text at the other place.
fn issues(text: &str) -> Vec<(IssueKind, String, String, String)> {
    parse(text)
        .issues
        .into_iter()
        .map(|issue| {
            let related = issue.related.map_or(String::new(), |(span, _)| text[span.range()].to_owned());
            (issue.kind, text[issue.span.range()].to_owned(), issue.message, related)
        })
        .collect()
}

#[test]
fn a_text_that_is_no_yaml_says_where_and_why() {
    for (text, place, message, related) in [
        ("a:\n\tb: 1\n", "\t", "this line is indented with a tab", ""),
        ("a: [1, 2\nb: 3\n", ":", "this `:` makes no value", "["),
        ("a: [1, 2", "[", "`[` is not closed", ""),
        ("a: \"xyz\nb: 1\n", "\"xyz", "this quoted text is not closed", ""),
        ("a:\n  b: 1\n c: 2\n", "c", "this line does not fit the map that it stands in", ""),
        ("a: b: c\n", ":", "a second `:` makes no value here", ""),
        ("Resource: *\n", "*", "`*` alone is no value", ""),
        ("a: @b\n", "@", "a value cannot start with `@`", ""),
        ("a: \"x\u{1}y\"\n", "\u{1}", "the control character U+0001 stands in the text", ""),
        ("a: x\u{1}y\n", "\u{1}", "the control character U+0001 stands in the text", ""),
        ("a\nb: 1\n", "a", "this line is no `key: value`, so the next one is read as part of it", ""),
        ("x: 1\na:b\nc: 1\n", "a", "a `:` is missing behind this key", ""),
        ("a: 'it's'\n", "s", "something follows a quoted text that is already closed", ""),
        ("a: \"\\n\\q\"\n", "\\q", "this is no escape of YAML", ""),
        ("a: {b: 1,\n c: 2]\n", "]", "`]` cannot close `{`", "{"),
        ("a: [1]]\n", "]", "this bracket closes nothing", ""),
        ("a: |x\n  y\n", "|", "the text behind `|` or `>` starts on the same line", ""),
        ("a: - b\n", "-", "a list cannot start here", ""),
        ("a: !Base64 !Sub x\n", "!", "two tags stand before one value", ""),
        ("{\"a\": 1, \"b\" 2}", "2", "`2` stands where JSON needs `:`", ""),
    ] {
        assert_eq!(
            issues(text),
            [(IssueKind::Syntax, place.to_owned(), message.to_owned(), related.to_owned())],
            "{text:?}"
        );
    }
}

#[test]
fn the_line_that_is_indented_with_a_tab_is_the_place() {
    for (text, line) in [
        ("a:\n  b: x\n\tc: y\n  d: z\n", "\tc"),
        ("a:\n  b: x\n  \tc: y\n", "  \tc"),
        ("a:\r\n  b: x\r\n \t c: y\r\n", " \t c"),
        ("a:\n  b: x\n    y\n\n\t# z\n\tc: y\n", "\tc"),
        ("a:\n  b: 'x'\n\tc: y\n", "\tc"),
        ("a:\n  - x\n\t- y\n", "\t- y"),
        ("a:\n\tb: x\n\tc: y\n", "\tb"),
        ("a: |\n\tx\nb: y\n", "\tx"),
    ] {
        let issues = parse(text).issues;
        let [issue] = &issues[..] else { panic!("{text:?}: {issues:?}") };
        assert_eq!(issue.message, "this line is indented with a tab", "{text:?}");
        assert!(text[issue.span.range().start..].starts_with(line), "{text:?}: {issue:?}");
        assert!(text[..issue.span.range().start].ends_with('\n'), "{text:?}: {issue:?}");
        assert!(text[issue.span.range()].chars().all(char::is_whitespace), "{text:?}: {issue:?}");
    }
}

#[test]
fn a_tab_that_moves_a_line_away_from_its_neighbours_is_what_is_wrong() {
    for (text, line) in [
        ("a:\n  \tb: x\n  c: y\n", "c"),
        ("a:\n  \tb:\n    - x\n\n  c: y\n", "c"),
        ("a:\n  \tb: |\n    \tx\n  c: y\n", "c"),
    ] {
        let issues = parse(text).issues;
        let [issue] = &issues[..] else { panic!("{text:?}: {issues:?}") };
        assert_eq!((&*issue.message, issue.span.range()), ("this line is indented with a tab", 3..6), "{text:?}");
        let (span, label) = issue.related.clone().unwrap();
        assert_eq!((&text[span.range()], &*label), (line, "so this line does not fit"), "{text:?}");
    }
    // A tab in a text, in brackets or further out has nothing to do with it.
    for text in [
        "a:\n    b: |\n      x\n      \ty\n   c: y\n",
        "a:\n    b: [\n\t\tx\n    ]\n   c: y\n",
        "\ta:\n    b: x\n   c: y\n",
    ] {
        let messages: Vec<_> = issues(text).into_iter().map(|(_, place, message, _)| (place, message)).collect();
        assert_eq!(
            messages,
            [("c".to_owned(), "this line does not fit the map that it stands in".to_owned())],
            "{text:?}"
        );
    }
}

#[test]
fn what_was_read_before_an_error_is_kept() {
    let parsed = parse("Resources:\n  A:\n    Type: X\n  B:\n    Type: [\n");
    assert_eq!(parsed.document.root().unwrap().get_path(&["Resources", "A", "Type"]).and_then(Node::scalar), Some("X"));
    assert_eq!(parsed.issues.len(), 1);
    // A JSON text with an error is read as far as YAML goes.
    let parsed = parse("{\"Resources\": {\"A\": {\"Type\": \"X\"}, \"B\" 1}}");
    assert_eq!(parsed.document.root().unwrap().get_path(&["Resources", "A", "Type"]).and_then(Node::scalar), Some("X"));
}

#[test]
fn what_cloudformation_does_not_read_is_an_issue() {
    use IssueKind::{Alias, ComplexKey, DuplicateKey, MergeKey, SecondDocument};
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3\n\"a\": 4\n", &[(DuplicateKey, "a", "a"), (DuplicateKey, "\"a\"", "a")][..]),
        ("{\"a\": 1, \"\\u0061\": 2}", &[(DuplicateKey, "\"\\u0061\"", "\"a\"")]),
        ("x: &d {k: 1}\ny:\n  <<: *d\n", &[(MergeKey, "<<", ""), (Alias, "*d", "{k: 1}")]),
        ("a: *.example.com\n", &[(Alias, "*.example.com", "")]),
        ("a: &a\n  b: *a\n", &[(Alias, "*a", "")]),
        ("a: 1\n---\nb: [\n", &[(SecondDocument, "---", "")]),
        ("a: {{resolve:ssm:x}}\n", &[(ComplexKey, "{resolve:ssm:x}", "")]),
        ("? [a, b]\n: 1\n", &[(ComplexKey, "[a, b]", "")]),
        ("\"<<\": 1\n'<<': 2\n", &[(DuplicateKey, "'<<'", "\"<<\"")]),
    ] {
        let found: Vec<_> = issues(text).into_iter().map(|(kind, place, _, related)| (kind, place, related)).collect();
        let expected: Vec<_> =
            expected.iter().map(|&(kind, place, related)| (kind, place.to_owned(), related.to_owned())).collect();
        assert_eq!(found, expected, "{text:?}");
    }
    let keys: Vec<String> = (0..40).map(|number| format!("k{}: 1\n", number % 39)).collect();
    assert_eq!(issues(&keys.concat()).len(), 1);
}

#[test]
fn aliases_read_as_what_they_stand_for() {
    let parsed = parse("x: &d {k: 1}\ny:\n  <<: *d\nz: *d\nloop: &l [*l]\n");
    let root = parsed.document.root().unwrap();
    assert_eq!(root.get_path(&["y", "k"]).and_then(Node::scalar), Some("1"));
    assert_eq!(root.get_path(&["z", "k"]).and_then(Node::scalar), Some("1"));
    assert_eq!(root.get("loop").unwrap().items().next().unwrap().children().count(), 0);
}

#[test]
fn nesting_ends_at_the_limit() {
    for depth in [200, 300, 100_000] {
        for text in [
            "[".repeat(depth) + &"]".repeat(depth),
            "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth),
            "- ".repeat(depth) + "x",
        ] {
            let kinds: Vec<_> = parse(&text).issues.iter().map(|issue| issue.kind).collect();
            assert_eq!(kinds, if depth > 255 { vec![IssueKind::TooDeep] } else { vec![] }, "{depth} {}", &text[..5]);
        }
    }
}

#[test]
fn a_text_inside_a_text_keeps_its_place() {
    let text = "Definition: !Sub |\n  {\n    \"Policy\": \"{\\\"Effect\\\": \\\"${Effect}\\\", \\\"n\\\": 7}\",\n    \"Max\": ${Max}\n  }\n";
    let parsed = parse(text);
    let host = parsed.document.root().unwrap().get("Definition").unwrap();
    let holes = bodies::holes(host.text());
    let outer = syntax::json::parse_embedded(FileId::new(7), host.text().into(), host.text_map(), holes).unwrap();
    assert_eq!(outer.root().unwrap().get("Max").map(Node::kind), Some(Kind::Hole));
    assert_eq!(&text[outer.root().unwrap().get("Max").unwrap().span().range()], "${Max}");
    let policy = outer.root().unwrap().get("Policy").unwrap();
    let inner = syntax::json::parse_embedded(
        FileId::new(7),
        policy.text().into(),
        policy.text_map(),
        bodies::holes(policy.text()),
    )
    .unwrap();
    let source = |node: Node<'_>| &text[node.span().range()];
    let root = inner.root().unwrap();
    assert_eq!(source(root.entry("Effect").unwrap().0), "\\\"Effect\\\"");
    assert_eq!(source(root.get("Effect").unwrap()), "\\\"${Effect}\\\"");
    assert!(root.get("Effect").unwrap().has_holes());
    assert_eq!(source(root.get("n").unwrap()), "7");
}
