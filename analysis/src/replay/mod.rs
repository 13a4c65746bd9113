//! Exchanges, held against those that were recorded.
//!
//! In: a recorded exchange, and the one that stands beside it: sent again, or out of another recording. Out: what
//! differs, place by place. Both are sanitised. Not here: which stands beside which, how it was sent, how it is printed.
