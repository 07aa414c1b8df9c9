//! Claims about JSON: what is read, where holes may stand, what is said of errors.

use std::borrow::Cow;

use super::*;
use crate::syntax::Node;

/// Reads a text whose `<…>` are holes, as if it stood at byte 100 of a file.
fn embedded(text: &str) -> Result<Document, SyntaxIssue> {
    let holes = text.match_indices('<').map(|(at, _)| (to_u32(at), to_u32(at + text[at..].find('>').unwrap() + 1)));
    parse_embedded(FileId::new(1), text.into(), TextMap::identity(to_u32(text.len()), 100), holes.collect())
}

fn values(document: &Document) -> Vec<Node<'_>> {
    document.root().unwrap().children().collect()
}

#[test]
fn holes_stand_where_a_value_text_or_key_may_stand() {
    let document =
        embedded("{\"a\": <X>, \"b\": \"s3://<B>/<C>\", \"c\": 1<X>, <K>: true, \"d\": <X><Y>, \"e<F>\": \"g\"}")
            .unwrap();
    let nodes = values(&document);
    let shown: Vec<_> = nodes.iter().map(|node| (node.kind(), node.text(), node.holes().count())).collect();
    assert_eq!(
        shown,
        [
            (Kind::Scalar, "a", 0),
            (Kind::Hole, "", 1),
            (Kind::Scalar, "b", 0),
            (Kind::Scalar, "s3://<B>/<C>", 2),
            (Kind::Scalar, "c", 0),
            (Kind::Scalar, "1<X>", 1),
            (Kind::Scalar, "<K>", 1),
            (Kind::Scalar, "true", 0),
            (Kind::Scalar, "d", 0),
            (Kind::Scalar, "<X><Y>", 2),
            (Kind::Scalar, "e<F>", 1),
            (Kind::Scalar, "g", 0),
        ]
    );
    assert!(nodes.iter().all(|node| node.has_holes() == (node.holes().count() > 0)));
    assert_eq!((nodes[1].hole(), nodes[1].span()), (Some(0), Span::new(FileId::new(1), 106, 109)));
    assert_eq!(nodes[3].holes().map(|(number, _)| number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(embedded("<Body>").unwrap().root().unwrap().kind(), Kind::Hole);
}

#[test]
fn a_hole_may_hold_anything() {
    let document = embedded("{\"a\\n\": \"x\\u0041<\"quoted\" \\ text>\\\"y\"}").unwrap();
    let value = values(&document)[1];
    assert_eq!(value.text(), "xA<\"quoted\" \\ text>\"y");
    assert!(value.has_holes() && !values(&document)[0].has_holes());
    for text in ["{<K> 1}", "[<A> <B>]", "{\"a\"<C> 1}", "[<A>\"x\"]"] {
        assert!(embedded(text).is_err(), "{text}");
    }
}

#[test]
fn an_error_stands_in_the_file() {
    let issue = embedded("{\"a\": <X>,}").unwrap_err();
    assert_eq!((issue.span, issue.kind), (Span::new(FileId::new(1), 109, 110), IssueKind::Syntax));
    let whole = parse_embedded(FileId::new(1), "[".into(), TextMap::whole(1, 5, 50), Vec::new()).unwrap_err();
    assert_eq!(whole.span, Span::new(FileId::new(1), 50, 50));
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    for (text, place, message) in [
        ("", "", "the text ends where JSON needs a value"),
        ("{\"a\": 1,}", ",", "JSON allows no comma before `}`"),
        ("[1 2]", "2", "`2` stands where JSON needs `,` or `]`"),
        ("{\"a\" 1}", "1", "`1` stands where JSON needs `:`"),
        ("{a: 1}", "a", "`a` stands where JSON needs a key in double quotes"),
        ("{'a': 1}", "'", "`'` stands where JSON needs a key in double quotes"),
        ("[1] x", "x", "`x` stands where JSON needs the end of the JSON text"),
        ("[1, // c\n2]", "/", "`/` stands where JSON needs a value"),
        ("[012]", "012", "`012` is no JSON value"),
        ("[1.]", "1.", "`1.` is no JSON value"),
        ("[1e]", "1e", "`1e` is no JSON value"),
        ("[-]", "-", "`-` is no JSON value"),
        ("[True]", "True", "`True` is no JSON value"),
        ("[NaN]", "NaN", "`NaN` is no JSON value"),
        ("[.5]", ".", "`.` stands where JSON needs a value"),
        ("[\"a]", "\"a]", "this string is not closed"),
        ("[\"a\nb\"]", "\"a", "this string runs over the end of its line"),
        ("[\"a\tb\"]", "\t", "JSON allows no tab inside a string"),
        ("[\"a\u{1}b\"]", "\u{1}", "JSON allows no control character U+0001 inside a string"),
        ("[\"\\x\"]", "\\x", "`\\x` is no escape of JSON"),
        ("[\"\\u12\"]", "\\u", "`\\u` is no escape of JSON"),
        ("{\"a\": [1, 2", "", "the text ends where JSON needs `,` or `]`"),
    ] {
        let issue = parse(FileId::new(0), &Arc::from(text)).unwrap_err();
        assert_eq!((&text[issue.span.range()], issue.message.as_str()), (place, message), "{text:?}");
    }
}

#[test]
fn what_json_allows_is_read() {
    for (text, expected) in [
        ("\u{feff}{\"a\": 1}", "a"),
        ("[\"\\ud83d\\ude00 \\u00e9 \\/ \\n\"]", "\u{1f600} é / \n"),
        ("[\"\\ud83d\"]", "\u{fffd}"),
        ("[\"\\ude00\\ud83dx\"]", "\u{fffd}\u{fffd}x"),
        ("[\"\u{7f}\u{2028}\"]", "\u{7f}\u{2028}"),
        ("[-0.5e+10]", "-0.5e+10"),
        ("[123456789012345678901234567890]", "123456789012345678901234567890"),
        (" [ true ] \r\n\t", "true"),
    ] {
        let parsed = parse(FileId::new(0), &Arc::from(text)).unwrap();
        assert_eq!(values(&parsed.document)[0].text(), expected);
        assert!(parsed.document.is_json());
    }
}

#[test]
fn pieces_of_a_string_are_unescaped() {
    assert!(matches!(unescape("plain"), Cow::Borrowed("plain")));
    assert_eq!(unescape("a\\nb\\\\n\\u0041\\q\\"), "a\nb\\nA\\q\\");
}
