//! Escapes of the languages in which a secret may come back.

/// What stands in a text instead of its bytes.
pub(super) enum Meant {
    Byte(u8),
    Character(char),
    Nothing,
}

/// The escape with which a text begins: what it means, and its length.
pub(super) fn unescaped(text: &[u8]) -> Option<(Meant, usize)> {
    match text[0] {
        // As `escape` of JavaScript writes it.
        b'%' if text.get(1) == Some(&b'u') => Some((
            Meant::Character(char::from_u32(hexadecimal(text.get(2..6)?)?)?),
            6,
        )),
        b'%' => Some((
            Meant::Byte(hexadecimal(text.get(1..3)?)?.try_into().ok()?),
            3,
        )),
        b'\\' => backslash(text),
        b'&' => entity(text),
        // Quoted-printable (RFC 2045 §6.7).
        b'=' => Some((
            Meant::Byte(hexadecimal(text.get(1..3)?)?.try_into().ok()?),
            3,
        )),
        // UTF-16 that is read as single bytes.
        0 => Some((Meant::Nothing, 1)),
        // Letters as wide as Chinese ones (U+FF01 to U+FF5E).
        0xef if text.len() >= 3 => {
            let wide = std::str::from_utf8(&text[..3]).ok()?.chars().next()?;
            let ascii = u32::from(wide).checked_sub(0xfee0)?;
            let ascii = char::from_u32(ascii).filter(char::is_ascii_graphic)?;
            Some((Meant::Character(ascii), 3))
        }
        // A space of no width (U+200B) and its like only hide what stands around them.
        0xe2 if [[0x80, 0x8b], [0x80, 0x8c], [0x80, 0x8d], [0x81, 0xa0]]
            .iter()
            .any(|rest| text[1..].starts_with(rest)) =>
        {
            Some((Meant::Nothing, 3))
        }
        _ => None,
    }
}

/// An escape as JSON, JavaScript and Rust write it.
fn backslash(text: &[u8]) -> Option<(Meant, usize)> {
    let code = |digits: &[u8], length| {
        let character = char::from_u32(hexadecimal(digits)?)?;
        Some((Meant::Character(character), length))
    };
    match text.get(1)? {
        b'u' if text.get(2) == Some(&b'{') => {
            let end = text.iter().take(10).position(|byte| *byte == b'}')?;
            code(&text[3..end], end + 1)
        }
        b'u' => code(text.get(2..6)?, 6),
        b'x' => code(text.get(2..4)?, 4),
        b'0'..=b'3' => {
            let digits = std::str::from_utf8(text.get(1..4)?).ok()?;
            Some((Meant::Byte(u8::from_str_radix(digits, 8).ok()?), 4))
        }
        b'n' => Some((Meant::Byte(b'\n'), 2)),
        b'r' => Some((Meant::Byte(b'\r'), 2)),
        b't' => Some((Meant::Byte(b'\t'), 2)),
        escaped @ (b'"' | b'\'' | b'\\' | b'/') => Some((Meant::Byte(*escaped), 2)),
        _ => None,
    }
}

/// The characters of ASCII that have a name in HTML.
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("grave", '`'),
    ("gt", '>'),
    ("Hat", '^'),
    ("lbrace", '{'),
    ("lbrack", '['),
    ("lcub", '{'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lsqb", '['),
    ("lt", '<'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("quot", '"'),
    ("rbrace", '}'),
    ("rbrack", ']'),
    ("rcub", '}'),
    ("rpar", ')'),
    ("rsqb", ']'),
    ("semi", ';'),
    ("sol", '/'),
    ("verbar", '|'),
    ("vert", '|'),
];

/// A character reference as HTML and XML write it.
fn entity(text: &[u8]) -> Option<(Meant, usize)> {
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let character = match &text[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hexadecimal(digits)?)?,
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?)?,
        name => {
            let (_, character) = ENTITIES
                .iter()
                .find(|(known, _)| known.as_bytes() == name)?;
            *character
        }
    };
    Some((Meant::Character(character), end + 1))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
