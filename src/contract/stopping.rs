//! Operations that end the service itself, known by what their path is called.

use super::Operation;

/// Last segments that say so, letters and digits alone.
const STOPS: [&str; 4] = ["halt", "poweroff", "reboot", "shutdown"];

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

impl Operation {
    /// Whether a request may end the service, such as `POST /admin/shutdown`. What a path names by a parameter, as
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
    fn what_ends_the_service_is_known_by_its_path() {
        for path in [
            "/__admin/shutdown",
            "/shut-down",
            "/system/powerOff",
            "/server/stop",
            "/quit",
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
        assert!(!stops("get", "/shutdown"));
    }
}
