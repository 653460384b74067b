//! Operations that end the service itself or shut everyone out of it, known by what their path is called.

use super::Operation;

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

/// Last segments that say so of a service alone: much else is stopped and restarted.
const STOPS_A_SERVICE: [&str; 6] = ["exit", "kill", "quit", "restart", "stop", "terminate"];

/// What the segment before is called there.
const SERVICES: [&str; 10] = [
    "admin",
    "app",
    "application",
    "daemon",
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

impl Operation {
    /// Whether the last segment of the path, alone or followed by a noun (`deletePad`), says that something is removed.
    pub(super) fn is_called_a_removal(&self) -> bool {
        let last = self.path.as_str().rsplit('/').find(|one| !one.is_empty());
        let last = last.unwrap_or_default();
        let is_verb = |verb: &&str| {
            let rest = last
                .get(..verb.len())
                .filter(|start| start.eq_ignore_ascii_case(verb));
            let next = rest.map(|_| last[verb.len()..].chars().next());
            // `deletePad` and `delete`, and not `deletes` or `delete-requests`.
            next.is_some_and(|next| next.is_none_or(char::is_uppercase))
        };
        REMOVES.iter().any(is_verb)
    }

    /// Whether a request may end the service, such as `POST /admin/shutdown`, or make it refuse all others, such as
    /// `POST /admin/maintenance`. What a path names by a parameter, as
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
        STOPS.contains(&last.as_str()) || STOPS_A_SERVICE.contains(&last.as_str()) && is_of_service
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
        ] {
            assert!(stops("post", path), "{path}");
        }
        for path in [
            "/machines/{id}/reboot",
            "/recordings/stop",
            "/shutdowns",
            "/jobs/restart",
        ] {
            assert!(!stops("post", path), "{path}");
        }
        assert!(stops("get", "/shutdown"));
        assert!(!stops("get", "/maintenance"));
    }
}
