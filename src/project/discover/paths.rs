//! Paths as they are shown and written: worked out from text alone, without asking the file system.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::{REFERENCE, STDIN};

/// The nearest directory at or above `start` that holds `.git`, or nothing.
///
/// Asks the file system.
pub fn repository_root(start: &Utf8Path) -> Option<Utf8PathBuf> {
    start.ancestors().find(|directory| directory.join(".git").exists()).map(Utf8Path::to_owned)
}

/// The path of machine formats: relative to the root with forward slashes, absolute only outside of it.
pub fn portable_path(root: &Utf8Path, cwd: &Utf8Path, path: &Utf8Path) -> String {
    if is_no_file(path) {
        return path.to_string();
    }
    let absolute = normal_path(&cwd.join(path));
    slashed(absolute.strip_prefix(normal_path(root)).unwrap_or(&absolute))
}

/// The path for people: relative to the current directory, also upwards as far as the root, else absolute.
pub fn path_for_people(root: &Utf8Path, cwd: &Utf8Path, path: &Utf8Path) -> String {
    if is_no_file(path) {
        return path.to_string();
    }
    let (cwd, absolute) = (normal_path(cwd), normal_path(&cwd.join(path)));
    if let Ok(below) = absolute.strip_prefix(&cwd) {
        return slashed(below);
    }
    let root = normal_path(root);
    if !absolute.starts_with(&root) || !cwd.starts_with(&root) {
        return slashed(&absolute);
    }
    let shared = cwd.components().zip(absolute.components()).take_while(|(a, b)| a == b).count();
    let up = cwd.components().skip(shared).map(|_| Utf8Component::ParentDir);
    slashed(&up.chain(absolute.components().skip(shared)).collect::<Utf8PathBuf>())
}

/// True for what was not read from a file: standard input, and what the program carries.
fn is_no_file(path: &Utf8Path) -> bool {
    path == STDIN || path.starts_with(REFERENCE)
}

/// Without `.`, `..` and doubled separators.
pub fn normal_path(path: &Utf8Path) -> Utf8PathBuf {
    let mut normal = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

fn slashed(path: &Utf8Path) -> String {
    with_slashes(path.as_str(), std::path::MAIN_SEPARATOR)
}

/// A path of a system with this separator. Where it is the slash, a backslash is a character like any other.
fn with_slashes(path: &str, separator: char) -> String {
    if separator == '/' { path.to_owned() } else { path.replace(separator, "/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_where_they_can_be() {
        let (root, cwd) = (Utf8Path::new("/repo"), Utf8Path::new("/repo/sub"));
        let both = |path: &str| {
            let path = Utf8Path::new(path);
            (portable_path(root, cwd, path), path_for_people(root, cwd, path))
        };
        let pair = |portable: &str, shown: &str| (portable.to_owned(), shown.to_owned());
        assert_eq!(both("a.yaml"), pair("sub/a.yaml", "a.yaml"));
        assert_eq!(both("./x/../a.yaml"), pair("sub/a.yaml", "a.yaml"));
        assert_eq!(both("/repo/sub/a.yaml"), pair("sub/a.yaml", "a.yaml"));
        assert_eq!(both("../infra/a.yaml"), pair("infra/a.yaml", "../infra/a.yaml"));
        assert_eq!(both("/repo/a b.yaml"), pair("a b.yaml", "../a b.yaml"));
        assert_eq!(both("/repository/a.yaml"), pair("/repository/a.yaml", "/repository/a.yaml"));
        assert_eq!(both(STDIN), pair(STDIN, STDIN));
    }

    #[test]
    fn separators_of_windows_become_slashes_and_backslashes_elsewhere_stay() {
        assert_eq!(with_slashes(r"ml\prod\a b.yaml", '\\'), "ml/prod/a b.yaml");
        assert_eq!(with_slashes(r"C:\ml/a.yaml", '\\'), "C:/ml/a.yaml");
        assert_eq!(with_slashes(r"odd\name.yaml", '/'), r"odd\name.yaml");
    }
}
