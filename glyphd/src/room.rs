//! Room for what waits between two stages, by its bytes: taken, waited for within a limit, given back when what is held is
//! dropped. What waits can't outgrow it, and nobody blocks a thread for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Room is given out in units of so many bytes: the least that an exchange counts for, whatever is in it.
const UNIT: usize = 8 << 10;

/// So many bytes, shared. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    units: Arc<Semaphore>,
    all: u32,
    patience: Duration,
    /// Whether somebody has waited in vain, and nobody has found room since.
    stuck: Arc<AtomicBool>,
    /// Whether somebody has waited in vain for a quarter of it, which has not been free since.
    crowded: Arc<AtomicBool>,
}

/// Room that is taken.
#[derive(Debug)]
pub(crate) struct Held {
    _units: OwnedSemaphorePermit,
}

impl Room {
    /// For so many bytes, of which a small thing takes 8 KiB; who waits for it waits no longer than `patience`.
    pub(crate) fn new(bytes: usize, patience: Duration) -> Self {
        let all = units(bytes);
        Self {
            units: Arc::new(Semaphore::new(all as usize)),
            all,
            patience,
            stuck: Arc::default(),
            crowded: Arc::default(),
        }
    }

    /// How many things can be held at most.
    pub(crate) fn most(&self) -> usize {
        self.all as usize
    }

    /// Takes room for so many bytes, if it is there. What is larger than all of it takes all.
    pub(crate) fn try_take(&self, bytes: usize) -> Option<Held> {
        let units = Arc::clone(&self.units).try_acquire_many_owned(units(bytes).min(self.all)).ok()?;
        self.stuck.store(false, Ordering::Relaxed);
        Some(Held { _units: units })
    }

    /// Takes room for so many bytes; waits for it. Once somebody has waited in vain, nobody waits until there is room
    /// again: what hangs does not slow everything down for ever.
    pub(crate) async fn take(&self, bytes: usize) -> Option<Held> {
        match self.try_take(bytes) {
            None if self.stuck.load(Ordering::Relaxed) => None,
            None => self.wait(units(bytes).min(self.all), &self.stuck).await,
            held => held,
        }
    }

    /// Waits, in the same way, until a quarter of it is free.
    pub(crate) async fn quarter(&self) {
        let quarter = (self.all / 4).max(1);
        if self.units.available_permits() >= quarter as usize {
            self.crowded.store(false, Ordering::Relaxed);
        } else if !self.crowded.load(Ordering::Relaxed) {
            drop(self.wait(quarter, &self.crowded).await);
        }
    }

    async fn wait(&self, units: u32, in_vain: &AtomicBool) -> Option<Held> {
        let taken = timeout(self.patience, Arc::clone(&self.units).acquire_many_owned(units)).await;
        let held = taken.ok().and_then(Result::ok).map(|units| Held { _units: units });
        in_vain.store(held.is_none(), Ordering::Relaxed);
        held
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(50);

    fn room() -> Room {
        Room::new(8 * UNIT, PATIENCE)
    }

    #[test]
    fn it_is_given_back_and_never_more_than_there_is() {
        let room = room();
        assert_eq!(room.most(), 8);
        let small: Vec<_> = (0..8).map(|_| room.try_take(0).unwrap()).collect();
        assert!(room.try_take(1).is_none());
        drop(small);
        let large = room.try_take(usize::MAX).unwrap();
        assert!(room.try_take(1).is_none());
        drop(large);
        assert!(room.try_take(8 * UNIT).is_some());
    }

    #[tokio::test]
    async fn one_waits_in_vain_and_those_after_it_not_at_all_until_there_is_room_again() {
        let room = room();
        let held = room.try_take(usize::MAX).unwrap();
        let begun = std::time::Instant::now();
        assert!(room.take(1).await.is_none() && begun.elapsed() >= PATIENCE);
        let begun = std::time::Instant::now();
        for _ in 0..100 {
            assert!(room.take(1).await.is_none());
            room.quarter().await;
        }
        assert!(begun.elapsed() < PATIENCE * 50, "{:?}", begun.elapsed());
        drop(held);

        // Little room is no reason to wait for much of it again.
        room.quarter().await;
        let held = room.take(7 * UNIT).await.unwrap();
        room.quarter().await;
        let begun = std::time::Instant::now();
        for _ in 0..100 {
            drop(room.take(1).await.unwrap());
            room.quarter().await;
        }
        assert!(begun.elapsed() < PATIENCE * 50, "{:?}", begun.elapsed());
        drop(held);

        room.quarter().await;
        let held = room.take(7 * UNIT).await.unwrap();
        let waiting = tokio::spawn({
            let room = room.clone();
            async move { room.quarter().await }
        });
        tokio::task::yield_now().await;
        drop(held);
        waiting.await.unwrap();
        assert!(room.take(8 * UNIT).await.is_some());
    }
}
