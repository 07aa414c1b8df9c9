//! The table: what was measured, what it may be, whether it holds.

use std::fmt::Write as _;

use super::gate::Setup;
use super::machine;

/// What a number may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
    Within(f64, f64),
    /// Reported only.
    None,
}

/// A line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    bound: Bound,
    note: String,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str, bound: Bound, note: String) -> Self {
        Self { what: what.into(), value, unit, bound, note }
    }

    /// Whether the gate holds; nothing if there is none.
    pub(crate) fn holds(&self) -> Option<bool> {
        match self.bound {
            Bound::AtMost(bound) => Some(self.value <= bound),
            Bound::AtLeast(bound) => Some(self.value >= bound),
            Bound::Within(low, high) => Some((low..=high).contains(&self.value)),
            Bound::None => None,
        }
    }

    fn number(&self) -> String {
        let digits = if self.value >= 100.0 {
            0
        } else if self.value >= 10.0 {
            1
        } else {
            2
        };
        format!("{:.digits$} {}", self.value, self.unit).trim_end().to_owned()
    }

    fn gate(&self) -> String {
        let unit = self.unit;
        let text = match self.bound {
            Bound::AtMost(bound) => format!("at most {} {unit}", short(bound)),
            Bound::AtLeast(bound) => format!("at least {} {unit}", short(bound)),
            Bound::Within(low, high) => format!("{low:.2} to {high:.2} {unit}"),
            Bound::None => "-".to_owned(),
        };
        text.trim_end().to_owned()
    }

    fn verdict(&self) -> &'static str {
        match self.holds() {
            Some(true) => "holds",
            Some(false) => "**fails**",
            None => "-",
        }
    }

    /// For the terminal.
    pub(crate) fn line(&self) -> String {
        let verdict = self.verdict().trim_matches('*');
        format!("{verdict:<6} {:<66} {:>18}  {:<26} {}", self.what, self.number(), self.gate(), self.note)
    }
}

fn short(number: f64) -> String {
    if number >= 10.0 { format!("{number:.0}") } else { number.to_string() }
}

/// `docs/performance.md`.
pub(crate) fn document(rows: &[Row], setup: &Setup) -> String {
    let mut text = format!(
        "# Performance

This file is written by `cargo bench --bench gates -- --write`; the numbers are those of one machine and one day.

- Machine: {}
- Compiler: {}
- Date: {}
- {} pairs each, medians; ratios are taken within a pair and the median of them is shown.

The floor is a program of the same build that lists, reads and parses the same files into the same tree and drops it: the
least that any linter with exact places has to do. Projects are generated (`benches/corpus`): templates of about 240 lines
in stacks of eight that export to and import from each other, one resource in eight with a mistake. The linter writes SARIF.

| What | Measured | Gate | | Remarks |
| --- | --- | --- | --- | --- |
",
        machine::machine(),
        machine::compiler(),
        machine::date(),
        setup.pairs,
    );
    for row in rows {
        let written =
            writeln!(text, "| {} | {} | {} | {} | {} |", row.what, row.number(), row.gate(), row.verdict(), row.note);
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    text.push_str(
        "
## How it is measured

Processor time is user and system time of the whole process, as the system counts it for a child that has ended; wall time
is from starting the process to its end. Pairs are run in changing order, so that a machine that changes its speed does not
favour one side. The floor and the linter run with one thread unless said. Memory is the peak of the resident set.

`cargo bench --bench gates -- --only floor` measures one topic (floor, giant, hostile, memory, start, scaling, threads),
`cargo bench --bench lint` runs the same work in one process under criterion, `cargo bench --bench cost -- DIR` says which
rule takes how much of a run, and `cargo bench --bench generate -- DIR` writes a project to measure other tools with.

## What keeps it so

- Nothing is read ahead: a rule is compiled when something of its type occurs, patterns are automata that the build made,
  the texts of a rule are read when someone is to see them.
- Values are evaluated when a rule asks for them. What several rules ask of one node before any choice is made, such as
  the statements of its policies, is worked out once (`src/rule/declarative/memo.rs`).
- \"A node that refers to this one\" is looked up, not searched for: an index of texts with holes is made once for a type and
  a property (`src/graph/join.rs`, `src/graph/text_index.rs`). Without it every rule about pairs is quadratic in the project.
- No file can hold a run up: there are limits of 10 MB and 1,000 syntax issues a file, 255 levels of nesting, 64 scenarios
  and 100,000 steps a verdict, 300,000 tested elements an evaluation. A verdict that meets one is undecided and says so.
",
    );
    text
}
