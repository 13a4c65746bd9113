//! A page of Markdown, as far as it can be run.
//!
//! In comes its text; out go its fenced blocks with what their info strings say, and its headings. What a block means is
//! [`super::plan`]'s; nothing is run here.

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    /// Where it is, from the root of the repository.
    pub(super) path: String,
    pub(super) parts: Vec<Part>,
    /// The lines of blocks that are none: indented, so that nothing can be said of them.
    pub(super) indented: Vec<usize>,
}

#[derive(Debug)]
pub(super) enum Part {
    /// A heading of the second level or above: whoever reads on begins anew.
    Section,
    Block(Block),
}

/// What stands between two fences.
#[derive(Debug)]
pub(super) struct Block {
    /// The line of the fence, from 1 on.
    pub(super) line: usize,
    /// The first word behind the fence.
    pub(super) language: String,
    /// The others, `name` or `name=value`.
    attributes: Vec<(String, String)>,
    pub(super) text: String,
}

impl Block {
    /// What an attribute says; empty if it says nothing but that it is there.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_str())
    }
}

impl Page {
    pub(super) fn read(path: &str, text: &str) -> Self {
        let mut page = Self { path: path.to_owned(), parts: Vec::new(), indented: Vec::new() };
        let mut fenced: Option<Block> = None;
        let mut blank = true;
        let mut in_a_list = false;
        for (line, at) in text.lines().zip(1..) {
            if let Some(mut block) = fenced.take() {
                if line == "```" {
                    page.parts.push(Part::Block(block));
                } else {
                    block.text += &format!("{line}\n");
                    fenced = Some(block);
                }
                continue;
            }
            if let Some(info) = line.strip_prefix("```") {
                fenced = Some(block(info, at));
            } else if line.starts_with("# ") || line.starts_with("## ") {
                page.parts.push(Part::Section);
            } else if line.starts_with("    ") && blank && !in_a_list {
                page.indented.push(at);
            }
            if !line.is_empty() && !line.starts_with(' ') {
                let item = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
                in_a_list = item.len() < line.len() && item.starts_with(' ');
            }
            blank = line.is_empty() || (blank && line.starts_with("    "));
        }
        assert!(fenced.is_none(), "{path}: a fence without an end");
        page
    }

    /// What it says shall stand in a file of that name.
    pub(super) fn block_for(&self, file: &str) -> &str {
        let blocks = self
            .parts
            .iter()
            .filter_map(|part| if let Part::Block(block) = part { Some(block) } else { None });
        &blocks.into_iter().find(|block| block.attribute("file") == Some(file)).unwrap().text
    }
}

fn block(info: &str, line: usize) -> Block {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or_default().to_owned();
    let attributes = words.map(|word| word.split_once('=').unwrap_or((word, "")));
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Block { line, language, attributes, text: String::new() }
}

#[test]
fn fences_headings_and_what_is_indented_are_told_apart() {
    let page = Page::read(
        "page.md",
        "# Title\n\n    an old block\n\n- an item\n\n    its text\n\n```sh exit=1 background\n# no heading\nfalse\n```\n",
    );
    assert_eq!(page.indented, [3]);
    let [Part::Section, Part::Block(block)] = &page.parts[..] else { panic!("{page:?}") };
    assert_eq!(
        (block.line, block.language.as_str(), block.text.as_str()),
        (9, "sh", "# no heading\nfalse\n")
    );
    assert_eq!(
        (block.attribute("exit"), block.attribute("background"), block.attribute("port")),
        (Some("1"), Some(""), None)
    );
}
