//! The known word that someone may have meant.

/// "did you mean …?", if a known word is near.
pub fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

/// The known word that is nearest to a word, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for known in known {
        let within = best.map_or(limit, |(distance, _)| distance);
        if let Some(distance) = distance_within(word, known, within)
            && best.is_none_or(|best| (distance, known) < best)
        {
            best = Some((distance, known));
        }
    }
    best.map(|(_, known)| known)
}

/// Edit distance (Levenshtein) of two words, in characters, if it is not larger than a limit.
pub(crate) fn distance_within(a: &str, b: &str, limit: usize) -> Option<usize> {
    if a.is_ascii() && b.is_ascii() {
        return edits(a.as_bytes(), b.as_bytes(), limit);
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    edits(&a, &b, limit)
}

fn edits<T: PartialEq>(mut a: &[T], mut b: &[T], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // What is the same at both ends costs nothing.
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        let mut least = row[0];
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
            least = least.min(row[j + 1]);
        }
        if least > limit {
            return None;
        }
    }
    Some(row[b.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::super::OPERATORS;
    use super::*;

    #[test]
    fn near_words_are_suggested() {
        assert_eq!(nearest("equls", OPERATORS.iter().map(|(name, ..)| *name)), Some("equals"));
        assert_eq!(nearest("xyz", OPERATORS.iter().map(|(name, ..)| *name)), None);
        assert_eq!(distance_within("kitten", "sitting", 3), Some(3));
        assert_eq!(distance_within("kitten", "sitting", 2), None);
        assert_eq!(distance_within("\u{e4}b", "ab", 1), Some(1));
        assert_eq!(distance_within("abab", "ab", 2), Some(2));
        assert_eq!(distance_within("", "abc", 3), Some(3));
    }
}
