//! What the walk says of texts that occur in templates.

use super::Piece::{Constrained, Hole, Text};
use super::*;
use crate::value::Truth::{False, True, Unknown};

fn regex(text: &str) -> Automaton {
    Automaton::compile(PatternKind::Regex, text).expect("the test's pattern compiles")
}

fn glob(text: &str) -> Automaton {
    Automaton::compile(PatternKind::Glob, text).expect("the test's pattern compiles")
}

fn allowed(text: &str) -> Automaton {
    Automaton::allowed_pattern(text).expect("the test's pattern compiles")
}

#[test]
fn schedules_of_a_monitor() {
    let cron = regex(r"^(NOW|cron\(0 (\*|[01]?\d|2[0-3])(/(0?[1-9]|1\d|2[0-4]))? \? \* \* \*\))$");
    for (pieces, expected) in [
        (&[Text("cron(0 * ? * * *)")][..], True),
        (&[Text("cron(0 */6 * * ? *)")], False),
        (&[Text("rate("), Hole, Text(" hours)")], False),
        (&[Text("cron(0 "), Hole, Text(" ? * * *)")], Unknown),
        (&[Hole], Unknown),
        (&[], False),
    ] {
        assert_eq!(matches(&cron, pieces), expected, "{pieces:?}");
    }
}

#[test]
fn tags_of_an_image() {
    let floating = regex(":latest$|^[^:@]+$");
    let registry = ".dkr.ecr.eu-west-1.amazonaws.com/train";
    for (pieces, expected) in [
        (&[Hole, Text(".dkr.ecr."), Hole, Text(".amazonaws.com/train:latest")][..], True),
        (&[Hole, Text(registry), Text(":"), Hole], Unknown),
        (&[Hole, Text(registry), Text("@sha256:abc")], False),
    ] {
        assert_eq!(matches(&floating, pieces), expected, "{pieces:?}");
    }
}

#[test]
fn a_glob_covers_the_whole_text_and_its_star_crosses_everything() {
    let integration = glob("arn:*:states:::sagemaker:{createModel,createEndpoint}");
    for (pieces, expected) in [
        (&[Text("arn:"), Hole, Text(":states:::sagemaker:createModel")][..], True),
        (&[Text("arn:"), Hole, Text(":states:::sagemaker:createEndpoint")], True),
        (&[Text("arn:"), Hole, Text(":states:::sagemaker:createModelPackage")], False),
        (&[Text("arn:"), Hole], Unknown),
        (&[Text("arn:a/b:c\nd:states:::sagemaker:createModel")], True),
    ] {
        assert_eq!(matches(&integration, pieces), expected, "{pieces:?}");
    }
    assert!(glob("ml.{c5d,p4d}.*").is_match("ml.p4d.24xlarge"));
    assert!(!glob("ml.{c5d,p4d}.*").is_match("ml.p4de.24xlarge"));
    assert!(glob("a{,b}").is_match("a"));
}

#[test]
fn a_match_in_the_middle_stays_a_match() {
    let word = regex("secret");
    assert_eq!(matches(&word, &[Text("my-secret-"), Hole]), True);
    assert_eq!(matches(&word, &[Hole, Text("-secret-"), Hole, Text("x")]), True);
    assert_eq!(matches(&word, &[Text("my-"), Hole, Text("-x")]), Unknown);
    assert_eq!(matches(&word, &[Text("sec"), Hole, Text("ret")]), Unknown);
}

#[test]
fn a_hole_may_be_empty_but_holds_no_control_characters() {
    assert_eq!(matches(&regex("^ab$"), &[Text("a"), Hole, Text("b")]), Unknown);
    assert_eq!(matches(&regex("^a.*b$"), &[Text("a"), Hole, Text("b")]), True);
    assert_eq!(matches(&regex("^a.+b$"), &[Text("a"), Hole, Text("b")]), Unknown);
    assert_eq!(matches(&regex(r"\n"), &[Text("a"), Hole]), False);
    assert_eq!(matches(&regex(r"\n"), &[Text("a\n"), Hole]), True);
}

#[test]
fn an_allowed_pattern_narrows_its_hole() {
    let name = allowed("[a-z][a-z0-9-]{0,20}");
    let account = allowed(r"^\d{12}$");
    let lower = regex("^[a-z0-9-]+$");
    assert_eq!(matches(&lower, &[Text("mlops-"), Constrained(&name)]), True);
    assert_eq!(matches(&lower, &[Text("mlops-"), Hole]), Unknown);
    assert_eq!(matches(&lower, &[Text("mlops_"), Constrained(&name)]), False);
    assert_eq!(matches(&regex(r"^\d{12}\.dkr"), &[Constrained(&account), Text(".dkr.ecr")]), True);
    assert_eq!(matches(&regex("^prod"), &[Constrained(&account)]), False);
    assert_eq!(matches(&regex("^1"), &[Constrained(&account)]), Unknown);
    assert_eq!(matches(&regex("[A-Z]"), &[Hole, Constrained(&name)]), Unknown);
}

#[test]
fn alternatives_of_an_allowed_pattern_are_anchored_together() {
    let stage = allowed("dev|prod");
    assert_eq!(matches(&regex("^(dev|prod)$"), &[Constrained(&stage)]), True);
    assert_eq!(matches(&regex("^staging"), &[Constrained(&stage)]), False);
}

#[test]
fn a_match_before_the_hole_ends_needs_a_filling_that_is_allowed() {
    // `a` matches at once, but no allowed text goes on from there.
    let only_b = allowed("b+");
    assert_eq!(matches(&regex("a"), &[Constrained(&only_b)]), False);
    let ends_in_b = allowed("[ab]*b");
    assert_eq!(matches(&regex("a"), &[Constrained(&ends_in_b)]), Unknown);
    assert_eq!(matches(&regex("b"), &[Constrained(&ends_in_b)]), True);
}

#[test]
fn of_a_hole_that_nothing_can_fill_nothing_is_said() {
    let nothing = allowed("a\tb");
    assert_eq!(matches(&regex("x"), &[Constrained(&nothing)]), Unknown);
    assert_eq!(matches(&regex("^a"), &[Text("a"), Constrained(&nothing), Text("c")]), Unknown);
}

#[test]
fn a_product_that_is_too_large_is_taken_as_any_text() {
    let long = allowed("[a-z]{1,250}");
    let wide = regex("^([a-z]{3}){1,70}-?[a-z]{1,200}$");
    assert_ne!(matches(&wide, &[Constrained(&long)]), False);
}

#[test]
fn patterns_that_cannot_be_read_as_java_does_are_refused() {
    for pattern in ["(?!aws)[a-z]+", r"(a)\1", "(", "a)(b", r"\p{Alpha}+", "[[:alpha:]]+", r"\Qa\E"] {
        assert!(Automaton::allowed_pattern(pattern).is_none(), "{pattern}");
    }
}

#[test]
fn other_alphabets_are_bytes() {
    let city = regex("^Zürich-[a-z]+$");
    assert!(city.is_match("Zürich-a"));
    assert!(!city.is_match("Zurich-a"));
    assert_eq!(matches(&city, &[Text("Zürich-"), Hole]), Unknown);
    assert_eq!(matches(&city, &[Text("Z"), Hole, Text("h-x")]), Unknown);
    assert!(glob("*ü*").is_match("Zürich"));
    assert!(regex("^.*$").is_match("日本"));
    assert_eq!(matches(&regex("^[ -~]*$"), &[Hole]), Unknown);
}

#[test]
fn trivial_patterns_are_known_for_what_they_are() {
    for pattern in ["", ".*", "^.*$", "^", "a*", "(?s).*", r"\z.|x*"] {
        assert!(regex(pattern).is_trivial(), "{pattern}");
    }
    assert!(glob("*").is_trivial());
    assert!(regex("a^b").is_trivial(), "never matches");
    assert!(!regex("a").is_trivial());
    assert!(!glob("a*").is_trivial());
}

#[test]
fn errors_are_one_line_for_the_author() {
    let error = |text| Automaton::compile(PatternKind::Regex, text).expect_err("the pattern is wrong");
    assert_eq!(error("(a"), "unclosed group");
    assert_eq!(error("(?=a)"), "look-around, including look-ahead and look-behind, is not supported");
    assert_eq!(
        error("[a-z]{900}{90}"),
        "larger than 1048576 bytes as an automaton; a shorter repetition or an anchor `^` makes it smaller"
    );
    let error = Automaton::compile(PatternKind::Glob, "a{b").expect_err("the glob is wrong");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn patterns_together_match_what_one_of_them_does() {
    let any = Automaton::any(PatternKind::Glob, &["ml.c5d.*", "ml.p4d.*"]).expect("the test's patterns compile");
    assert!(any.is_match("ml.p4d.24xlarge") && !any.is_match("ml.p4de.24xlarge"));
    assert_eq!(matches(&any, &[Text("ml."), Hole, Text(".large")]), Unknown);
    assert_eq!(matches(&any, &[Text("ml.p4d."), Hole]), True);
    let error = Automaton::any(PatternKind::Regex, &["a", "(b"]).expect_err("the second is wrong");
    assert_eq!(error, "`(b`: unclosed group");
}

#[test]
fn what_patterns_cover_together_is_no_longer_unknown() {
    let halves = Automaton::any(PatternKind::Regex, &["^a", "^[^a]", "^$"]).expect("the test's patterns compile");
    assert_eq!(matches(&halves, &[Hole]), True);
}

#[test]
fn every_bundled_pattern_is_read_back_as_it_would_be_compiled() {
    for (kind, text) in catalog::patterns() {
        let texts: Vec<&str> = text.split('\n').collect();
        let bundled = Automaton::bundled(kind, text).expect("listed");
        // The limit is for users' patterns; the build checks the size of what it made.
        let compiled = match kind {
            PatternKind::Regex => compile::regexes(&texts, Limit::None),
            PatternKind::Glob => compile::globs(&texts, Limit::None),
        };
        let compiled = compiled.expect("the build compiled it too");
        assert_eq!(bundled.dfa().to_bytes_little_endian(), compiled.to_bytes_little_endian(), "{text}");
        assert!(!bundled.is_trivial(), "{kind:?} `{text}` says nothing");
    }
    assert!(Automaton::bundled(PatternKind::Regex, "no rule says this").is_none());
}
