//! One name, one meaning: the flags of both programs are held to a list, `flags.txt`. Who adds a flag looks there first.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command};

use super::Program;

/// A flag a line: its long name, its letter or `-`, what stands for its value or nothing.
const LIST: &str = include_str!("flags.txt");

/// What values are called, alone or with signs between them.
const VALUES: &str = "ADDR ARTIFACT BYTES CIDR CLIENT COLUMN COLUMNS COMMAND CONDITION DIR DURATION EXPR FILE FILTER \
                      FLOWS FORMAT FROM HAR HEX HOST ID JOB K KEY LABEL LANG LINES M MATCHER METHOD MIB N NAME NEW \
                      BASE NUMBER PATH PATTERN PLACE PORT PROGRAM RATIO RECORDED RECORDING REGEX SEED SHELL STATUS \
                      TCP TEXT TIME TIMES TO TOKEN TRACE_ID URL V VALUE VARIABLE WHAT WHEN ZST";

/// Where `--format` has no table: what is written there is a file, or nothing unless it is asked for.
const NO_TABLE: [&str; 3] = ["glyphctl ca export", "glyphctl replay export", "glyphctl replay load"];

/// Every command of both programs that is shown, with all that it takes.
fn commands() -> Vec<Command> {
    fn walk(command: &Command, found: &mut Vec<Command>) {
        found.push(command.clone());
        command.get_subcommands().filter(|below| !below.is_hide_set()).for_each(|below| walk(below, found));
    }
    let mut found = Vec::new();
    for program in Program::ALL {
        let mut command = program.command().disable_help_subcommand(true);
        command.build();
        walk(&command, &mut found);
    }
    found
}

fn name(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set())
}

fn value(arg: &Arg) -> String {
    let takes = arg.get_num_args().is_some_and(|range| range.takes_values());
    if takes { arg.get_value_names().unwrap_or_default().join(" ") } else { String::new() }
}

fn line(arg: &Arg) -> String {
    let letter = arg.get_short().map_or("-".to_owned(), String::from);
    format!("{} {letter} {}", arg.get_long().unwrap_or_default(), value(arg)).trim_end().to_owned()
}

#[test]
fn every_flag_is_on_the_list_and_means_there_what_it_means_everywhere() {
    let listed: BTreeSet<&str> = LIST.lines().filter(|line| !line.starts_with('#')).collect();
    let mut found = BTreeMap::new();
    for command in commands() {
        for arg in flags(&command) {
            found.entry(line(arg)).or_insert_with(Vec::new).push(name(&command).to_owned());
        }
    }
    let unlisted: Vec<_> = found.iter().filter(|(flag, _)| !listed.contains(flag.as_str())).collect();
    assert!(unlisted.is_empty(), "not in flags.txt: {unlisted:#?}");
    let gone: Vec<_> = listed.iter().filter(|flag| !found.contains_key(**flag)).collect();
    assert!(gone.is_empty(), "in flags.txt, but no command has it: {gone:?}");
}

#[test]
fn the_list_has_each_name_once_and_each_letter_for_one_thing() {
    let mut names = BTreeSet::new();
    let mut letters = BTreeMap::new();
    for line in LIST.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let (name, letter) = (words.next().unwrap(), words.next().unwrap());
        assert!(names.insert(name), "--{name} has two meanings");
        // A summary is printed: its -o is the file that is written beside it.
        if letter != "-" && name != "chrome" {
            assert_eq!(letters.insert(letter, name), None, "-{letter} has two meanings");
        }
    }
    assert!(LIST.lines().filter(|line| !line.starts_with('#')).is_sorted(), "it is sorted");
}

#[test]
fn no_command_has_a_name_or_a_letter_twice() {
    for command in commands() {
        let (mut longs, mut shorts) = (BTreeSet::new(), BTreeSet::new());
        for arg in command.get_arguments() {
            let aliases = arg.get_all_aliases().unwrap_or_default();
            for long in arg.get_long().into_iter().chain(aliases) {
                assert!(longs.insert(long.to_owned()), "{}: --{long}", name(&command));
            }
            for short in arg.get_short_and_visible_aliases().unwrap_or_default() {
                assert!(shorts.insert(short), "{}: -{short}", name(&command));
            }
        }
    }
}

#[test]
fn everything_is_documented_and_values_have_the_usual_names() {
    let known: BTreeSet<&str> = VALUES.split_whitespace().collect();
    for command in commands() {
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let place = format!("{} {}", name(&command), arg.get_id());
            let help = arg.get_help().or(arg.get_long_help()).map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{place}: says nothing");
            assert!(!help.ends_with('.'), "{place}: ends with a full stop");
            let takes = arg.is_positional() || !value(arg).is_empty();
            let values = arg.get_value_names().unwrap_or_default().iter().filter(|_| takes);
            for word in values.flat_map(|value| value.split(|c: char| !c.is_alphabetic() && c != '_')) {
                let word = word.to_uppercase();
                assert!(word.is_empty() || known.contains(word.as_str()), "{place}: {word} is no usual name");
            }
        }
        let help = command.get_after_long_help().or_else(|| command.get_after_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("Examples:\n"), "{}: has no examples", name(&command));
    }
}

#[test]
fn what_is_printed_is_a_table_unless_asked_otherwise() {
    for command in commands() {
        let Some(format) = flags(&command).find(|arg| arg.get_long() == Some("format")) else { continue };
        if !NO_TABLE.contains(&name(&command)) && name(&command) != "glyphctl replay" {
            assert_eq!(format.get_default_values(), ["table"], "{}", name(&command));
        }
    }
}
