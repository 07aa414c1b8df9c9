//! Patterns to automata. `build.rs` includes this file, so that a bundled pattern and a user's mean the same.

use std::error::Error;

use globset::GlobBuilder;
use regex_automata::dfa::{StartKind, dense, sparse};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

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

/// A regular expression in the syntax of the crate `regex`, over bytes: no Unicode classes, no look-around.
/// It is searched for anywhere unless it says otherwise.
pub(crate) fn regex(text: &str, limit: Limit) -> Result<sparse::DFA<Vec<u8>>, String> {
    build(text, syntax::Config::new(), limit)
}

/// A glob over the whole text; `*` and `?` match any character, `/`, `:` and line feeds included.
pub(crate) fn glob(text: &str, limit: Limit) -> Result<sparse::DFA<Vec<u8>>, String> {
    let glob = GlobBuilder::new(text)
        .literal_separator(false)
        .case_insensitive(false)
        .backslash_escape(true)
        .empty_alternates(true)
        .build()
        .map_err(|error| error.kind().to_string())?;
    build(glob.regex(), syntax::Config::new().dot_matches_new_line(true), limit)
}

fn build(text: &str, syntax: syntax::Config, limit: Limit) -> Result<sparse::DFA<Vec<u8>>, String> {
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
        .build(text);
    match (dense, bytes) {
        (Ok(dense), _) => dense.to_sparse().map_err(|error| describe(&error)),
        (Err(error), Some(bytes)) if is_too_large(&error) => {
            Err(format!("larger than {bytes} bytes as an automaton; a shorter repetition or an anchor `^` makes it smaller"))
        }
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
