//! Texts of a megabyte that are made to be slow: each is read to an end, and what comes out holds together.
//!
//! There is no clock in a test; a reader that is quadratic in one of these makes the test take minutes.

use std::fmt::Write as _;
use std::sync::Arc;

use mlops_lint::source::{FileId, Quoting, TextMap};
use mlops_lint::syntax::{self, Node};

const SIZE: usize = 1 << 20;

fn repeat(unit: &str) -> String {
    unit.repeat(SIZE / unit.len())
}

fn numbered(from: usize, unit: impl Fn(&mut String, usize)) -> String {
    let mut text = String::new();
    let mut number = from;
    while text.len() < SIZE {
        unit(&mut text, number);
        number += 1;
    }
    text
}

fn shapes() -> Vec<(&'static str, String)> {
    let staircase: String = (0..200).fold(String::new(), |mut text, depth| {
        let _ = writeln!(text, "{}a:", " ".repeat(depth));
        text
    });
    vec![
        ("minified JSON", format!("{{\"a\":[{}0]}}", repeat("{\"b\":\"cc\",\"d\":1},"))),
        ("JSON with one string of escapes", format!("{{\"a\":\"{}\"}}", repeat("\\n"))),
        ("JSON with keys of escapes", format!("{{{}\"a\":1}}", repeat("\"\\u0061\\u0062\":1,"))),
        ("JSON with one error at the end", format!("{{\"a\":[{}0]]}}", repeat("{\"b\":\"cc\",\"d\":1},"))),
        ("JSON with equal keys", format!("{{{}\"a\":1}}", repeat("\"a\":1,"))),
        ("open JSON lists", repeat("[")),
        ("open JSON maps", repeat("{\"a\":")),
        ("flow list", format!("[{}x]", repeat("abc, "))),
        ("plain scalar of many lines", format!("a:\n{}", repeat("  word word\n"))),
        ("plain scalar of one line", format!("a: {}", repeat("x"))),
        ("escapes", format!("a: \"{}\"", repeat("\\n"))),
        ("quoted scalar of many lines", format!("a: \"{}\"", repeat("x y\n  "))),
        ("doubled quotes", format!("a: '{}'", repeat("''"))),
        ("literal of many lines", format!("a: |\n{}", repeat("  x y z\n"))),
        ("folded of many lines", format!("a: >\n{}", repeat("  x y z\n"))),
        ("literal of blank lines", format!("a: |\n  x\n{}", repeat("\n"))),
        ("literals", repeat("- |\n  x\n")),
        ("literal behind comments", format!("a:\n{}  |\n  x\n", repeat("# c\n"))),
        ("comments", repeat("# c\n")),
        ("comments before a value", format!("a:\n{}  b: 1\n", repeat("# c\n"))),
        ("line like a key", format!("{} : 1", repeat("k"))),
        ("anchors", numbered(0, |text, number| writeln!(text, "- &a{number} x").unwrap())),
        ("aliases", format!("- &a x\n{}", repeat("- *a\n"))),
        ("aliases in their own value", format!("&a [{}]", repeat("*a, "))),
        ("unknown aliases", repeat("- *a\n")),
        ("tags", repeat("- !Ref x\n")),
        ("explicit keys", repeat("? a\n: b\n")),
        ("missing values", repeat("a:\n")),
        ("different keys", numbered(0, |text, number| writeln!(text, "k{number}: 1").unwrap())),
        ("missing values in brackets", format!("{{{}}}", repeat("a: , "))),
        ("nested lists, wide", repeat(&format!("- {}x{}\n", "[".repeat(200), "]".repeat(200)))),
        (
            "nested maps, wide",
            numbered(0, |text, number| text.push_str(&staircase.replacen("a:", &format!("k{number}:"), 1))),
        ),
        ("comment for each item", format!("[\n{}]", repeat(" a, # c\n"))),
        ("empty items", repeat("-\n")),
        ("lists in lists", repeat("- ")),
        ("documents", repeat("---\na\n")),
        ("open quote", format!("a: \"{}", repeat("x\n  "))),
        ("open list", format!("a: {}", "[a, ".repeat(200))),
        ("open lists", format!("a: {}", repeat("[a, "))),
        ("deep block", (0..1400).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n")),
        ("tabs in brackets", repeat("- [\n\t1,\n\t2\n\t]\n")),
        ("tabs in a long list", format!("a: [\n{}]", repeat("\t1,\n"))),
        ("wide characters", format!("a: {}", repeat("\u{1f600}"))),
        ("line breaks", repeat("\r\n")),
        ("spaces", repeat(" ")),
        (
            "many laughs",
            (1..60).fold(String::from("a0: &a0 [x, x, x, x]\n"), |text, number| {
                let before = number - 1;
                text + &format!("a{number}: &a{number} [*a{before}, *a{before}, *a{before}, *a{before}]\n")
            }),
        ),
    ]
}

#[test]
fn hostile_texts_are_read_to_an_end() {
    for (name, text) in shapes() {
        let text: Arc<str> = text.into();
        let start = std::time::Instant::now();
        let parsed = syntax::parse(FileId::new(7), &text);
        let parse = start.elapsed();
        // What it cost is for people: `cargo test --release hostile -- --nocapture`.
        println!(
            "{:8.1} ms {name}: {} nodes, {} issues",
            parse.as_secs_f64() * 1e3,
            parsed.document.nodes().len(),
            parsed.issues.len()
        );
        assert!(parsed.issues.len() <= 1000);
        for node in parsed.document.nodes().step_by(1 + parsed.document.nodes().len() / 64) {
            assert!(super::bodies::check_map(node, &text), "{name}");
        }
    }
}

#[test]
fn hostile_json_with_holes_is_read_to_an_end() {
    for (name, text) in [
        ("holes in one string", format!("{{\"a\":\"{}\"}}", repeat("${X}"))),
        ("holes in one bare text", format!("[{}]", repeat("${X}"))),
        ("holes as values", format!("[{}1]", repeat("${X},"))),
        ("holes as keys", format!("{{{}\"a\":1}}", repeat("${X}:1,"))),
        ("holes beside escapes", format!("{{\"a\":\"{}\"}}", repeat("\\n${X}\\\""))),
    ] {
        let host = format!("'{text}'");
        let holes = super::bodies::holes(&text);
        let start = std::time::Instant::now();
        let map = TextMap::align(&text, &host, 0, Quoting::Single).unwrap();
        let document = syntax::json::parse_embedded(FileId::new(7), text.into(), map, holes).unwrap();
        println!("{:8.1} ms {name}: {} nodes", start.elapsed().as_secs_f64() * 1e3, document.nodes().len());
        assert!(document.nodes().any(Node::has_holes));
    }
}
