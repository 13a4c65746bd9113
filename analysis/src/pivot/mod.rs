//! From one signal to the next, by the trace id that they share.
//!
//! In: a recording's directory and trace ids, or the alerts that fired over it. Out: the flows, findings and audit
//! entries of those traces ([`Records`]), the traces that ran at some time ([`Suspects`]), and for each time in which an
//! alert fired what the recording knows of it ([`explain`]). Not here: how any of it is printed.

mod records;
mod suspects;
pub mod explain;

pub use records::{Beside, Records};
pub use suspects::{MOST, Suspects};
