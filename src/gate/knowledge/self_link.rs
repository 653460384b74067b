//! What an answer says where the thing is that it shows: its own URL among its members, where no `Location` has it.

use serde_json::Value;

use crate::contract::graph::words;

/// Members that hold links, of which one is that of the thing itself.
const LINKS: [&str; 2] = ["_links", "links"];

/// What the link of the thing itself is called.
const OWN: [&str; 7] = [
    "@id",
    "href",
    "resource_uri",
    "self",
    "self_url",
    "uri",
    "url",
];

/// The URLs by which an answer names what it shows, whole or from the root of the service on, the surest first:
/// `_links.self.href`, `url`, `pulp_href`.
pub(super) fn self_links(answer: &Value) -> Vec<&str> {
    // One thing in a list of one is the thing.
    let one = match answer {
        Value::Array(items) if items.len() == 1 => &items[0],
        other => other,
    };
    let mut links = Vec::new();
    for holder in LINKS.iter().filter_map(|name| one.get(name)) {
        let own = holder.get("self");
        links.extend(own.and_then(|own| own.as_str().or_else(|| own.get("href")?.as_str())));
    }
    links.extend(OWN.iter().filter_map(|name| one.get(name)?.as_str()));
    let members = one.as_object().into_iter().flatten();
    let named = members.filter(|(name, _)| {
        let words = words(name);
        words.len() == 2 && words.last().is_some_and(|last| last == "href")
    });
    links.extend(named.filter_map(|(_, value)| value.as_str()));
    links.retain(|link| link.starts_with('/') || link.contains("://"));
    links
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_link_of_the_thing_itself_is_known() {
        let links = |answer: Value| self_links(&answer).join(" ");
        assert_eq!(
            links(json!({ "url": "http://h/users/3/", "name": "a" })),
            "http://h/users/3/"
        );
        assert_eq!(links(json!([{ "pulp_href": "/users/3/" }])), "/users/3/");
        let hal = json!({ "_links": { "self": { "href": "/a/1" }, "next": { "href": "/a/2" } } });
        assert_eq!(links(hal), "/a/1");
        assert_eq!(links(json!({ "links": { "self": "/a/1" } })), "/a/1");
        assert_eq!(
            links(json!({ "url": "no link", "owner_url_href": "/o" })),
            ""
        );
    }
}
