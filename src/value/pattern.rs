//! Does a text match a pattern, when parts of the text are not known?
//!
//! A pattern is an automaton, and text with holes is walked as a set of its states (`rule-language.md` 4.3): known text
//! moves the set, a hole replaces it by all that can be reached from it. If every state at the end accepts, the text
//! matches whatever stands in the holes; if none does, it cannot. The answer is exact for independent holes and unknown
//! in doubt, so a hole that occurs twice costs precision but never truth. Nothing is sampled.

mod compile;
mod java;
mod walk;

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use regex_automata::dfa::sparse::DFA;

use super::Truth;
use crate::catalog;
pub use crate::catalog::PatternKind;
use compile::Limit;
pub(crate) use compile::{ARN_FIELD, ARN_NAME, GIVEN_BY_AWS, WORD};

/// The largest automaton of a user's pattern, in bytes with all transitions. A bundled pattern has one to six thousand.
const LIMIT: usize = 1 << 20;

/// A compiled pattern.
pub struct Automaton {
    identity: Identity,
    inner: Inner,
    closures: walk::Closures,
}

/// Tells automata apart. An address would not: another may come to stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Identity(u64);

impl Identity {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

enum Inner {
    /// What the build made. It is read when a text is first matched: most patterns of most rules never are.
    Bundled(&'static [u8], OnceLock<DFA<&'static [u8]>>),
    Owned(DFA<Vec<u8>>),
}

/// A part of a text.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// Known text.
    Text(&'a str),
    /// Any text without control characters, the empty one included.
    Hole,
    /// Any text without control characters that the automaton matches.
    Constrained(&'a Automaton),
}

impl Automaton {
    /// The automaton that the build made for a pattern of the bundled rules. Reading it back compiles nothing.
    pub fn bundled(kind: PatternKind, text: &str) -> Option<Self> {
        Some(Self::of(Inner::Bundled(catalog::automaton(kind, text)?, OnceLock::new())))
    }

    /// Compiles a user's pattern. The error is one line for the author of the pattern.
    pub fn compile(kind: PatternKind, text: &str) -> Result<Self, String> {
        Self::compile_any(kind, &[text])
    }

    /// One automaton for all patterns of an argument, be it one text, a list or a table: it matches what one of them
    /// matches. The build makes it like this too, so that a table of a hundred globs is read back at once.
    pub fn any(kind: PatternKind, texts: &[&str]) -> Result<Self, String> {
        let bundled = match texts {
            [text] => Self::bundled(kind, text),
            texts => Self::bundled(kind, &texts.join("\n")),
        };
        bundled.map_or_else(|| Self::compile_any(kind, texts), Ok)
    }

    fn compile_any(kind: PatternKind, texts: &[&str]) -> Result<Self, String> {
        let dfa = match kind {
            PatternKind::Regex => compile::regexes(texts, Limit::Bytes(LIMIT)),
            PatternKind::Glob => compile::globs(texts, Limit::Bytes(LIMIT)),
        };
        dfa.map(|dfa| Self::of(Inner::Owned(dfa)))
    }

    /// The `AllowedPattern` of a parameter: a Java regular expression that the whole value matches. None if it cannot be
    /// compiled, or if Java may mean something else by it; the parameter's value is then any text.
    pub fn allowed_pattern(text: &str) -> Option<Self> {
        if java::reads_differently(text) {
            return None;
        }
        // Alone first: `a)|(b` would become valid between the parentheses.
        Self::compile(PatternKind::Regex, text).ok()?;
        Self::compile(PatternKind::Regex, &format!("^(?:{text})$")).ok()
    }

    /// True if a known text matches.
    pub fn is_match(&self, text: &str) -> bool {
        matches(self, &[Piece::Text(text)]) == Truth::True
    }

    /// True if the pattern says nothing, because every text matches it or none does.
    pub fn is_trivial(&self) -> bool {
        matches(self, &[Piece::Hole]) != Truth::Unknown
    }

    fn of(inner: Inner) -> Self {
        Self { identity: Identity::new(), inner, closures: walk::Closures::default() }
    }

    fn dfa(&self) -> DFA<&[u8]> {
        match &self.inner {
            Inner::Bundled(bytes, dfa) => dfa.get_or_init(|| read(bytes)).as_ref(),
            Inner::Owned(dfa) => dfa.as_ref(),
        }
    }
}

/// An automaton that the build made.
fn read(bytes: &'static [u8]) -> DFA<&'static [u8]> {
    DFA::from_bytes(bytes).expect("the build of this program wrote it").0
}

impl fmt::Debug for Automaton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Automaton({} bytes)", self.dfa().memory_usage())
    }
}

/// Whether a text with holes matches: true if it does whatever stands in the holes, false if it never does.
pub fn matches(automaton: &Automaton, pieces: &[Piece<'_>]) -> Truth {
    walk::matches(&automaton.dfa(), &automaton.closures, pieces)
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
