//! Java's regular expressions, as far as they differ from those of the crate `regex`.

/// True if a pattern that the crate `regex` accepts may match less, or something else, than it does in Java. What
/// matches more (a possessive `a++` read as greedy) is no harm: it only leaves more values possible.
pub(super) fn reads_differently(pattern: &str) -> bool {
    // Word boundaries of one side, operators and named classes in brackets: text to Java.
    let syntax_of_regex = [r"\<", r"\>", r"\b{", "--", "~~", "[[:", "[^[:"];
    // Without Unicode a byte stands for a character, which is the same below 0x80 only.
    let high_byte =
        pattern.match_indices(r"\x").any(|(at, _)| !matches!(pattern.as_bytes().get(at + 2), Some(b'0'..=b'7')));
    syntax_of_regex.iter().any(|syntax| pattern.contains(syntax)) || high_byte || other_flags(pattern)
}

/// True if `(?x)` and the like occur: flags other than `i`, `m` and `s` change how the rest is read.
fn other_flags(pattern: &str) -> bool {
    pattern.match_indices("(?").any(|(at, _)| {
        let flags = &pattern[at + 2..];
        let end = flags.find(|c: char| !c.is_ascii_alphabetic() && c != '-').unwrap_or(flags.len());
        matches!(flags.as_bytes().get(end), Some(b')' | b':')) && flags[..end].contains(|c: char| !"ims-".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_read_alike_is_taken() {
        for pattern in
            ["^[a-z][a-z0-9-]{2,30}$", r"(?i)arn:aws[\w-]*:.+", "(?:a|b)(?<name>c)", r"\x41", "[:/]", "[^:]+"]
        {
            assert!(!reads_differently(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_java_reads_in_another_way_is_not() {
        for pattern in [r"\<a\>", "(?x)a b", "(?U)a", "(?u:a)", "[[:alpha:]]", "[a--b]", r"\xE9", r"\x{e9}", "(?i-x)a"]
        {
            assert!(reads_differently(pattern), "{pattern}");
        }
    }
}
