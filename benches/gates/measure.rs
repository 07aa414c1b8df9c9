//! Processes, measured: wall time, CPU time of user and system, peak of resident memory.

use std::fs::File;
use std::io;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// What one process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// Processor time, user and system, of all its threads.
    pub(crate) cpu: Duration,
}

/// Runs a program to its end; its standard output goes to a file, or nowhere.
///
/// # Errors
/// If it cannot be started, or ends with a code that is not among `codes`.
pub(crate) fn cost(command: &mut Command, output: Option<File>, codes: &[i32]) -> io::Result<Cost> {
    let output = output.map_or_else(Stdio::null, Stdio::from);
    command.stdin(Stdio::null()).stdout(output).stderr(Stdio::null());
    let before = children()?;
    let started = Instant::now();
    let status = command.spawn()?.wait()?;
    let wall = started.elapsed();
    let cpu = children()?.saturating_sub(before);
    match status.code() {
        Some(code) if codes.contains(&code) => Ok(Cost { wall, cpu }),
        _ => Err(io::Error::other(format!("{command:?}: {status}"))),
    }
}

/// Processor time of the children that have ended. One child runs at a time, so a difference is one child's.
fn children() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |time: nix::sys::time::TimeVal| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or_default();
        seconds * 1_000_000 + u64::try_from(time.tv_usec()).unwrap_or_default()
    };
    Ok(Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time())))
}

/// The largest resident memory of a program, in bytes.
///
/// # Errors
/// If it cannot be run.
pub(crate) fn peak(command: &Command) -> io::Result<u64> {
    // The system tells the largest of all children: a process that has no other child asks.
    let measured = Command::new(std::env::current_exe()?)
        .arg("measure")
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap_or_else(|| ".".as_ref()))
        .output()?;
    let text = String::from_utf8_lossy(&measured.stdout).into_owned();
    text.trim().parse().map_err(|_| io::Error::other(format!("{command:?}: {text}")))
}

/// The process that asks: runs `PROGRAM ARGUMENTS` and prints the peak in bytes.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let Some((program, arguments)) = arguments.split_first() else { return ExitCode::from(2) };
    match cost(Command::new(program).args(arguments), None, &[0, 1])
        .and_then(|_| Ok(getrusage(UsageWho::RUSAGE_CHILDREN)?))
    {
        Ok(usage) => {
            // Linux counts kilobytes of 1,024, Apple's systems bytes.
            let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
            println!("{}", u64::try_from(usage.max_rss()).unwrap_or_default() * unit);
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[len / 2],
        len => f64::midpoint(values[len / 2 - 1], values[len / 2]),
    }
}

/// Milliseconds, with their fraction.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
