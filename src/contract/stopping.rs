//! Operations that end the service itself or shut everyone out of it, known by what their path is called.

use super::{Operation, graph::names::words};

/// Last segments that say so, letters and digits alone.
const STOPS: [&str; 8] = [
    "halt",
    "lockdown",
    "maintenance",
    "maintenancemode",
    "poweroff",
    "readonly",
    "reboot",
    "shutdown",
];

/// Words of a last segment that say so of a machine or a service, whatever else it says.
const HALTS: [&str; 4] = ["halt", "poweroff", "reboot", "shutdown"];

/// Last segments that say so of a service alone: much else is stopped and restarted.
const STOPS_A_SERVICE: [&str; 6] = ["exit", "kill", "quit", "restart", "stop", "terminate"];

/// What the segment before is called there.
const SERVICES: [&str; 12] = [
    "admin",
    "app",
    "application",
    "container",
    "daemon",
    "engine",
    "host",
    "instance",
    "node",
    "server",
    "service",
    "system",
];

/// First words of a last segment that say that a GET removes or ends something.
const REMOVES: [&str; 9] = [
    "delete", "destroy", "drop", "kill", "purge", "remove", "revoke", "shutdown", "wipe",
];

/// First words of a last segment that say that a POST ends or removes something.
const ENDS: [&str; 15] = [
    "clear",
    "compact",
    "compaction",
    "deactivate",
    "defragment",
    "delete",
    "destroy",
    "disable",
    "drop",
    "flush",
    "prune",
    "purge",
    "remove",
    "truncate",
    "wipe",
];

/// Words of a path that say that something becomes what it was once.
const RETURNS: [&str; 4] = ["reset", "restore", "revert", "rollback"];

/// What such words are about where all of a service is meant.
const WHOLES: [&str; 14] = [
    "all",
    "backup",
    "backups",
    "config",
    "configuration",
    "database",
    "db",
    "factory",
    "host",
    "instance",
    "server",
    "service",
    "settings",
    "system",
];

/// What such a word is followed by where all or many are meant.
const MANY: [&str; 3] = ["all", "many", "range"];

/// What settings are about that say who may come in.
const ACCESS: [&str; 14] = [
    "access",
    "auth",
    "authentication",
    "jwt",
    "ldap",
    "login",
    "mfa",
    "oidc",
    "password",
    "saml",
    "security",
    "session",
    "sso",
    "tokens",
];

/// What settings are called.
const SETTINGS: [&str; 8] = [
    "config",
    "configuration",
    "options",
    "policies",
    "policy",
    "preferences",
    "setting",
    "settings",
];

impl Operation {
    /// Whether the last segment of the path, alone or followed by a noun (`deletePad`), says that something is removed.
    pub(super) fn is_called_a_removal(&self) -> bool {
        // `deletePad` and `delete`, and not `deletes` or `delete-requests`.
        let mut rests = self.after_verbs(&REMOVES);
        rests.any(|rest| rest.chars().next().is_none_or(char::is_uppercase))
    }

    /// Whether the last segment of the path, alone or followed by a noun or by how much is meant (`deleterange`), says
    /// that something is ended or removed, or the whole path that all becomes what it was once (`/backup/restore`).
    pub(crate) fn is_called_an_end(&self) -> bool {
        let is_end = |next: char| next.is_uppercase() || matches!(next, '-' | '_');
        let mut rests = self.after_verbs(&ENDS);
        rests.any(|rest| rest.chars().next().is_none_or(is_end) || MANY.contains(&rest))
            || self.returns_all()
    }

    fn returns_all(&self) -> bool {
        let is_plain = self.path.parameters().next().is_none();
        let words: Vec<String> = self.path.as_str().split('/').flat_map(words).collect();
        let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        is_plain && has(&RETURNS) && has(&WHOLES)
    }

    /// What follows each of these that the last segment of the path begins with, in whatever case.
    fn after_verbs<'o>(&'o self, verbs: &'o [&str]) -> impl Iterator<Item = &'o str> {
        let last = self.path.as_str().rsplit('/').find(|one| !one.is_empty());
        let last = last.unwrap_or_default();
        verbs.iter().filter_map(move |verb| {
            let (start, rest) = last.split_at_checked(verb.len())?;
            start.eq_ignore_ascii_case(verb).then_some(rest)
        })
    }

    /// Whether a request may end the service, such as `POST /admin/shutdown`, or make it refuse all others, such as
    /// `POST /admin/maintenance` or `PUT /auth/settings`. What a path names by a parameter, as
    /// `POST /machines/{id}/reboot`, is no part of the service.
    pub(crate) fn may_stop_service(&self) -> bool {
        if self.is_safe() || self.path.parameters().next().is_some() {
            return false;
        }
        let segments = self.path.as_str().split('/').rev().map(|segment| {
            let letters = segment.chars().filter(|one| one.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect::<String>()
        });
        let mut segments = segments.filter(|segment| !segment.is_empty());
        let (last, before) = (segments.next(), segments.next());
        let last = last.unwrap_or_default();
        let is_of_service = before.is_none_or(|before| SERVICES.contains(&before.as_str()));
        let last_words = self.path.as_str().trim_end_matches('/').rsplit('/').next();
        let last_words = words(last_words.unwrap_or_default());
        let has = |known: &[&str]| last_words.iter().any(|word| known.contains(&word.as_str()));
        // `shutdown-host`, `restart-container`, `set-full-service-restart-flag`.
        let is_of_a_host = has(&HALTS) || has(&STOPS_A_SERVICE) && has(&SERVICES);
        STOPS.contains(&last.as_str())
            || is_of_a_host
            || STOPS_A_SERVICE.contains(&last.as_str()) && is_of_service
            || self.sets_access()
    }

    /// Whether the end of the path names the settings that say who may come in.
    fn sets_access(&self) -> bool {
        let segments = self.path.as_str().rsplit('/');
        let last_two = segments.filter(|segment| !segment.is_empty()).take(2);
        let words: Vec<String> = last_two.flat_map(words).collect();
        let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        has(&ACCESS) && has(&SETTINGS)
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;

    use crate::contract::Contract;

    fn stops(method: &str, path: &str) -> bool {
        let document = format!(
            "openapi: 3.0.3\ninfo: {{ title: t, version: '1' }}\npaths: {{ '{path}': {{ {method}: {{ responses: {{}} }} }} }}"
        );
        let document = Document::parse("t", document).expect("a document");
        let contract = Contract::from_document(document);
        contract.operations()[0].may_stop_service()
    }

    #[test]
    fn a_get_that_is_called_a_removal_is_not_safe() {
        let is_safe = |path: &str| {
            let document = format!(
                "openapi: 3.0.3\ninfo: {{ title: t, version: '1' }}\npaths: {{ '{path}': {{ get: {{ responses: {{}} }} }} }}"
            );
            let document = Document::parse("t", document).expect("a document");
            Contract::from_document(document).operations()[0].is_safe()
        };
        for path in ["/pads/{padId}/delete", "/deletePad", "/session/revoke"] {
            assert!(!is_safe(path), "{path}");
        }
        for path in [
            "/deletes",
            "/delete-requests",
            "/dropbox",
            "/pads/{delete}",
            "/removed",
        ] {
            assert!(is_safe(path), "{path}");
        }
    }

    #[test]
    fn what_ends_the_service_is_known_by_its_path() {
        for path in [
            "/__admin/shutdown",
            "/shut-down",
            "/system/powerOff",
            "/server/stop",
            "/quit",
            "/api/admin/maintenance",
            "/platform-tools/linux/shutdown-host",
            "/docker/restartContainer",
            "/set-full-service-restart-flag",
            "/api/jwt/settings",
            "/api/session-policy",
        ] {
            assert!(stops("post", path), "{path}");
        }
        for path in [
            "/machines/{id}/reboot",
            "/recordings/stop",
            "/shutdowns",
            "/jobs/restart",
            "/settings",
            "/sessions",
            "/policies",
            "/projects/{id}/access/settings",
        ] {
            assert!(!stops("post", path), "{path}");
        }
        assert!(stops("get", "/shutdown"));
        assert!(!stops("get", "/maintenance"));
    }
}
