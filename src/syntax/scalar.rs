//! How CloudFormation types a plain scalar: the core types of YAML 1.1, less what AWS leaves out.
//!
//! AWS documents YAML 1.1 without the binary, omap, pairs, set and timestamp tags, aliases and hash merges
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html>). What that means for a scalar was seen on stacks:
//! `0300` arrives as 192, `0x…` and `1:30` are numbers too (<https://dev.classmethod.jp/articles/how-to-identify-numerical-values-in-cfn-yaml-template/>),
//! the account id 012345670123 as 1402433619 (aws-cloudformation/cloudformation-coverage-roadmap#745), `yes` and `on` as `true`,
//! `y` as it is (<https://ljmc.bearblog.dev/yaml-booleans-in-cloudformation-templates>). The exact forms are those of `PyYAML`'s resolver,
//! which cfn-lint, SAM and the AWS CLI read templates with; a date stays text, as `Version: 2012-10-17` needs.

use std::borrow::Cow;

use super::Style;

/// The type of a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScalarType {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on` and their opposites.
    Bool(bool),
    /// A whole number, also octal (`010` is 8), binary, hexadecimal and sexagesimal (`1:30` is 90).
    Int(i64),
    /// A number with a fraction or exponent, or a whole one of more than 64 bits.
    Float(f64),
    /// Text.
    String,
}

/// Types a scalar of a YAML text; quoted and block scalars are always strings.
pub fn scalar_type(text: &str, style: Style) -> ScalarType {
    if style != Style::Plain {
        return ScalarType::String;
    }
    // The resolver looks at the first character before it tries anything; most scalars are words.
    match text.as_bytes().first() {
        None => ScalarType::Null,
        Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O') => word(text),
        Some(b'+' | b'-' | b'.' | b'0'..=b'9') => number(text).unwrap_or(ScalarType::String),
        Some(_) => ScalarType::String,
    }
}

/// Types a scalar of a JSON text, where what stands without quotes is a number, a boolean or null.
pub fn json_type(text: &str, style: Style) -> ScalarType {
    if style != Style::Plain {
        return ScalarType::String;
    }
    match text {
        "null" => ScalarType::Null,
        "true" => ScalarType::Bool(true),
        "false" => ScalarType::Bool(false),
        _ => match (text.parse(), text.parse()) {
            (Ok(number), _) => ScalarType::Int(number),
            (_, Ok(number)) => ScalarType::Float(number),
            // A bare text with holes.
            _ => ScalarType::String,
        },
    }
}

/// The text that CloudFormation hands on where a property is a string: `yes` is `true`, `0300` is `192`, `1.10` is `1.1`.
///
/// Borrowed where nothing changes.
pub fn canonical_text(text: &str, kind: ScalarType) -> Cow<'_, str> {
    let canonical = match kind {
        ScalarType::String | ScalarType::Null => return Cow::Borrowed(text),
        ScalarType::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        ScalarType::Int(number) => Cow::Owned(number.to_string()),
        ScalarType::Float(number) if !number.is_finite() => return Cow::Borrowed(text),
        // A whole number that does not fit keeps its digits.
        ScalarType::Float(_) if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') => {
            return Cow::Borrowed(text);
        }
        ScalarType::Float(number) => Cow::Owned(format!("{number:?}")),
    };
    if canonical == text { Cow::Borrowed(text) } else { canonical }
}

fn word(text: &str) -> ScalarType {
    match text {
        "~" | "null" | "Null" | "NULL" => ScalarType::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => ScalarType::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => ScalarType::Bool(false),
        _ => ScalarType::String,
    }
}

fn number(text: &str) -> Option<ScalarType> {
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    // An underscore may stand between digits, but not first.
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return point_first(text, digits, negative);
    }
    let prefixed = match digits.as_bytes() {
        [b'0', b'x', ..] => whole(&digits[2..], 16),
        [b'0', b'b', ..] => whole(&digits[2..], 2),
        [b'0', _, ..] => whole(digits, 8),
        _ => None,
    };
    if let Some(number) = prefixed {
        return Some(number.signed(negative));
    }
    if digits.contains(':') {
        return sexagesimal(digits, negative);
    }
    match digits.split_once('.') {
        None if digits.len() > 1 && digits.starts_with('0') => None,
        None => match whole(digits, 10)? {
            Whole { exact: None, .. } => float(digits, negative),
            number => Some(number.signed(negative)),
        },
        Some((before, after)) => {
            let (fraction, exponent) = split_exponent(after)?;
            if !before.bytes().chain(fraction.bytes()).all(is_digit) {
                return None;
            }
            float(&format!("{before}.{fraction}0{exponent}"), negative)
        }
    }
}

/// A whole number without sign: exact as long as it fits, and near in any case.
#[derive(Clone, Copy)]
struct Whole {
    exact: Option<i64>,
    near: f64,
}

impl Whole {
    fn push(self, base: u8, digit: u8) -> Self {
        let exact = self.exact.and_then(|number| number.checked_mul(base.into())?.checked_add(digit.into()));
        Self { exact, near: self.near * f64::from(base) + f64::from(digit) }
    }

    fn signed(self, negative: bool) -> ScalarType {
        match self.exact {
            Some(number) => ScalarType::Int(if negative { -number } else { number }),
            None => ScalarType::Float(if negative { -self.near } else { self.near }),
        }
    }
}

const ZERO: Whole = Whole { exact: Some(0), near: 0.0 };

/// Digits with underscores between them.
fn whole(digits: &str, radix: u8) -> Option<Whole> {
    if !digits.bytes().any(|byte| byte != b'_') {
        return None;
    }
    let mut digits = digits.bytes().filter(|&byte| byte != b'_');
    let number = digits.try_fold(ZERO, |number, byte| {
        let digit = char::from(byte).to_digit(radix.into())?;
        Some(number.push(radix, u8::try_from(digit).ok()?))
    })?;
    Some(number)
}

fn float(text: &str, negative: bool) -> Option<ScalarType> {
    let number: f64 = text.replace('_', "").parse().ok()?;
    Some(ScalarType::Float(if negative { -number } else { number }))
}

/// `.5` (without a sign), `.inf`, `.nan`.
fn point_first(text: &str, digits: &str, negative: bool) -> Option<ScalarType> {
    match digits {
        ".inf" | ".Inf" | ".INF" => {
            return Some(ScalarType::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        ".nan" | ".NaN" | ".NAN" if text.starts_with('.') => return Some(ScalarType::Float(f64::NAN)),
        _ => {}
    }
    let (fraction, exponent) = split_exponent(text.strip_prefix('.')?)?;
    if !fraction.starts_with(|first: char| first.is_ascii_digit()) || !fraction.bytes().all(is_digit) {
        return None;
    }
    float(&format!("0.{fraction}{exponent}"), false)
}

/// An exponent needs its sign: `1.5e+3` is a number, `1.5e3` is text.
fn split_exponent(text: &str) -> Option<(&str, &str)> {
    let Some(at) = text.find(['e', 'E']) else { return Some((text, "")) };
    let (fraction, exponent) = text.split_at(at);
    match exponent.as_bytes() {
        [_, b'+' | b'-', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            Some((fraction, exponent))
        }
        _ => None,
    }
}

/// `12:30:45`: base 60, each later part below 60; with a point the last part has a fraction.
fn sexagesimal(digits: &str, negative: bool) -> Option<ScalarType> {
    let (whole_part, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let (first, rest) = whole_part.split_once(':')?;
    if fraction.is_none() && first.starts_with('0') {
        return None;
    }
    let mut total = whole(first, 10)?;
    for part in rest.split(':') {
        let (tens, ones) = match *part.as_bytes() {
            [ones @ b'0'..=b'9'] => (b'0', ones),
            [tens @ b'0'..=b'5', ones @ b'0'..=b'9'] => (tens, ones),
            _ => return None,
        };
        total = total.push(60, (tens - b'0') * 10 + (ones - b'0'));
    }
    match fraction {
        None => Some(total.signed(negative)),
        Some(fraction) if fraction.bytes().all(is_digit) => {
            let number = total.near + format!("0.{fraction}0").replace('_', "").parse::<f64>().ok()?;
            Some(ScalarType::Float(if negative { -number } else { number }))
        }
        Some(_) => None,
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_typed_as_yaml_1_1() {
        use ScalarType::{Bool, Float, Int, Null, String};
        let cases = [
            ("", Null),
            ("~", Null),
            ("null", Null),
            ("Null", Null),
            ("NULL", Null),
            ("nULL", String),
            ("true", Bool(true)),
            ("True", Bool(true)),
            ("TRUE", Bool(true)),
            ("tRUE", String),
            ("yes", Bool(true)),
            ("On", Bool(true)),
            ("NO", Bool(false)),
            ("off", Bool(false)),
            ("False", Bool(false)),
            ("y", String),
            ("N", String),
            ("0", Int(0)),
            ("-1", Int(-1)),
            ("+12", Int(12)),
            ("1_000", Int(1000)),
            ("010", Int(8)),
            ("-010", Int(-8)),
            ("0300", Int(192)),
            ("0777", Int(511)),
            ("0o17", String),
            ("0x1F", Int(31)),
            ("0x_", String),
            ("0b101", Int(5)),
            ("0b12", String),
            ("08", String),
            ("012345678901", String),
            ("012345670123", Int(1_402_433_619)),
            ("123456789012", Int(123_456_789_012)),
            ("9223372036854775807", Int(i64::MAX)),
            ("9223372036854775808", Float(9_223_372_036_854_775_808.0)),
            ("12:30:45", Int(45_045)),
            ("1:30", Int(90)),
            ("0:30", String),
            ("1:60", String),
            ("1:", String),
            ("1:30.5", Float(90.5)),
            ("190:20:30.15", Float(685_230.15)),
            ("1.10", Float(1.1)),
            ("1.", Float(1.0)),
            ("-1.5", Float(-1.5)),
            (".5", Float(0.5)),
            ("+.5", String),
            ("1e3", String),
            ("1.5e3", String),
            ("1.5e+3", Float(1500.0)),
            ("6.8523015e+5", Float(685_230.15)),
            ("08.5", Float(8.5)),
            (".inf", Float(f64::INFINITY)),
            ("-.INF", Float(f64::NEG_INFINITY)),
            ("2012-10-17", String),
            ("2010-09-09T00:00:00Z", String),
            ("1.2.3", String),
            ("10.0.0.0/16", String),
            ("arn:aws:s3:::x", String),
            ("-", String),
            (".", String),
            ("<<", String),
            ("=", String),
            ("1 000", String),
        ];
        for (text, expected) in cases {
            assert_eq!(scalar_type(text, Style::Plain), expected, "{text}");
            assert_eq!(scalar_type(text, Style::DoubleQuoted), String, "\"{text}\"");
        }
        assert!(matches!(scalar_type(".NaN", Style::Plain), Float(number) if number.is_nan()));
    }

    #[test]
    fn json_numbers_are_json_numbers() {
        assert_eq!(json_type("1e3", Style::Plain), ScalarType::Float(1000.0));
        assert_eq!(json_type("-0", Style::Plain), ScalarType::Int(0));
        assert_eq!(json_type("true", Style::Plain), ScalarType::Bool(true));
        assert_eq!(json_type("1e3", Style::DoubleQuoted), ScalarType::String);
        assert_eq!(json_type("1${X}", Style::Plain), ScalarType::String);
    }

    #[test]
    fn the_text_that_is_handed_on_is_that_of_the_value() {
        for (text, expected) in [
            ("yes", "true"),
            ("Off", "false"),
            ("0300", "192"),
            ("012345670123", "1402433619"),
            ("012345678901", "012345678901"),
            ("1_000", "1000"),
            ("12:30:45", "45045"),
            ("1.10", "1.1"),
            ("2.0", "2.0"),
            ("2012-10-17", "2012-10-17"),
            ("99999999999999999999", "99999999999999999999"),
            ("plain", "plain"),
        ] {
            assert_eq!(canonical_text(text, scalar_type(text, Style::Plain)), expected);
        }
    }
}
