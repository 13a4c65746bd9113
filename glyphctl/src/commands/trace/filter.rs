//! What the help says of `--where`.

/// The language of filters; lines that fit the help's width, indent and all.
pub(super) const WHERE_HELP: &str = r#"Take only spans that meet this condition, in the syntax of TraceQL's { … }, of
which the braces can be left out.

Fields:
  name, service, statusMessage     a text in quotes (resource.service.name is service)
  kind                             internal, server, client, producer, consumer
  status                           ok, error, unset
  duration                         a duration: 100ms, 1.5s, 1h30m (ns us ms s m h d w y)
  .http.route, span.http.route     an attribute: a text, number, duration, true or false;
                                   .x = nil: there is none; .x alone: it is true;
                                   ."a b": a name that needs quotes

Operators:
  = != > >= < <=                   compare; texts by their bytes
  =~ !~                            match a regular expression, all of it: name =~ "GET .*"
  && || !(…)                       && and || bind alike, from the left: put parentheses

Texts stand in "…", with \" \\ \n \t \u00e9, or in `…` as they are. A span without the
attribute, or with one of another type, meets no comparison, not even !=. A list meets
!= and !~ if all of it does, the others if one element does.

Examples:
  --where 'name = "netgate.http_request" && duration > 100ms'
  --where 'kind = server && (status = error || .http.response.status_code >= 500)'
  --where 'service =~ "shop|cart" && .http.route != nil'"#;
