//! `changed-encoding`

use serde_json::{Map, Value};

use super::{Change, Rule, SchemaPair, SchemaRule, documented};

documented! {
    /// What a text holds is encoded in another way.
    ///
    /// # What it checks
    ///
    /// `contentEncoding`, and the formats `byte` and `base64url`, which say the same: added, removed or changed.
    ///
    /// # Why
    ///
    /// Who decodes it reads something else. No set of values says so: each is a text before and after.
    ///
    /// # Not a finding when
    ///
    /// - a format says what `contentEncoding` said.
    pub ChangedEncoding = "changed-encoding", Warning;
}

impl SchemaRule for ChangedEncoding {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>) {
        let (old, new) = (encoding(pair.old), encoding(pair.new));
        if old != new {
            let keyword = if pair.new.contains_key("contentEncoding") {
                "contentEncoding"
            } else {
                "format"
            };
            changes.push(pair.change(
                &Self::RULE,
                keyword,
                &format!("the encoding was {old}, now it is {new}"),
            ));
        }
    }
}

/// How a schema says that a text is encoded.
fn encoding(members: &Map<String, Value>) -> String {
    let text = |keyword: &str| members.get(keyword).and_then(Value::as_str);
    match (text("contentEncoding"), text("format")) {
        (Some(encoding), _) => encoding.to_ascii_lowercase(),
        (None, Some("byte")) => "base64".to_owned(),
        (None, Some("base64url")) => "base64url".to_owned(),
        (None, _) => "none".to_owned(),
    }
}
