//! From text to trees, as Go's parser goes about it.
//!
//! In: the text of a template. Out: its trees, one for the text itself and one for each template that is defined in it,
//! or the first fault in Go's words. Blocks are here, what stands in an action is in [`pipeline`].
//!
//! Not done as Go does it: blocks and parentheses may stand in each other [`DEEPEST`] deep and no more.

mod item;
mod lex;
mod literal;
mod pipeline;
pub(super) mod number;

use std::collections::BTreeMap;

use self::{
    item::{Item, Keyword, Kind},
    lex::Lexer,
};
use super::node::{Block, List, Node};

/// So many blocks and parentheses may stand in each other.
pub(super) const DEEPEST: usize = 100;

/// What is wrong, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) line: u32,
}

/// The trees of a text by their names; the text's own is called `name`.
pub(super) fn parse(text: &str, name: &str) -> Result<BTreeMap<String, List>, Fault> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        trees: BTreeMap::new(),
        ahead: Ahead::default(),
        variables: vec!["$".to_owned()],
        action_line: 0,
        ranges: 0,
        depth: 0,
        name,
    };
    let root = parser.root()?;
    parser.add(name, root)?;
    Ok(parser.trees)
}

/// Items that were looked at, the last of them first.
#[derive(Default)]
struct Ahead<'a> {
    waiting: Vec<Item<'a>>,
    /// The line of the item that was read last, which errors name.
    line: u32,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    trees: BTreeMap<String, List>,
    // Of the tree that is being parsed.
    ahead: Ahead<'a>,
    variables: Vec<String>,
    action_line: u32,
    ranges: usize,
    depth: usize,
    name: &'a str,
}

/// What ends a list.
#[derive(PartialEq, Eq)]
enum End {
    End,
    /// Where it stands.
    Else(usize),
}

impl End {
    fn name(&self) -> &'static str {
        if *self == Self::End { "{{end}}" } else { "{{else}}" }
    }
}

/// What an action is.
enum Action {
    Node(Node),
    End(End),
}

impl<'a> Parser<'a> {
    fn root(&mut self) -> Result<List, Fault> {
        let mut list = List { pos: self.peek().pos, nodes: Vec::new() };
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelim {
                let delim = self.next();
                let word = self.next_no_space();
                if word.kind == Kind::Keyword(Keyword::Define) {
                    self.definition()?;
                    continue;
                }
                self.back(word);
                self.back(delim);
            }
            match self.text_or_action()? {
                Action::Node(node) => list.nodes.push(node),
                Action::End(end) => return Err(self.fault(format!("unexpected {}", end.name()))),
            }
        }
        Ok(list)
    }

    fn definition(&mut self) -> Result<(), Fault> {
        const CONTEXT: &str = "define clause";
        self.in_new_tree(|parser| {
            let name = parser.next_no_space();
            if !matches!(name.kind, Kind::String | Kind::RawString) {
                return Err(parser.unexpected(&name, CONTEXT));
            }
            let name = parser.name_in(&name)?;
            parser.expect(Kind::RightDelim, CONTEXT)?;
            let (list, end) = parser.list()?;
            if end != End::End {
                return Err(parser.fault(format!("unexpected {} in {CONTEXT}", end.name())));
            }
            parser.add(&name, list)
        })
    }

    /// A tree of its own has its own variables.
    fn in_new_tree<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let (action_line, ranges) = (std::mem::take(&mut self.action_line), std::mem::take(&mut self.ranges));
        let done = parse(self)?;
        (self.variables, self.action_line, self.ranges) = (variables, action_line, ranges);
        Ok(done)
    }

    /// Keeps a tree. An empty one gives way.
    fn add(&mut self, name: &str, list: List) -> Result<(), Fault> {
        let kept = self.trees.get(name);
        if kept.is_none_or(is_empty) {
            self.trees.insert(name.to_owned(), list);
        } else if !is_empty(&list) {
            let name = crate::metrics::quote::quoted(name);
            return Err(self.fault(format!("template: multiple definition of template {name}")));
        }
        Ok(())
    }

    /// Up to the end or an else.
    fn list(&mut self) -> Result<(List, End), Fault> {
        self.deeper()?;
        let mut list = List { pos: self.peek_no_space().pos, nodes: Vec::new() };
        while self.peek_no_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Action::Node(node) => list.nodes.push(node),
                Action::End(end) => {
                    self.depth -= 1;
                    return Ok((list, end));
                }
            }
        }
        Err(self.fault("unexpected EOF"))
    }

    fn deeper(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(self.fault("max expression depth exceeded")) } else { Ok(()) }
    }

    fn text_or_action(&mut self) -> Result<Action, Fault> {
        let item = self.next_no_space();
        match item.kind {
            Kind::Text => Ok(Action::Node(Node::Text { pos: item.pos, text: item.text.into_owned() })),
            Kind::LeftDelim => {
                self.action_line = item.line;
                let action = self.action()?;
                self.action_line = 0;
                Ok(action)
            }
            _ => Err(self.unexpected(&item, "input")),
        }
    }

    fn action(&mut self) -> Result<Action, Fault> {
        let item = self.next_no_space();
        let Kind::Keyword(keyword) = item.kind else { return self.plain_action(item) };
        let node = match keyword {
            Keyword::If => self.branch(Block::If)?,
            Keyword::With => self.branch(Block::With)?,
            Keyword::Range => self.branch(Block::Range)?,
            Keyword::Block => self.block()?,
            Keyword::Template => self.call()?,
            Keyword::Break => self.leave(Node::Break { pos: item.pos }, "{{break}}")?,
            Keyword::Continue => self.leave(Node::Continue { pos: item.pos }, "{{continue}}")?,
            Keyword::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Action::End(End::End));
            }
            Keyword::Else => {
                let next = self.peek_no_space();
                let chains = matches!(next.kind, Kind::Keyword(Keyword::If | Keyword::With));
                let pos = if chains { next.pos } else { self.expect(Kind::RightDelim, "else")?.pos };
                return Ok(Action::End(End::Else(pos)));
            }
            Keyword::Define | Keyword::Dot | Keyword::Nil => return self.plain_action(item),
        };
        Ok(Action::Node(node))
    }

    fn plain_action(&mut self, first: Item<'a>) -> Result<Action, Fault> {
        let pos = first.pos;
        self.back(first);
        Ok(Action::Node(Node::Action { pos, pipe: self.pipeline("command", Kind::RightDelim)? }))
    }

    fn leave(&mut self, node: Node, name: &str) -> Result<Node, Fault> {
        let item = self.next_no_space();
        if item.kind != Kind::RightDelim {
            return Err(self.unexpected(&item, name));
        }
        if self.ranges == 0 {
            return Err(self.fault(format!("{name} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    fn branch(&mut self, block: Block) -> Result<Node, Fault> {
        let variables = self.variables.len();
        let pipe = self.pipeline(&block.to_string(), Kind::RightDelim)?;
        self.ranges += usize::from(block == Block::Range);
        let (list, end) = self.list()?;
        self.ranges -= usize::from(block == Block::Range);
        let otherwise = match end {
            End::End => None,
            End::Else(pos) => Some(self.otherwise(block, pos)?),
        };
        self.variables.truncate(variables);
        Ok(Node::Branch { block, pos: pipe.pos, pipe, list, otherwise })
    }

    /// What stands behind an else: `{{else if x}}` is the beginning of a block that shares its end.
    fn otherwise(&mut self, block: Block, pos: usize) -> Result<List, Fault> {
        let next = self.peek().kind;
        let chains = matches!(
            (block, next),
            (Block::If, Kind::Keyword(Keyword::If)) | (Block::With, Kind::Keyword(Keyword::With))
        );
        if chains {
            self.next();
            self.deeper()?;
            let node = self.branch(block)?;
            self.depth -= 1;
            return Ok(List { pos, nodes: vec![node] });
        }
        let (list, end) = self.list()?;
        if end != End::End {
            return Err(self.fault(format!("expected end; found {}", end.name())));
        }
        Ok(list)
    }

    fn block(&mut self) -> Result<Node, Fault> {
        const CONTEXT: &str = "block clause";
        let item = self.next_no_space();
        let name = self.template_name(&item, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        self.in_new_tree(|parser| {
            let (list, end) = parser.list()?;
            if end != End::End {
                return Err(parser.fault(format!("unexpected {} in {CONTEXT}", end.name())));
            }
            parser.add(&name, list)
        })?;
        Ok(Node::Call { pos: item.pos, name, pipe: Some(pipe) })
    }

    fn call(&mut self) -> Result<Node, Fault> {
        const CONTEXT: &str = "template clause";
        let item = self.next_no_space();
        let name = self.template_name(&item, CONTEXT)?;
        let next = self.next_no_space();
        let mut pipe = None;
        if next.kind != Kind::RightDelim {
            self.back(next);
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        Ok(Node::Call { pos: item.pos, name, pipe })
    }

    fn template_name(&mut self, item: &Item<'a>, context: &str) -> Result<String, Fault> {
        match item.kind {
            Kind::String | Kind::RawString => self.name_in(item),
            _ => Err(self.unexpected(item, context)),
        }
    }

    fn name_in(&self, item: &Item<'a>) -> Result<String, Fault> {
        let name = literal::unquote(&item.text).ok_or_else(|| self.fault("invalid syntax"))?;
        Ok(String::from_utf8_lossy(&name).into_owned())
    }
}

/// Looking at items.
impl<'a> Parser<'a> {
    fn next(&mut self) -> Item<'a> {
        let item = self.ahead.waiting.pop().unwrap_or_else(|| {
            let item = self.lexer.next_item();
            self.ahead.line = item.line;
            item
        });
        item
    }

    fn back(&mut self, item: Item<'a>) {
        self.ahead.waiting.push(item);
    }

    fn peek(&mut self) -> Item<'a> {
        let item = self.next();
        self.back(item.clone());
        item
    }

    fn next_no_space(&mut self) -> Item<'a> {
        loop {
            let item = self.next();
            if item.kind != Kind::Space {
                return item;
            }
        }
    }

    fn peek_no_space(&mut self) -> Item<'a> {
        let item = self.next_no_space();
        self.back(item.clone());
        item
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Item<'a>, Fault> {
        let item = self.next_no_space();
        if item.kind == kind { Ok(item) } else { Err(self.unexpected(&item, context)) }
    }

    fn fault(&self, what: impl AsRef<str>) -> Fault {
        let line = self.ahead.line;
        Fault { what: format!("template: {}:{line}: {}", self.name, what.as_ref()), line }
    }

    fn unexpected(&self, item: &Item<'a>, context: &str) -> Fault {
        if item.kind != Kind::Error {
            return self.fault(format!("unexpected {item} in {context}"));
        }
        let mut what = item.to_string();
        if self.action_line != 0 && self.action_line != item.line {
            let action = if what.ends_with(" action") { "" } else { " in action" };
            what += &format!("{action} started at {}:{}", self.name, self.action_line);
        }
        self.fault(what)
    }
}

/// Whether a tree has nothing but blanks.
fn is_empty(list: &List) -> bool {
    list.nodes.iter().all(|node| matches!(node, Node::Text { text, .. } if text.trim().is_empty()))
}
