//! Strings of a format: one line each in [`FORMATS`].

/// What makes strings of one format.
pub(super) struct Format {
    /// Its name in a schema.
    pub(super) name: &'static str,
    /// A regular expression of which every string is of the format.
    pub(super) pattern: &'static str,
    /// Strings at its edges.
    pub(super) edges: &'static [&'static str],
    /// Strings that look like it and are not of it.
    pub(super) wrong: &'static [&'static str],
}

const HOST: &str = "[a-z]{1,8}\\.example";
const URI: &str = "https://[a-z]{1,8}\\.example/[a-z0-9]{0,8}";

/// Every format that the validator knows; what else a word may mean, [`open_format`](super::open_format) knows.
pub(super) const FORMATS: &[Format] = &[
    Format {
        name: "date-time",
        pattern: "20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z",
        edges: &[
            "2024-02-29T23:59:59Z",
            "1970-01-01T00:00:00Z",
            "2030-12-31T23:59:59.999999999+14:00",
            "2001-01-01T00:00:00-12:00",
        ],
        wrong: &["2023-02-29T00:00:00Z", "2024-01-01 00:00", "yesterday"],
    },
    Format {
        name: "date",
        pattern: "20[0-9]{2}-0[1-9]-[12][0-8]",
        edges: &["2024-02-29", "1970-01-01", "9999-12-31"],
        wrong: &["2023-02-29", "2024-13-01", "01/02/2024"],
    },
    Format {
        name: "time",
        pattern: "[01][0-9]:[0-5][0-9]:[0-5][0-9]Z",
        edges: &["23:59:59Z", "00:00:00+00:00"],
        wrong: &["24:00:00Z", "noon"],
    },
    Format {
        name: "duration",
        pattern: "P[1-9]D|PT[1-9][0-9]?M",
        edges: &["PT0S", "P1Y2M3DT4H5M6S"],
        wrong: &["P", "1 day"],
    },
    Format {
        name: "uuid",
        pattern: "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        edges: &[
            "00000000-0000-0000-0000-000000000000",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        ],
        wrong: &["00000000-0000-0000-0000-00000000000", "not-a-uuid"],
    },
    Format {
        name: "email",
        pattern: "[a-z]{1,8}@[a-z]{1,8}\\.example",
        edges: &["a@b.example", "first.last+tag@sub.domain.example"],
        wrong: &["@", "nobody", "a@"],
    },
    Format {
        name: "idn-email",
        pattern: "[a-z]{1,8}@[a-z]{1,8}\\.example",
        edges: &["ü@b.example"],
        wrong: &["@", "nobody"],
    },
    Format {
        name: "hostname",
        pattern: HOST,
        edges: &["a", "xn--bcher-kva.example"],
        wrong: &["-a.example", "a b"],
    },
    Format {
        name: "idn-hostname",
        pattern: HOST,
        edges: &["bücher.example"],
        wrong: &["a b"],
    },
    Format {
        name: "uri",
        pattern: URI,
        edges: &["urn:a:b", "https://[::1]:8080/?q=%20#f"],
        wrong: &["/relative", "http://a b"],
    },
    Format {
        name: "iri",
        pattern: URI,
        edges: &["https://bücher.example/ü"],
        wrong: &["/relative"],
    },
    Format {
        name: "uri-reference",
        pattern: "/[a-z0-9]{0,8}",
        edges: &["", "../a", "#f", "https://a.example"],
        wrong: &["a b", "\\\\a"],
    },
    Format {
        name: "iri-reference",
        pattern: "/[a-z0-9]{0,8}",
        edges: &["", "../ü"],
        wrong: &["\\\\a", "#a\\b"],
    },
    Format {
        name: "uri-template",
        pattern: "/[a-z]{0,8}/\\{[a-z]{1,4}\\}",
        edges: &["{a}", ""],
        wrong: &["{a"],
    },
    Format {
        name: "ipv4",
        pattern: "10\\.[0-9]\\.[0-9]\\.[1-9]",
        edges: &["0.0.0.0", "255.255.255.255"],
        wrong: &["256.0.0.1", "1.2.3"],
    },
    Format {
        name: "ipv6",
        pattern: "2001:db8::[0-9a-f]{1,4}",
        edges: &["::", "::ffff:10.0.0.1"],
        wrong: &["12345::", "1.2.3.4"],
    },
    Format {
        name: "byte",
        pattern: "([A-Za-z0-9]{4}){0,6}",
        edges: &["", "AA==", "+/+/"],
        wrong: &[],
    },
    Format {
        name: "json-pointer",
        pattern: "(/[a-z0-9]{1,6}){0,3}",
        edges: &["", "/~0~1"],
        wrong: &["a", "/~2"],
    },
    Format {
        name: "relative-json-pointer",
        pattern: "[0-9](/[a-z0-9]{1,6}){0,3}",
        edges: &["0#"],
        wrong: &["/a", "-1"],
    },
    Format {
        name: "regex",
        pattern: "[a-z]{1,6}\\*?",
        edges: &["", "^a$"],
        wrong: &["(", "a["],
    },
];

/// A format by its name.
pub(super) fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
