//! Patterns to automata. `build.rs` includes this file, so that a bundled pattern and a user's mean the same.

use std::error::Error;

use globset::GlobBuilder;
use regex_automata::dfa::{StartKind, dense, sparse};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

/// What AWS gives for a resource or a pseudo parameter: not empty, and without the wildcards of policies.
pub(crate) const GIVEN_BY_AWS: &str = "^[^*?]+$";

/// Account ids, codes of Regions and partitions, names of stacks: letters, digits and hyphens.
pub(crate) const WORD: &str = "^[0-9A-Za-z-]+$";

/// A field of an ARN between colons; Region and account may be empty.
pub(crate) const ARN_FIELD: &str = "^[0-9A-Za-z-]*$";

/// A name or an id within an ARN; a colon would end it.
pub(crate) const ARN_NAME: &str = "^[^*?:]+$";

/// How large an automaton may get while it is built.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// As large as it takes: the build checks the result.
    #[allow(dead_code, reason = "only build.rs compiles without a limit")]
    None,
    /// Bytes of the automaton with all its transitions; what is needed to build it may be four times that.
    #[allow(dead_code, reason = "build.rs compiles without a limit")]
    Bytes(usize),
}

/// Regular expressions in the syntax of the crate `regex`, over bytes: no Unicode classes, no look-around. Each is
/// searched for anywhere unless it says otherwise. The automaton matches what one of them does.
pub(crate) fn regexes(texts: &[&str], limit: Limit) -> Result<sparse::DFA<Vec<u8>>, String> {
    named(texts, |texts| build(texts, syntax::Config::new(), limit))
}

/// Globs over the whole text; `*` and `?` match any character, `/`, `:` and line feeds included. The automaton matches
/// what one of them does.
pub(crate) fn globs(texts: &[&str], limit: Limit) -> Result<sparse::DFA<Vec<u8>>, String> {
    named(texts, |texts| {
        let regexes: Vec<String> = texts.iter().map(|text| glob(text)).collect::<Result<_, _>>()?;
        build(&regexes, syntax::Config::new().dot_matches_new_line(true), limit)
    })
}

fn glob(text: &str) -> Result<String, String> {
    let glob = GlobBuilder::new(text)
        .literal_separator(false)
        .case_insensitive(false)
        .backslash_escape(true)
        .empty_alternates(true)
        .build()
        .map_err(|error| error.kind().to_string())?;
    Ok(glob.regex().to_owned())
}

/// Says which of several patterns is wrong, if one alone is.
fn named<T>(texts: &[&str], compile: impl Fn(&[&str]) -> Result<T, String>) -> Result<T, String> {
    compile(texts).map_err(|error| {
        let culprit = texts.iter().find_map(|text| compile(&[text]).err().map(|error| format!("`{text}`: {error}")));
        culprit.filter(|_| texts.len() > 1).unwrap_or(error)
    })
}

fn build<T: AsRef<str>>(texts: &[T], syntax: syntax::Config, limit: Limit) -> Result<sparse::DFA<Vec<u8>>, String> {
    let (bytes, working) = match limit {
        Limit::None => (None, None),
        Limit::Bytes(bytes) => (Some(bytes), Some(bytes.saturating_mul(4))),
    };
    // Byte semantics keep the automata small (a Unicode `\w` alone has hundreds of states), and a value with holes is
    // walked byte by byte anyway. What matched once stays matched, so the shortest match would do as well as the first.
    let dense = dense::Builder::new()
        .syntax(syntax.unicode(false).utf8(false))
        .thompson(thompson::Config::new().utf8(false).nfa_size_limit(working))
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Unanchored)
                .accelerate(false)
                .dfa_size_limit(bytes)
                .determinize_size_limit(working),
        )
        .build_many(texts);
    match (dense, bytes) {
        (Ok(dense), _) => dense.to_sparse().map_err(|error| describe(&error)),
        (Err(error), Some(bytes)) if is_too_large(&error) => Err(format!(
            "larger than {bytes} bytes as an automaton; a shorter repetition or an anchor `^` makes it smaller"
        )),
        (Err(error), _) => Err(describe(&error)),
    }
}

fn is_too_large(error: &dense::BuildError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<thompson::BuildError>());
    error.is_size_limit_exceeded() || cause.is_some_and(|cause| cause.size_limit().is_some())
}

/// The innermost cause, for the outer ones only say that something could not be built. A syntax error has a picture of
/// the pattern before its last line.
fn describe(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    let text = error.to_string();
    let last = text.lines().next_back().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
