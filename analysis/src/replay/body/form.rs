//! Forms: names and values, whatever the order of names.

use crate::replay::{context::Context, named::by_name};

/// Tells the fields in which they differ.
pub(super) fn compare(context: &mut Context<'_>, old: &str, new: &str) {
    let fields = |text: &str| {
        let fields = url::form_urlencoded::parse(text.trim().as_bytes());
        fields.map(|(name, value)| (name.into_owned().into(), value.into_owned().into())).collect::<Vec<_>>()
    };
    for (name, values) in by_name(fields(old).into_iter(), fields(new).into_iter()) {
        values.compare(context, || format!("body form.{name}"));
    }
}
