//! How many requests of each plugin are under way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::policy::Denied;

/// By the plugin's name; who has none under way is not there.
#[derive(Debug)]
pub(super) struct Slots {
    most: usize,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// One of them. Dropped, it is free.
#[derive(Debug)]
pub(super) struct Slot {
    plugin: String,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

impl Slots {
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    pub(super) fn take(&self, plugin: &str) -> Result<Slot, Denied> {
        let mut taken = locked(&self.taken);
        let count = taken.entry(plugin.to_owned()).or_default();
        if *count >= self.most {
            return Err(Denied::Concurrency(*count));
        }
        *count += 1;
        Ok(Slot { plugin: plugin.to_owned(), taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = locked(&self.taken);
        if let Some(count) = taken.get_mut(&self.plugin) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.plugin);
            }
        }
    }
}

fn locked(taken: &Mutex<HashMap<String, usize>>) -> MutexGuard<'_, HashMap<String, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_has_so_many_and_others_have_theirs() {
        let slots = Slots::new(2);
        let (first, _second) = (slots.take("a").unwrap(), slots.take("a").unwrap());
        assert_eq!(slots.take("a").unwrap_err(), Denied::Concurrency(2));
        let other = slots.take("b").unwrap();
        drop(first);
        assert!(slots.take("a").is_ok());
        drop(other);
        assert_eq!(locked(&slots.taken).len(), 1);
    }
}
