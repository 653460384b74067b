//! Names taken apart into words, so that `data_export_token`, `dataExportToken` and `DataExportToken`
//! are the same.

/// Words that name one thing among others, where they end a name.
const IDENTIFIERS: &[&str] = &[
    "id",
    "token",
    "uuid",
    "guid",
    "uid",
    "sid",
    "pk",
    "key",
    "slug",
    "handle",
    "code",
    "number",
    "name",
    "ref",
    "reference",
    "identifier",
];

/// Words that say that an id is meant, and nothing but that.
pub(super) const PLAIN_IDS: [&str; 3] = ["id", "uuid", "guid"];

/// What things are called by in the bodies that make them.
pub(crate) const NAMED_BY: [&str; 7] = ["email", "id", "key", "login", "name", "slug", "username"];

/// Plurals that no rule gives.
const IRREGULAR: &[(&str, &str)] = &[
    ("children", "child"),
    ("indices", "index"),
    ("media", "medium"),
    ("people", "person"),
];

/// Whether a word says that an id is meant, and nothing but that.
pub(super) fn is_plain_id(word: &str) -> bool {
    PLAIN_IDS.contains(&word)
}

/// The words of a name, in lower case.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let after_lower = at > 0 && letters[at - 1].is_lowercase();
        // The last capital of `HTTPServer` begins a word.
        let ends_acronym = at > 0
            && letters[at - 1].is_uppercase()
            && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_lower || ends_acronym) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a word names one thing among others: `id`, `token`.
pub(super) fn is_identifier(word: &str) -> bool {
    // `gid`, `oid` and the like are ids of one kind or another.
    IDENTIFIERS.contains(&word) || word.len() == 3 && word.ends_with("id")
}

/// Whether a name ends in a word that names one thing among others, or several: `flow_ids`.
pub(crate) fn names_something(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    is_identifier(last) || last.strip_suffix('s').is_some_and(is_identifier)
}

/// Whether words are the plural of others, or the same: `data_exports` of `data_export`.
pub(crate) fn is_plural_of(plural: &[String], singular: &[String]) -> bool {
    let (Some((last, before)), Some((one, others))) = (plural.split_last(), singular.split_last())
    else {
        return false;
    };
    before == others && is_plural_word(last, one)
}

fn is_plural_word(plural: &str, singular: &str) -> bool {
    plural == singular
        || plural
            .strip_prefix(singular)
            .is_some_and(|ending| ending == "s" || ending == "es")
        || singular
            .strip_suffix('y')
            .is_some_and(|stem| plural.strip_suffix("ies") == Some(stem))
        || IRREGULAR.contains(&(plural, singular))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_gives_the_same_words() {
        for name in [
            "data_export_token",
            "dataExportToken",
            "DataExportToken",
            "data-export-token",
        ] {
            assert_eq!(words(name), ["data", "export", "token"], "{name}");
        }
        assert_eq!(words("orderID"), ["order", "id"]);
        assert_eq!(words("APIKey"), ["api", "key"]);
    }

    #[test]
    fn plurals_are_known() {
        let plural = |a: &str, b: &str| is_plural_of(&words(a), &words(b));
        assert!(plural("data_exports", "dataExport"));
        assert!(plural("canvases", "canvas"));
        assert!(plural("policies", "policy"));
        assert!(plural("people", "person"));
        assert!(plural("news", "news"));
        assert!(!plural("orders", "user"));
        assert!(!plural("data_exports", "export"));
    }
}
