//! `broken-object-authorization`

use http::StatusCode;
use serde_json::Value;

use super::{
    Rule, documented,
    sequence::{SequenceCheck, Step, finding, is_at_or_below},
};
use crate::{
    contract::StatusKey,
    finding::{Finding, Severity},
};

documented! {
    /// One user reads or changes what belongs to another.
    ///
    /// # What it holds
    ///
    /// What one credential made, a second one that is configured neither reads nor changes nor deletes,
    /// and no list shows it to one who may not read it.
    ///
    /// # Why
    ///
    /// A service that asks who is there, and not whose it is, gives everybody's data to everybody. It is
    /// the first entry of OWASP's list of API risks.
    ///
    /// # Not a finding when
    ///
    /// - no second credential is configured;
    /// - the operation, or the one that made the thing, needs no credential;
    /// - the thing was deleted before;
    /// - the thing is shared: a list shows it to the second one, who may also read it, and it names no
    ///   owner.
    ///
    /// Where nothing says that the thing has an owner at all, it is a note. What says so: a property such
    /// as `owner_id` in what is shown, a declared 403, a list that shows it to the first user alone, or
    /// another request that was refused.
    ///
    /// Configure as second credential one that must not see what the first made: a user of another
    /// account.
    ///
    /// # Example
    ///
    /// ```yaml
    /// security: [{ token: [] }]
    /// steps:
    /// - { post: /things, status: 201, made: /things/7, came: { id: 7, owner_id: 3 } }
    /// - { get: /things/7, by: other, status: 200 }
    /// ```
    pub BrokenObjectAuthorization = "broken-object-authorization", Error, [Inferred];
}

impl SequenceCheck for BrokenObjectAuthorization {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        if last.asker.is_empty() || !last.operation.requires_credential() {
            return None;
        }
        let path = last.path();
        let made = before.iter().rposition(|step| {
            let is_above = |made: &String| is_at_or_below(path, made.trim_end_matches('/'));
            step.asker.is_empty()
                && step.status().is_success()
                && step.operation.requires_credential()
                && step.made.as_ref().is_some_and(is_above)
        })?;
        if before[made + 1..]
            .iter()
            .any(|step| step.may_have_removed(path))
        {
            return None;
        }
        let named = before[made].made.as_deref()?;
        let list = before.iter().position(|step| {
            step.asker == last.asker && step.listed.iter().any(|one| one == named)
        });
        if !last.status().is_success() {
            let is_kept_from = [401, 403, 404].contains(&last.status().as_u16());
            let is_read = last.exchange.request.method == http::Method::GET && path == named;
            return shown_in_a_list(&steps[..=list.filter(|_| is_kept_from && is_read)?], named);
        }
        let is_owned = has_an_owner(steps, path);
        if list.is_some() && !is_owned {
            return None;
        }
        let does = match last.exchange.request.method.as_str() {
            "GET" | "HEAD" | "OPTIONS" => "shows",
            "DELETE" => "deletes",
            _ => "changes",
        };
        let message = format!(
            "{} {does} for `{}` what another made",
            last.operation.id, last.asker
        );
        finding(&Self::RULE, steps, message).map(|mut finding| {
            if !is_owned {
                finding.severity = Severity::Note;
            }
            finding
                .with_label(format!("{} made it for another", before[made].operation.id))
                .with_expected("401, 403 or 404")
                .with_discriminator(does)
        })
    }
}

/// A list that shows what a read keeps from the same credential.
fn shown_in_a_list(steps: &[Step<'_>], path: &str) -> Option<Finding> {
    let list = steps.last()?;
    let message = format!(
        "{} lists for `{}` what another made, which it may not read",
        list.operation.id, list.asker
    );
    finding(&BrokenObjectAuthorization::RULE, steps, message).map(|finding| {
        finding
            .with_label("shows what belongs to another")
            .with_expected(format!("a list without {path}"))
            .with_discriminator("lists")
    })
}

/// Whether anything says that what is at a path, or what it is a part of, belongs to somebody.
fn has_an_owner(steps: &[Step<'_>], path: &str) -> bool {
    let Some((last, before)) = steps.split_last() else {
        return false;
    };
    let declares_forbidden = |step: &Step<'_>| {
        let mut declared = step.operation.responses.declared.iter();
        declared.any(|one| one.key == StatusKey::Exact(StatusCode::FORBIDDEN))
    };
    if declares_forbidden(last) || names_an_owner(last) {
        return true;
    }
    let made = before.iter().filter(|step| step.asker.is_empty());
    let mut made = made.filter_map(|step| Some((step, step.made.as_deref()?)));
    made.any(|(creation, named)| {
        if !is_at_or_below(path, named.trim_end_matches('/')) {
            return false;
        }
        let collection = named.rsplit_once('/').map_or("", |(above, _)| above);
        let lists = || {
            let at_collection = before.iter().filter(|step| step.path() == collection);
            at_collection.filter(|step| step.status().is_success())
        };
        let shows = |step: &Step<'_>| step.listed.iter().any(|one| one == named);
        let is_left_out = || lists().any(|step| step.asker == last.asker && !shows(step));
        let is_in_own = || lists().any(|step| step.asker.is_empty() && shows(step));
        let is_refused = before.iter().any(|step| {
            step.asker == last.asker
                && is_at_or_below(step.path(), named.trim_end_matches('/'))
                && [401, 403, 404].contains(&step.status().as_u16())
        });
        names_an_owner(creation) || is_refused || is_left_out() && is_in_own()
    })
}

/// Whether what a response shows has a property that says whose it is.
fn names_an_owner(step: &Step<'_>) -> bool {
    const OWNERS: &[&str] = &[
        "account",
        "author",
        "createdby",
        "creator",
        "customer",
        "owner",
        "tenant",
        "user",
    ];
    let body = step.exchange.response.body.bytes();
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return false;
    };
    let is_of_owner = |name: &String| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let name = letters.collect::<String>().to_lowercase();
        OWNERS.iter().any(|owner| {
            let rest = name.strip_prefix(owner);
            rest.is_some_and(|rest| ["", "id", "uuid", "name"].contains(&rest))
        })
    };
    // What is asked for may stand in an envelope.
    let inner = members.values().filter_map(Value::as_object);
    std::iter::once(&members)
        .chain(inner)
        .any(|members| members.keys().any(is_of_owner))
}
