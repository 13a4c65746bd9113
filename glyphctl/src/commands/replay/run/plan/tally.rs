//! What is sent and what is not, in figures.

use std::collections::BTreeMap;

use super::{LeftOut, Prepared, Secrecy, view::View};

/// So many hosts are told apart; a recording may have any number.
const HOSTS: usize = 1_000;
/// So many flows are named of each reason.
const NAMED: usize = 3;

/// Of the flows of a recording, what becomes of each.
#[derive(Debug, Default)]
pub(in super::super) struct Tally {
    /// Requests that are sent.
    pub(in super::super) sent: u64,
    /// Those that are not, and the numbers of the first.
    pub(in super::super) left_out: BTreeMap<LeftOut, (u64, Vec<u64>)>,
    /// Requests by the host that they were recorded at.
    pub(in super::super) hosts: BTreeMap<String, u64>,
    /// Requests at further hosts.
    pub(in super::super) further: u64,
    /// Requests with secrets that are put back.
    pub(in super::super) secrets_sent: u64,
    /// Requests whose secrets are not for the target.
    pub(in super::super) held_back: u64,
    /// Requests with tokens of which it is not known what they stand for.
    pub(in super::super) unknown: u64,
    /// Requests that had trailers, which are not sent.
    pub(in super::super) trailers: u64,
    /// Bytes of bodies that are sent.
    pub(in super::super) bytes: u64,
}

impl Tally {
    pub(super) fn note(&mut self, flow: &View<'_>, prepared: Result<&Prepared, &LeftOut>) {
        match prepared {
            Ok(request) => {
                self.sent += 1;
                self.bytes += request.body.len() as u64;
                self.trailers += u64::from(!flow.request.trailers.is_empty());
                match request.secrecy {
                    Secrecy::None => {}
                    Secrecy::Sent => self.secrets_sent += 1,
                    Secrecy::HeldBack => self.held_back += 1,
                    Secrecy::Unknown => self.unknown += 1,
                }
                let host = &*flow.request.host;
                if let Some(count) = self.hosts.get_mut(host) {
                    *count += 1;
                } else if self.hosts.len() < HOSTS {
                    self.hosts.insert(host.to_owned(), 1);
                } else {
                    self.further += 1;
                }
            }
            Err(reason) => {
                let (count, first) = self.left_out.entry(*reason).or_default();
                *count += 1;
                if first.len() < NAMED {
                    first.push(flow.sequence);
                }
            }
        }
    }
}
