//! Which files are taken, and what is said about the others.

use camino::Utf8PathBuf;
use mlops_lint::cli::Exit;
use mlops_lint::project::discover::{Kind, MAX_BYTES, SkipReason};

use super::{Sandbox, TEMPLATE, found};

const KUBERNETES: &str = "apiVersion: v1\nkind: Service\n";

#[test]
fn directories_are_walked_and_ignore_files_respected_without_git() {
    let sandbox = Sandbox::new(&[
        ("a.yaml", TEMPLATE),
        ("b/c.yml", TEMPLATE),
        ("b/d.json", "{\"Resources\": {\"A\": {\"Type\": \"AWS::CloudFormation::WaitConditionHandle\"}}}"),
        ("b/e.template", TEMPLATE),
        ("b/f.txt", TEMPLATE),
        ("b/g.yaml", KUBERNETES),
        (".hidden/h.yaml", TEMPLATE),
        (".i.yaml", TEMPLATE),
        ("out/j.yaml", TEMPLATE),
        (".gitignore", "out/\nk.yaml\n"),
        ("k.yaml", TEMPLATE),
    ]);
    assert_eq!(sandbox.templates("", &["."]), ["a.yaml", "b/c.yml", "b/d.json", "b/e.template"]);
    assert_eq!(sandbox.templates("", &["b"]), ["b/c.yml", "b/d.json", "b/e.template"]);
    assert_eq!(sandbox.templates("b", &[".."]), ["../a.yaml", "c.yml", "d.json", "e.template"]);
    // What is named is taken: an ignored file, an ignored directory, any extension.
    assert_eq!(sandbox.templates("", &["k.yaml", "b/f.txt", "out"]), ["b/f.txt", "k.yaml", "out/j.yaml"]);
}

#[test]
fn a_file_is_taken_once_however_it_is_reached() {
    let sandbox = Sandbox::new(&[("a/t.yaml", TEMPLATE), ("b/u.yaml", TEMPLATE)]);
    let absolute = sandbox.root().join("a/t.yaml");
    let paths = ["a", "a/t.yaml", "./a/../a/t.yaml", absolute.as_str()];
    assert_eq!(sandbox.templates("", &paths), ["a/t.yaml"]);
    #[cfg(unix)]
    {
        let link = |target: &str, link: &str| {
            std::os::unix::fs::symlink(sandbox.root().join(target), sandbox.root().join(link)).unwrap();
        };
        link("a", "linked");
        link("a/t.yaml", "b/link.yaml");
        assert_eq!(sandbox.templates("", &["linked", "a"]), ["a/t.yaml"], "a directory that is named is followed");
        assert_eq!(sandbox.templates("", &["b"]), ["a/t.yaml", "b/u.yaml"], "a file is followed");
        assert_eq!(sandbox.templates("", &["."]), ["a/t.yaml", "b/u.yaml"]);
    }
}

#[test]
fn many_files_come_in_the_same_order_on_any_number_of_threads() {
    let files: Vec<(String, &str)> =
        (0..60).map(|number| (format!("d{}/t{number}.yaml", number % 7), TEMPLATE)).collect();
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let sandbox = Sandbox::new(&borrowed);
    let templates = sandbox.templates("", &["."]);
    assert_eq!(templates.len(), 60);
    assert!(templates.is_sorted());
}

#[test]
fn an_assembly_gives_the_templates_its_manifest_names() {
    let template = "{\"Resources\": {\"A\": {\"Type\": \"AWS::CloudFormation::WaitConditionHandle\"}}}";
    let manifest = r#"{"version": "36.0.0", "artifacts": {
        "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
        "App": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "App.template.json"}},
        "Stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}},
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}}}"#;
    let assets = r#"{"version": "36.0.0", "files": {
        "a": {"source": {"path": "App.template.json", "packaging": "file"}},
        "b": {"source": {"path": "Nested.nested.template.json", "packaging": "file"}},
        "c": {"source": {"path": "data.json", "packaging": "file"}},
        "d": {"source": {"path": "asset.1", "packaging": "zip"}}}}"#;
    let stage = r#"{"version": "36.0.0", "artifacts": {
        "S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json"}}}}"#;
    let sandbox = Sandbox::new(&[
        ("own.yaml", TEMPLATE),
        ("cdk.out/manifest.json", manifest),
        ("cdk.out/App.assets.json", assets),
        ("cdk.out/App.template.json", template),
        ("cdk.out/Nested.nested.template.json", template),
        ("cdk.out/Stale.template.json", template),
        ("cdk.out/data.json", "{\"rows\": []}"),
        ("cdk.out/tree.json", template),
        ("cdk.out/asset.1/sample.yaml", TEMPLATE),
        ("cdk.out/assembly-Stage/manifest.json", stage),
        ("cdk.out/assembly-Stage/S.template.json", template),
        ("cdk.out/assembly-Stage/Old.template.json", template),
    ]);
    let named =
        ["cdk.out/App.template.json", "cdk.out/Nested.nested.template.json", "cdk.out/assembly-Stage/S.template.json"];
    assert_eq!(sandbox.templates("", &["cdk.out"]), named);
    assert_eq!(sandbox.templates("", &["cdk.out/manifest.json"]), named);
    assert_eq!(sandbox.templates("", &["."]), [named.as_slice(), &["own.yaml"]].concat());
    sandbox.file(".gitignore", "cdk.out\n");
    assert_eq!(sandbox.templates("", &["."]), ["own.yaml"]);
    assert_eq!(sandbox.templates("", &["cdk.out"]), named, "what is named is read although it is ignored");
}

#[test]
fn a_template_that_the_manifest_names_and_is_missing_is_said() {
    let manifest = r#"{"artifacts": {
        "A": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "A.template.json"}},
        "B": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "B.template.json"}}}}"#;
    let sandbox = Sandbox::new(&[("o/manifest.json", manifest), ("o/A.template.json", TEMPLATE)]);
    let ran = sandbox.run(&["o"]);
    assert_eq!(ran.exit, Exit::CouldNotRun, "a gate does not pass what nobody has checked");
    assert_eq!(
        ran.stderr,
        "error: `o/B.template.json` cannot be read: no such file or directory\n  help: it was not checked; the other files were\n"
    );
}

#[test]
fn standard_input_is_read() {
    let sandbox = Sandbox::new(&[("a.yaml", TEMPLATE)]);
    let root = sandbox.root();
    let discovered = found(&root, &root, &[Utf8PathBuf::from("-"), "a.yaml".into(), "-".into()], TEMPLATE);
    let paths: Vec<_> = discovered.templates.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["<stdin>", "a.yaml"]);
    assert!(discovered.explicit_files_only);
    let ran = sandbox.run_in("", &["-"], "name: x\n", &[]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.starts_with("error: `<stdin>` is no CloudFormation template"), "{}", ran.stderr);
}

#[test]
fn a_directory_makes_the_set_open() {
    let sandbox = Sandbox::new(&[("a.yaml", TEMPLATE)]);
    let root = sandbox.root();
    assert!(!found(&root, &root, &[Utf8PathBuf::from(".")], "").explicit_files_only);
    assert!(found(&root, &root, &[Utf8PathBuf::from("a.yaml")], "").explicit_files_only);
}

#[test]
fn nothing_to_check_says_what_was_looked_for() {
    let sandbox = Sandbox::new(&[
        ("infra/a.yaml", KUBERNETES),
        ("infra/b.yml", KUBERNETES),
        ("infra/c.json", "[]"),
        ("infra/d.md", ""),
    ]);
    let ran = sandbox.run(&["infra/"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert_eq!(ran.stdout, "");
    insta::assert_snapshot!(ran.stderr, @r"
    error: nothing to check in `infra/`
      looked for: *.yaml, *.yml, *.json, *.template with CloudFormation resources; 3 files seen, none is a template (2 Kubernetes, 1 other)
      help: name a file to see why it is not taken
    ");
    let ran = Sandbox::new(&[]).run(&[]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    assert!(ran.stderr.contains("no such file seen"), "{}", ran.stderr);
}

#[test]
fn a_named_file_that_is_no_template_is_said_to_be_none() {
    let sandbox = Sandbox::new(&[("k.yaml", KUBERNETES), ("t.yaml", TEMPLATE), ("e.yaml", "")]);
    let ran = sandbox.run(&["k.yaml"]);
    assert_eq!(ran.exit, Exit::CouldNotRun);
    insta::assert_snapshot!(ran.stderr, @r"
    error: `k.yaml` is no CloudFormation template: it looks like a Kubernetes manifest
      help: a template has `Resources` at its top level, and each resource in it has a `Type`
    ");
    let ran = sandbox.run(&["k.yaml", "t.yaml", "e.yaml"]);
    assert_eq!(ran.exit, Exit::Clean);
    insta::assert_snapshot!(ran.stderr, @r"
    warning: `e.yaml` is no CloudFormation template: it is empty
    warning: `k.yaml` is no CloudFormation template: it looks like a Kubernetes manifest
    ");
    assert_eq!(sandbox.run(&["--quiet", "k.yaml", "t.yaml"]).stderr, "");
}

#[test]
fn a_path_that_does_not_exist_ends_the_run() {
    let sandbox = Sandbox::new(&[("t.yaml", TEMPLATE)]);
    let ran = sandbox.run(&["t.yaml", "absent.yaml"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (Exit::CouldNotRun, "error: `absent.yaml` does not exist\n"));
    let ran = sandbox.run(&["chekc"]);
    assert_eq!(ran.stderr, "error: `chekc` does not exist\n  help: there is a command `mlops-lint check`\n");
}

#[test]
fn what_cannot_be_read_is_said_and_the_others_are_checked() {
    let sandbox = Sandbox::new(&[("t.yaml", TEMPLATE)]);
    sandbox.file(
        "latin.yaml",
        b"Description: Gr\xf6\xdfe\nResources:\n  A:\n    Type: AWS::CloudFormation::WaitConditionHandle\n",
    );
    sandbox.file("data.yaml", b"\xff\xfe no template");
    let wide: Vec<u8> = TEMPLATE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.file("wide.yaml", [&b"\xff\xfe"[..], &wide].concat());
    let large = TEMPLATE.to_owned() + &"# filler\n".repeat(usize::try_from(MAX_BYTES).unwrap() / 9);
    sandbox.file("large.yaml", &large);
    sandbox.file("rows.json", format!("[{}1]", "1,".repeat(usize::try_from(MAX_BYTES).unwrap() / 2)));
    let root = sandbox.root();
    let discovered = found(&root, &root, &[Utf8PathBuf::from(".")], "");
    assert_eq!(discovered.looked_at, 6);
    let skipped: Vec<_> = discovered.skipped.iter().map(|skipped| (skipped.path.as_str(), &skipped.reason)).collect();
    assert_eq!(
        skipped,
        [
            ("large.yaml", &SkipReason::TooLarge(large.len() as u64)),
            ("latin.yaml", &SkipReason::NotUtf8),
            ("wide.yaml", &SkipReason::NotUtf8),
        ]
    );
    // A large file of data is told by its head: nobody expects it to be checked.
    assert_eq!(discovered.others.get(&Kind::Other), Some(&2));
    let ran = sandbox.run(&["."]);
    insta::assert_snapshot!(ran.stderr, @r"
    warning: `large.yaml` has 11 MB and is not read: more than 10 MB are no template
    error: `latin.yaml` is not UTF-8 text and is not read
      help: it was not checked; the other files were
    error: `wide.yaml` is not UTF-8 text and is not read
      help: it was not checked; the other files were
    ");
    assert_eq!(ran.exit, Exit::CouldNotRun);
    let quiet = sandbox.run(&[".", "--quiet", "--exit-zero"]);
    assert_eq!(quiet.exit, Exit::CouldNotRun);
    assert!(quiet.stderr.starts_with("error: `latin.yaml`"), "{}", quiet.stderr);
    // A hook is given whatever changed.
    sandbox.file("logo.png", b"\x89PNG\r\n\x1a\n\xff\xfe");
    sandbox.file("good.yaml", TEMPLATE);
    assert_eq!(sandbox.run(&["--changed", "logo.png", "good.yaml"]).exit, Exit::Clean);
}

#[test]
fn paths_are_shown_from_where_the_run_is_and_written_from_the_repository() {
    let sandbox =
        Sandbox::new(&[("repo/.git/HEAD", ""), ("repo/infra/a b.yaml", TEMPLATE), ("repo/sub/x.yaml", TEMPLATE)]);
    let shown = |directory: &str, path: &str| {
        let (root, cwd) = (sandbox.root().join("repo"), sandbox.root().join(directory));
        found(&root, &cwd, &[path.into()], "")
            .templates
            .into_iter()
            .map(|found| found.path.into_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown("repo/sub", "."), ["x.yaml"]);
    assert_eq!(shown("repo/sub", "../infra"), ["../infra/a b.yaml"]);
    assert_eq!(shown("repo", sandbox.root().join("repo/infra").as_str()), ["infra/a b.yaml"]);
    let outside = sandbox.root().join("repo/infra/a b.yaml").into_string();
    let (root, cwd) = (sandbox.root().join("repo/sub"), sandbox.root().join("repo/sub"));
    let discovered = found(&root, &cwd, &["../infra".into()], "");
    assert_eq!(discovered.templates[0].path, outside, "absolute outside of the root");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_something(pieces in proptest::collection::vec(0_usize..24, 0..40)) {
        const PIECES: [&[u8]; 24] = [
            b"Resources", b"AWSTemplateFormatVersion", b"Transform", b"AWS::Serverless-", b"Type", b":", b" ", b"\n", b"\r\n",
            b"\"", b"\\", b"{", b"}", b"[", b"]", b",", b"-", b"#", b"'", b"---", b"\xff", b"\xef\xbb\xbf", b"kind", b"\t",
        ];
        let bytes: Vec<u8> = pieces.iter().flat_map(|&piece| PIECES[piece].iter().copied()).collect();
        mlops_lint::project::discover::sniff(camino::Utf8Path::new("x.yaml"), &bytes);
    }
}
