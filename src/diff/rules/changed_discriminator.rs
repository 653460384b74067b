//! `changed-discriminator`

use super::{Change, Rule, SchemaPair, SchemaRule, documented};

documented! {
    /// Alternatives are told apart in another way.
    ///
    /// # What it checks
    ///
    /// `discriminator`: another property, or a value that leads to another schema or to none.
    ///
    /// # Why
    ///
    /// Clients that are generated from the document choose a type by it.
    ///
    /// # Not a finding when
    ///
    /// - values are added to the mapping.
    pub ChangedDiscriminator = "changed-discriminator", Warning;
}

impl SchemaRule for ChangedDiscriminator {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>) {
        let part = |members: &serde_json::Map<String, serde_json::Value>, key: &str| {
            members
                .get("discriminator")
                .and_then(|one| one.get(key))
                .cloned()
        };
        let (Some(old), new) = (
            part(pair.old, "propertyName"),
            part(pair.new, "propertyName"),
        ) else {
            return;
        };
        if new.as_ref() != Some(&old) {
            let now = new.map_or("none".to_owned(), |new| new.to_string());
            changes.push(pair.change(
                &Self::RULE,
                "discriminator",
                &format!("alternatives were told apart by {old}, now by {now}"),
            ));
            return;
        }
        let mapping = part(pair.new, "mapping").unwrap_or_default();
        let old = part(pair.old, "mapping").unwrap_or_default();
        // A name is the component of that name.
        let meant = |target: &serde_json::Value| {
            let text = target.as_str().unwrap_or_default();
            let is_name = !text.is_empty() && !text.contains(['/', '#', '.', ':']);
            let before = if is_name { "#/components/schemas/" } else { "" };
            format!("{before}{text}")
        };
        for (value, target) in old.as_object().into_iter().flatten() {
            if mapping.get(value).map(meant) != Some(meant(target)) {
                changes.push(
                    pair.change(
                        &Self::RULE,
                        "discriminator",
                        &format!("`{value}` no longer stands for {target}"),
                    )
                    .with_discriminator(value.as_str()),
                );
            }
        }
    }
}
