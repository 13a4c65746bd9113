//! Bodies that are many documents: lines of JSON, and server-sent events.

use crate::replay::json::Node;

/// A node for each line that is not empty; a line that is no JSON is a string. The last of a body that is cut is left out.
pub(super) fn lines(text: &str, cut: bool) -> Vec<Node<'_>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut nodes: Vec<_> =
        lines.map(|line| Node::parse(line).unwrap_or_else(|| Node::plain(line))).collect();
    if cut {
        nodes.pop();
    }
    nodes
}

/// One event: its text, and its fields, of which those called `data` are one.
pub(super) struct Event<'a> {
    text: &'a str,
    fields: Vec<(&'a str, String)>,
}

/// The events of a stream (HTML, section 9.2.6). Comments are passed over; the last of a body that is cut is left out.
pub(super) fn events(text: &str, cut: bool) -> Vec<Event<'_>> {
    let (mut events, mut start, mut at) = (Vec::new(), 0, 0);
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        if content.is_empty() {
            if !fields.is_empty() {
                events.push(Event { text: &text[start..at], fields: std::mem::take(&mut fields) });
            }
            start = end;
        } else if !content.starts_with(':') {
            let (name, value) = content.split_once(':').unwrap_or((content, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match fields.iter_mut().find(|(known, _)| *known == name && name == "data") {
                Some((_, data)) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => fields.push((name, value.to_owned())),
            }
        }
        at = end;
    }
    if !fields.is_empty() && !cut {
        events.push(Event { text: &text[start..], fields });
    }
    events
}

/// Events as objects of their fields; data that is JSON is taken as such.
pub(super) fn nodes<'e>(events: &'e [Event<'_>]) -> Vec<Node<'e>> {
    let node = |event: &'e Event<'_>| {
        let fields = event.fields.iter().map(|(name, value)| {
            let value = Node::parse(value).unwrap_or_else(|| Node::plain(value));
            ((*name).into(), value)
        });
        Node::object(event.text.trim_end(), fields.collect())
    };
    events.iter().map(node).collect()
}
