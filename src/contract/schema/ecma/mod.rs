//! Patterns of ECMA-262, written so that a Rust engine reads them as a browser would.
//!
//! Read with the `u` flag, and what that flag forbids as Annex B reads it without (ECMA-262 §22.2.1,
//! §B.1.2): identity escapes, octal escapes, braces and brackets that stand for themselves, and
//! surrogates, which stand for one character where they come in pairs. The result is a pattern of
//! ECMA-262 too, with nothing in it that engines differ about.

mod atoms;
mod nothing;
mod read;
mod size;

pub(super) use nothing::matches_nothing;
use read::{Mode, Read, Reader};
pub(super) use size::{Cost, cost};

/// The pattern in the form that all engines agree on; `None` where it is none of ECMA-262.
pub(crate) fn plain(pattern: &str) -> Option<String> {
    read(pattern).map(|read| read.plain)
}

/// Whether a pattern has letters behind backslashes that stand for themselves in ECMA-262 and mean
/// something in Perl's or Python's language (`\\A`, `\\Z`, `\\h`). Whoever wrote it hardly meant the letter.
pub(super) fn has_foreign_escape(pattern: &str) -> bool {
    pattern.contains('\\') && read(pattern).is_some_and(|read| read.has_foreign_escape)
}

/// The message for a text that does not match a pattern, and what it should match.
pub(super) fn breach(pattern: &str) -> (String, String) {
    let note = if has_foreign_escape(pattern) {
        " (in ECMA-262, an escape like `\\A`, `\\Z` or `\\h` is the letter)"
    } else {
        ""
    };
    (
        "the text does not match the pattern".to_owned(),
        format!("pattern {pattern}{note}"),
    )
}

fn read(pattern: &str) -> Option<Read> {
    Reader::new(pattern, Mode::Unicode)
        .read()
        .or_else(|| Reader::new(pattern, Mode::Legacy).read())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{matches_nothing, plain};

    fn matches(pattern: &str, text: &str) -> bool {
        let plain = plain(pattern).unwrap_or_else(|| panic!("{pattern} is read"));
        super::super::patterns::engine::<jsonschema::json::SerdeJson>()
            .build(&json!({ "pattern": plain }))
            .unwrap_or_else(|error| panic!("{pattern} as {plain}: {error}"))
            .is_valid(&Value::from(text))
    }

    #[test]
    fn patterns_mean_what_a_browser_reads() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (r"^[^]$", &["x", "\n"], &["", "xx"]),
            (r"^a[]b$", &[], &["a", "ab"]),
            (r"^\0$", &["\0"], &["0"]),
            (r"^\07$", &["\u{7}"], &["07"]),
            (r"^\1(a)$", &["a"], &["x", "aa"]),
            (r"^(a\1)$", &["a"], &["aa"]),
            (r"^(['])?a\1$", &["a", "'a'"], &["a'"]),
            (r"^(?:(?<q>x)|y)\k<q>$", &["xx", "y"], &["yx"]),
            (r"^(?:(a)|b)*\1$", &["aa", "b"], &["c"]),
            (r"^\k<a>$", &["k<a>"], &["a"]),
            (r"^[\k<a>]$", &["k", "<"], &["b"]),
            (r"^\c$", &["\\c"], &["c"]),
            (r"^[\c]$", &["\\", "c"], &["b"]),
            (r"^[\c1]$", &["\u{11}"], &["c", "1"]),
            (r"^\8\101$", &["8A"], &["\\8A"]),
            (r"^\A\Z\h$", &["AZh"], &["", "\t"]),
            (r"^\p{NoSuch}$", &["p{NoSuch}"], &["a"]),
            (r"^\u{2}]$", &["uu]"], &["\u{2}]"]),
            (r"^(?=a)*b$", &["b"], &["ab"]),
            (r"^(?=b)+b$", &["b"], &["ab"]),
            (r"^(?=(b)){0,3}?b\1$", &["b"], &["c"]),
            (r"^(?!a){2}b$", &["b"], &["ab"]),
            (r"^[\B]$", &["B"], &["b"]),
            (r"^\-\p{L}$", &["-é"], &["-1"]),
            (r"^(?<y>\d{4})-\k<y>$", &["2026-2026"], &["2026-2025"]),
            (r"^(a)(?<n>b)\k<n>\1$", &["abba"], &["abab"]),
            (r"^\d\d$", &["12"], &["١٢"]),
            (r"^(?=.*\d)[\s\S]+$", &["a1"], &["a١", "a"]),
            (r"\bcat\b", &["a cat b", "écat"], &["acat", "cat_"]),
            (r"^\s$", &["\u{feff}", "\u{a0}", "\t"], &["\u{85}"]),
            (r"^[\S]$", &["a", "é", "😀"], &[" ", "\u{2028}"]),
            (r"^[\W]$", &["é", "-", "{"], &["a", "_"]),
            (r"^[\D]$", &["a", "/", ":"], &["5"]),
            (r"^.$", &["a", "😀"], &["\n", "\u{2028}"]),
            (r"^[\uD83D\uDE00-\uD83D\uDE4F]$", &["😀"], &["x"]),
            (r"^\ud83d[\ude00-\ude4f]$", &["😀"], &["x"]),
            (
                r"^(?:[\ud800-\udbff][\udc00-\udfff]|[a-z])+$",
                &["a😀"],
                &["A"],
            ),
            (r"^[\w- ]*$", &["a-b c"], &["é"]),
            (r"^[a-\d]$", &["a", "-", "7"], &["b"]),
            (r"^a{,5}$", &["a{,5}"], &["a"]),
            (r"^a{2,3}$", &["aa"], &["a"]),
            (r"^x{a}$", &["x{a}"], &["xa"]),
            (r"^\{\}$", &["{}"], &[""]),
            (r"^a]b}$", &["a]b}"], &["ab"]),
            (r"^\_\-\@\#\ \:$", &["_-@# :"], &["\\_"]),
            (r"^[\b]$", &["\u{8}"], &["b"]),
            (r"^\cJ\x41\u0042\u{43}$", &["\nABC"], &["JABC"]),
            (r"^[&&~~\-\]\[^]+$", &["&~-][^"], &["a"]),
            (r"^\p{L}+$", &["été"], &["a1"]),
            (r"^[\p{Lu}_]+$", &["AÉ_"], &["a"]),
            (r"^(?i:abc)$", &["ABC"], &["x"]),
            (r"^\y\m$", &["ym"], &["\\y"]),
            (r"(?<!\.)$", &["a"], &["a."]),
        ];
        for (pattern, good, bad) in table {
            for text in *good {
                assert!(matches(pattern, text), "{pattern} matches {text:?}");
            }
            for text in *bad {
                assert!(!matches(pattern, text), "{pattern} does not match {text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_of_ecma_is_not_read() {
        for pattern in [
            r"(?i)^a$",
            r"[a",
            r"a\",
            r"(?P<x>a)",
            r"[z-a]",
            r"a**",
            r"a++",
            r"^*a",
            r"{1}",
            r"a{2,1}",
            r"(?>a)",
            r"(?#a)",
            r"(?<a>x)\k<b>",
            r"a)",
            r"(a",
        ] {
            let built = plain(pattern).map(|plain| {
                super::super::patterns::engine::<jsonschema::json::SerdeJson>()
                    .build(&json!({ "pattern": plain }))
                    .is_ok()
            });
            assert_ne!(built, Some(true), "{pattern}");
        }
    }

    #[test]
    fn what_matches_nothing_is_proved() {
        for pattern in [r"/^[a-z]+$/", r"/^a/", r"a$b", r"x(?:^a|^b)", r"^a[]b$"] {
            assert!(
                plain(pattern).is_some_and(|plain| matches_nothing(&plain)),
                "{pattern}"
            );
        }
        for pattern in [
            r"^[a-z]+$",
            r"/a/",
            r"a*^b",
            r"(?:^|/)a(?:$|/)",
            r"^$",
            r"(^a)?b",
        ] {
            assert!(
                plain(pattern).is_some_and(|plain| !matches_nothing(&plain)),
                "{pattern}"
            );
        }
    }
}
