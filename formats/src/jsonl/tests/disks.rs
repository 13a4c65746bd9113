//! Disks that refuse, files that are taken away, files that grow old: what is written then, and what is told.

use std::{
    collections::VecDeque,
    fs,
    io::{self, ErrorKind, Write},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;

use super::{Record, folder, read, record};
use crate::jsonl::{current::Disk, *};

/// Takes of each write so many bytes as its script says, none at all where that is 0, and all when the script is over.
#[derive(Debug, Clone, Default)]
struct Scripted {
    script: Arc<Mutex<VecDeque<usize>>>,
    has: Arc<Mutex<Vec<u8>>>,
    syncs: Arc<Mutex<usize>>,
}

/// A real file behind a script.
#[derive(Debug)]
struct Behind(Scripted, Box<dyn Disk>);

impl Write for Behind {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.0.write(bytes)?;
        self.1.write(&bytes[..taken])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for Behind {
    fn sync(&mut self) -> io::Result<()> {
        self.1.sync()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.1.cut(length)
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let takes = match self.script.lock().unwrap().pop_front() {
            Some(0) => return Err(ErrorKind::StorageFull.into()),
            Some(takes) => takes.min(bytes.len()),
            None => bytes.len(),
        };
        self.has.lock().unwrap().extend_from_slice(&bytes[..takes]);
        Ok(takes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for Scripted {
    fn sync(&mut self) -> io::Result<()> {
        *self.syncs.lock().unwrap() += 1;
        Ok(())
    }

    fn cut(&mut self, _: u64) -> io::Result<()> {
        Err(ErrorKind::InvalidInput.into())
    }
}

/// Notes what it is told, with how many closed segments there were then.
#[derive(Debug)]
struct Noted(crossbeam_channel::Sender<(String, usize)>);

impl Observer for Noted {
    fn tell(&self, path: &Path, event: FileEvent<'_>) {
        let name = format!("{event:?}").split(['(', ' ']).next().unwrap_or_default().to_owned();
        let closed = if path.exists() { segments::list(path).unwrap().len() } else { 0 };
        self.0.send((name, closed)).unwrap();
    }
}

fn noted(writer: &mut Writer) -> crossbeam_channel::Receiver<(String, usize)> {
    let (tell, told) = crossbeam_channel::unbounded();
    writer.observe(Arc::new(Noted(tell)));
    told
}

fn names(told: &crossbeam_channel::Receiver<(String, usize)>) -> Vec<String> {
    told.try_iter().map(|(name, _)| name).collect()
}

fn aged(age: Duration) -> WriterOptions {
    let rotation = Rotation { segment_age: Some(age), ..Rotation::default() };
    WriterOptions {
        rotation: Some(rotation),
        flush_interval: Duration::from_millis(1),
        ..WriterOptions::default()
    }
}

proptest! {
    #[test]
    fn whatever_a_disk_refuses_every_record_is_whole_and_in_its_place(
        script in prop::collection::vec(0..60_usize, 0..80),
        sizes in prop::collection::vec(0..100_usize, 1..40),
    ) {
        let disk = Scripted { script: Arc::new(Mutex::new(script.into())), ..Scripted::default() };
        let mut writer = Writer::onto(Box::new(disk.clone()), WriterOptions::default());
        let records: Vec<_> =
            sizes.iter().zip(0..).map(|(size, number)| Record { number, text: "x".repeat(*size) }).collect();
        for record in &records {
            writer.write(record).unwrap();
            // What is there at any time is whole lines and the beginning of one.
            drop(writer.flush());
        }
        while writer.flush().is_err() {}
        prop_assert_eq!(writer.waiting(), 0);
        let text = String::from_utf8(disk.has.lock().unwrap().clone()).unwrap();
        let got: Vec<Record> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(got, records);
    }
}

#[test]
fn a_full_disk_and_a_free_one_are_told_once_each_though_nothing_new_comes() {
    let disk = Scripted { script: Arc::new(Mutex::new([7, 0, 0, 0].into())), ..Scripted::default() };
    let options = WriterOptions { flush_interval: Duration::from_millis(1), ..WriterOptions::default() };
    let mut writer = Writer::onto(Box::new(disk.clone()), options);
    let told = noted(&mut writer);
    let write = |(), line: &[u8], writer: &mut Writer| writer.write_lines(line);
    let appender = Appender::spawn("test", writer, AppenderOptions::default(), write).unwrap();
    appender.send((), &record(1)).unwrap();
    assert_eq!(told.recv().unwrap().0, "Failed");
    assert_eq!(told.recv().unwrap().0, "Recovered");
    appender.close().unwrap();
    assert_eq!(appender.counts(), Counts { written: 1, ..Counts::default() });
    let line = serde_json::to_string(&record(1)).unwrap() + "\n";
    assert_eq!(String::from_utf8(disk.has.lock().unwrap().clone()).unwrap(), line);
}

#[test]
fn a_disk_that_stays_full_loses_what_finds_no_room_and_what_waits_at_the_end_and_counts_both() {
    let script: VecDeque<_> = std::iter::repeat_n(0, 100_000).collect();
    let disk = Scripted { script: Arc::new(Mutex::new(script)), ..Scripted::default() };
    let mut writer = Writer::onto(Box::new(disk.clone()), WriterOptions::default());
    let told = noted(&mut writer);
    let write = |(), line: &[u8], writer: &mut Writer| writer.write_lines(line);
    let options = AppenderOptions { patience: Duration::from_secs(30), ..AppenderOptions::default() };
    let appender = Appender::spawn("test", writer, options, write).unwrap();
    // 20 MiB, of which 16 have room in memory.
    let long = |number| Record { number, text: "x".repeat(10 << 10) };
    (0..2_048).for_each(|number| appender.send((), &long(number)).unwrap());
    assert!(appender.close().is_err(), "what could not be written is told at the end");
    let counts = appender.counts();
    assert_eq!((counts.written, counts.refused, counts.lost), (0, 0, 2_048));
    assert!((1_600..1_700).contains(&counts.unwritten), "{counts:?}");
    assert_eq!((names(&told), disk.has.lock().unwrap().len()), (vec!["Failed".to_owned()], 0));
}

#[test]
fn a_record_that_is_written_at_once_or_not_at_all_leaves_no_trace_where_it_is_refused() {
    let (_dir, path) = folder();
    let disk = Scripted { script: Arc::new(Mutex::new([99, 7, 0, 5, 0, 0].into())), ..Scripted::default() };
    let writer = Writer::append(&path, WriterOptions::default()).unwrap();
    let mut writer = writer.through(|file| Box::new(Behind(disk, file)));
    let told = noted(&mut writer);
    writer.write_now(&record(1)).unwrap();
    assert_eq!(writer.write_now(&record(2)).unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(writer.write_now(&record(3)).unwrap_err().kind(), ErrorKind::StorageFull);
    assert!(writer.probe().is_err() && writer.is_faulty());
    writer.probe().unwrap();
    assert_eq!(names(&told), ["Failed", "Recovered"]);
    writer.write_now(&record(4)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines = [record(1), record(4)].map(|record| serde_json::to_string(&record).unwrap() + "\n");
    assert_eq!(text, lines.concat());
}

#[test]
fn a_file_that_is_taken_away_is_begun_anew_with_a_whole_record() {
    let (dir, path) = folder();
    let mut writer = Writer::append(&path, WriterOptions::default()).unwrap();
    let told = noted(&mut writer);
    let mut write = |number| writer.write(&record(number)).and_then(|()| writer.flush());
    write(1).unwrap();
    fs::remove_file(&path).unwrap();
    write(2).unwrap();
    assert_eq!((read(&path).0, names(&told)), (vec![2], vec!["TakenAway".to_owned()]));
    // Another's rotation.
    fs::rename(&path, dir.path().join("elsewhere")).unwrap();
    fs::write(&path, "").unwrap();
    write(3).unwrap();
    assert_eq!((read(&path).0, names(&told)), (vec![3], vec!["TakenAway".to_owned()]));
    fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    write(4).unwrap();
    assert_eq!((read(&path).0, names(&told)), (vec![4], vec!["TakenAway".to_owned()]));

    // With its folder.
    let moved = dir.path().with_extension("moved");
    fs::rename(dir.path(), &moved).unwrap();
    assert_eq!(write(5).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(names(&told), ["TakenAway", "Failed"]);
    fs::rename(&moved, dir.path()).unwrap();
    write(6).unwrap();
    assert_eq!((read(&path).0, names(&told)), (vec![4, 5, 6], vec!["Recovered".to_owned()]));
}

#[test]
fn a_file_of_some_age_is_closed_though_nothing_new_comes_and_an_empty_one_is_not() {
    let (_dir, path) = folder();
    let mut writer = Writer::append(&path, aged(Duration::from_millis(20))).unwrap();
    let told = noted(&mut writer);
    let write = |(), line: &[u8], writer: &mut Writer| writer.write_lines(line);
    let appender = Appender::spawn("test", writer, AppenderOptions::default(), write).unwrap();
    appender.send((), &record(1)).unwrap();
    assert_eq!(told.recv().unwrap(), ("Closed".to_owned(), 1));
    assert_eq!(told.recv().unwrap().0, "Compressed");
    appender.send((), &record(2)).unwrap();
    assert_eq!(told.recv().unwrap(), ("Closed".to_owned(), 2));
    appender.close().unwrap();
    assert_eq!(names(&told), ["Compressed"], "nothing was in the last one");
    assert_eq!(read(&path), (vec![1, 2], vec![]));
    assert_eq!(segments::list(&path).unwrap().len(), 2);
}

#[test]
fn the_age_of_a_file_that_was_there_counts_from_its_beginning() {
    let (_dir, path) = folder();
    fs::write(&path, serde_json::to_string(&record(1)).unwrap() + "\n").unwrap();
    let mut writer = Writer::append(&path, aged(Duration::ZERO)).unwrap();
    assert_eq!(writer.until_rotation(), Some(Duration::ZERO));
    writer.flush().unwrap();
    assert_eq!(writer.until_rotation(), None, "the next one is empty");
    writer.close().map_err(|(_, error)| error).unwrap();
    assert_eq!((read(&path).0, segments::list(&path).unwrap().len()), (vec![1], 1));
}

#[test]
fn the_disk_is_asked_as_often_as_was_said() {
    for (fsync, flushes, syncs) in [(Fsync::Never, 0, 0), (Fsync::Interval, 0, 1), (Fsync::Always, 2, 2)] {
        let disk = Scripted::default();
        let mut writer =
            Writer::onto(Box::new(disk.clone()), WriterOptions { fsync, ..WriterOptions::default() });
        let mut flush = || writer.write(&record(1)).and_then(|()| writer.flush()).unwrap();
        flush();
        flush();
        assert_eq!(*disk.syncs.lock().unwrap(), flushes, "{fsync:?}");
        writer.sync().unwrap();
        writer.sync().unwrap();
        assert_eq!(*disk.syncs.lock().unwrap(), syncs, "{fsync:?}: not again, where nothing is new");
    }
}
