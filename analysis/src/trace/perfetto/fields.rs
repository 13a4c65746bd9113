//! Numbers of the fields that are written, by message, as Perfetto publishes them in its repository's
//! `protos/perfetto/trace/`: `trace.proto`, `trace_packet.proto`, `trace_packet_defaults.proto`, `clock_snapshot.proto`,
//! `interned_data/interned_data.proto`, and in `track_event/` `track_event.proto`, `track_descriptor.proto`,
//! `process_descriptor.proto`, `debug_annotation.proto`. (`perfetto_trace.proto` is all of them in one.)

/// `Trace`.
pub(super) mod trace {
    pub(in crate::trace::perfetto) const PACKET: u32 = 1;
}

/// `TracePacket`.
pub(super) mod packet {
    pub(in crate::trace::perfetto) const CLOCK_SNAPSHOT: u32 = 6;
    pub(in crate::trace::perfetto) const TIMESTAMP: u32 = 8;
    pub(in crate::trace::perfetto) const SEQUENCE: u32 = 10;
    pub(in crate::trace::perfetto) const TRACK_EVENT: u32 = 11;
    pub(in crate::trace::perfetto) const INTERNED: u32 = 12;
    pub(in crate::trace::perfetto) const FLAGS: u32 = 13;
    pub(in crate::trace::perfetto) const CLOCK: u32 = 58;
    pub(in crate::trace::perfetto) const DEFAULTS: u32 = 59;
    pub(in crate::trace::perfetto) const TRACK: u32 = 60;

    /// `SequenceFlags`: from here on, numbers mean what is said from here on.
    pub(in crate::trace::perfetto) const STATE_CLEARED: u64 = 1;
    /// The packet uses such numbers.
    pub(in crate::trace::perfetto) const NEEDS_STATE: u64 = 2;
}

/// `ClockSnapshot`, and its `Clock`.
pub(super) mod clock {
    pub(in crate::trace::perfetto) const CLOCKS: u32 = 1;
    pub(in crate::trace::perfetto) const PRIMARY: u32 = 2;
    pub(in crate::trace::perfetto) const ID: u32 = 1;
    pub(in crate::trace::perfetto) const TIME: u32 = 2;
    pub(in crate::trace::perfetto) const IS_INCREMENTAL: u32 = 3;

    /// `BUILTIN_CLOCK_REALTIME`: nanoseconds since 1970.
    pub(in crate::trace::perfetto) const REALTIME: u64 = 1;
    /// The first of the numbers that a sequence of packets may give a meaning.
    pub(in crate::trace::perfetto) const OWN: u64 = 64;
}

/// `TrackDescriptor`, and its `ProcessDescriptor`.
pub(super) mod track {
    pub(in crate::trace::perfetto) const UUID: u32 = 1;
    pub(in crate::trace::perfetto) const NAME: u32 = 2;
    pub(in crate::trace::perfetto) const PROCESS: u32 = 3;
    pub(in crate::trace::perfetto) const PARENT: u32 = 5;
    pub(in crate::trace::perfetto) const CHILD_ORDERING: u32 = 11;
    pub(in crate::trace::perfetto) const RANK: u32 = 12;
    pub(in crate::trace::perfetto) const PROCESS_ID: u32 = 1;
    pub(in crate::trace::perfetto) const PROCESS_SORT_INDEX: u32 = 3;
    pub(in crate::trace::perfetto) const PROCESS_NAME: u32 = 6;

    /// `ChildTracksOrdering`: by rank.
    pub(in crate::trace::perfetto) const EXPLICIT: u64 = 3;
}

/// `TrackEvent`.
pub(super) mod event {
    pub(in crate::trace::perfetto) const CATEGORY_IIDS: u32 = 3;
    pub(in crate::trace::perfetto) const ANNOTATIONS: u32 = 4;
    pub(in crate::trace::perfetto) const TYPE: u32 = 9;
    pub(in crate::trace::perfetto) const NAME_IID: u32 = 10;
    pub(in crate::trace::perfetto) const TRACK: u32 = 11;
    pub(in crate::trace::perfetto) const NAME: u32 = 23;
    pub(in crate::trace::perfetto) const FLOWS: u32 = 47;
    pub(in crate::trace::perfetto) const LAST_OF_FLOWS: u32 = 48;

    /// `Type`.
    pub(in crate::trace::perfetto) const BEGIN: u64 = 1;
    pub(in crate::trace::perfetto) const END: u64 = 2;
    pub(in crate::trace::perfetto) const INSTANT: u64 = 3;
}

/// `DebugAnnotation`.
pub(super) mod annotation {
    pub(in crate::trace::perfetto) const NAME_IID: u32 = 1;
    pub(in crate::trace::perfetto) const BOOL: u32 = 2;
    pub(in crate::trace::perfetto) const UINT: u32 = 3;
    pub(in crate::trace::perfetto) const INT: u32 = 4;
    pub(in crate::trace::perfetto) const DOUBLE: u32 = 5;
    pub(in crate::trace::perfetto) const STRING: u32 = 6;
    pub(in crate::trace::perfetto) const NAME: u32 = 10;
    pub(in crate::trace::perfetto) const ENTRIES: u32 = 11;
    pub(in crate::trace::perfetto) const ITEMS: u32 = 12;
    pub(in crate::trace::perfetto) const STRING_IID: u32 = 17;
}

/// `InternedData`.
pub(super) mod interned {
    pub(in crate::trace::perfetto) const CATEGORIES: u32 = 1;
    pub(in crate::trace::perfetto) const EVENT_NAMES: u32 = 2;
    pub(in crate::trace::perfetto) const ANNOTATION_NAMES: u32 = 3;
    pub(in crate::trace::perfetto) const ANNOTATION_STRINGS: u32 = 29;
}

/// Its entries: `EventCategory`, `EventName`, `DebugAnnotationName`, `InternedString`.
pub(super) mod named {
    pub(in crate::trace::perfetto) const IID: u32 = 1;
    pub(in crate::trace::perfetto) const NAME: u32 = 2;
}
