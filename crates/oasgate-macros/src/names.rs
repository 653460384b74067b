//! From an operation's id to the name of its test.

use std::collections::HashSet;

/// Gives each operation a name of its own, as Rust writes the names of functions.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// The name for an id. One that is taken already gets a number.
    pub(crate) fn name(&mut self, id: &str) -> String {
        let plain = identifier(id);
        let mut name = plain.clone();
        let mut number = 1;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{plain}_{number}");
        }
        name
    }
}

/// `getDataExport` is `get_data_export`, `GET /users/{id}` is `get_users_id`.
fn identifier(id: &str) -> String {
    let characters: Vec<char> = id.chars().collect();
    let mut name = String::new();
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            continue;
        }
        let before = index.checked_sub(1).map(|index| characters[index]);
        let after = characters.get(index + 1);
        // `HTTPServer` is two words, `userID` too, `v2` is one.
        let begins_word = character.is_ascii_uppercase()
            && (before
                .is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
                || before.is_some_and(|before| before.is_ascii_uppercase())
                    && after.is_some_and(char::is_ascii_lowercase));
        if begins_word && !name.ends_with('_') {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    let name = name.trim_end_matches('_');
    if syn::parse_str::<syn::Ident>(name).is_ok() {
        name.to_owned()
    } else if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else if name.is_empty() {
        "operation".to_owned()
    } else {
        // A keyword.
        format!("{name}_")
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn ids_become_names_of_functions() {
        for (id, name) in [
            ("getDataExport", "get_data_export"),
            ("GET /users/{id}", "get_users_id"),
            ("GET /", "get"),
            ("HTTPServer", "http_server"),
            ("userID", "user_id"),
            ("v2Users", "v2_users"),
            ("list-all.users", "list_all_users"),
            ("Users_List", "users_list"),
            ("2fa", "_2fa"),
            ("match", "match_"),
            ("self", "self_"),
            ("ünïcode", "n_code"),
            ("日本", "operation"),
        ] {
            assert_eq!(Names::default().name(id), name, "{id}");
        }
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut names = Names::default();
        let given = ["getUser", "get_user", "get-user", "getUser2"].map(|id| names.name(id));
        assert_eq!(given, ["get_user", "get_user_2", "get_user_3", "get_user2"]);
    }
}
