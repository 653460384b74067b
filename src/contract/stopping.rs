//! Operations that end the service itself or shut everyone out of it, known by what their path is called.

use http::{Method, StatusCode};
use jsonschema::JsonType;
use url::Url;

use super::{
    Location, Operation, Parameter, Schema, StatusKey,
    graph::names::words,
    stopping_words::{
        ACCESS, ACTS, ALONE, CHANGES, CLUSTERS, CONFIGURATION, CONTROLS, CREATES, EMPTIES, ENDS,
        GOES_ON, HALTS, HOLD_SETTINGS, INSTALLS, LOOKS, LOST, MAKES, MANY, MEMBERSHIP, PARTS,
        PROGRAMS, REMOVES, RETURNS, RUNS, SAID, SAVES, SERVICES, SETTINGS, STOPS, STOPS_A_SERVICE,
        TURNS, WHOLES,
    },
};

/// How many values of a parameter are looked at for a state and its opposite: who has more lists no states.
const MAX_STATES: usize = 50;

impl Parameter {
    /// Whether it changes something, though the request reads: `GET /watches/{id}?paused=unpaused`. The document says so
    /// by a verb, or lists a state and its opposite.
    fn changes_something(&self) -> bool {
        let said = self.description.as_deref().unwrap_or_default();
        let said: Vec<String> = said.split_whitespace().take(4).flat_map(words).collect();
        let begins = |words: &[String]| {
            let first = words.first();
            first.is_some_and(|first| CHANGES.contains(&first.as_str()))
        };
        let sets_a_state = said.first().is_some_and(|first| first == "set")
            && said
                .iter()
                .any(|word| ["state", "status"].contains(&word.as_str()));
        let schema = self.value.schema().map(Schema::target);
        let listed = schema.as_ref().and_then(|schema| schema.raw().get("enum"));
        let listed = listed.and_then(|listed| listed.as_array());
        let listed = listed.into_iter().flatten().take(MAX_STATES);
        let all: Vec<&str> = listed.filter_map(|one| one.as_str()).collect();
        let has_opposites = all.iter().any(|one| {
            let opposite = format!("un{one}");
            all.contains(&opposite.as_str())
        });
        begins(&said) || begins(&words(&self.name)) || sets_a_state || has_opposites
    }
}

impl Operation {
    /// Whether a GET of this operation sets something by its query all the same.
    pub(crate) fn sets_by_query(&self, url: &Url) -> bool {
        if self.method != Method::GET || url.query().is_none() {
            return false;
        }
        let mut parameters = self.parameters_in(Location::Query);
        parameters.any(|one| {
            let mut sent = url.query_pairs();
            sent.any(|(name, _)| name == one.name.as_str()) && one.changes_something()
        })
    }

    /// Whether the last segment of the path, alone or followed by a noun (`deletePad`), says that something is removed.
    pub(super) fn is_called_a_removal(&self) -> bool {
        // `deletePad` and `delete`, and not `deletes` or `delete-requests`.
        let mut rests = self.after_verbs(&REMOVES);
        rests.any(|rest| {
            let mut next = rest.chars();
            next.next()
                .is_none_or(|next| next.is_uppercase() || next == '_')
        })
    }

    /// Whether the last segment of the path, alone or followed by a noun or by how much is meant (`deleterange`), says
    /// that something is ended or removed, or the whole path that all becomes what it was once (`/backup/restore`).
    pub(crate) fn is_called_an_end(&self) -> bool {
        let is_end = |next: char| next.is_uppercase() || matches!(next, '-' | '_');
        let mut rests = self.after_verbs(&ENDS);
        rests.any(|rest| rest.chars().next().is_none_or(is_end) || MANY.contains(&rest))
            || self.returns_all()
    }

    /// Whether the last segment of a path without parameters says that something is done to what is there:
    /// `POST /flows/bulk_delete`, `POST /mappings/save`, `POST /recordings/start`.
    pub(crate) fn is_called_an_action(&self) -> bool {
        if self.is_safe() || self.path.parameters().next().is_some() {
            return false;
        }
        let last = words(self.last_segment());
        // What is called so is no read, whatever its method says.
        self.method.is_safe()
            || has_any(&last, &ACTS)
            || self.ends_as_told()
            || has_any(&last, &TURNS) && has_any(&self.last_words(), &GOES_ON)
            || self.is_of_a_cluster() && has_any(&last, &["add", "join"])
    }

    /// Whether a POST says nothing but a verb, and is declared to make nothing: `POST /stop_downloads` without parameters
    /// and without a body that says of what acts on all that there is. With either, the same verb makes something of its
    /// own.
    pub(crate) fn is_a_bare_action(&self) -> bool {
        let makes = [StatusCode::CREATED, StatusCode::ACCEPTED];
        let last = words(self.last_segment());
        self.method == Method::POST
            && has_any(&last, &ALONE)
            && self.may_be_sent_nothing()
            && self.path.parameters().next().is_none()
            && !self.parameters.iter().any(|one| one.required)
            && !makes.into_iter().any(|status| self.declares(status))
            && !self.is_called_a_look()
            && !has_any(&last, &MAKES)
    }

    /// Whether the last segment of the path says that something is made, and nothing else: `POST /users/create`.
    pub(crate) fn is_called_a_creation(&self) -> bool {
        let last = self.last_segment().to_lowercase();
        CREATES.contains(&last.as_str())
    }

    /// Whether the last segment of the path says that a POST only looks: `POST /fleets/list`, `POST /users/get_user`.
    pub(crate) fn is_called_a_look(&self) -> bool {
        let last = words(self.last_segment());
        let looks = last
            .first()
            .is_some_and(|first| LOOKS.contains(&first.as_str()));
        self.method == Method::POST && looks && !has_any(&last, &ENDS) && !has_any(&last, &MAKES)
    }

    /// Whether the segment before the last says that something is ended, and the last one of what: `/events/clear/all`.
    fn ends_as_told(&self) -> bool {
        let before = words(self.segment_from_end(1));
        matches!(before.as_slice(), [verb] if ENDS.contains(&verb.as_str()))
    }

    /// Whether there is no body, or one of which the document says no more than that it is an object, or how something is
    /// to be done: by booleans and words of a list.
    fn may_be_sent_nothing(&self) -> bool {
        let Some(body) = &self.request_body else {
            return true;
        };
        let mut schemas = body
            .content
            .media_types
            .iter()
            .filter_map(|one| one.schema.as_ref());
        schemas.all(|schema| {
            let is_way = |name: &String| {
                schema.property(name).is_some_and(|property| {
                    let mut types = property.types().iter();
                    let is_boolean =
                        types.all(|one| [JsonType::Boolean, JsonType::Null].contains(&one));
                    is_boolean || property.target().raw().get("enum").is_some()
                })
            };
            let is_object = !schema.types().contains(JsonType::Array);
            is_object && schema.property_names().iter().all(is_way)
        })
    }

    fn declares(&self, status: StatusCode) -> bool {
        let mut declared = self.responses.declared.iter();
        declared.any(|one| one.key == StatusKey::Exact(status))
    }

    /// Whether a path names a cluster anywhere.
    fn is_of_a_cluster(&self) -> bool {
        let words: Vec<String> = self.path.as_str().split('/').flat_map(words).collect();
        has_any(&words, &CLUSTERS)
    }

    /// Whether the last segment of a path without parameters is settings, or one of them: `/ui-config/cors`.
    pub(crate) fn is_called_settings(&self) -> bool {
        let last = words(self.last_segment());
        let is_settings = last.len() == 1 && has_any(&last, &SETTINGS);
        // `POST /server/raw_config`
        let is_configuration = last
            .last()
            .is_some_and(|last| CONFIGURATION.contains(&last.as_str()))
            && !self.declares(StatusCode::CREATED);
        let above = words(self.segment_from_end(1));
        let is_below = above
            .last()
            .is_some_and(|last| HOLD_SETTINGS.contains(&last.as_str()))
            && !self.declares(StatusCode::CREATED);
        (is_settings || is_configuration || is_below) && self.path.parameters().next().is_none()
    }

    /// Whether they are those of the whole service, as far as the path says: `/me/preferences` are those of who asks.
    pub(crate) fn is_called_configuration(&self) -> bool {
        has_any(&self.last_words(), &CONFIGURATION)
    }

    /// Whether the end of a path without parameters says that a request changes the installation that the service is:
    /// its cluster, its parts, its settings, or by whatever it is told to run.
    pub(crate) fn changes_the_installation(&self) -> bool {
        if self.is_safe() || self.path.parameters().next().is_some() {
            return false;
        }
        let words = self.last_words();
        let has = |known: &[&str]| has_any(&words, known);
        let posts = self.method == Method::POST;
        has(&MEMBERSHIP) && has(&CLUSTERS)
            || has(&INSTALLS) && has(&PARTS)
            || has(&RUNS) && has(&PROGRAMS)
            || posts && has(&SAVES) && has(&SETTINGS)
    }

    /// The segments of the path that say anything, the last one first.
    fn segments_from_end(&self) -> impl Iterator<Item = &str> {
        let segments = self.path.as_str().rsplit('/');
        segments.filter(|segment| !segment.is_empty())
    }

    /// The segment of the path that stands so many before the last one; empty where there is none.
    fn segment_from_end(&self, at: usize) -> &str {
        self.segments_from_end().nth(at).unwrap_or_default()
    }

    /// The last segment of the path that says anything; empty where there is none.
    pub(crate) fn last_segment(&self) -> &str {
        self.segment_from_end(0)
    }

    /// The words of the last two segments of the path.
    fn last_words(&self) -> Vec<String> {
        self.segments_from_end().take(2).flat_map(words).collect()
    }

    fn returns_all(&self) -> bool {
        let is_plain = self.path.parameters().next().is_none();
        let words: Vec<String> = self.path.as_str().split('/').flat_map(words).collect();
        let has = |known: &[&str]| has_any(&words, known);
        is_plain && has(&RETURNS) && has(&WHOLES)
    }

    /// What follows each of these that the last segment of the path begins with, in whatever case.
    fn after_verbs<'o>(&'o self, verbs: &'o [&str]) -> impl Iterator<Item = &'o str> {
        let last = self.last_segment();
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
        // `/admin/api/v1/restart` is about the admin's.
        let last = segments.next();
        let before = segments.find(|segment| !is_of_versions(segment));
        let last = last.unwrap_or_default();
        let is_of_service = before.is_none_or(|before| SERVICES.contains(&before.as_str()));
        let last_words = words(self.last_segment());
        let has = |known: &[&str]| has_any(&last_words, known);
        // `shutdown-host`, `restart-container`, `set-full-service-restart-flag`.
        let is_of_a_host = has(&HALTS) || has(&STOPS_A_SERVICE) && has(&SERVICES);
        STOPS.contains(&last.as_str())
            || is_of_a_host
            || STOPS_A_SERVICE.contains(&last.as_str()) && is_of_service
            || self.sets_access()
            || self.is_said_to_stop()
    }

    /// Whether a request may end the service, or take all from it, by a value in it: `POST /server/manage` with
    /// `{"operation": "shutdown"}`, `{"shutdown": true}`, `GET /act?action=restart`.
    pub(crate) fn may_stop_service_by(&self, values: &[&str]) -> bool {
        if self.path.parameters().next().is_some() {
            return false;
        }
        let segments = self.path.as_str().split('/');
        let mut words_of_path = segments.flat_map(words);
        let is_of_service = words_of_path
            .any(|word| SERVICES.contains(&word.as_str()) || CONTROLS.contains(&word.as_str()));
        values.iter().any(|value| {
            let value = words(value).concat();
            let is = |known: &[&str]| known.contains(&value.as_str());
            is(&HALTS) || is(&EMPTIES) || is_of_service && is(&STOPS_A_SERVICE)
        })
    }

    /// Whether the id of an operation, its summary or its description says that it ends the service or takes all from it,
    /// whatever its path is called.
    fn is_said_to_stop(&self) -> bool {
        let id = words(self.id.as_str());
        let texts = [&self.summary, &self.description].into_iter().flatten();
        has_any(&id, &HALTS)
            || texts.map(|text| text.to_lowercase()).any(|text| {
                SAID.iter().any(|said| text.starts_with(said))
                    || LOST.iter().any(|said| text.contains(said))
            })
    }

    /// Whether the end of the path names the settings that say who may come in.
    fn sets_access(&self) -> bool {
        let words = self.last_words();
        let has = |known: &[&str]| has_any(&words, known);
        has(&ACCESS) && has(&SETTINGS)
    }
}

/// Whether a segment says which version of an API this is, and nothing else.
fn is_of_versions(segment: &str) -> bool {
    let number = segment.strip_prefix('v').unwrap_or_default();
    let is_version = !number.is_empty() && number.bytes().all(|one| one.is_ascii_digit());
    is_version || ["api", "rest"].contains(&segment)
}

fn has_any(words: &[String], known: &[&str]) -> bool {
    words.iter().any(|word| known.contains(&word.as_str()))
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
    fn what_changes_the_installation_is_known_by_its_path() {
        let changes = |path: &str| {
            let document = format!(
                "openapi: 3.0.3\ninfo: {{ title: t, version: '1' }}\npaths: {{ '{path}': {{ post: {{ responses: {{}} }} }} }}"
            );
            let document = Document::parse("t", document).expect("a document");
            Contract::from_document(document).operations()[0].changes_the_installation()
        };
        for path in [
            "/swarm/leave",
            "/cluster/init",
            "/packages/add",
            "/plugins/pull",
            "/kernel/execute-code",
            "/kernel/save_user_config",
        ] {
            assert!(changes(path), "{path}");
        }
        for path in [
            "/groups/join",
            "/packages",
            "/plugins/{name}/pull",
            "/runs",
            "/settings",
            "/cart/add",
        ] {
            assert!(!changes(path), "{path}");
        }
    }

    #[test]
    fn what_is_done_to_what_is_there_is_known_by_its_last_segment() {
        let acts = |path: &str| {
            let document = format!(
                "openapi: 3.0.3\ninfo: {{ title: t, version: '1' }}\npaths: {{ '{path}': {{ post: {{ responses: {{}} }} }} }}"
            );
            let document = Document::parse("t", document).expect("a document");
            Contract::from_document(document).operations()[0].is_called_an_action()
        };
        for path in [
            "/flows/bulk_delete",
            "/flows/bulkDelete",
            "/items/_delete_by_query",
            "/trash/empty-trash",
            "/mappings/reset",
            "/mappings/save",
            "/recordings/start",
            "/events/clear/all",
            "/auth/enable",
            "/v3/cluster/member/add",
        ] {
            assert!(acts(path), "{path}");
        }
        for path in [
            "/flows",
            "/flows/filter",
            "/flows/bulk",
            "/flows/{id}/cancel",
            "/deletions",
            "/sessions/start",
            "/cart/add",
            "/sets",
            "/import",
        ] {
            assert!(!acts(path), "{path}");
        }
    }

    fn post(path: &str, members: &str) -> Contract {
        let document = format!(
            "openapi: 3.0.3\ninfo: {{ title: t, version: '1' }}\npaths: {{ '{path}': {{ post: {{ {members} }} }} }}"
        );
        let document = Document::parse("t", document).expect("a document");
        Contract::from_document(document)
    }

    #[test]
    fn a_post_that_only_looks_is_known_by_its_first_word() {
        let looks = |path: &str| post(path, "responses: {}").operations()[0].is_called_a_look();
        for path in [
            "/fleets/list",
            "/files/get_archive_by_hash",
            "/items/search",
        ] {
            assert!(looks(path), "{path}");
        }
        for path in [
            "/flows/get_or_create",
            "/lists",
            "/fleets/apply",
            "/find-and-delete",
        ] {
            assert!(!looks(path), "{path}");
        }
    }

    #[test]
    fn a_verb_that_stands_alone_acts_on_all_that_there_is() {
        let acts =
            |path: &str, members: &str| post(path, members).operations()[0].is_a_bare_action();
        let fine = "responses: { '200': { description: Fine } }";
        assert!(acts("/stop_downloads", fine));
        assert!(!acts("/tidy", fine));
        assert!(!acts("/downloads/{id}/stop", fine));
        assert!(!acts(
            "/run",
            "responses: { '202': { description: Begun } }"
        ));
        let body = |schema: &str| {
            format!(
                "requestBody: {{ content: {{ application/json: {{ schema: {schema} }} }} }}, responses: {{}}"
            )
        };
        let said = "{ type: object, properties: { to: { type: string } } }";
        assert!(!acts("/send", &body(said)));
        for nothing in [
            "{ type: object, additionalProperties: true }",
            "{ type: object, properties: { force: { type: boolean }, option: { enum: [now, later] } } }",
        ] {
            assert!(acts("/manager/stop", &body(nothing)), "{nothing}");
        }
    }

    #[test]
    fn a_parameter_that_changes_something_is_known_by_its_words_or_its_opposites() {
        let changes = |name: &str, description: &str, schema: &str| {
            let document = format!(
                "openapi: 3.0.3\ninfo: {{ title: t, version: '1' }}\npaths: {{ /a: {{ get: {{ parameters: [{{ \
                 name: {name}, in: query, description: {description}, schema: {schema} }}], responses: {{}} }} }} }}"
            );
            let document = Document::parse("t", document).expect("a document");
            let contract = Contract::from_document(document);
            contract.operations()[0].parameters[0].changes_something()
        };
        let text = "{ type: string }";
        for (name, description, schema) in [
            ("paused", "'Whether it is'", "{ enum: [paused, unpaused] }"),
            ("state", "'Set muted status'", text),
            ("now", "'Trigger a check'", text),
            ("recheck_all", "'1 for all'", text),
        ] {
            assert!(changes(name, description, schema), "{name}");
        }
        for (name, description, schema) in [
            ("limit", "'Set the number of results'", text),
            ("start", "'Start date'", text),
            ("deleted", "'Deleted things too'", text),
            ("sort", "'How it is sorted'", "{ enum: [asc, desc] }"),
        ] {
            assert!(!changes(name, description, schema), "{name}");
        }
    }

    #[test]
    fn what_ends_the_service_may_be_a_value() {
        let stops =
            |path: &str, value: &str| post(path, "").operations()[0].may_stop_service_by(&[value]);
        assert!(stops("/server/manage", "shutdown"));
        assert!(stops("/server/manage", "RESTART"));
        assert!(stops("/tasks", "power-off"));
        assert!(stops("/tasks", "factory_reset"));
        assert!(stops("/manage", "stop"));
        assert!(!stops("/server/manage", "reload"));
        // A player is stopped and goes on.
        assert!(!stops("/player", "stop"));
        assert!(!stops("/machines/{id}/actions", "reboot"));
    }

    #[test]
    fn what_ends_the_service_may_be_said_beside_its_path() {
        let stops = |said: &str| post("/ctl", said).operations()[0].may_stop_service();
        assert!(stops("operationId: shutdownServer"));
        assert!(stops("summary: Shut down or restart the server"));
        assert!(stops(
            "description: Deletes all data of the service and restarts it."
        ));
        assert!(!stops("summary: Tells when the server was shut down"));
        assert!(!stops("operationId: control"));
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
