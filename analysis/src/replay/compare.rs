//! Two exchanges, held against each other: whether they were answered, the status, the headers, the body.

use glyph_formats::{
    Flow,
    flow::{ErrorOrigin, FlowError},
};

use super::{
    body,
    comparison::{Comparison, Kind, Why},
    context::Context,
    headers,
    rules::Rules,
};

/// What differs between a recorded exchange and the one that stands beside it. Only what was answered is compared: that the
/// requests belong together is for the caller to know.
pub fn compare(recorded: &Flow, new: &Flow, rules: &Rules) -> Comparison {
    let mut context = Context::new(recorded, new, rules);
    answers(&mut context, recorded, new);
    context.into_comparison()
}

fn answers(context: &mut Context<'_>, recorded: &Flow, new: &Flow) {
    if recorded.error.as_ref().is_some_and(|error| error.origin == ErrorOrigin::Client)
        && recorded.response.is_none()
    {
        return context.leave_out("response", Why::ClientGone);
    }
    errors(context, recorded, new);
    let (Some(old), Some(answer)) = (&recorded.response, &new.response) else { return };
    if old.status != answer.status && !context.rules.status {
        let (old, new) = (old.status.to_string(), answer.status.to_string());
        context.tell(|| "status".to_owned(), Kind::Changed, Some(old), Some(new));
    }
    let head = recorded.request.method == "HEAD";
    headers::compare(context, &old.headers, &answer.headers, "headers", head);
    body::compare(context, old, answer);
    headers::compare(context, &old.trailers, &answer.trailers, "trailers", false);
}

/// How far they came: an answer that broke off has a status, and an error.
fn errors(context: &mut Context<'_>, recorded: &Flow, new: &Flow) {
    let of_server = |error: &&FlowError| error.origin != ErrorOrigin::Client;
    let (old, error) = (recorded.error.as_ref().filter(of_server), new.error.as_ref());
    let came_to = |flow: &Flow, error: Option<&FlowError>| match (error, &flow.response) {
        (Some(error), _) => Some(format!("{}: {}", error.kind, error.message)),
        (None, Some(response)) => Some(format!("status {}", response.status)),
        (None, None) => None,
    };
    let kind = match (old, error) {
        (Some(old), Some(error)) if old.kind == error.kind => return,
        (Some(_), Some(_)) => Kind::Changed,
        (None, Some(_)) => Kind::Failed,
        (Some(_), None) => Kind::Answered,
        (None, None) => match (&recorded.response, &new.response) {
            (Some(_), None) => Kind::Failed,
            (None, Some(_)) => Kind::Answered,
            _ => return,
        },
    };
    context.tell(|| "error".to_owned(), kind, came_to(recorded, old), came_to(new, error));
}
