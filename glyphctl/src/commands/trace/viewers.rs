//! What viewers can open, and the way round where a file is too large for them.
//!
//! In: what was written, and how large it is. Out: a sentence, if somebody has to be told. Not here: the file.

/// The longest string of V8, in characters, which are bytes in what is ASCII: `String::kMaxLength` in V8's
/// `include/v8-primitive.h`, as MDN says on `String: length`. chrome://tracing makes one string of a file
/// (google/trace-viewer#627). speedscope has been reading past it since 1.14 (jlfwong/speedscope#385), in theory: users
/// report Chrome traces of 450 MB that it refuses (#478) and tabs that run out of memory from 375 MB on (#519).
const LONGEST_STRING: u64 = (1 << 29) - 24;

/// What a page in a browser has: "2GB is typical", of memory and not of the file, says Perfetto on large traces
/// (<https://perfetto.dev/docs/visualization/large-traces>), which there take 2 to 4 times their size. Reports of files
/// that were opened end there, too: speedscope opens no file above 2 GB (jlfwong/speedscope#372), and ui.perfetto.dev
/// crashed at it (google/perfetto#2715). There is no such limit with `trace_processor --httpd`.
const PAGE: u64 = 1 << 31;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Export {
    /// A Chrome trace, with attributes or without.
    Chrome { is_full: bool },
    /// Collapsed stacks, which speedscope reads line by line.
    Folded,
    /// A native Perfetto trace.
    Perfetto,
}

/// Which viewers can't open a file of `bytes` bytes, and how to get one that they can; nothing if all can.
pub(super) fn advice(export: Export, bytes: u64) -> Option<String> {
    let fewer = "--slowest 100 or --window takes fewer traces";
    let httpd = "trace_processor --httpd FILE lets ui.perfetto.dev open it as it is";
    let (viewers, limit, ways) = match export {
        Export::Chrome { is_full } => {
            let smaller = if is_full { "--args ids leaves the attributes out, " } else { "" };
            let ways = format!("{smaller}{fewer}, --perfetto writes a smaller file");
            match bytes {
                PAGE.. => {
                    ("chrome://tracing, speedscope and ui.perfetto.dev", "2 GiB", format!("{ways}; {httpd}"))
                }
                LONGEST_STRING.. => (
                    "chrome://tracing, and often for speedscope",
                    "512 MiB",
                    format!("ui.perfetto.dev may open it; {ways}"),
                ),
                _ => return None,
            }
        }
        Export::Folded if bytes >= PAGE => {
            ("speedscope", "2 GiB", format!("flamegraph.pl and inferno read it; {fewer}"))
        }
        Export::Perfetto if bytes >= PAGE => ("ui.perfetto.dev", "2 GiB", format!("{httpd}; {fewer}")),
        Export::Folded | Export::Perfetto => return None,
    };
    Some(format!("{} is too large for {viewers} (limit {limit}): {ways}", size(bytes)))
}

fn size(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    if bytes < GIB { format!("{} MiB", bytes >> 20) } else { format!("{:.1} GiB", bytes as f64 / GIB as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_told_with_the_way_round() {
        let full = Export::Chrome { is_full: true };
        for (export, bytes) in
            [(full, LONGEST_STRING - 1), (Export::Folded, PAGE - 1), (Export::Perfetto, PAGE - 1)]
        {
            assert_eq!(advice(export, bytes), None);
        }
        let told = |export, bytes| advice(export, bytes).unwrap();
        assert_eq!(
            told(full, LONGEST_STRING),
            "511 MiB is too large for chrome://tracing, and often for speedscope (limit 512 MiB): ui.perfetto.dev may \
             open it; --args ids leaves the attributes out, --slowest 100 or --window takes fewer traces, --perfetto \
             writes a smaller file"
        );
        assert_eq!(
            told(Export::Chrome { is_full: false }, 5 * PAGE / 4),
            "2.5 GiB is too large for chrome://tracing, speedscope and ui.perfetto.dev (limit 2 GiB): --slowest 100 or \
             --window takes fewer traces, --perfetto writes a smaller file; trace_processor --httpd FILE lets \
             ui.perfetto.dev open it as it is"
        );
        assert_eq!(
            told(Export::Folded, PAGE),
            "2.0 GiB is too large for speedscope (limit 2 GiB): flamegraph.pl and inferno read it; --slowest 100 or \
             --window takes fewer traces"
        );
        assert!(
            told(Export::Perfetto, u64::MAX)
                .starts_with("17179869184.0 GiB is too large for ui.perfetto.dev ")
        );
    }
}
