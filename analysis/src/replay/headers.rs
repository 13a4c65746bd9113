//! Headers, held against each other name by name: without the case of names and the order of different ones; the values of one
//! name count in their order. Cookies are told one by one.

use std::borrow::Cow;

use super::{
    alike::may_hold_token,
    context::Context,
    named::{Values, by_name},
    rules::differs_always,
};

type Headers = [(String, String)];

const SET_COOKIE: &str = "set-cookie";

/// Compares them. `called` is what they are: `headers` or `trailers`; of a response to HEAD the length is compared, too.
pub(super) fn compare(
    context: &mut Context<'_>,
    recorded: &Headers,
    new: &Headers,
    called: &str,
    head: bool,
) {
    if recorded == new && !recorded.iter().any(|(_, value)| may_hold_token(value)) {
        return;
    }
    let left_out = LeftOut::new(context, recorded, new, head);
    if are_same_one_by_one(recorded, new, &left_out) {
        return;
    }
    for (name, values) in by_name(fields(recorded), fields(new)) {
        if left_out.has(&name) {
            continue;
        }
        if name == SET_COOKIE {
            cookies(context, &values, called);
        } else {
            values.compare(context, || format!("{called}.{name}"));
        }
    }
}

/// Most often they are in the same order, and what differs is left out.
fn are_same_one_by_one(recorded: &Headers, new: &Headers, left_out: &LeftOut<'_>) -> bool {
    recorded.len() == new.len()
        && recorded.iter().zip(new).all(|((name, value), (other, new_value))| {
            name.eq_ignore_ascii_case(other)
                && (value == new_value && !may_hold_token(value) || left_out.has(&in_lower_case(name)))
        })
}

/// Cookies by their names, whatever their order.
fn cookies(context: &mut Context<'_>, values: &Values<'_>, called: &str) {
    let fields = |values: &'_ [Cow<'_, str>]| {
        let name = |value: &str| value.split(['=', ';']).next().unwrap_or_default().trim().to_owned();
        values.iter().map(|value| (name(value).into(), value.to_string().into())).collect::<Vec<_>>()
    };
    let (recorded, new) = (fields(&values.recorded), fields(&values.new));
    for (name, values) in by_name(recorded.into_iter(), new.into_iter()) {
        values.compare(context, || format!("{called}.{SET_COOKIE}[{name}]"));
    }
}

/// Which headers are not compared.
struct LeftOut<'a> {
    rules: &'a super::Rules,
    /// What the messages' `Connection` says is of the connection.
    of_connection: Vec<String>,
    tells_length: bool,
}

impl<'a> LeftOut<'a> {
    fn new(context: &Context<'a>, recorded: &Headers, new: &Headers, head: bool) -> Self {
        let of_connection =
            recorded.iter().chain(new).filter(|(name, _)| name.eq_ignore_ascii_case("connection"));
        let is_coded =
            |headers: &Headers| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-encoding"));
        Self {
            rules: context.rules,
            of_connection: of_connection
                .flat_map(|(_, value)| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
                .collect(),
            tells_length: head && !is_coded(recorded) && !is_coded(new),
        }
    }

    /// The name is in lower case.
    fn has(&self, name: &str) -> bool {
        self.rules.ignores_header(name)
            || differs_always(name) && !(self.tells_length && name == "content-length")
            || self.of_connection.iter().any(|other| other == name)
    }
}

fn fields(headers: &Headers) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    headers.iter().map(|(name, value)| (in_lower_case(name), Cow::Borrowed(value.trim())))
}

fn in_lower_case(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|b| b.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => name.into(),
    }
}
