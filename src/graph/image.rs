//! A container image as its parts: registry, account, region, repository, tag, digest (`rule-language.md` §4.7), its name
//! without tag and digest, the ARN of its repository in ECR, whose it is, and what runs it.

use std::borrow::Cow;

use crate::catalog::Returned;
use crate::template::TemplateId;
use crate::value::{Cursor, Found, Hole, Map, Part, Pseudo, Resolver, Scalar, ScalarKind, Value, View, joined};

use super::Entity;

/// The view of an image: each part is text, symbolic, absent or unknown. `kind` is that of what runs it.
pub(super) fn view<'p>(
    resolver: &Resolver<'_, 'p>,
    cursor: Cursor<'p>,
    entity: &Entity<'p>,
    kind: &'p str,
) -> Found<'p> {
    let uri = resolver.found(cursor);
    let cursor = uri.cursor;
    let found = |value: Value<'p>| Found { value, cursor, missing: &[] };
    let text = |text: &'p str| found(Value::Scalar(Scalar { text: Cow::Borrowed(text), kind: ScalarKind::String }));
    let holding =
        [("holder", text(&entity.resource.kind)), ("kind", text(kind)), ("node", found(Value::Entity(entity.holder)))];
    let parts = match (&uri.value, resolver.parts(&uri.value)) {
        (Value::Absent, _) | (_, None) => None,
        (_, Some(parts)) => Some(parts),
    };
    let Some(parts) = parts else {
        let value = uri.value.clone();
        let mut members =
            ["uri", "name", "registry", "account", "region", "repository", "arn", "tag", "digest", "own", "given"]
                .map(|name| (name, found(value.clone())))
                .to_vec();
        members.extend(holding);
        return found(Value::Map(Map::View(View { members, cursor }.into())));
    };
    let image = split(&parts);
    // A text that is nothing but holes may end in anything: its tag and digest are as unknown as itself.
    let unknown = || Value::Unknown(std::rc::Rc::new(resolver.why(&parts)));
    let optional = |part: Option<Vec<Part<'p>>>| part.map_or(Value::Absent, joined);
    let opaque = image.opaque;
    let tag = if opaque { unknown() } else { optional(image.tag) };
    let digest = if opaque { unknown() } else { optional(image.digest) };
    // The address of a repository of the project is one hole.
    let repository = match image.path.first() {
        Some(Part::Hole(Hole::Resource(id, Returned::Url, name))) => {
            Some(Part::Hole(Hole::Resource(*id, Returned::Arn, name)))
        }
        _ => None,
    };
    let given = matches!(parts[..], [Part::Hole(Hole::Parameter(..))]);
    let registry = image.registry.clone();
    let (account, region) = registry.as_deref().map_or((None, None), account_and_region);
    let own =
        repository.is_some() || matches!(account.as_deref(), Some([Part::Hole(Hole::Pseudo(Pseudo::AccountId, _))]));
    let arn = match (repository, &account, &region) {
        (Some(repository), ..) => Value::Symbolic([repository].into()),
        (None, Some(account), Some(region)) => arn_in_ecr(entity.template, region, account, &image.repository),
        _ if opaque && !given => unknown(),
        _ => Value::Absent,
    };
    let name = match &account {
        Some(account) => name_in_ecr(account, &image.repository),
        None => image.path,
    };
    let mut members = vec![
        ("uri", found(uri.value.clone())),
        ("name", found(if opaque { unknown() } else { joined(name) })),
        ("registry", found(if opaque { unknown() } else { optional(registry) })),
        ("account", found(if opaque { unknown() } else { optional(account) })),
        ("region", found(if opaque { unknown() } else { optional(region) })),
        ("repository", found(if opaque { unknown() } else { joined(image.repository) })),
        ("arn", found(arn)),
        ("tag", found(tag)),
        ("digest", found(digest)),
        ("own", text(if own { "true" } else { "false" })),
        ("given", text(if given { "true" } else { "false" })),
    ];
    members.extend(holding);
    found(Value::Map(Map::View(View { members, cursor }.into())))
}

struct Image<'p> {
    /// Registry and repository.
    path: Vec<Part<'p>>,
    registry: Option<Vec<Part<'p>>>,
    repository: Vec<Part<'p>>,
    tag: Option<Vec<Part<'p>>>,
    digest: Option<Vec<Part<'p>>>,
    /// True if a hole may hold the tag or the digest too.
    opaque: bool,
}

/// Splits `registry/repository:tag@digest` at literal separators.
fn split<'p>(parts: &[Part<'p>]) -> Image<'p> {
    let (rest, digest) = split_last(parts, '@');
    let (path, tag) = match split_last(&rest, ':') {
        // `host:5000/name`: the colon belongs to the registry.
        (_, Some(tail)) if contains(&tail, '/') => (rest, None),
        (head, tail) => (head, tail),
    };
    let (registry, repository) = split_first(&path, '/');
    let (registry, repository) = match repository {
        Some(repository) if contains(&registry, '.') || contains(&registry, ':') || has_hole(&registry) => {
            (Some(registry), repository)
        }
        Some(_) => (None, path.clone()),
        None => (None, registry),
    };
    // Where the text ends in a hole without a literal `:` or `@` before it, the hole may bring them along; the address of
    // a repository does not.
    let opaque = match parts.last() {
        Some(Part::Hole(Hole::Resource(_, Returned::Url, _))) => false,
        Some(Part::Hole(_)) => digest.is_none() && tag.is_none(),
        _ => false,
    };
    Image { path, registry, repository, tag, digest, opaque }
}

fn has_hole(parts: &[Part<'_>]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Hole(_)))
}

fn contains(parts: &[Part<'_>], separator: char) -> bool {
    parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains(separator)))
}

fn split_last<'p>(parts: &[Part<'p>], separator: char) -> (Vec<Part<'p>>, Option<Vec<Part<'p>>>) {
    let at = parts.iter().enumerate().rev().find_map(|(index, part)| match part {
        Part::Text(text) => text.rfind(separator).map(|at| (index, at)),
        Part::Hole(_) => None,
    });
    match at {
        Some((index, at)) => cut(parts, index, at),
        None => (parts.to_vec(), None),
    }
}

fn split_first<'p>(parts: &[Part<'p>], separator: char) -> (Vec<Part<'p>>, Option<Vec<Part<'p>>>) {
    let at = parts.iter().enumerate().find_map(|(index, part)| match part {
        Part::Text(text) => text.find(separator).map(|at| (index, at)),
        Part::Hole(_) => None,
    });
    match at {
        Some((index, at)) => cut(parts, index, at),
        None => (parts.to_vec(), None),
    }
}

/// Cuts at a one-byte separator in the text of part `index`.
fn cut<'p>(parts: &[Part<'p>], index: usize, at: usize) -> (Vec<Part<'p>>, Option<Vec<Part<'p>>>) {
    let mut head = parts[..index].to_vec();
    let mut tail = Vec::new();
    if let Part::Text(text) = &parts[index] {
        if at > 0 {
            head.push(Part::Text(Cow::Owned(text[..at].to_owned())));
        }
        if at + 1 < text.len() {
            tail.push(Part::Text(Cow::Owned(text[at + 1..].to_owned())));
        }
    }
    tail.extend(parts[index + 1..].iter().cloned());
    (head, Some(tail))
}

/// An image of ECR whichever Region it is pulled from, and however the domain of AWS is written.
fn name_in_ecr<'p>(account: &[Part<'p>], repository: &[Part<'p>]) -> Vec<Part<'p>> {
    account.iter().chain(&[Part::Text(Cow::Borrowed("/"))]).chain(repository).cloned().collect()
}

/// The ARN of a repository in ECR.
fn arn_in_ecr<'p>(
    template: TemplateId,
    region: &[Part<'p>],
    account: &[Part<'p>],
    repository: &[Part<'p>],
) -> Value<'p> {
    let text = |text: &'static str| Part::Text(Cow::Borrowed(text));
    let mut arn = vec![text("arn:"), Part::Hole(Hole::Pseudo(Pseudo::Partition, template)), text(":ecr:")];
    arn.extend(region.iter().cloned().chain([text(":")]).chain(account.iter().cloned()));
    arn.extend([text(":repository/")].into_iter().chain(repository.iter().cloned()));
    joined(arn)
}

/// Account and region of an ECR registry, `ACCOUNT.dkr.ecr.REGION.SUFFIX`.
fn account_and_region<'p>(registry: &[Part<'p>]) -> (Option<Vec<Part<'p>>>, Option<Vec<Part<'p>>>) {
    let mut rest = registry.to_vec();
    let mut labels = Vec::new();
    while labels.len() < 4 {
        let (head, tail) = split_first(&rest, '.');
        labels.push(head);
        match tail {
            Some(tail) => rest = tail,
            None => return (None, None),
        }
    }
    let is = |label: &[Part<'_>], text: &str| matches!(label, [Part::Text(known)] if known == text);
    if is(&labels[1], "dkr") && is(&labels[2], "ecr") {
        let mut labels = labels.into_iter();
        let account = labels.next();
        (account, labels.nth(2))
    } else {
        (None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{EntityId, GroupId, text_of};

    /// Capital letters are parameters.
    fn parts(text: &str) -> Vec<Part<'static>> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        for c in text.chars() {
            if c.is_ascii_uppercase() {
                if !literal.is_empty() {
                    parts.push(Part::Text(Cow::Owned(std::mem::take(&mut literal))));
                }
                parts.push(Part::Hole(Hole::Parameter(GroupId(c as u32), TemplateId(0), "X")));
            } else {
                literal.push(c);
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Text(Cow::Owned(literal)));
        }
        parts
    }

    fn shown(parts: Option<Vec<Part<'static>>>) -> Option<String> {
        parts.map(|parts| text_of(&joined(parts)))
    }

    #[test]
    fn images_split() {
        let image = split(&parts("A.dkr.ecr.R.amazonaws.com/team/train:latest"));
        assert_eq!(shown(image.registry.clone()).unwrap(), "${X}.dkr.ecr.${X}.amazonaws.com");
        assert_eq!(text_of(&joined(image.repository)), "team/train");
        assert_eq!(shown(image.tag).unwrap(), "latest");
        assert_eq!(text_of(&joined(image.path)), "${X}.dkr.ecr.${X}.amazonaws.com/team/train");
        assert!(image.digest.is_none() && !image.opaque);
        let (account, region) = account_and_region(&image.registry.unwrap());
        let name = name_in_ecr(account.as_deref().unwrap(), &parts("team/train"));
        assert_eq!(text_of(&joined(name)), "${X}/team/train");
        assert_eq!((shown(account).unwrap(), shown(region).unwrap()), ("${X}".into(), "${X}".into()));

        let image = split(&parts("python@sha256:abc"));
        assert_eq!(shown(image.digest).unwrap(), "sha256:abc");
        assert!(image.registry.is_none() && image.tag.is_none());
        assert!(split(&parts("I")).opaque);
        assert!(!split(&[Part::Hole(Hole::Resource(EntityId(0), Returned::Url, "RepositoryUri"))]).opaque);
        assert!(!split(&parts("r/x:T")).opaque);
        assert!(split(&parts("r.io/x:T")).tag.is_some());
        assert!(split(&parts("localhost:5000/x")).tag.is_none());
        assert!(split(&parts("a.b/x")).tag.is_none() && !split(&parts("a.b/x")).opaque);
    }
}
