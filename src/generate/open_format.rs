//! Texts of formats that nobody defines and everybody understands.
//!
//! `format` is open-valued (OpenAPI 3.0.4 §4.4, JSON Schema 2020-12 §7.2.3): frameworks write words of their own
//! there, and refuse what is not meant by them. What a word evidently means is only ever a choice among valid
//! values; nothing is said of what else may be of the format.

const UUID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const DATE: &str = "20[0-9]{2}-0[1-9]-[12][0-8]";
const CLOCK: &str = "[01][0-9]:[0-5][0-9]:[0-5][0-9]";
const LOCAL: &str = "20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]";
const INSTANT: &str = "20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z";
const URL: &str = "https://[a-z]{1,8}\\.example/[a-z0-9]{0,8}";
const HOST: &str = "[a-z]{1,8}\\.example";
const IPV4: &str = "10\\.[0-9]\\.[0-9]\\.[1-9]";
const IPV6: &str = "2001:db8::[0-9a-f]{1,4}";
/// Small, so that it is within the bounds that stand beside it.
const WHOLE: &str = "[1-5]|[1-9][0-9]";
const DECIMAL: &str = "[1-9][0-9]{0,2}\\.[0-9]{2}";
const BASE64: &str = "([A-Za-z0-9]{4}){1,6}";

/// Words in small letters and digits alone, and a regular expression of which every text is of what they mean.
const MEANINGS: &[(&[&str], &str)] = &[
    // Times: chrono, java.time, TypeBox, RFC 3339's grammar.
    (
        &[
            "datetime",
            "timestamp",
            "instant",
            "iso8601",
            "isodatetime",
            "rfc3339",
            "utcdatetime",
            "offsetdatetime",
            "zoneddatetime",
        ],
        INSTANT,
    ),
    (
        &[
            "naivedatetime",
            "localdatetime",
            "partialdatetime",
            "datetimelocal",
        ],
        LOCAL,
    ),
    (
        &[
            "naivedate",
            "localdate",
            "fulldate",
            "isodate",
            "dateonly",
            "calendardate",
            "plaindate",
        ],
        DATE,
    ),
    (
        &[
            "naivetime",
            "localtime",
            "partialtime",
            "timeonly",
            "isotime",
            "plaintime",
            "timespan",
        ],
        CLOCK,
    ),
    (&["fulltime"], "[01][0-9]:[0-5][0-9]:[0-5][0-9]Z"),
    (&["yearmonth"], "20[0-9]{2}-0[1-9]"),
    (&["year"], "20[0-9]{2}"),
    (&["isoduration", "iso8601duration", "period"], "P[1-9]D"),
    (&["unixtime", "unixtimestamp", "epoch"], "1[67][0-9]{8}"),
    (
        &[
            "timezone",
            "timezoneid",
            "timezonename",
            "tz",
            "iana",
            "ianatimezone",
            "zoneid",
        ],
        "Europe/Berlin|America/New_York|Asia/Tokyo",
    ),
    (&["cron", "cronexpression"], "[0-5]?[0-9] [0-9] \\* \\* \\*"),
    // Identifiers.
    (&["guid", "uuid4", "uuidv4"], UUID),
    (
        &["uuid7", "uuidv7"],
        "01[0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ),
    (
        &["objectid", "mongoid", "mongoobjectid", "bsonobjectid"],
        "[0-9a-f]{24}",
    ),
    (&["ulid"], "01[0-9A-HJKMNP-TV-Z]{24}"),
    (&["cuid"], "c[a-z0-9]{24}"),
    (&["cuid2"], "[a-z][a-z0-9]{23}"),
    (&["nanoid"], "[A-Za-z0-9_-]{21}"),
    (&["ksuid"], "1[0-9A-Za-z]{26}"),
    (&["xid"], "[0-9a-v]{20}"),
    (&["snowflake", "snowflakeid"], "[1-9][0-9]{16}"),
    (&["slug"], "[a-z]{3,8}(-[a-z]{2,6})?"),
    (&["username", "handle"], "[a-z]{3,8}[0-9]{2}"),
    // Places on the network.
    (
        &["url", "httpurl", "httpsurl", "weburl", "link", "href"],
        URL,
    ),
    (&["urn"], "urn:example:[a-z0-9]{3,8}"),
    (
        &["email", "emailaddress", "mail"],
        "[a-z]{1,8}@[a-z]{1,8}\\.example",
    ),
    (&["domain", "domainname", "fqdn", "host", "dns"], HOST),
    (
        &[
            "ip",
            "ip4",
            "ipaddress",
            "ipv4address",
            "ipvanyaddress",
            "inet",
            "inetaddress",
        ],
        IPV4,
    ),
    (&["ip6", "ipv6address"], IPV6),
    (
        &[
            "cidr",
            "cidrv4",
            "ipv4cidr",
            "ipv4network",
            "ipnetwork",
            "ipvanynetwork",
            "subnet",
        ],
        "10\\.[0-9]\\.[0-9]\\.0/24",
    ),
    (
        &["cidrv6", "ipv6cidr", "ipv6network"],
        "2001:db8:[1-9a-f]{1,3}::/48",
    ),
    (&["mac", "macaddress", "eui48"], "02(:[0-9a-f]{2}){5}"),
    (&["port"], "[1-9][0-9]{3}"),
    (&["path", "filepath"], "/[a-z]{3,8}/[a-z]{3,8}"),
    // Numbers and other values as texts.
    (
        &[
            "integer",
            "int",
            "long",
            "bigint",
            "biginteger",
            "serial",
            "digits",
        ],
        WHOLE,
    ),
    (
        &["number", "numeric", "numericstring", "numberstring"],
        WHOLE,
    ),
    (
        &["bigdecimal", "bignumber", "money", "amount", "price"],
        DECIMAL,
    ),
    (&["boolean", "bool", "booleanstring"], "true|false"),
    (&["json", "jsonstring", "objectstring"], "\\{\\}"),
    (&["arraystring"], "\\[\\]"),
    (&["latitude", "lat"], "[1-8][0-9]\\.[0-9]{4}"),
    (&["longitude", "lon", "lng"], "1[0-7][0-9]\\.[0-9]{4}"),
    // Bytes as texts.
    (&["base64"], BASE64),
    (&["base32"], "([A-Z2-7]{8}){1,3}"),
    (&["hex", "hexadecimal", "hexstring"], "([0-9a-f]{2}){1,8}"),
    (&["md5"], "[0-9a-f]{32}"),
    (&["sha1"], "[0-9a-f]{40}"),
    (&["sha256"], "[0-9a-f]{64}"),
    (&["sha512"], "[0-9a-f]{128}"),
    (
        &["jwt", "jsonwebtoken"],
        "eyJhbGciOiJIUzI1NiJ9\\.eyJzdWIiOiIxIn0\\.[A-Za-z0-9_-]{42}A",
    ),
    // Names from lists that others keep.
    (
        &["phone", "phonenumber", "tel", "telephone", "mobile", "e164"],
        "\\+1201555[0-9]{4}",
    ),
    (&["currency", "currencycode", "iso4217"], "EUR|USD|GBP|JPY"),
    (
        &[
            "country",
            "countrycode",
            "iso3166",
            "iso31661alpha2",
            "iso3166alpha2",
            "countrycode2",
        ],
        "DE|US|GB|JP",
    ),
    (
        &["iso31661alpha3", "iso3166alpha3", "countrycode3"],
        "DEU|USA|GBR|JPN",
    ),
    (
        &["locale", "languagetag", "bcp47"],
        "en-US|de-DE|fr-FR|ja-JP",
    ),
    (
        &["language", "languagecode", "lang", "iso6391"],
        "en|de|fr|ja",
    ),
    (
        &["mime", "mimetype", "mediatype", "contenttype"],
        "text/plain|image/png|application/json",
    ),
    (
        &["semver", "semanticversion"],
        "[0-9]\\.[1-9]?[0-9]\\.[0-9]",
    ),
    (
        &["color", "colour", "hexcolor", "rgbhex", "csscolor"],
        "#[0-9a-f]{6}",
    ),
    (
        &["postalcode", "postcode", "zip", "zipcode"],
        "[1-9][0-9]{4}",
    ),
    (&["iban"], "DE89370400440532013000|GB82WEST12345698765432"),
    (&["bic", "swift"], "DEUTDEFF|NEDSZAJJ"),
    (
        &["creditcard", "creditcardnumber", "paymentcardnumber"],
        "4111111111111111|5555555555554444",
    ),
    (&["isbn", "isbn13"], "9780140449136|9783161484100"),
    (&["isbn10"], "0306406152|0140449132"),
    (&["ean", "ean13", "gtin"], "4006381333931"),
    (&["alpha"], "[a-z]{3,8}"),
    (&["alphanumeric", "alphanum"], "[a-z]{2,5}[0-9]{1,4}"),
];

/// A regular expression for what a format evidently means; `None` for a word that says nothing, or whose texts are
/// defined elsewhere.
pub(super) fn meaning(format: &str) -> Option<&'static str> {
    let word: String = format
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|one| one.to_ascii_lowercase())
        .collect();
    MEANINGS
        .iter()
        .find(|(words, _)| words.contains(&word.as_str()))
        .map(|(_, pattern)| *pattern)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{MEANINGS, meaning};
    use crate::generate::pattern::Pattern;

    #[test]
    fn each_word_stands_once_and_has_texts() {
        let mut known = HashSet::new();
        for (words, pattern) in MEANINGS {
            assert!(Pattern::parse(pattern).is_some(), "{pattern}");
            for word in *words {
                assert!(known.insert(word), "`{word}` stands twice");
                assert_eq!(meaning(word), Some(*pattern), "`{word}` is found");
            }
        }
    }

    #[test]
    fn a_word_is_known_however_it_is_written() {
        for written in ["naive-date", "NaiveDate", "naive_date"] {
            assert_eq!(meaning(written), meaning("naivedate"), "{written}");
        }
        assert_eq!(meaning("frobnicated"), None);
        assert_eq!(meaning(""), None);
    }
}
