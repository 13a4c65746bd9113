//! The columns, as Parquet's schema language has them, and how each is stored.

use std::sync::Arc;

use parquet::{
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::{WriterProperties, WriterPropertiesPtr},
    schema::{parser::parse_message_type, types::TypePtr},
};

/// The columns in their order, which is that in which [`super::rows`] writes them. `docs/scale.md` says what each holds.
pub(super) const MESSAGE: &str = "message span {
    REQUIRED BYTE_ARRAY trace_id (STRING);
    REQUIRED BYTE_ARRAY span_id (STRING);
    OPTIONAL BYTE_ARRAY parent_span_id (STRING);
    REQUIRED BYTE_ARRAY name (STRING);
    REQUIRED BYTE_ARRAY kind (STRING);
    REQUIRED BYTE_ARRAY status_code (STRING);
    OPTIONAL BYTE_ARRAY status_message (STRING);
    REQUIRED BYTE_ARRAY service_name (STRING);
    REQUIRED INT64 start_time (TIMESTAMP(MICROS,true));
    REQUIRED INT64 start_time_unix_nano;
    REQUIRED INT64 end_time_unix_nano;
    REQUIRED INT64 duration_nano;
    REQUIRED INT64 self_time_nano;
    REQUIRED INT64 critical_path_nano;
    REQUIRED BOOLEAN is_root;
    REQUIRED INT32 depth;
    REQUIRED GROUP attributes (MAP) {
        REPEATED GROUP key_value {
            REQUIRED BYTE_ARRAY key (STRING);
            OPTIONAL BYTE_ARRAY value (STRING);
        }
    }
    OPTIONAL BYTE_ARRAY events (STRING);
}";

/// Columns in which hardly any value comes twice.
const DISTINCT: [&str; 8] = [
    "span_id",
    "start_time",
    "start_time_unix_nano",
    "end_time_unix_nano",
    "duration_nano",
    "self_time_nano",
    "critical_path_nano",
    "events",
];

/// The schema.
pub(super) fn schema() -> Result<TypePtr, ParquetError> {
    parse_message_type(MESSAGE).map(Arc::new)
}

/// Compressed by zstd, with the range of each column, and a Bloom filter of the trace ids: who looks for one trace skips
/// what has it not.
pub(super) fn properties() -> WriterPropertiesPtr {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(super::files::ROWS))
        .set_column_bloom_filter_enabled("trace_id".into(), true);
    let plain = DISTINCT
        .iter()
        .fold(properties, |all, column| all.set_column_dictionary_enabled((*column).into(), false));
    Arc::new(plain.build())
}
