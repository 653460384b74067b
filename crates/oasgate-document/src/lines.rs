//! Lines and columns of a text, found by an index: a document of one line may be as long as one of a
//! million, and thousands of findings ask.

/// How many bytes stand between two marks.
const BETWEEN_MARKS: usize = 1 << 10;

/// Where lines begin, and how many characters stand before each mark.
#[derive(Debug)]
pub(crate) struct Lines {
    /// The byte at which each line begins.
    starts: Vec<usize>,
    /// The characters before each `BETWEEN_MARKS`th byte.
    marks: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let mut starts = vec![0];
        let mut marks = Vec::with_capacity(text.len() / BETWEEN_MARKS + 1);
        let mut characters = 0;
        for chunk in text.as_bytes().chunks(BETWEEN_MARKS) {
            let offset = marks.len() * BETWEEN_MARKS;
            marks.push(characters);
            characters += characters_in(chunk);
            let ends = chunk.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            starts.extend(ends.map(|(at, _)| offset + at + 1));
        }
        Self { starts, marks }
    }

    /// The line and the column of a byte, both from 0; columns count characters.
    pub(crate) fn position(&self, text: &str, at: usize) -> (usize, usize) {
        let line = self.line(at);
        let column = self
            .characters_before(text, at)
            .saturating_sub(self.characters_before(text, self.starts[line]));
        (line, column)
    }

    /// Where the line of a byte begins and ends, without its line feed.
    pub(crate) fn bounds(&self, text: &str, at: usize) -> (usize, usize) {
        let line = self.line(at);
        let end = self
            .starts
            .get(line + 1)
            .map_or(text.len(), |next| next - 1);
        (self.starts[line], end)
    }

    fn line(&self, at: usize) -> usize {
        // The first line begins at 0, so that there is always one at or before.
        self.starts
            .partition_point(|start| *start <= at)
            .saturating_sub(1)
    }

    fn characters_before(&self, text: &str, at: usize) -> usize {
        let mark = (at / BETWEEN_MARKS).min(self.marks.len().saturating_sub(1));
        let before = self.marks.get(mark).copied().unwrap_or(0);
        before + characters_in(&text.as_bytes()[mark * BETWEEN_MARKS..at.min(text.len())])
    }
}

/// How many characters begin in these bytes.
fn characters_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn the_index_counts_as_a_reader_does() {
        let text = "öpen: é\n\n".repeat(700) + &"漢字 and more; ".repeat(500) + "\nend";
        let lines = Lines::of(&text);
        for (at, _) in text.char_indices() {
            let before = &text[..at];
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let line = before.matches('\n').count();
            let column = text[start..at].chars().count();
            assert_eq!(lines.position(&text, at), (line, column), "byte {at}");
            let end = at + text[at..].find('\n').unwrap_or(text.len() - at);
            assert_eq!(lines.bounds(&text, at), (start, end), "byte {at}");
        }
        assert_eq!(lines.position(&text, text.len()), (1401, 3));
    }

    #[test]
    fn an_empty_text_has_one_line() {
        let lines = Lines::of("");
        assert_eq!(lines.position("", 0), (0, 0));
        assert_eq!(lines.bounds("", 0), (0, 0));
    }
}
