//! A plugin that is run again when its files change.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::Child,
    sync::{Arc, Mutex},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};

use super::{Plugins, of_the_demo, python_packages, shop};
use crate::harness::{glyphctl, peer, piped, run, within};

/// What a stream has said so far.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<String>>);

impl Said {
    fn follow(stream: impl Read + Send + 'static) -> Self {
        let said = Self::default();
        let to = said.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                to.0.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        said
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    #[track_caller]
    fn wait_for(&self, what: &str) {
        within(what, || self.text().contains(what));
    }
}

fn interrupt(mut child: Child) -> Option<i32> {
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), Signal::INT).unwrap();
    within("its end", || child.try_wait().unwrap().is_some());
    child.wait().unwrap().code()
}

#[test]
fn what_is_new_and_what_is_gone_is_told_after_each_change() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("headers", &of_the_demo("passive-headers"));
    let args = ["plugin".as_ref(), "run".as_ref(), dir.as_os_str(), "--watch".as_ref()];
    let mut child = piped(glyphctl().args(args).arg(shop()));
    let (stdout, stderr) =
        (Said::follow(child.stdout.take().unwrap()), Said::follow(child.stderr.take().unwrap()));
    stderr.wait_for("glyphctl: 3 flows shown to headers, ");
    let first = stdout.text();
    assert!(first.starts_with("severity"), "{first}");

    // Of another plugin, which has nothing to say of these pages.
    fs::write(dir.join("run.sh"), of_the_demo("report-reader")).unwrap();
    stderr.wait_for("glyphctl: changed: run.sh\n");
    stderr.wait_for("3 flows shown to headers, 0 findings, 0 refused: 0 new, ");
    stdout.wait_for("\n- ");

    // A run that fails is told, and is no reason to end.
    fs::write(dir.join("run.sh"), "exit 5\n").unwrap();
    stderr.wait_for("the plugin headers did not connect: exit status: 5");

    fs::write(dir.join("run.sh"), of_the_demo("passive-headers")).unwrap();
    stderr.wait_for(" new, 0 gone, 0 unchanged");
    stdout.wait_for("\n+ ");
    assert_eq!(interrupt(child), Some(0));
    let gone = stdout.text().lines().filter(|line| line.starts_with("- ")).count();
    let new = stdout.text().lines().filter(|line| line.starts_with("+ ")).count();
    assert_eq!((gone, new), (first.lines().count() - 1, gone), "{}", stdout.text());
}

#[test]
fn one_interrupt_is_enough_while_a_plugin_is_waited_for() {
    let Some(packages) = peer(python_packages()) else { return };
    let plugins = Plugins::new();
    let holds = "print(\"it holds\", flush=True); __import__(\"threading\").Event().wait()";
    let dir = plugins.python("held", &packages, holds);
    for (more, code) in [(&["--watch"][..], 0), (&[], 2)] {
        let mut command = glyphctl();
        let mut child = piped(command.args(["plugin", "run"]).arg(&dir).arg(shop()).args(more));
        let stderr = Said::follow(child.stderr.take().unwrap());
        stderr.wait_for("held| it holds\n");
        assert_eq!(interrupt(child), Some(code), "{more:?}: {}", stderr.text());
    }
}

#[test]
fn standard_input_can_t_be_read_twice() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("a", "");
    let run = run(["plugin", "run", dir.to_str().unwrap(), "-", "--watch"]).unable();
    assert!(run.stderr.contains("standard input can be read only once"), "{run:#?}");
}
