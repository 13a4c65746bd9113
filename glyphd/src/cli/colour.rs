//! `--color`: whether what is said is in colour. `glyphctl` has the same.
//!
//! In: the flag, the variables `NO_COLOR` and `CLICOLOR_FORCE`, whether somebody sees it. Out: yes or no.

use std::{env, ffi::OsString};

use clap::ColorChoice;

/// What the flag says, for the help and the errors that come before flags are known. A flag that is wrong says nothing, and
/// so does what stands behind `--`.
pub fn asked(args: impl IntoIterator<Item = OsString>) -> ColorChoice {
    let mut asked = ColorChoice::Auto;
    let mut args = args.into_iter().map(|arg| arg.into_string().unwrap_or_default());
    while let Some(arg) = args.next() {
        let value = match arg.as_str() {
            "--" => break,
            "--color" => args.next(),
            arg => arg.strip_prefix("--color=").map(str::to_owned),
        };
        asked = value.and_then(|value| value.parse().ok()).unwrap_or(asked);
    }
    asked
}

/// Whether to speak in colour into something that is a terminal or not. The flag comes first, then `NO_COLOR`, then
/// `CLICOLOR_FORCE`.
pub fn in_colour(choice: ColorChoice, is_terminal: bool) -> bool {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    decide(
        choice,
        set("NO_COLOR").is_some(),
        set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
        is_terminal && set("TERM").is_none_or(|name| name != "dumb"),
    )
}

fn decide(choice: ColorChoice, is_forbidden: bool, is_forced: bool, is_seen: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => !is_forbidden && (is_forced || is_seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_found_wherever_it_stands_but_for_what_belongs_to_another_command() {
        let asked = |args: &[&str]| asked(args.iter().map(OsString::from));
        assert_eq!(asked(&["glyphctl", "trace", "--color", "always", "show"]), ColorChoice::Always);
        assert_eq!(asked(&["glyphctl", "--color=always", "--color=never"]), ColorChoice::Never);
        assert_eq!(asked(&["glyphctl", "record", "--", "ls", "--color=always"]), ColorChoice::Auto);
        for wrong in [&["glyphctl", "--color"] as &[&str], &["glyphctl", "--color=blue"], &["--colors=never"]]
        {
            assert_eq!(asked(wrong), ColorChoice::Auto, "{wrong:?}");
        }
    }

    #[test]
    fn the_flag_comes_first_then_who_wants_none_then_who_wants_it_anywhere() {
        use ColorChoice::{Always, Auto, Never};
        assert!(decide(Always, true, false, false));
        assert!(!decide(Never, false, true, true));
        assert!(!decide(Auto, true, true, true));
        assert!(decide(Auto, false, true, false));
        assert!(decide(Auto, false, false, true));
        assert!(!decide(Auto, false, false, false));
    }
}
