//! What a service answers is hostile text: made visible before a person sees it.

use std::borrow::Cow;

/// The text with control characters, terminal escapes and direction overrides written out as
/// `\u{1b}`. Line breaks and tabs become `\n` and `\t`, so that one message stays one line.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hostile if is_hostile(hostile) => shown.extend(hostile.escape_unicode()),
            harmless => shown.push(harmless),
        }
    }
    Cow::Owned(shown)
}

/// Characters that a terminal acts upon, or that change how others are shown.
fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn escapes_and_overrides_are_made_visible() {
        assert_eq!(
            visible("\u{1b}[2J\u{7}x\n\u{202e}"),
            "\\u{1b}[2J\\u{7}x\\n\\u{202e}"
        );
        assert_eq!(visible("plain ä €"), "plain ä €");
        assert_eq!(visible("\u{9b}31m"), "\\u{9b}31m");
    }
}
