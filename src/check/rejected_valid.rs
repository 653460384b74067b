//! `rejected-valid`

use std::collections::BTreeSet;

use http::{
    StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use oasgate_document::{Address, Pointer};
use serde_json::Value;

use super::{
    Check, Credential, Intent, Rule, Subject,
    discriminators::WITHOUT_CONTENT,
    documented,
    misused_status::has_no_content,
    refusal::{declared_names, is_about_body, is_about_query_or_header, named_properties},
    refusal_of_state::{is_about_the_outside, is_about_the_state},
    refusal_words::{reason, repeats, says_absent, words},
    request_text::{holds_a_nul, holds_a_wide_integer},
    server_error::ServerError,
    sign_in::handles_credentials,
};
use crate::{
    contract::{Location, Schema, graph::NAMED_BY, is_known_format},
    finding::Finding,
    wire::{Parameters, carries, has_wide_field, parse_media_type, path_values, sent_value},
};

documented! {
    /// A request that obeys the contract was refused as if it did not.
    ///
    /// # What it holds
    ///
    /// A request whose every part obeys the document is not answered with 400, 405, 406, 411, 413,
    /// 414, 415, 422 or 501.
    ///
    /// # Why
    ///
    /// The service holds a rule that the document does not tell, and every client will find it out
    /// by failing.
    ///
    /// # Not a finding when
    ///
    /// - the answer speaks of something else than the request's form: 401, 403, 404, 409, 410, 412,
    ///   423, 424, 428, 429 and every 5xx but 501; other checks speak for those, and `server-error` for a 501 that
    ///   is not declared;
    /// - with 400, 414 or 422, the operation hands out or verifies credentials, as a sign-in does: it
    ///   rightly refuses generated ones;
    /// - with 400, 414 or 422, the request names a resource that was generated, in its path or as an id
    ///   in its query or body, and the response does not speak of another property of the body, nor says that a
    ///   value must be an integer or not be empty: no rule of form need be behind the refusal;
    /// - with 400 or 422, the response says that something does not exist or is not found and repeats a value of the
    ///   query or the body that the document does not list: the value names something, whatever its property is
    ///   called; or the body gives a `name`, an `id` or the like, and the response speaks of none of its other
    ///   properties; or it says that there is one already, speaks of a foreign key or of a link that leads nowhere, or cannot reach the host of a URL that
    ///   was sent;
    /// - with 400 or 422, the operation changes something and takes nothing but the names in its path, and the response
    ///   speaks of no value that is wrong or was left out: the state is not one for it, as with "nothing is being recorded";
    ///   so it is, without a word too, where a request has nothing that the document leaves a choice for;
    /// - with 400 or 422, the response says that something is not in the state for it ("cannot be changed while it runs"),
    ///   and names nothing that was sent;
    /// - the operation needs a credential and the request did not carry the right one, unless the service is known to
    ///   answer without one and does not speak of any;
    /// - with 400 or 422, the response says that another service cannot be reached or a key of it is missing, that a part
    ///   is not running, enabled or configured, or that a choice is not available;
    /// - the body has bytes (`format: binary`) and travels as JSON, as the fields of a form or as a text, which
    ///   have no way to write them;
    /// - with 400 or 422, a text has a `format` that neither JSON Schema nor OpenAPI's registry defines, and
    ///   the response names nothing else: nobody can say whether the text is of it;
    /// - a required body has no bytes, as an empty text, or a field of a form has none: by one reading it is not there;
    /// - an integer is beyond 64 bits with a sign, which few services keep;
    /// - a text holds a NUL, which many stores cannot keep;
    /// - a declared header carries text beyond ASCII, which a recipient may refuse (RFC 9110 §5.5).
    ///
    /// # Example
    ///
    /// ```yaml
    /// parameters: [{ name: limit, in: query, schema: { type: integer } }]
    /// request: { query: limit=7, intent: obey }
    /// responses: { '400': { description: No } }
    /// response: { status: 400 }
    /// ```
    pub RejectedValid = "rejected-valid", Error, [ConfirmedWithFreshValues, OfStatus, Inferred];
}

/// Statuses that say: the request is not one that this operation takes.
const REFUSALS: &[u16] = &[400, 405, 406, 411, 413, 414, 415, 422, 501];

/// Those that a service also gives for a name of nothing.
const OF_A_NAME: &[u16] = &[400, 414, 422];

/// Those that speak of a value's form.
const OF_FORM: &[u16] = &[400, 422];

impl Check for RejectedValid {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let status = subject.exchange.response.status.as_u16();
        subject.intent != Intent::Obey
            || !REFUSALS.contains(&status)
            || subject.lacks_credential()
            || subject.credential == Credential::Needless && speaks_of_credentials(subject)
            || speaks_of_authorization(subject)
            || status == 501 && !ServerError.holds(subject)
            || has_wide_field(subject.operation, &subject.exchange.request)
            || has_unwritable_bytes(subject)
            || lacks_a_required_body(subject)
            || sends_an_empty_field(subject)
            || holds_a_nul(subject)
            || holds_a_wide_integer(subject)
            || OF_A_NAME.contains(&status) && is_about_a_value(subject)
            || OF_FORM.contains(&status) && is_about_an_open_format(subject)
            || OF_FORM.contains(&status) && is_about_the_state(subject)
            || OF_FORM.contains(&status) && is_about_the_outside(subject)
            || OF_FORM.contains(&status) && is_about_something_absent(subject)
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let status = subject.exchange.response.status;
        // Each reason is a finding of its own.
        let declared = declared_names(subject);
        let mut named: Vec<String> = named_properties(subject).into_iter().collect();
        // Keys that the request chose are no reasons.
        named.retain(|name| declared.contains(name));
        let discriminator = match named.as_slice() {
            [] => status.as_str().to_owned(),
            names => format!("{} {}", status.as_str(), names.join(" ")),
        };
        let said = words(subject);
        let is_of_query = said
            .as_ref()
            .is_some_and(|said| speaks_of_query(subject, said));
        let lacks_body = lacks_an_optional_body(subject).filter(|_| !is_of_query);
        let (what, help) = match lacks_body {
            None if status == StatusCode::UNSUPPORTED_MEDIA_TYPE && has_no_content(subject) => (
                WITHOUT_CONTENT,
                "take requests without content, or declare the `requestBody` that the service wants",
            ),
            Some(_) => (
                "a request without a body, which the document does not require",
                "say `required: true` at the request body, which is optional where that is absent, or take the request",
            ),
            None => (
                "a request that obeys the document",
                "say in the document what the service wants, or take the request as it is",
            ),
        };
        let address = lacks_body.unwrap_or(&subject.operation.address);
        let mut message = format!(
            "{} refuses with {} {what}",
            subject.operation.id,
            status.as_u16()
        );
        let mut actual = status.to_string();
        if let Some(words) = said {
            message.push_str(": ");
            message.push_str(&reason(subject));
            actual.push_str(": ");
            actual.push_str(&words);
        }
        findings.push(
            subject
                .finding(&Self::RULE, message)
                .at(address.clone())
                .with_expected("an answer to a valid request")
                .with_actual(actual)
                .with_discriminator(discriminator)
                .with_help(help),
        );
    }
}

/// Whether the refusal is about the field that proves who asks, which no case varies.
fn speaks_of_authorization(subject: &Subject<'_>) -> bool {
    let sends_one = subject.exchange.request.headers.contains_key(AUTHORIZATION)
        || !subject.exchange.request.credentials.is_empty();
    sends_one
        && words(subject).is_some_and(|said| said.to_lowercase().contains("authorization header"))
}

/// Whether the refusal says what is lacking to prove who asks.
fn speaks_of_credentials(subject: &Subject<'_>) -> bool {
    const CREDENTIALS: [&str; 6] = [
        "api key",
        "apikey",
        "auth",
        "credential",
        "permission",
        "token",
    ];
    words(subject).is_some_and(|said| {
        let said = said.to_lowercase();
        CREDENTIALS.iter().any(|one| said.contains(one))
    })
}

/// Whether the body was sent as a media type that has no form for the bytes in it.
fn has_unwritable_bytes(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    let sent = request.headers.get(CONTENT_TYPE);
    let sent = sent.and_then(|field| parse_media_type(field.to_str().ok()?));
    let declared = subject.operation.request_body.as_ref();
    let media_type = declared.and_then(|body| body.content.best(&sent?));
    media_type.is_some_and(|media_type| !carries(media_type))
}

/// Where the document declares a body that may be left out, and that was left out.
fn lacks_an_optional_body<'s>(subject: &Subject<'s>) -> Option<&'s Address> {
    let body = subject.operation.request_body.as_ref()?;
    let is_absent = !body.required && subject.exchange.request.body.is_known_empty();
    is_absent.then_some(&body.address)
}

/// Whether words name a query parameter that was sent, as a word of its own, and not the body.
fn speaks_of_query(subject: &Subject<'_>, said: &str) -> bool {
    let is_part = |one: char| one.is_alphanumeric() || matches!(one, '_' | '-');
    let mut sent = subject.exchange.request.url.query_pairs();
    !said.to_lowercase().contains("body")
        && sent.any(|(name, _)| {
            let name = name.split('[').next().unwrap_or_default();
            said.split(|one| !is_part(one)).any(|word| word == name)
        })
}

/// Whether a field of a form was sent with nothing in it, which many readers take for one that is not there.
fn sends_an_empty_field(subject: &Subject<'_>) -> bool {
    const FORMS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];
    let declared = subject.operation.request_body.as_ref();
    let sent = declared.and_then(|body| sent_value(body, &subject.exchange.request));
    let is_empty = |value: &Value| value.as_str().is_some_and(str::is_empty);
    sent.is_some_and(|(media_type, value)| {
        let mut fields = value.as_object().into_iter().flat_map(|all| all.values());
        FORMS.contains(&media_type.range.essence().as_str())
            && fields.any(|field| match field {
                Value::Array(items) => items.iter().any(is_empty),
                field => is_empty(field),
            })
    })
}

/// Whether no bytes at all were sent for a body that is required: an empty text is a body by one reading
/// and none by another (RFC 9112 §6.3).
fn lacks_a_required_body(subject: &Subject<'_>) -> bool {
    let body = subject.operation.request_body.as_ref();
    body.is_some_and(|body| body.required) && subject.exchange.request.body.is_known_empty()
}

/// Whether the refusal may well be about what a value stands for, and not about its form.
fn is_about_a_value(subject: &Subject<'_>) -> bool {
    if handles_credentials(subject.operation) {
        return true;
    }
    if words(subject).is_some_and(|said| speaks_of_form(&said)) {
        return false;
    }
    let is_in_body = |name: &String| !subject.operation.path.parameters().any(|one| one == name);
    match subject.made_up {
        [] => false,
        // A name in the path is no excuse for what is said about the body, nor is one in the body for what is said
        // about something else in it.
        names => {
            let named = named_properties(subject);
            let is_in_doubt = named.is_empty() || names.iter().any(|name| named.contains(name));
            names.iter().any(is_in_body) && is_in_doubt
                || !is_about_body(subject) && !is_about_query_or_header(subject)
        }
    }
}

/// Whether words speak of the form of a value, which no name of anything has wrong by being that of nothing.
fn speaks_of_form(said: &str) -> bool {
    const OF_FORM: [&str; 14] = [
        "can't be blank",
        "cannot be blank",
        "cannot be empty",
        "may not be blank",
        "may not be empty",
        "must be a number",
        "must be a valid integer",
        "must be an integer",
        "must be valid integer",
        "must not be blank",
        "must not be empty",
        "not a valid integer",
        "numeric string is expected",
        "should not be empty",
    ];
    let said = said.to_lowercase();
    OF_FORM.iter().any(|one| said.contains(one))
}

/// Whether the refusal says that what a value of the query or the body names is not there.
fn is_about_something_absent(subject: &Subject<'_>) -> bool {
    let Some(said) = words(subject) else {
        return false;
    };
    let lower = said.to_lowercase();
    // What `django-filter` says of a key that names nothing, and of a value that the document would list.
    let is_no_choice = lower.contains("not one of the available choices");
    lower.contains("foreign key")
        || OF_RELATED.iter().any(|one| lower.contains(one))
        || is_no_choice && !free_values(subject).is_empty()
        || is_taken(&lower) && !repeats_elements(subject)
        || says_absent(&lower)
            && (repeats(&said, &free_values(subject))
                || speaks_of_a_reference(subject, &lower)
                || names_a_value(&free_values(subject), subject, &lower)
                || gives_a_name(subject, &lower))
}

/// What Django REST framework says of a link or a key that names nothing there.
const OF_RELATED: [&str; 4] = [
    "incorrect url match",
    "invalid hyperlink",
    "invalid pk",
    "no url match",
];

/// What properties are called beside [`NAMED_BY`] whose text is the name of something.
const REFERS_BY: [&str; 2] = ["user", "uuid"];

/// What parts of a request are called: a refusal that misses one speaks of the request itself.
const PARTS: [&str; 10] = [
    "argument",
    "attribute",
    "field",
    "fields",
    "header",
    "key",
    "keys",
    "param",
    "parameter",
    "property",
];

/// Whether the body gives the name of something, and words in lower case speak of none of its other properties: `No such
/// secret` of `{"name": "x"}`.
fn gives_a_name(subject: &Subject<'_>, said: &str) -> bool {
    let body = subject.exchange.request.body.bytes();
    let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    let words: BTreeSet<&str> = said.split(|one: char| !one.is_alphanumeric()).collect();
    let is_name = |name: &String| {
        let name = name.to_lowercase();
        let last = name.rsplit(['_', '-']).next();
        last.is_some_and(|last| NAMED_BY.contains(&last) || REFERS_BY.contains(&last))
    };
    let speaks_of_another = members
        .keys()
        .any(|name| !is_name(name) && words.contains(name.to_lowercase().as_str()));
    let misses_a_part = PARTS.iter().any(|part| words.contains(part));
    let mut named = members.iter().filter(|(name, _)| is_name(name));
    !speaks_of_another
        && !misses_a_part
        && named.any(|(_, value)| value.is_string() || value.is_array())
}

/// Whether words in lower case have the name of a property of the body and its value behind it, however short that is:
/// `environment a does not exist`.
fn names_a_value(free: &[Value], subject: &Subject<'_>, said: &str) -> bool {
    let body = subject.exchange.request.body.bytes();
    let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    let words: Vec<&str> = said
        .split(|one: char| !one.is_alphanumeric() && one != '_')
        .filter(|word| !word.is_empty())
        .collect();
    members.iter().any(|(name, value)| {
        let name = name.to_lowercase();
        let value = value.as_str().filter(|_| free.contains(value));
        let value = value.map(str::to_lowercase);
        value.is_some_and(|value| {
            words.windows(2).any(|pair| pair == [&name, &value])
                || value.trim().is_empty() && words.contains(&name.as_str())
        })
    })
}

/// Whether words in lower case name a property of the body whose value is a number or a UUID, or several: `Some roles do
/// not exist` of `{"roles": [1]}`.
fn speaks_of_a_reference(subject: &Subject<'_>, said: &str) -> bool {
    let body = subject.exchange.request.body.bytes();
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    let words: BTreeSet<&str> = said.split(|one: char| !one.is_alphanumeric()).collect();
    let is_said = |noun: &str| {
        let singular = noun.strip_suffix('s').unwrap_or(noun);
        let plural = format!("{singular}s");
        [noun, singular, plural.as_str()]
            .into_iter()
            .any(|one| !one.is_empty() && words.contains(one))
    };
    let mut is_named = false;
    leaves(&body, &Pointer::root(), &mut |at, leaf| {
        let names_something = leaf.is_u64() || leaf.as_str().is_some_and(is_a_uuid);
        let mut tokens: Vec<String> = at.tokens().collect();
        tokens.retain(|token| token.parse::<usize>().is_err());
        let name = tokens.last().map(|name| name.to_lowercase());
        is_named |= names_something
            && name.is_some_and(|name| {
                let noun = name.trim_end_matches("_ids").trim_end_matches("_id");
                is_said(noun)
            });
    });
    is_named
}

/// Whether a text is in the form of a UUID (RFC 9562 §4).
fn is_a_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|one| one == b'-' || one.is_ascii_hexdigit())
}

/// Whether words in lower case say that there is something of that name already.
fn is_taken(said: &str) -> bool {
    const TAKEN: [&str; 6] = [
        "already been taken",
        "already exists",
        "already in use",
        "already taken",
        "has to be unique",
        "must be unique",
    ];
    TAKEN.iter().any(|one| said.contains(one))
}

/// Whether an array of the request's body has the same element twice, so that a refusal may be about that.
fn repeats_elements(subject: &Subject<'_>) -> bool {
    fn repeats(value: &Value) -> bool {
        match value {
            Value::Array(items) => {
                let mut later = items.iter().enumerate();
                later.any(|(at, item)| items[..at].contains(item)) || items.iter().any(repeats)
            }
            Value::Object(members) => members.values().any(repeats),
            _ => false,
        }
    }
    let body = subject.exchange.request.body.bytes();
    serde_json::from_slice::<Value>(body).is_ok_and(|body| repeats(&body))
}

/// The texts and numbers of a request's query and body that the document does not list one by one.
fn free_values(subject: &Subject<'_>) -> Vec<Value> {
    let request = &subject.exchange.request;
    let operation = subject.operation;
    let path = path_values(operation, request);
    let sent = Parameters::of(operation, request, &path);
    let mut values = Vec::new();
    for parameter in operation.parameters_in(Location::Query) {
        if let (Some(schema), Ok(Some(value))) = (parameter.value.schema(), sent.read(parameter)) {
            unlisted(schema, &value, &mut values);
        }
    }
    let body = operation.request_body.as_ref();
    if let Some((media_type, value)) = body.and_then(|body| sent_value(body, request))
        && let Some(schema) = &media_type.schema
    {
        unlisted(schema, &value, &mut values);
    }
    values
}

fn unlisted(schema: &Schema, value: &Value, found: &mut Vec<Value>) {
    let constraints = schema.constraints(value).into_iter();
    let listed: Vec<Pointer> = constraints
        .filter(|one| matches!(one.keyword.as_str(), "enum" | "const"))
        .map(|one| one.instance)
        .collect();
    leaves(value, &Pointer::root(), &mut |at, leaf| {
        if !listed.contains(at) {
            found.push(leaf.clone());
        }
    });
}

fn leaves(value: &Value, at: &Pointer, visit: &mut impl FnMut(&Pointer, &Value)) {
    match value {
        Value::String(_) | Value::Number(_) => visit(at, value),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &at.index(index), visit);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                leaves(member, &at.join(name), visit);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether the refusal may well be about a `format` of which nobody knows what is of it (OpenAPI 3.0.4 §4.4:
/// `format` is open-valued).
fn is_about_an_open_format(subject: &Subject<'_>) -> bool {
    let open = of_open_formats(subject);
    if open.is_empty() {
        return false;
    }
    let named = named_properties(subject);
    if named.is_empty() {
        return true;
    }
    named.iter().any(|name| open.contains(name))
}

/// The parameters and properties of a request whose texts have a format that nobody knows.
fn of_open_formats(subject: &Subject<'_>) -> BTreeSet<String> {
    let request = &subject.exchange.request;
    let operation = subject.operation;
    let path = path_values(operation, request);
    let sent = Parameters::of(operation, request, &path);
    let mut open = BTreeSet::new();
    for parameter in &operation.parameters {
        if let (Some(schema), Ok(Some(value))) = (parameter.value.schema(), sent.read(parameter)) {
            // What is empty stands for `null` as well as for an empty text.
            let value = if value.is_null() { "".into() } else { value };
            if !open_formats(schema, &value).is_empty() {
                open.insert(parameter.name.clone());
            }
        }
    }
    let body = operation.request_body.as_ref();
    if let Some((media_type, value)) = body.and_then(|body| sent_value(body, request))
        && let Some(schema) = &media_type.schema
    {
        let places = open_formats(schema, &value);
        // What is named of an array is the array.
        let names = places.iter().flat_map(Pointer::tokens);
        open.extend(names.filter(|name| name.parse::<usize>().is_err()));
    }
    open
}

/// What is no format, and says nothing of a text.
const NAMES_OF_TYPES: [&str; 8] = [
    "any", "boolean", "int", "integer", "number", "str", "string", "text",
];

/// Where in a value a text has a format that nobody knows.
fn open_formats(schema: &Schema, value: &Value) -> Vec<Pointer> {
    let constraints = schema.constraints(value).into_iter();
    constraints
        .filter(|one| {
            let name = one.argument.as_str().unwrap_or_default();
            // Generators write the name of the type there.
            let is_type = NAMES_OF_TYPES.contains(&name);
            one.keyword == "format" && !is_type && !is_known_format(name)
        })
        .map(|one| one.instance)
        .filter(|place| place.get(value).is_some_and(Value::is_string))
        .collect()
}
