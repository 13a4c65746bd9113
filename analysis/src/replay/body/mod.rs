//! Bodies, held against each other as what they are: JSON, lines or events of it, forms, text, bytes.
//!
//! In: two stored bodies, codings and charsets undone. Out: what differs; of those of which only a part was recorded, what can
//! be said of that part, and that the rest was left out.

mod form;
mod lines;
mod media;
mod text;

use glyph_formats::{
    content::Content,
    flow::{Body, Response},
};
use sha2::{Digest, Sha256};

use self::media::Media;
use super::{
    alike::may_hold_token,
    comparison::{Kind, Why},
    context::Context,
    json::{Node, Walk},
    told::excerpt,
};

/// Compares them.
pub(super) fn compare(context: &mut Context<'_>, recorded: &Response, new: &Response) {
    let (old, other) = (&recorded.body, &new.body);
    if context.rules.body || are_same(old, other) {
        return;
    }
    if !old.complete || !other.complete {
        context.leave_out("body", Why::BrokenOff);
    } else if old.digest.is_some() || other.digest.is_some() {
        if !tell_lengths(context, old, other) {
            context.leave_out("body", Why::Digest);
        }
        return;
    }
    let contents = (Content::of(old, &recorded.headers), Content::of(other, &new.headers));
    let empty = || Content::plain(b"".as_slice().into());
    let cut = old.is_partial() || other.is_partial();
    let (content, new_content) = match contents {
        // What is not stored at all, though there was something.
        (None, _) if old.is_partial() => return nothing_stored(context, old, other),
        (_, None) if other.is_partial() => return nothing_stored(context, old, other),
        (content, new_content) => (content.unwrap_or_else(empty), new_content.unwrap_or_else(empty)),
    };
    let cut = cut || content.cut || new_content.cut;
    // With rules for what is in it, another length may be right.
    if cut && !context.rules.concern_bodies() && tell_lengths(context, old, other) {
        return;
    }
    if cut && old.complete && other.complete {
        context.leave_out("body", Why::Cut);
    }
    match (content.text(), new_content.text()) {
        (Some(text), Some(new_text)) => {
            let media = media::of(&recorded.headers, &new.headers, text, new_text);
            texts(context, (text, new_text), media, cut);
        }
        _ => bytes(context, &content.bytes, &new_content.bytes, cut),
    }
}

/// Whether there is nothing to look at more closely.
fn are_same(old: &Body, new: &Body) -> bool {
    if old.is_partial() || new.is_partial() {
        // Equal digests are of one recording.
        return old.complete && new.complete && old.digest.is_some() && old.digest == new.digest;
    }
    let tokens = || old.utf8.as_ref().is_some_and(|text| may_hold_token(text));
    match (&old.sha256, &new.sha256) {
        (Some(digest), Some(other)) => digest == other && !tokens(),
        _ => old.utf8 == new.utf8 && old.base64 == new.base64 && !tokens(),
    }
}

fn nothing_stored(context: &mut Context<'_>, old: &Body, new: &Body) {
    if !tell_lengths(context, old, new) && old.complete && new.complete {
        context.leave_out("body", Why::Cut);
    }
}

/// Tells that they are not of one length, where that is a difference: what was coded can be the same in another length, and so
/// can a secret.
fn tell_lengths(context: &mut Context<'_>, old: &Body, new: &Body) -> bool {
    let counts = |body: &Body| {
        body.complete && body.content_encoding.is_empty() && body.charset.is_none() && !body.redacted
    };
    if !counts(old) || !counts(new) || old.size == new.size {
        return false;
    }
    let told = |body: &Body| Some(format!("{} bytes", body.size));
    context.tell(|| "body".to_owned(), Kind::Changed, told(old), told(new));
    true
}

fn texts(context: &mut Context<'_>, (old, new): (&str, &str), media: Media, cut: bool) {
    let tokens = context.alike.numbers_are_tokens() || may_hold_token(old) || may_hold_token(new);
    match media {
        Media::Json => {
            let parse = if cut { Node::parse_beginning } else { Node::parse };
            match (parse(old), parse(new)) {
                (Some(old), Some(new)) => Walk::new(context, tokens).documents(&old, &new),
                _ => text::compare(context, old, new, cut),
            }
        }
        Media::Lines => {
            let (old, new) = (lines::lines(old, cut), lines::lines(new, cut));
            Walk::new(context, tokens).lists(&old, &new, "line", cut);
        }
        Media::Events => {
            let (old, new) = (lines::events(old, cut), lines::events(new, cut));
            let (old, new) = (lines::nodes(&old), lines::nodes(&new));
            Walk::new(context, tokens).lists(&old, &new, "event", cut);
        }
        Media::Form if !cut => form::compare(context, old, new),
        Media::Form | Media::Text => text::compare(context, old, new, cut),
    }
}

fn bytes(context: &mut Context<'_>, old: &[u8], new: &[u8], cut: bool) {
    let same = if cut { old.iter().zip(new).all(|(a, b)| a == b) } else { old == new };
    if same {
        return;
    }
    let told = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.contains('\0') => excerpt(text, 0),
        _ if bytes.is_empty() => "empty".to_owned(),
        _ => format!("{} bytes, sha256 {}", bytes.len(), hex::encode(&Sha256::digest(bytes)[..8])),
    };
    context.tell(|| "body".to_owned(), Kind::Changed, Some(told(old)), Some(told(new)));
}
