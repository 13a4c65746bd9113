//! Bytes are copied both ways, and not looked at.

use glyph_formats::flow::Tunnel;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::{
    io::{InspectReader, InspectWriter},
    sync::CancellationToken,
};

use super::{failure::Failure, recorder::Recorder};

/// Until both sides have ended, one has failed, or everything is cut. `sent` and `received` are shown what passes from the
/// client and to it.
pub(super) async fn copy<C, U>(
    mut client: C,
    upstream: U,
    mut sent: impl FnMut(&[u8]),
    mut received: impl FnMut(&[u8]),
    cut: &CancellationToken,
) -> Result<(), Failure>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    let upstream = InspectWriter::new(upstream, |bytes: &[u8]| sent(bytes));
    let mut upstream = InspectReader::new(upstream, |bytes: &[u8]| received(bytes));
    tokio::select! {
        copied = tokio::io::copy_bidirectional(&mut client, &mut upstream) => {
            copied.map(drop).map_err(|e| Failure::of_tunnel(&e))
        }
        () = cut.cancelled() => Err(Failure::TunnelBroken("it was cut".to_owned())),
    }
}

/// A blind tunnel, from its first byte to its last.
pub(super) async fn pass<C, U>(client: C, upstream: U, recorder: &Recorder, cut: &CancellationToken)
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sent, mut received) = (0, 0);
    let copied =
        copy(client, upstream, |b| sent += b.len() as u64, |b| received += b.len() as u64, cut).await;
    recorder.tunnelled(Tunnel { bytes_sent: sent, bytes_received: received });
    if let Err(failure) = copied {
        recorder.failed(&failure);
    }
}
