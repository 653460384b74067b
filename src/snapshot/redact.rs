//! Samples without what differs from run to run and what nobody should keep.

use oasgate_document::Pointer;
use serde_json::Value;

use super::formats::format_of;

/// A rule: values at places that fit the pattern are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// Where: a pointer in which `*` stands for any name or index, and `**` at the beginning for any
    /// way down.
    pub at: String,
    /// What stands there instead.
    pub with: String,
}

/// Replaces values in samples: tokens, times and UUIDs by themselves, others by rule.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    rules: Vec<Redaction>,
}

impl Redactor {
    /// The rules of one's own, which are tried before what is seen by itself.
    pub fn new(rules: Vec<Redaction>) -> Self {
        Self { rules }
    }

    /// A copy with placeholders.
    pub fn redact(&self, value: &Value) -> Value {
        self.at(value, &Pointer::root())
    }

    fn at(&self, value: &Value, at: &Pointer) -> Value {
        if let Some(rule) = self.rules.iter().find(|rule| fits(&rule.at, at)) {
            return Value::String(rule.with.clone());
        }
        match value {
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| (name.clone(), self.at(member, &at.join(name))))
                    .collect(),
            ),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| self.at(item, &at.index(index)))
                .collect(),
            Value::String(text) => {
                placeholder(text, at).map_or_else(|| value.clone(), Value::String)
            }
            other => other.clone(),
        }
    }
}

/// Whether a place fits a pattern.
fn fits(pattern: &str, at: &Pointer) -> bool {
    let tokens: Vec<String> = at.tokens().collect();
    let wanted: Vec<&str> = pattern.split('/').skip(1).collect();
    let (wanted, tokens) = match wanted.split_first() {
        Some((&"**", rest)) if rest.len() <= tokens.len() => {
            (rest, &tokens[tokens.len() - rest.len()..])
        }
        _ => (wanted.as_slice(), tokens.as_slice()),
    };
    wanted.len() == tokens.len()
        && wanted.iter().zip(tokens).all(|(wanted, came)| {
            *wanted == "*" || wanted.replace("~1", "/").replace("~0", "~") == *came
        })
}

/// What stands for a text that differs from run to run.
fn placeholder(text: &str, at: &Pointer) -> Option<String> {
    match format_of(text) {
        "uuid" => return Some("[uuid]".to_owned()),
        "date-time" => return Some("[date-time]".to_owned()),
        "date" => return Some("[date]".to_owned()),
        _ => {}
    }
    let name = at.last().unwrap_or_default().to_ascii_lowercase();
    let is_secret_name = [
        "token",
        "secret",
        "password",
        "api_key",
        "apikey",
        "authorization",
        "signature",
    ]
    .iter()
    .any(|secret| {
        name == *secret
            || name.ends_with(&format!("_{secret}"))
            || name.ends_with(&format!("-{secret}"))
    });
    if is_secret_name && !text.is_empty() || is_token(text) {
        return Some("[token]".to_owned());
    }
    None
}

/// Whether a text is an opaque id or credential: long, of one word, digits and letters mixed.
fn is_token(text: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'=' | b'+')
            })
    };
    if !word(text) || text.len() < 12 {
        return false;
    }
    // A JSON web token, or a prefix and an opaque rest (`dta_xprt_964b2adb9bff37fb`).
    let is_jwt = text.starts_with("eyJ") && text.matches('.').count() == 2;
    let rest = text.rsplit(['_', '-']).next().unwrap_or(text);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let letters = rest.bytes().filter(u8::is_ascii_alphabetic).count();
    is_jwt || rest.len() >= 12 && digits >= 2 && letters >= 2
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced() {
        let value = json!({
            "token": "dta_xprt_964b2adb9bff37fb",
            "id": "964b2adb9bff37fb0123",
            "created_at": "2025-03-27T20:46:31Z",
            "uuid": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "status": "completed",
            "kind": "cost_report",
            "files": ["https://example.com/file1.csv"],
            "name": "internationalisation",
        });
        assert_eq!(
            Redactor::default().redact(&value),
            json!({
                "token": "[token]",
                "id": "[token]",
                "created_at": "[date-time]",
                "uuid": "[uuid]",
                "status": "completed",
                "kind": "cost_report",
                "files": ["https://example.com/file1.csv"],
                "name": "internationalisation",
            })
        );
    }

    #[test]
    fn rules_name_places() {
        let rule = |at: &str| Redaction {
            at: at.to_owned(),
            with: "[x]".to_owned(),
        };
        let redactor = Redactor::new(vec![rule("/files/*"), rule("/**/inner")]);
        let value = json!({"files": ["a", "b"], "deep": {"er": {"inner": 1}}, "other": "c"});
        assert_eq!(
            redactor.redact(&value),
            json!({"files": ["[x]", "[x]"], "deep": {"er": {"inner": "[x]"}}, "other": "c"})
        );
    }
}
