//! What a service says of a failure without the SQL statement that failed: the statement differs with each optional value
//! that was sent, and what the database says of it stands behind.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// A quoted or plain name of a table, with its schema.
const TABLE: &str = r#"((?:["`\[]?\w+["`\]]?\.)*["`\[]?\w+["`\]]?)"#;

/// The beginnings of statements as no prose has them: the verb, the table, and what follows it.
static BEGINNINGS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let all = [
        (
            "insert into",
            format!(r"(?i)\binsert into {TABLE}\s*(?:\(|values\b|select\b|default values\b)"),
        ),
        ("update", format!(r#"(?i)\bupdate {TABLE} set\s+["`\[\w]"#)),
        (
            "delete from",
            format!(r"(?i)\bdelete from {TABLE}\s+(?:where|using|-)"),
        ),
        (
            "select from",
            format!(
                r#"(?i)\bselect (?:distinct )?(?:\*|[\w.()*, "`\[\]]*["`,.*][\w.()*, "`\[\]$]*) from {TABLE}(?:\s+(?:as|cross|for|full|group|inner|join|left|limit|natural|offset|order|right|where|-)\b|\s+-|\s*$)"#
            ),
        ),
    ];
    all.into_iter()
        .filter_map(|(verb, pattern)| Some((verb, Regex::new(&pattern).ok()?)))
        .collect()
});

/// Where a statement ends and what the database says of it begins.
static END: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r" - [A-Za-z]").ok());

/// A statement that stands behind what the database says of it, with its values, as `SQLAlchemy` writes it.
static BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?is)\s*\[SQL: .*$").ok());

/// What stands between a statement, cut to its verb and its table, and what is said of it.
const OF_STATEMENT: &str = " failed: ";

/// A sentence with each statement cut to its verb and its table.
pub(super) fn without_statement(said: &str) -> Cow<'_, str> {
    let said = match BEHIND.as_ref() {
        Some(behind) => behind.replace(said, ""),
        None => Cow::Borrowed(said),
    };
    let first = BEGINNINGS.iter().filter_map(|(verb, beginning)| {
        let found = beginning.captures(&said)?;
        let (whole, table) = (found.get(0)?, found.get(1)?);
        Some((whole.start(), *verb, table))
    });
    let Some((start, verb, table)) = first.min_by_key(|(start, ..)| *start) else {
        return said;
    };
    let rest = &said[table.end()..];
    let name = table.as_str();
    let short = match END.as_ref().and_then(|end| end.find(rest)) {
        Some(end) => {
            let reason = &rest[end.start() + " - ".len()..];
            format!("{}{verb} {name}{OF_STATEMENT}{reason}", &said[..start])
        }
        None => format!("{}{verb} {name} …", &said[..start]),
    };
    Cow::Owned(short)
}

/// What tells one failure from another of what is said of it: with which verb a table was used does not.
pub(crate) fn without_verb(said: &str) -> &str {
    let mut verbs = BEGINNINGS.iter().map(|(verb, _)| *verb);
    let after = verbs.find_map(|verb| said.strip_prefix(verb)?.strip_prefix(' '));
    after
        .filter(|after| after.contains(OF_STATEMENT))
        .unwrap_or(said)
}

#[cfg(test)]
mod tests {
    use super::{BEGINNINGS, BEHIND, END, without_statement, without_verb};

    #[test]
    fn each_pattern_of_a_statement_can_be_read() {
        assert_eq!(BEGINNINGS.len(), 4);
        assert!(END.is_some() && BEHIND.is_some());
    }

    #[test]
    fn a_statement_is_cut_to_its_verb_and_its_table() {
        for (said, wanted) in [
            (
                r#"insert into "fields" ("a", "b") values ($1, DEFAULT) returning * - insert or update on table "fields" violates foreign key constraint "fields_fkey""#,
                r#"insert into "fields" failed: insert or update on table "fields" violates foreign key constraint "fields_fkey""#,
            ),
            (
                r#"update "fields" set "a" = $1 where "b" = $2 - value is out of range for type integer"#,
                r#"update "fields" failed: value is out of range for type integer"#,
            ),
            (
                r#"select "id", "name" from "addons" where "id" = $1 limit $2 - invalid input syntax for type integer"#,
                r#"select from "addons" failed: invalid input syntax for type integer"#,
            ),
            (
                r#"Undefined binding(s). query: select "a" from "fields" where "a" = ?"#,
                r#"Undefined binding(s). query: select from "fields" …"#,
            ),
            (
                "delete from main.tags where id = ? - FOREIGN KEY constraint failed",
                "delete from main.tags failed: FOREIGN KEY constraint failed",
            ),
            (
                "(sqlite3.IntegrityError) UNIQUE constraint failed: tags.name [SQL: INSERT INTO tags (name) VALUES (?)] [parameters: ('a',)]",
                "(sqlite3.IntegrityError) UNIQUE constraint failed: tags.name",
            ),
        ] {
            assert_eq!(without_statement(said), wanted);
        }
    }

    #[test]
    fn prose_is_no_statement() {
        for said in [
            "please select a value from the list - it is required",
            "could not update the plan - it is used",
            "cannot delete from a closed list",
            "insert or update on table \"fields\" violates foreign key constraint",
        ] {
            assert_eq!(without_statement(said), said);
        }
    }

    #[test]
    fn one_constraint_is_one_failure_whatever_the_verb() {
        let inserted = r#"insert into "fields" failed: violates "fkey""#;
        let updated = r#"update "fields" failed: violates "fkey""#;
        assert_eq!(without_verb(inserted), without_verb(updated));
        assert_ne!(
            without_verb(inserted),
            without_verb(r#"update "tags" failed: violates "fkey""#)
        );
        assert_eq!(without_verb("update your password"), "update your password");
    }
}
