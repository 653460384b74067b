//! `changed-default`

use super::{Change, Rule, SchemaPair, SchemaRule, documented};

documented! {
    /// A default is another.
    ///
    /// # What it checks
    ///
    /// `default` of a schema that both documents have.
    ///
    /// # Why
    ///
    /// What a client leaves out now means something else.
    ///
    /// # Not a finding when
    ///
    /// - the default is written for the first time.
    pub ChangedDefault = "changed-default", Warning;
}

impl SchemaRule for ChangedDefault {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>) {
        if let Some(old) = pair.old.get("default")
            && pair.new.get("default") != Some(old)
        {
            let now = pair
                .new
                .get("default")
                .map_or("none".to_owned(), ToString::to_string);
            changes.push(pair.change(
                &Self::RULE,
                "default",
                &format!("the default was {old}, now it is {now}"),
            ));
        }
    }
}
