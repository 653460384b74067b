//! A page of the guide as its test reads it: blocks of code with what is to be done with them, links,
//! headings.
//!
//! What a reader is not to see stands in comments, `<!-- guide: WORD ... -->`:
//!
//! | words | |
//! |---|---|
//! | `file NAME FROM` | the page's folder has a copy of this file or folder of the project |
//! | `service NAME [FAULT...]` | `http://localhost:8080` is this stand-in: `orders` or `vantage` |
//! | `port NUMBER` | the number stands for a free port in all that follows |
//! | `needs COMMAND` | the page is run where this command succeeds |
//! | `write NAME` | the next block is this file from here on |
//! | `same FILE` | the next block is part of this file of the project, which other tests run |
//! | `exit CODE` | the last command of the next block ends so |
//! | `skip REASON` | the next block is not run |

use std::{
    fs,
    path::{Path, PathBuf},
};

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// What begins a comment for the test.
const MARK: &str = "<!-- guide:";

/// A page.
pub(super) struct Page {
    pub(super) path: PathBuf,
    pub(super) steps: Vec<Step>,
    /// Targets of links and pictures.
    pub(super) links: Vec<String>,
    /// What links can point to within it.
    pub(super) anchors: Vec<String>,
}

/// One thing that a page says to its test, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A word about the whole page, and its arguments.
    Setting(String, Vec<String>),
    Block(Block),
}

/// A block of code.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) language: String,
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) fate: Fate,
}

/// What is done with a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Fate {
    #[default]
    Usual,
    Write(String),
    Same(String),
    Exit(i32),
    Skip(String),
}

impl Page {
    pub(super) fn read(path: &Path) -> Self {
        let text =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Self {
        let mut page = Self {
            path: path.to_path_buf(),
            steps: Vec::new(),
            links: Vec::new(),
            anchors: Vec::new(),
        };
        let mut fate = Fate::Usual;
        let mut block: Option<Block> = None;
        let mut heading: Option<String> = None;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            let line = text[..range.start].matches('\n').count() + 1;
            match event {
                Event::Html(html) => {
                    for comment in html.lines() {
                        page.comment(comment, line, &mut fate);
                    }
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language = match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    block = Some(Block {
                        language,
                        text: String::new(),
                        line,
                        fate: std::mem::take(&mut fate),
                    });
                }
                Event::End(TagEnd::CodeBlock) => page.steps.extend(block.take().map(Step::Block)),
                Event::Start(Tag::Heading { level, .. }) if level <= HeadingLevel::H4 => {
                    heading = Some(String::new());
                }
                Event::End(TagEnd::Heading(_)) => {
                    if let Some(title) = heading.take() {
                        page.anchors.push(anchor(&title));
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.to_string());
                }
                Event::Text(part) | Event::Code(part) => {
                    if let Some(block) = &mut block {
                        block.text.push_str(&part);
                    } else if let Some(title) = &mut heading {
                        title.push_str(&part);
                    }
                }
                _ => {}
            }
        }
        assert_eq!(
            fate,
            Fate::Usual,
            "{}: no block follows this comment",
            path.display()
        );
        page
    }

    fn comment(&mut self, comment: &str, line: usize, fate: &mut Fate) {
        let Some(words) = comment.trim().strip_prefix(MARK) else {
            return;
        };
        let words = words.trim_end_matches("-->").trim();
        let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
        let rest = rest.trim();
        match word {
            "write" => *fate = Fate::Write(rest.to_owned()),
            "same" => *fate = Fate::Same(rest.to_owned()),
            "exit" => *fate = Fate::Exit(rest.parse().expect("a number")),
            "skip" => {
                assert!(!rest.is_empty(), "{}:{line}: why?", self.path.display());
                *fate = Fate::Skip(rest.to_owned());
            }
            "needs" => self
                .steps
                .push(Step::Setting(word.to_owned(), vec![rest.to_owned()])),
            "file" | "service" | "port" => {
                let words = rest.split(' ').map(str::to_owned).collect();
                self.steps.push(Step::Setting(word.to_owned(), words));
            }
            _ => panic!("{}:{line}: {word:?} is no word", self.path.display()),
        }
    }

    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.steps.iter().filter_map(|step| match step {
            Step::Block(block) => Some(block),
            Step::Setting(..) => None,
        })
    }
}

/// The name of a heading in a link, as mdBook and forges make it.
fn anchor(title: &str) -> String {
    let mut name = String::new();
    for character in title.trim().chars() {
        if character.is_alphanumeric() || matches!(character, '-' | '_') {
            name.extend(character.to_lowercase());
        } else if character.is_whitespace() {
            name.push('-');
        }
    }
    name
}

#[test]
fn a_page_is_read_with_what_its_comments_say() {
    let text = "\
# A *title*, with `code`

<!-- guide: file a.yaml tests/a.yaml -->
<!-- guide: exit 1 -->
```console
$ false
```

See [there](other.md#here).

```toml
```
";
    let page = Page::parse(Path::new("x.md"), text);
    assert_eq!(page.anchors, ["a-title-with-code"]);
    assert_eq!(page.links, ["other.md#here"]);
    let block = |language: &str, text: &str, line, fate| {
        Step::Block(Block {
            language: language.to_owned(),
            text: text.to_owned(),
            line,
            fate,
        })
    };
    let file = ["a.yaml", "tests/a.yaml"].map(str::to_owned).to_vec();
    assert_eq!(
        page.steps,
        [
            Step::Setting("file".to_owned(), file),
            block("console", "$ false\n", 5, Fate::Exit(1)),
            block("toml", "", 11, Fate::Usual),
        ]
    );
}
