//! Options, exit codes and the other commands.

use std::cell::RefCell;
use std::ffi::OsString;

use mlops_lint::cli::{Exit, Stdio, run};
use serde_json::Value;

use super::{Closed, Sandbox, TEMPLATE};

#[test]
fn help_and_version_go_to_standard_output() {
    let sandbox = Sandbox::new(&[]);
    let ran = sandbox.run(&["--version"]);
    assert_eq!((ran.exit, ran.stdout), (Exit::Clean, format!("mlops-lint {}\n", env!("CARGO_PKG_VERSION"))));
    for arguments in [&["--help"][..], &["-h"], &["check", "--help"], &["rules", "--help"], &["explain", "--help"]] {
        let ran = sandbox.run(arguments);
        assert_eq!((ran.exit, ran.stderr.as_str()), (Exit::Clean, ""));
        assert!(ran.stdout.contains("Usage"), "{}", ran.stdout);
    }
    let help = sandbox.run(&["--help"]).stdout;
    for option in [
        "--profile",
        "--no-config",
        "--fail-on",
        "--min-severity",
        "--exit-zero",
        "--rules",
        "--unknown",
        "--color",
        "--quiet",
        "--verbose",
        "--format",
        "--output",
    ] {
        assert!(help.contains(option), "{option}");
    }
    for heading in ["Input:", "Rules:", "Verdict:", "Output:"] {
        assert!(help.contains(heading), "{heading}");
    }
}

#[test]
fn wrong_arguments_are_exit_code_2() {
    let sandbox = Sandbox::new(&[("t.yaml", TEMPLATE)]);
    for (arguments, said) in [
        (&["--fail-on", "hihg"][..], "a similar value exists: 'high'"),
        (&["--formt", "json"], "a similar argument exists: '--format'"),
        (&["--output", "sarif"], "a format and a file are expected"),
        (&["--output", "xml=a.xml"], "none of human, concise, json, sarif, github, gitlab, junit, markdown"),
        (&["--threads", "0"], "0 is not in 1..=1024"),
        (&["explain"], "required arguments"),
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.exit, Exit::CouldNotRun);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn check_may_stand_anywhere_before_the_paths() {
    let sandbox = Sandbox::new(&[("t.yaml", TEMPLATE)]);
    for arguments in [
        &["t.yaml"][..],
        &["check", "t.yaml"],
        &["--color", "never", "check", "t.yaml"],
        &["check", "t.yaml", "--no-config"],
        &[],
    ] {
        let ran = sandbox.run(arguments);
        assert_eq!((ran.exit, ran.stderr.as_str()), (Exit::Clean, ""), "{arguments:?}");
        assert!(ran.stdout.starts_with("1 template"), "{}", ran.stdout);
    }
}

#[test]
fn one_run_writes_several_reports() {
    let sandbox = Sandbox::new(&[("t.yaml", TEMPLATE), ("old.json", "old")]);
    let ran = sandbox.run(&["t.yaml", "--output", "sarif=new.sarif", "--output=json=old.json", "--format", "sarif"]);
    assert_eq!(ran.exit, Exit::Clean, "{}", ran.stderr);
    assert_eq!(ran.stdout, sandbox.read("new.sarif"));
    let log: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let report: Value = serde_json::from_str(&sandbox.read("old.json")).unwrap();
    assert_eq!(report["version"], 1);
    assert_eq!(report["summary"]["templates"], 1);
    let names: Vec<_> = std::fs::read_dir(sandbox.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "no temporary file is left: {names:?}");
    let ran = sandbox.run(&["t.yaml", "--output", "sarif=absent/x.sarif"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.starts_with("error: cannot write `absent/x.sarif`: "), "{}", ran.stderr);
}

#[test]
fn two_reports_in_one_file_are_a_mistake() {
    let sandbox = Sandbox::new(&[("t.yaml", TEMPLATE), ("r.out", "old")]);
    for second in ["json=r.out", "sarif=r.out", "json=./sub/../r.out"] {
        let ran = sandbox.run(&["t.yaml", "--output", "sarif=r.out", "--output", second]);
        assert_eq!((ran.exit, ran.stdout.as_str()), (Exit::CouldNotRun, ""));
        let (_, path) = second.split_once('=').unwrap();
        let said = format!(
            "error: `{path}` is named for two reports\n  help: name another file with one of the two `--output`\n"
        );
        assert_eq!(ran.stderr, said);
    }
    assert_eq!(sandbox.read("r.out"), "old");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new(&[("t.yaml", TEMPLATE)]);
    for arguments in [
        &["mlops-lint", "t.yaml", "--output", "json=out.json"][..],
        &["mlops-lint", "rules"],
        &["mlops-lint", "--help"],
    ] {
        let writes = RefCell::new(0);
        let (mut stdout, mut stderr) = (Closed(&writes), Vec::new());
        let mut io = Stdio {
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            width: None,
            cwd: sandbox.root(),
            env: &|_| None,
        };
        assert_eq!(run(arguments.iter().map(OsString::from), &mut io), Exit::Clean);
        assert!(stderr.is_empty() && *writes.borrow() > 0);
    }
    assert!(sandbox.read("out.json").starts_with('{'), "files are written first");
}

#[test]
fn verbose_tells_the_phases() {
    let ran = Sandbox::new(&[("t.yaml", TEMPLATE)]).run(&["--verbose"]);
    for phase in ["discover", "render", "total"] {
        assert!(ran.stderr.lines().any(|line| line.starts_with(phase) && line.ends_with(" ms")), "{}", ran.stderr);
    }
}

#[test]
fn quiet_prints_no_summary() {
    assert_eq!(Sandbox::new(&[("t.yaml", TEMPLATE)]).run(&["--quiet"]).stdout, "");
}

#[test]
fn one_thread_is_enough() {
    let files: Vec<(String, &str)> = (0..20).map(|number| (format!("t{number}.yaml"), TEMPLATE)).collect();
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let sandbox = Sandbox::new(&borrowed);
    let count = std::thread::scope(|scope| {
        scope.spawn(|| sandbox.run(&["--threads", "1", "--format", "json"]).stdout).join().unwrap()
    });
    assert_eq!(count, sandbox.run(&["--format", "json"]).stdout);
}

#[test]
fn colours_are_used_when_they_are_asked_for() {
    let sandbox = Sandbox::new(&[("t.yaml", TEMPLATE)]);
    assert!(!sandbox.run(&["t.yaml"]).stdout.contains('\x1b'));
    assert!(sandbox.run(&["t.yaml", "--color", "always"]).stdout.contains('\x1b'));
    assert!(sandbox.run_in("", &["t.yaml"], "", &[("CLICOLOR_FORCE", "1")]).stdout.contains('\x1b'));
    assert!(
        !sandbox.run_in("", &["t.yaml"], "", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).stdout.contains('\x1b')
    );
}

#[test]
fn rules_lists_every_rule_with_its_metadata() {
    let sandbox = Sandbox::new(&[]);
    let document: Value = serde_json::from_str(&sandbox.run(&["rules", "--format", "json"]).stdout).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../../docs/schema/rules.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let rules = document["rules"].as_array().unwrap();
    assert!(!rules.is_empty() && rules.is_sorted_by_key(|rule| rule["id"].as_str()));
    let table = sandbox.run(&["rules"]).stdout;
    assert_eq!(table.lines().count(), rules.len() + 1);
    for rule in rules {
        assert!(table.contains(rule["name"].as_str().unwrap()));
    }
}

#[test]
fn explain_takes_ids_and_names_and_suggests() {
    let sandbox = Sandbox::new(&[]);
    let rules: Value = serde_json::from_str(&sandbox.run(&["rules", "--format", "json"]).stdout).unwrap();
    for rule in rules["rules"].as_array().unwrap() {
        let (id, name) = (rule["id"].as_str().unwrap(), rule["name"].as_str().unwrap());
        let by_id = sandbox.run(&["explain", id]);
        assert_eq!(by_id.exit, Exit::Clean, "{}", by_id.stderr);
        assert_eq!(by_id.stdout, sandbox.run(&["explain", name]).stdout);
        assert_eq!(by_id.stdout, sandbox.run(&["explain", &id.to_lowercase()]).stdout);
        assert!(by_id.stdout.contains(id) && by_id.stdout.contains(name));
    }
    let ran = sandbox.run(&["explain", "WAF02"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert_eq!(ran.stderr, "error: there is no rule `WAF02`\n  help: did you mean `WAF002`?\n");
    let ran = sandbox.run(&["explain", "nothing-like-it"]);
    assert_eq!(ran.stderr, "error: there is no rule `nothing-like-it`\n  help: `mlops-lint rules` lists them all\n");
}

#[test]
fn shells_complete_every_option_and_the_manual_names_it() {
    let sandbox = Sandbox::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = sandbox.run(&["completions", shell]);
        assert_eq!(ran.exit, Exit::Clean, "{}", ran.stderr);
        for option in ["select", "min-severity", "changed"] {
            assert!(ran.stdout.contains(option), "{shell}: {option}");
        }
    }
    assert_eq!(sandbox.run(&["completions", "cmd"]).exit, Exit::CouldNotRun);
    let ran = sandbox.run(&["man"]);
    assert!(ran.stdout.starts_with(".ie") && ran.stdout.contains(".SH OPTIONS"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\\-\\-fail\\-on") && ran.stdout.contains("completions"), "{}", ran.stdout);
}

/// In the shell itself: what the script says of itself is not what a user sees.
#[test]
#[cfg(unix)]
fn bash_completes_the_options_of_a_command() {
    let sandbox = Sandbox::new(&[]);
    let script = sandbox.run(&["completions", "bash"]).stdout;
    for (words, offered) in [
        ("mlops-lint --prof", "--profile"),
        ("mlops-lint explain --col", "--color"),
        ("mlops-lint check --prof", "--profile"),
        ("mlops-lint init --env", "--environments"),
        ("mlops-lint completions f", "fish"),
    ] {
        let last = words.split(' ').count() - 1;
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={last}; _mlops__lint mlops-lint \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{last}-1]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        );
        let Ok(said) = std::process::Command::new("bash").args(["--norc", "-c", &ask]).output() else { return };
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.lines().any(|line| line == offered), "{words}: {said}");
    }
}
