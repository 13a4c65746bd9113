//! Artifacts that others made, or that were changed: none is taken, and nothing is written.

use tar::{EntryType, Header};

use super::*;

const FLOWS: &[u8] = b"{\"a\":1}\n{\"b\":2}\n";

/// An archive as an attacker makes it.
struct Forged {
    bytes: Vec<u8>,
}

impl Forged {
    fn empty() -> Self {
        Self { bytes: Vec::new() }
    }

    /// An archive that begins with a manifest of these files.
    fn listing(listed: &[(&str, &[u8])]) -> Self {
        let member = |(path, content): &(&str, &[u8])| Member {
            path: (*path).to_owned(),
            size: content.len() as u64,
            sha256: hex::encode(Sha256::digest(content)),
        };
        let manifest = Manifest {
            format: 1,
            tools: vec![],
            seed: String::new(),
            orders: BTreeMap::new(),
            plugins: vec![],
            files: listed.iter().map(member).collect(),
        };
        Self::empty().file("manifest.json", &serde_json::to_vec(&manifest).unwrap())
    }

    fn file(self, path: &str, content: &[u8]) -> Self {
        self.member(path, EntryType::Regular, content)
    }

    /// A member whose path is written as it is: the `tar` crate would refuse many of them.
    fn member(self, path: &str, kind: EntryType, content: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        if matches!(kind, EntryType::Link | EntryType::Symlink) {
            header.set_link_name_literal("/etc/passwd").unwrap();
        }
        header.set_cksum();
        self.raw(header.as_bytes()).raw(content).raw(&archive::END[..archive::padding(content.len() as u64)])
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// What becomes of it, ended and compressed.
    fn refused(self) -> ArtifactError {
        let bytes = self.raw(&archive::END).bytes;
        refused(&zstd::encode_all(bytes.as_slice(), 1).unwrap())
    }
}

/// What keeps an artifact of these bytes from being loaded, which it must not be; nothing may be left of the attempt.
#[track_caller]
fn refused(bytes: &[u8]) -> ArtifactError {
    let bench = Bench::new();
    let (path, inside) = (bench.path("a.zst"), bench.path("inside"));
    fs::write(&path, bytes).unwrap();
    fs::create_dir(&inside).unwrap();
    let verified = open(&path).and_then(|a| a.verify(&mut unwatched)).unwrap_err();
    let extracted = open(&path).and_then(|a| a.extract(&inside.join("out"), &mut unwatched)).unwrap_err();
    assert_eq!(verified.to_string(), extracted.to_string());
    assert_eq!(names(&inside), [""; 0], "{extracted}");
    assert_eq!(names(bench.dir.path()), ["a.zst", "inside"], "{extracted}");
    extracted
}

#[track_caller]
fn assert_says(error: &ArtifactError, kind: Kind, text: &str) {
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(text), "{error}\nhas not {text:?}");
}

#[test]
fn the_forger_makes_good_ones_too() {
    let bench = Bench::new();
    let good = Forged::listing(&[("a", b"1"), ("b", b"2")]).file("files/b", b"2").file("files/a", b"1");
    // Another archiver fills up its last record.
    let good = good.raw(&[0; 10_240]).bytes;
    fs::write(bench.path("a.zst"), zstd::encode_all(good.as_slice(), 19).unwrap()).unwrap();
    open(&bench.path("a.zst")).unwrap().extract(&bench.path("out"), &mut unwatched).unwrap();
    assert_eq!(content(&bench.path("out")), files(&[("a", b"1"), ("b", b"2")]));
}

#[test]
fn paths_that_lead_out_are_refused_in_members_and_manifests() {
    for path in
        ["../evil", "a/../../evil", "/evil", "files/../../evil", "files//evil", "files/./evil", "files/"]
    {
        let forged = Forged::listing(&[("a", FLOWS)]).file(path, FLOWS);
        assert_says(&forged.refused(), Kind::Refused, &format!("refused: {path}: its path "));
    }
    for path in ["../evil", "/evil", "a/../../evil", "", "a\\b", "C:evil", "a\nb"] {
        let forged = Forged::listing(&[(path, FLOWS)]).file(&format!("files/{path}"), FLOWS);
        assert_says(&forged.refused(), Kind::NotAnArtifact, "manifest.json: ");
    }
}

#[test]
fn whatever_is_no_plain_file_is_refused() {
    for (kind, why) in [
        (EntryType::Symlink, "is a link"),
        (EntryType::Link, "is a link"),
        (EntryType::Char, "is a device"),
        (EntryType::Block, "is a device"),
        (EntryType::Fifo, "is a pipe"),
        (EntryType::Directory, "is a directory"),
        (EntryType::GNUSparse, "is no plain file"),
        (EntryType::Continuous, "is no plain file"),
        (EntryType::GNULongName, "is an extension"),
        (EntryType::GNULongLink, "is an extension"),
        (EntryType::XHeader, "is an extension"),
        (EntryType::XGlobalHeader, "is an extension"),
        (EntryType::new(b'Z'), "is no plain file"),
    ] {
        let forged = Forged::listing(&[("a", b"")]).member("files/a", kind, b"").file("files/a", b"");
        assert_says(&forged.refused(), Kind::Refused, why);
    }
}

#[test]
fn a_directory_is_not_reached_through_a_link_before_it() {
    let forged = Forged::listing(&[("a/b", FLOWS)]).member("files/a", EntryType::Symlink, b"");
    assert_says(&forged.file("files/a/b", FLOWS).refused(), Kind::Refused, "files/a: is a link");
}

#[test]
fn members_are_those_of_the_manifest_each_once() {
    let two = || Forged::listing(&[("a", b"1"), ("b", b"2")]).file("files/a", b"1");
    assert_says(&two().refused(), Kind::Differs, "files/b: is in the manifest and not in the artifact");
    let doubled = two().file("files/a", b"1").file("files/b", b"2");
    assert_says(&doubled.refused(), Kind::Refused, "files/a: is there twice");
    let manifests = two().file("manifest.json", b"{}").file("files/b", b"2");
    assert_says(&manifests.refused(), Kind::Refused, "manifest.json: is there twice");
    for path in ["files/c", "a", "files", "b/files/b"] {
        let more = two().file("files/b", b"2").file(path, b"3");
        assert_says(&more.refused(), Kind::Differs, &format!("{path}: is not in the manifest"));
    }
}

#[test]
fn a_changed_member_is_named_with_both_digests() {
    let of = |content: &[u8]| hex::encode(Sha256::digest(content));
    let forged = Forged::listing(&[("a", b"1"), ("b", b"2"), ("c", b"3")]);
    let forged = forged.file("files/a", b"1").file("files/b", b"x").file("files/c", b"x");
    let text = format!("files/b: was changed: sha256 {}, the manifest has {}", of(b"x"), of(b"2"));
    assert_says(&forged.refused(), Kind::Differs, &text);
    let longer = Forged::listing(&[("a", b"1")]).file("files/a", b"12");
    assert_says(&longer.refused(), Kind::Differs, "files/a: was changed: 2 bytes, the manifest has 1");
}

#[test]
fn a_manifest_is_as_it_is_written_or_none() {
    let sha256 = "0".repeat(64);
    let file = |path: &str| format!(r#"{{"path":"{path}","size":0,"sha256":"{sha256}"}}"#);
    let manifest = |files: String| format!(r#"{{"format":1,"tools":[],"files":[{files}]}}"#);
    for (text, why) in [
        (String::new(), "EOF"),
        ("[]".to_owned(), "invalid"),
        (r#"{"format":1,"tools":[]}"#.to_owned(), "missing field `files`"),
        (r#"{"format":1,"format":1,"tools":[],"files":[]}"#.to_owned(), "duplicate field"),
        (manifest(r#"{"path":"a","size":-1,"sha256":""}"#.to_owned()), "invalid value"),
        (manifest(r#"{"path":"a","size":0,"sha256":"00"}"#.to_owned()), "its sha256 is none"),
        (manifest(file("a").replace('0', "A").replace("A,", "0,")), "its sha256 is none"),
        (manifest([file("b"), file("a")].join(",")), "paths are sorted"),
        (manifest([file("a"), file("a")].join(",")), "each once"),
        (manifest([file("a"), file("a/b")].join(",")), "a file can't have files in it"),
        (manifest([file("A"), file("a/b")].join(",")), "a file can't have files in it"),
        (manifest([file("A"), file("a")].join(",")), "only in the case of letters"),
        (manifest(file("Ü/x") + "," + &file("ü/X")), "only in the case of letters"),
        (manifest(file("provenance.replay.json")), "is called as what loading puts there"),
        (manifest(file("FLOWS.replay.jsonl")), "is called as what loading puts there"),
        (manifest(file("aux.jsonl")), "a device's"),
        (manifest(file("a. ")), "not every system tells apart"),
        (manifest(file(&"d/".repeat(16)).replace("d/\"", "d/f\"")), "lies too deep"),
    ] {
        let forged = Forged::empty().file("manifest.json", text.as_bytes());
        assert_says(&forged.refused(), Kind::NotAnArtifact, why);
    }
    let later = Forged::empty().file("manifest.json", br#"{"format":99,"files":{"another":"shape"}}"#);
    assert_says(&later.refused(), Kind::NotAnArtifact, "format version 99");
}

#[test]
fn what_promises_too_much_is_refused_before_it_is_read() {
    let huge = r#"{"path":"a","size":18446744073709551615,"sha256":"S"}"#.replace('S', &"0".repeat(64));
    let huge = format!(r#"{{"format":1,"tools":[],"files":[{huge},{}]}}"#, huge.replace("\"a\"", "\"b\""));
    let forged = Forged::empty().file("manifest.json", huge.as_bytes());
    assert_says(&forged.refused(), Kind::TooLarge, "more bytes than the");
    let head = archive::header("manifest.json", u64::MAX >> 1).unwrap();
    assert_says(&Forged::empty().raw(head.as_bytes()).refused(), Kind::TooLarge, "a longer manifest");
    let head = archive::header("files/a", u64::MAX).unwrap();
    let forged = Forged::listing(&[("a", FLOWS)]).raw(head.as_bytes());
    assert_says(&forged.refused(), Kind::Differs, "files/a: was changed: 18446744073709551615 bytes");
}

#[test]
fn what_is_no_artifact_says_so() {
    assert_says(&refused(b""), Kind::NotAnArtifact, "neither with Zstandard nor with gzip");
    assert_says(&refused(b"{\"a\":1}\n"), Kind::NotAnArtifact, "neither with Zstandard nor with gzip");
    let text = zstd::encode_all([b'x'; 2_000].as_slice(), 1).unwrap();
    assert_says(&refused(&text), Kind::NotAnArtifact, "it does not begin with manifest.json");
    assert_says(&Forged::empty().file("a", b"").refused(), Kind::NotAnArtifact, "it begins with \"a\"");
    let short = zstd::encode_all(FLOWS, 1).unwrap();
    assert_says(&refused(&short), Kind::Damaged, "it ends before its end");
    let bench = Bench::new();
    for path in [bench.dir.path().to_owned(), bench.path("nowhere")] {
        assert_eq!(open(&path).map(|_| ()).unwrap_err().kind(), Kind::Io);
    }
}

#[test]
fn nothing_stands_behind_the_end_or_between_members() {
    let good = || Forged::listing(&[("a", FLOWS)]).file("files/a", FLOWS).raw(&archive::END).bytes;
    let packed = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let behind = "something stands behind its end";
    for more in [&b"x"[..], b"\0x", &[0; 3 << 20]] {
        assert_says(&refused(&packed(&[&good(), more].concat())), Kind::Damaged, behind);
    }
    let more_files = [good(), Forged::empty().file("files/b", b"").bytes].concat();
    assert_says(&refused(&packed(&more_files)), Kind::Damaged, behind);
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0][..], b"x"].concat();
    for more in [b"x".to_vec(), packed(b""), packed(&good()), skippable] {
        assert_says(&refused(&[packed(&good()), more].concat()), Kind::Damaged, behind);
    }
    let mut unclean = good();
    let at = unclean.windows(FLOWS.len()).position(|w| w == FLOWS).unwrap() + FLOWS.len();
    unclean[at] = b'x';
    assert_says(
        &refused(&packed(&unclean)),
        Kind::Damaged,
        "in files/a: something stands behind its content",
    );
    let mut half_end = good();
    half_end.truncate(half_end.len() - 512);
    assert_says(&refused(&packed(&half_end)), Kind::Damaged, "it ends before its end");
}

/// A recording packed as it really is, and what must come out of it.
fn real() -> (Vec<u8>, Files) {
    let bench = Bench::new();
    let noise: Vec<u8> = (0..3_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    recording(&bench.path("run"), &files(&[("flows.jsonl", FLOWS), ("noise", &noise)]));
    pack(&bench.path("run"), &bench.path("a.zst")).unwrap();
    (fs::read(bench.path("a.zst")).unwrap(), content(&bench.path("run")))
}

/// Loads these bytes; if they are taken, then what is in them is what was packed.
fn taken_only_if_right(bench: &Bench, bytes: &[u8], right: &Files) -> bool {
    let (path, out) = (bench.path("a"), bench.path("out"));
    fs::write(&path, bytes).unwrap();
    let taken = open(&path).and_then(|a| a.extract(&out, &mut unwatched)).is_ok();
    if taken {
        assert!(content(&out) == *right);
        fs::remove_dir_all(&out).unwrap();
    }
    assert_eq!(names(bench.dir.path()), ["a"]);
    taken
}

#[test]
fn no_artifact_that_is_cut_short_is_taken() {
    let (packed, right) = real();
    let bench = Bench::new();
    assert!(taken_only_if_right(&bench, &packed, &right));
    for length in 0..packed.len() {
        assert!(!taken_only_if_right(&bench, &packed[..length], &right), "{length} of {}", packed.len());
    }
    let archive = unpacked(&packed);
    for length in (0..archive.len()).step_by(97) {
        let repacked = zstd::encode_all(&archive[..length], 1).unwrap();
        assert!(!taken_only_if_right(&bench, &repacked, &right), "{length} of {}", archive.len());
    }
}

#[test]
fn no_flipped_bit_changes_what_comes_out() {
    let (packed, right) = real();
    let bench = Bench::new();
    let mut taken = 0;
    for byte in 0..packed.len() {
        let mut flipped = packed.clone();
        flipped[byte] ^= 1 << (byte % 8);
        taken += usize::from(taken_only_if_right(&bench, &flipped, &right));
    }
    // Some bits Zstandard does not heed, and some only say from where the same bytes are copied.
    assert!(taken * 50 < packed.len(), "{taken} of {}", packed.len());
    let archive = unpacked(&packed);
    for byte in (0..archive.len()).step_by(7) {
        let mut flipped = archive.clone();
        flipped[byte] ^= 1 << (byte % 8);
        let repacked = zstd::encode_all(flipped.as_slice(), 1).unwrap();
        // Owner, mode and time of a member are nobody's business; with them its checksum would have to change.
        taken_only_if_right(&bench, &repacked, &right);
    }
}

#[test]
fn a_manifest_of_an_earlier_glyph_is_read() {
    let sha256 = hex::encode(Sha256::digest(FLOWS));
    let text = format!(
        r#"{{"format":1,"tools":[],"later":{{}},"files":[{{"path":"a","size":{},"sha256":"{sha256}"}}]}}"#,
        FLOWS.len()
    );
    let forged = Forged::empty().file("manifest.json", text.as_bytes()).file("files/a", FLOWS);
    let bench = Bench::new();
    let bytes = forged.raw(&archive::END).bytes;
    fs::write(bench.path("a.zst"), zstd::encode_all(bytes.as_slice(), 1).unwrap()).unwrap();
    let contents = open(&bench.path("a.zst")).unwrap().verify(&mut unwatched).unwrap();
    assert_eq!((contents.manifest.seed.as_str(), contents.manifest.plugins.len()), ("", 0));
}

#[test]
fn extensions_change_no_name_and_no_size() {
    let pax =
        |record: &str| Forged::listing(&[("a", FLOWS)]).member("pax", EntryType::XHeader, record.as_bytes());
    for record in ["30 path=../../../../evil/file\n", "13 size=99999\n", "22 GNU.sparse.major=1\n"] {
        assert_says(&pax(record).file("files/a", FLOWS).refused(), Kind::Refused, "pax: is an extension");
    }
    let long =
        Forged::listing(&[("a", FLOWS)]).member("././@LongLink", EntryType::GNULongName, b"../../evil\0");
    assert_says(&long.file("files/a", FLOWS).refused(), Kind::Refused, "is an extension");
    let global = Forged::empty().member("pax", EntryType::XGlobalHeader, b"22 path=manifest.json\n");
    assert_says(&global.file("x", b"{}").refused(), Kind::NotAnArtifact, "it begins with \"pax\"");
    // GNU's sparse files, in both of their forms: a kind of their own, and names that say so.
    let sparse = Forged::listing(&[("a", FLOWS)]).member("files/a", EntryType::GNUSparse, FLOWS);
    assert_says(&sparse.refused(), Kind::Refused, "is no plain file");
    let named = Forged::listing(&[("a", FLOWS)]).file("GNUSparseFile.0/a", FLOWS);
    assert_says(&named.refused(), Kind::Differs, "is not in the manifest");
}

#[test]
fn names_end_where_they_end() {
    // What stands behind a zero is of no name, here and for other tools; nor is what stands in the owner's.
    let hidden = |at: usize, text: &[u8]| {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..7].copy_from_slice(b"files/a");
        header.set_entry_type(EntryType::Regular);
        header.set_size(FLOWS.len() as u64);
        let mut block = *header.as_bytes();
        block[at..at + text.len()].copy_from_slice(text);
        let mut header = Header::from_byte_slice(&block).clone();
        header.set_cksum();
        let padding = &archive::END[..archive::padding(FLOWS.len() as u64)];
        let forged = Forged::listing(&[("a", FLOWS)]).raw(header.as_bytes()).raw(FLOWS).raw(padding);
        forged.raw(&archive::END).bytes
    };
    for (at, text) in [(8, &b"../../evil"[..]), (157, b"/etc/passwd"), (265, b"root")] {
        let bench = Bench::new();
        let path = bench.path("a.zst");
        fs::write(&path, zstd::encode_all(hidden(at, text).as_slice(), 1).unwrap()).unwrap();
        open(&path).unwrap().extract(&bench.path("out"), &mut unwatched).unwrap();
        assert_eq!(content(&bench.path("out")), files(&[("a", FLOWS)]));
        assert_eq!(names(bench.dir.path()), ["a.zst", "out"]);
    }
    // A prefix is part of the name.
    let prefixed = zstd::encode_all(hidden(345, b"..").as_slice(), 1).unwrap();
    assert_says(&refused(&prefixed), Kind::Refused, "../files/a: its path leads out");
}

#[test]
fn sizes_are_those_of_the_manifest_however_they_are_written() {
    let with_size = |size: &[u8]| {
        let mut header = archive::header("files/a", 0).unwrap();
        header.as_old_mut().size[..size.len()].copy_from_slice(size);
        header.set_cksum();
        Forged::listing(&[("a", FLOWS)]).raw(header.as_bytes()).raw(FLOWS).refused()
    };
    // Negative, larger than any file, no number, and so that the end would be read as content.
    for size in [
        &[0xff; 12][..],
        &[0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        b"-1",
        b"9",
        b"77777777777",
    ] {
        let error = with_size(size);
        assert!(matches!(error.kind(), Kind::Differs | Kind::Damaged), "{size:?}: {error}");
    }
}

#[test]
fn frames_may_follow_each_other_and_none_may_be_empty() {
    let good = Forged::listing(&[("a", FLOWS)]).file("files/a", FLOWS).raw(&archive::END).bytes;
    let frame = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let bench = Bench::new();
    for cut in (1..good.len()).step_by(61) {
        let two = [frame(&good[..cut]), frame(&good[cut..])].concat();
        fs::write(bench.path("a.zst"), two).unwrap();
        open(&bench.path("a.zst")).unwrap().verify(&mut unwatched).unwrap();
    }
    let skippable = [&[0x5e, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"data"].concat();
    for between in [frame(b""), skippable, b"\x28\xb5\x2f".to_vec(), b"(".to_vec(), vec![0; 8]] {
        let three = [frame(&good[..700]), between.clone(), frame(&good[700..])].concat();
        assert_eq!(refused(&three).kind(), Kind::Damaged, "{between:?}");
        let behind = [frame(&good), between].concat();
        assert_eq!(refused(&behind).kind(), Kind::Damaged);
        assert_ne!(refused(&[skip(), frame(&good)].concat()).kind(), Kind::Differs);
    }
    // A second stream of gzip is nothing that an archiver makes.
    let gzip = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    assert_eq!(refused(&[gzip(&good[..700]), gzip(&good[700..])].concat()).kind(), Kind::Damaged);
}

/// A frame that says nothing.
fn skip() -> Vec<u8> {
    vec![0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]
}

#[test]
fn a_bomb_is_put_out_before_it_has_gone_off() {
    let bench = Bench::new();
    let size: u64 = 3 << 30;
    // The digest is wrong: as far as that it does not come.
    let manifest = format!(
        r#"{{"format":1,"tools":[],"files":[{{"path":"a","size":{size},"sha256":"{}"}}]}}"#,
        "0".repeat(64)
    );
    let head = Forged::empty().file("manifest.json", manifest.as_bytes());
    let head = head.raw(archive::header("files/a", size).unwrap().as_bytes()).bytes;
    let mut bomb = zstd::encode_all(head.as_slice(), 1).unwrap();
    let mebibytes = zstd::encode_all(&[0; 64 << 20][..], 1).unwrap();
    (0..48).for_each(|_| bomb.extend_from_slice(&mebibytes));
    assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
    fs::write(bench.path("a.zst"), bomb).unwrap();
    let error = open(&bench.path("a.zst")).unwrap().verify(&mut unwatched).unwrap_err();
    assert_says(&error, Kind::TooLarge, "more bytes for each of the compressed ones");
}
