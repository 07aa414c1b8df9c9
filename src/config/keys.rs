//! The keys of a configuration file: what is accepted, and what the schema and the documentation say of it.

/// What may stand behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text or a list of texts.
    Texts,
    /// A map or list that has a shape of its own, by its name in the schema.
    Own(&'static str),
}

/// A key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What stands behind it.
    pub shape: Shape,
    /// What it does, in Markdown.
    pub about: &'static str,
    /// What holds without it.
    pub default: &'static str,
}

/// Severities, from the least to the worst.
pub(super) const SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];

/// All keys of the top level, in the order of the documentation.
pub const KEYS: [Key; 16] = [
    Key {
        name: "include",
        shape: Shape::Texts,
        about: "Globs of the files that are looked at, relative to the folder of the configuration. A glob without a slash matches in every folder, a folder means all that is below it.",
        default: "every template",
    },
    Key {
        name: "exclude",
        shape: Shape::Texts,
        about: "Globs of the files that are left out. A file that the command line names is checked all the same, unless `--force-exclude` is given.",
        default: "nothing beyond `.gitignore`",
    },
    Key {
        name: "select",
        shape: Shape::Texts,
        about: "The rules that run: ids, names, categories, profiles, frameworks, controls (`nist-800-53-r5:SC-7`). Replaces `profile`.",
        default: "the rules of the profile",
    },
    Key {
        name: "ignore",
        shape: Shape::Texts,
        about: "Rules that do not run, in the same words. What is said most narrowly of a rule decides.",
        default: "none",
    },
    Key {
        name: "profile",
        shape: Shape::Word(&["recommended", "strict"]),
        about: "`recommended` is what a review would block a change for, `strict` is everything.",
        default: "`recommended`",
    },
    Key {
        name: "severity",
        shape: Shape::Own("severity"),
        about: "Other severities than the rules' own: by rule or category (`REL001: low`), or by path (`\"sandbox/**\": low`, `\"sandbox/**\": {ENC: low}`). Of several that match, the last one counts.",
        default: "the rules' own",
    },
    Key {
        name: "fail-on",
        shape: Shape::Word(SEVERITIES),
        about: "From this severity on findings make the exit code 1.",
        default: "`medium`",
    },
    Key {
        name: "min-severity",
        shape: Shape::Word(SEVERITIES),
        about: "Findings below it are counted but not shown.",
        default: "`medium`",
    },
    Key {
        name: "unknown",
        shape: Shape::Word(&["hide", "show", "deny"]),
        about: "What becomes of checks that cannot be decided: counted, listed, or listed and making the exit code 1.",
        default: "`hide`",
    },
    Key {
        name: "rules",
        shape: Shape::Texts,
        about: "Directories with rule files of your own, relative to the folder of the configuration.",
        default: "none",
    },
    Key {
        name: "options",
        shape: Shape::Own("options"),
        about: "Options of rules, by the rule's id or name. `mlops-lint explain RULE` lists the options of a rule.",
        default: "the rules' own",
    },
    Key {
        name: "suppress",
        shape: Shape::Own("suppress"),
        about: "Findings that are accepted in whole files: `{rules, paths, reason, until}`.",
        default: "none",
    },
    Key {
        name: "environments",
        shape: Shape::Own("environments"),
        about: "Values of parameters by environment. The project is judged once for each.",
        default: "one environment in which parameters have any value that the templates allow",
    },
    Key {
        name: "stacks",
        shape: Shape::Own("stacks"),
        about: "The stacks that are deployed: template, parameters (a text, or `{stack, output}`), and values by environment.",
        default: "one stack a template, with a name that is not known",
    },
    Key {
        name: "external",
        shape: Shape::Texts,
        about: "Globs of the names of exports and resources that exist outside of the project, so that nothing is missed about them.",
        default: "none",
    },
    Key {
        name: "shared-parameters",
        shape: Shape::Own("shared-parameters"),
        about: "Which parameters of one name mean the same in all templates: `all`, `none`, or a list of names.",
        default: "`all`",
    },
];
