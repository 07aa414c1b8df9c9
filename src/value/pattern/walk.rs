//! The walk over sets of states.

use std::sync::{Arc, PoisonError, RwLock};

use regex_automata::dfa::{Automaton as _, sparse::DFA};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, util::alphabet::ByteClasses};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Automaton, Identity, Piece, Truth};

/// Steps in the product of two automata before a constrained hole is taken as any text. Both automata of a name and a
/// role ARN have some hundred states; the product of two patterns with `{1,256}` would have millions.
const PRODUCT_STEPS: usize = 200_000;

/// Closures that an automaton keeps. Texts of one kind (task ARNs with a hole for the partition) need one or two.
const CLOSURES: usize = 64;

pub(super) fn matches(dfa: &DFA<&[u8]>, closures: &Closures, pieces: &[Piece<'_>]) -> Truth {
    let Some(first) = start_state(dfa) else {
        return Truth::Unknown;
    };
    let mut position = Position { live: vec![first], ..Position::default() };
    for piece in pieces {
        if position.is_settled() {
            break;
        }
        match piece {
            Piece::Text(text) => text.bytes().take_while(|&byte| position.step(dfa, byte)).for_each(drop),
            Piece::Hole => closures.apply(dfa, None, &mut position),
            Piece::Constrained(allowed) => closures.apply(dfa, Some(allowed), &mut position),
        }
    }
    position.end(dfa)
}

fn start_state(dfa: &DFA<&[u8]>) -> Option<StateID> {
    dfa.start_state(&start::Config::new().anchored(Anchored::No)).ok()
}

/// Where the fillings of the holes so far may have led.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Position {
    /// Some filling has matched already; a search needs no more than one match, so this stays.
    accepted: bool,
    /// Some filling can match no more.
    rejected: bool,
    /// States of the fillings that are open, sorted.
    live: Vec<StateID>,
}

/// What a state means for a search.
enum Step {
    Accepted,
    Rejected,
    Live(StateID),
}

/// Reads one byte. A match state says that a match ended before the byte that led to it. There are no quit states:
/// they come from bytes to quit at and from Unicode word boundaries, and `compile` asks for neither.
fn next(dfa: &DFA<&[u8]>, state: StateID, byte: u8) -> Step {
    let next = dfa.next_state(state, byte);
    if !dfa.is_special_state(next) {
        Step::Live(next)
    } else if dfa.is_match_state(next) {
        Step::Accepted
    } else if dfa.is_dead_state(next) {
        Step::Rejected
    } else {
        Step::Live(next)
    }
}

fn accepts_end(dfa: &DFA<&[u8]>, state: StateID) -> bool {
    dfa.is_match_state(dfa.next_eoi_state(state))
}

impl Position {
    /// Nothing that follows can change the answer.
    fn is_settled(&self) -> bool {
        self.live.is_empty() || (self.accepted && self.rejected)
    }

    /// Notes where one filling got; gives its state if that is new ground to go on from.
    fn note(&mut self, step: &Step) -> Option<StateID> {
        match step {
            Step::Accepted => self.accepted = true,
            Step::Rejected => self.rejected = true,
            Step::Live(state) => return Some(*state),
        }
        None
    }

    /// Reads a byte of known text; false if the answer is settled.
    fn step(&mut self, dfa: &DFA<&[u8]>, byte: u8) -> bool {
        let mut live = std::mem::take(&mut self.live);
        live.retain_mut(|state| match self.note(&next(dfa, *state, byte)) {
            Some(next) => {
                *state = next;
                true
            }
            None => false,
        });
        live.sort_unstable();
        live.dedup();
        self.live = live;
        !self.is_settled()
    }

    fn end(mut self, dfa: &DFA<&[u8]>) -> Truth {
        for &state in &self.live {
            let accepts = accepts_end(dfa, state);
            self.accepted |= accepts;
            self.rejected |= !accepts;
        }
        match (self.accepted, self.rejected) {
            (true, false) => Truth::True,
            (false, true) => Truth::False,
            // Both: it depends on the holes. Neither: a hole that nothing can fill, of which nothing can be said.
            (true, true) | (false, false) => Truth::Unknown,
        }
    }
}

/// The bytes of a hole: no control characters. `.` does not match a line feed, so that a hole which might be one would
/// turn every `^a.*z$` into unknown.
fn hole_bytes() -> impl Iterator<Item = u8> {
    (0x20..=0x7e).chain(0x80..=0xff)
}

/// One byte of each kind that the automata tell apart.
fn representatives(one: &ByteClasses, other: &ByteClasses) -> Vec<u8> {
    let mut seen = vec![false; 1 << 16];
    let kind = |byte| usize::from(one.get(byte)) << 8 | usize::from(other.get(byte));
    hole_bytes().filter(|&byte| !std::mem::replace(&mut seen[kind(byte)], true)).collect()
}

/// What holes lead to, kept by what may stand in the hole and the set of states that it starts from: the closure over a
/// large automaton takes a quarter of a millisecond, and many texts start alike.
#[derive(Default)]
pub(super) struct Closures(RwLock<FxHashMap<Option<Identity>, FromStates>>);

/// What one kind of hole leads to.
type FromStates = FxHashMap<Vec<StateID>, Arc<Filled>>;

/// What a hole leads to.
enum Filled {
    /// These states.
    To(Position),
    /// Nothing can fill it.
    Nothing,
    /// It would take too long to find out.
    TooLong,
}

impl Closures {
    /// Replaces a position by all that any text leads to from it, or any text that an automaton matches.
    fn apply(&self, dfa: &DFA<&[u8]>, allowed: Option<&Automaton>, position: &mut Position) {
        let identity = allowed.map(|allowed| allowed.identity);
        // A panic elsewhere leaves a whole map behind: entries are inserted at once.
        let known = {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&identity).and_then(|from| from.get(&position.live[..])).cloned()
        };
        let filled = known.unwrap_or_else(|| {
            let filled = Arc::new(match allowed {
                Some(allowed) => product(dfa, &allowed.dfa(), &position.live),
                None => Filled::To(closure(dfa, &position.live)),
            });
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if known.values().map(FxHashMap::len).sum::<usize>() < CLOSURES {
                known.entry(identity).or_default().insert(position.live.clone(), Arc::clone(&filled));
            }
            filled
        });
        match &*filled {
            Filled::To(reached) => {
                position.accepted |= reached.accepted;
                position.rejected |= reached.rejected;
                position.live.clone_from(&reached.live);
            }
            Filled::Nothing => *position = Position::default(),
            Filled::TooLong => self.apply(dfa, None, position),
        }
    }
}

/// All that a text leads to, the states themselves included: a hole may be empty.
fn closure(dfa: &DFA<&[u8]>, from: &[StateID]) -> Position {
    let bytes = representatives(dfa.byte_classes(), &ByteClasses::empty());
    let mut reached = Position { live: from.to_vec(), ..Position::default() };
    let mut seen: FxHashSet<StateID> = from.iter().copied().collect();
    let mut done = 0;
    while let Some(&state) = reached.live.get(done) {
        done += 1;
        for &byte in &bytes {
            if let Some(new) = reached.note(&next(dfa, state, byte)).filter(|&new| seen.insert(new)) {
                reached.live.push(new);
            }
        }
        if reached.is_settled() {
            break;
        }
    }
    reached.live.sort_unstable();
    reached
}

/// A place in the product: where the pattern is, and where the automaton of the hole is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Pair {
    pattern: Side,
    /// None: it has matched, anything may follow.
    allowed: Option<StateID>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Accepted,
    Rejected,
    Live(StateID),
}

/// Where the texts that `allowed` matches lead to.
fn product(dfa: &DFA<&[u8]>, allowed: &DFA<&[u8]>, from: &[StateID]) -> Filled {
    let Some(first) = start_state(allowed) else { return Filled::TooLong };
    let bytes = representatives(dfa.byte_classes(), allowed.byte_classes());
    let mut pairs: Vec<Pair> =
        from.iter().map(|&state| Pair { pattern: Side::Live(state), allowed: Some(first) }).collect();
    let mut seen: FxHashSet<Pair> = pairs.iter().copied().collect();
    let mut after = Position::default();
    let mut fillable = false;
    let mut done = 0;
    while let Some(&pair) = pairs.get(done) {
        done += 1;
        if pair.allowed.is_none_or(|state| accepts_end(allowed, state)) {
            fillable = true;
            match pair.pattern {
                Side::Accepted => after.accepted = true,
                Side::Rejected => after.rejected = true,
                Side::Live(state) => after.live.push(state),
            }
        }
        if done.saturating_mul(bytes.len()) > PRODUCT_STEPS {
            return Filled::TooLong;
        }
        pairs.extend(bytes.iter().filter_map(|&byte| pair.next(dfa, allowed, byte)).filter(|&next| seen.insert(next)));
    }
    if !fillable {
        return Filled::Nothing;
    }
    after.live.sort_unstable();
    after.live.dedup();
    Filled::To(after)
}

impl Pair {
    /// None where no allowed text goes on with this byte.
    fn next(self, dfa: &DFA<&[u8]>, allowed: &DFA<&[u8]>, byte: u8) -> Option<Self> {
        let allowed = match self.allowed.map(|state| next(allowed, state, byte)) {
            Some(Step::Rejected) => return None,
            Some(Step::Live(state)) => Some(state),
            Some(Step::Accepted) | None => None,
        };
        let pattern = match self.pattern {
            Side::Live(state) => match next(dfa, state, byte) {
                Step::Live(state) => Side::Live(state),
                Step::Accepted => Side::Accepted,
                Step::Rejected => Side::Rejected,
            },
            settled => settled,
        };
        Some(Self { pattern, allowed })
    }
}
