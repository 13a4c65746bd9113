//! JSON, taken apart as it stands: numbers keep their spelling, names may stand twice, every part knows its text.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// A value and the text that it is.
#[derive(Debug)]
pub(in crate::replay) struct Node<'a> {
    pub(in crate::replay) text: &'a str,
    /// Whether the text ends before the value does; it may have more elements then.
    pub(in crate::replay) cut: bool,
    pub(in crate::replay) value: Value<'a>,
}

#[derive(Debug)]
pub(in crate::replay) enum Value<'a> {
    /// `null`, `true`, `false`.
    Word,
    Number,
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    /// In the order of the text.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// What is nested deeper is compared as text.
const DEPTH: usize = 128;
/// So is what has more parts: a node takes some twenty times what an empty array takes in the text.
const NODES: usize = 1 << 20;

impl<'a> Node<'a> {
    /// None if it is no JSON.
    pub(in crate::replay) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Reader::new(text).node(DEPTH)
    }

    /// What there is of a document of which only the beginning is there, without what broke off in the middle; none if it is the
    /// beginning of none.
    pub(in crate::replay) fn parse_beginning(text: &'a str) -> Option<Self> {
        match serde_json::from_str::<IgnoredAny>(text) {
            Err(error) if !error.is_eof() => return None,
            _ => {}
        }
        let mut reader = Reader::new(text);
        let node = reader.node(DEPTH)?;
        (!reader.gave_up).then_some(node)
    }

    /// What is no JSON, as a string.
    pub(in crate::replay) fn plain(text: &'a str) -> Self {
        Self { text, cut: false, value: Value::String(text.into()) }
    }

    /// An object that is put together from that text.
    pub(in crate::replay) fn object(text: &'a str, members: Vec<(Cow<'a, str>, Self)>) -> Self {
        Self { text, cut: false, value: Value::Object(members) }
    }
}

/// Reads a text that is known to be JSON, or the beginning of it.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
    gave_up: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, nodes: 0, gave_up: false }
    }

    fn node(&mut self, depth: usize) -> Option<Node<'a>> {
        self.nodes += 1;
        if depth == 0 || self.nodes > NODES {
            self.gave_up = true;
            return None;
        }
        let mut cut = false;
        let first = self.skip_blanks()?;
        let start = self.at;
        let value = match first {
            b'"' => Value::String(self.string()?),
            b'[' => {
                let mut elements = Vec::new();
                cut = self.list(b']', |reader| {
                    elements.push(reader.node(depth - 1)?);
                    Some(())
                })?;
                Value::Array(elements)
            }
            b'{' => {
                let mut members = Vec::new();
                cut = self.list(b'}', |reader| {
                    let name = reader.string()?;
                    reader.skip_blanks()?;
                    reader.at += 1;
                    members.push((name, reader.node(depth - 1)?));
                    Some(())
                })?;
                Value::Object(members)
            }
            _ => {
                let ends = |b: &u8| matches!(b, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
                let rest = &self.text.as_bytes()[start..];
                // Of a number that the text ends with there may be more, unless it is all of the text.
                self.at += match rest.iter().position(ends) {
                    Some(length) => length,
                    None if start == 0 => rest.len(),
                    None => return None,
                };
                if matches!(first, b't' | b'f' | b'n') { Value::Word } else { Value::Number }
            }
        };
        Some(Node { text: &self.text[start..self.at.min(self.text.len())], cut, value })
    }

    /// From a bracket to the one that closes it; tells whether the text ends before.
    fn list(&mut self, close: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<bool> {
        self.at += 1;
        loop {
            match self.skip_blanks() {
                Some(byte) if byte == close => break,
                Some(_) if read(self).is_some() => {}
                _ if self.gave_up => return None,
                _ => {
                    self.at = self.text.len();
                    return Some(true);
                }
            }
            if self.skip_blanks() == Some(b',') {
                self.at += 1;
            }
        }
        self.at += 1;
        Some(false)
    }

    /// A string without its quotes and escapes. One that is no Unicode stays as it is written.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.skip_blanks()?;
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let mut escapes = false;
        self.at += 1;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', bytes.get(self.at..)?)?;
            if bytes[self.at] == b'"' {
                break;
            }
            escapes = true;
            self.at += 2;
        }
        self.at += 1;
        let inside = &self.text[start + 1..self.at - 1];
        if !escapes {
            return Some(inside.into());
        }
        Some(serde_json::from_str(&self.text[start..self.at]).map_or(Cow::Borrowed(inside), Cow::Owned))
    }

    /// The next byte that is no blank.
    fn skip_blanks(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_knows_its_text() {
        let node = Node::parse(" { \"a\\u0062\" : [ 1.0 , \"x\\\"\" , null,{} ] , \"a\":2}\n").unwrap();
        let Value::Object(members) = &node.value else { panic!("{node:?}") };
        assert_eq!((members[0].0.as_ref(), members[0].1.text), ("ab", "[ 1.0 , \"x\\\"\" , null,{} ]"));
        assert_eq!((members[1].0.as_ref(), members[1].1.text), ("a", "2"));
        let Value::Array(elements) = &members[0].1.value else { panic!("{node:?}") };
        let texts: Vec<_> = elements.iter().map(|node| node.text).collect();
        assert_eq!(texts, ["1.0", "\"x\\\"\"", "null", "{}"]);
        assert!(matches!(&elements[1].value, Value::String(text) if text == "x\""));
    }

    #[test]
    fn of_a_beginning_there_is_what_came_to_its_end() {
        let whole = r#"{"a": [1, {"b": "x\"y"}, 23], "c": {"d": null}, "e": 5}"#;
        for end in (1..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let node = Node::parse_beginning(&whole[..end]).unwrap();
            assert!(node.cut, "{end}");
            let Value::Object(members) = &node.value else { panic!("{node:?}") };
            for (name, member) in members {
                let at =
                    if name == "a" { whole.find('[').unwrap() } else { whole.find(member.text).unwrap() };
                assert!(whole[at..].starts_with(member.text), "{end} {member:?}");
            }
        }
        let node = Node::parse_beginning(r#"{"a": [1, 2], "b": [3, 4"#).unwrap();
        let Value::Object(members) = &node.value else { panic!("{node:?}") };
        assert!(!members[0].1.cut && members[1].1.cut);
        assert!(matches!(&members[1].1.value, Value::Array(elements) if elements.len() == 1));
        assert!(Node::parse_beginning("<html>").is_none() && Node::parse_beginning("{]").is_none());
        assert!(Node::parse_beginning(&"[".repeat(1_000_000)).is_none());
    }

    #[test]
    fn what_is_none_or_too_deep_is_left_to_others() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "nul", "[1] 2", "01"] {
            assert!(Node::parse(text).is_none(), "{text}");
        }
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Node::parse(&deep(DEPTH)).is_some() && Node::parse(&deep(1_000_000)).is_none());
        assert!(Node::parse(&format!("[{}0]", "0,".repeat(NODES))).is_none());
    }
}
