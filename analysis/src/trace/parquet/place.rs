//! Where a span goes: `service=…/hour=2026-01-02T03`, as Hive, Spark and DuckDB read folders.
//!
//! In: a service's name and a time. Out: a path of plain names, whatever the service is called.

use std::{fmt::Write, path::PathBuf};

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// What stands for an empty value; readers make null of it.
const NONE: &str = "__HIVE_DEFAULT_PARTITION__";

/// A longer name is cut: with what stands before it, file systems take 255 bytes.
const LONGEST: usize = 200;

/// How many hours since 1970 that is.
pub(super) fn hour(unix_nano: u64) -> u64 {
    unix_nano / 3_600_000_000_000
}

/// The folder for spans of that service which start in that hour, below the folder for all.
pub(super) fn folder(service: &str, hour: u64) -> PathBuf {
    let start =
        OffsetDateTime::from_unix_timestamp((hour * 3_600) as i64).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, hour) = (start.date(), start.hour());
    PathBuf::from(format!("service={}", encoded(service))).join(format!(
        "hour={:04}-{:02}-{:02}T{hour:02}",
        date.year(),
        u8::from(date.month()),
        date.day()
    ))
}

/// The name with all but plain characters as `%XX`. Of a long one the beginning, and a digest that no other has.
fn encoded(name: &str) -> String {
    if name.is_empty() {
        return NONE.to_owned();
    }
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let mut out = String::new();
    for (i, b) in name.bytes().enumerate() {
        if out.len() >= LONGEST {
            let digest = hex::encode(&Sha256::digest(name)[..8]);
            return format!("{out}~{digest}");
        }
        if is_plain(b) && !(i == 0 && name == NONE) {
            out.push(char::from(b));
        } else {
            // Writing to a string does not fail.
            write!(out, "%{b:02X}").ok();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_plain_path_whatever_the_service_is_called() {
        let table = [
            ("shop", "service=shop"),
            ("a b/../c", "service=a%20b%2F..%2Fc"),
            ("漢=%", "service=%E6%BC%A2%3D%25"),
            ("x\n\u{1b}[0m", "service=x%0A%1B%5B0m"),
            ("", "service=__HIVE_DEFAULT_PARTITION__"),
            (NONE, "service=%5F_HIVE_DEFAULT_PARTITION__"),
        ];
        for (service, expected) in table {
            // 2026-01-02T03:59:59.999999999Z
            let path = folder(service, hour(1_767_326_399_999_999_999));
            assert_eq!(path, PathBuf::from(expected).join("hour=2026-01-02T03"));
        }
        assert!(folder("s", hour(i64::MAX as u64)).starts_with("service=s/hour=2262-04-11T23"));
    }

    #[test]
    fn long_names_are_cut_and_still_differ() {
        let (a, b) = ("ü".repeat(5_000), "ü".repeat(5_001));
        assert_ne!(encoded(&a), encoded(&b));
        assert!([a, b].iter().all(|name| encoded(name).len() < 230));
    }
}
