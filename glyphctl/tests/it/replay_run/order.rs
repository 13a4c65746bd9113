//! Of those that belong together one waits for the other, and others don't.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::sync::Barrier;

use super::{
    origin::{Origin, answer},
    recording::{Ask, Recording},
    replay,
};

const SESSIONS: usize = 4;
const REQUESTS: usize = 25;

/// A server that says so if two requests of a session are under way at a time, or come in another order.
fn strict(session: fn(&super::origin::Asked) -> String) -> (Origin, Arc<Mutex<Vec<String>>>) {
    let faults = Arc::<Mutex<Vec<String>>>::default();
    let (told, seen) = (Arc::clone(&faults), Arc::<Mutex<BTreeMap<String, (usize, bool)>>>::default());
    // The first of each session are answered when those of all are there.
    let all = Arc::new(Barrier::new(SESSIONS));
    let origin = Origin::pondering(move |asked| {
        let (told, seen, all) = (Arc::clone(&told), Arc::clone(&seen), Arc::clone(&all));
        async move {
            let session = session(&asked);
            let number: usize = asked.path.rsplit('/').next().unwrap().parse().unwrap();
            let before = seen.lock().unwrap().insert(session.clone(), (number, true));
            match before {
                Some((_, true)) => told.lock().unwrap().push(format!("{session}: two at a time")),
                Some((last, false)) if last + 1 != number && number != 0 => {
                    told.lock().unwrap().push(format!("{session}: {number} after {last}"));
                }
                _ => {}
            }
            if number == 0 {
                all.wait().await;
            } else {
                tokio::task::yield_now().await;
            }
            seen.lock().unwrap().insert(session, (number, false));
            answer(200, "text/plain", "")
        }
    });
    (origin, faults)
}

#[test]
fn requests_of_a_connection_keep_their_order() {
    let plain = Origin::plain(|_| answer(200, "text/plain", ""));
    let asks = (0..REQUESTS).flat_map(|n| (0..SESSIONS).map(move |s| (n, s)));
    let asks = asks.map(|(n, s)| Ask::get(&format!("/{s}/{n}")).over(s));
    let recording = Recording::of(&plain, asks);
    let (origin, faults) = strict(|asked| asked.path.split('/').nth(1).unwrap().to_owned());
    let (code, report, _) = replay(&recording.path(), &origin.url(), &["--concurrency", "16", "--loop", "2"]);
    assert_eq!((code, faults.lock().unwrap().clone()), (0, vec![]), "{report:#}");
    assert_eq!(origin.asked().len(), 2 * SESSIONS * REQUESTS);
}

#[test]
fn requests_of_a_cookies_session_keep_their_order_over_many_connections() {
    let plain = Origin::plain(|_| answer(200, "text/plain", ""));
    let asks = (0..REQUESTS).flat_map(|n| (0..SESSIONS).map(move |s| (n, s)));
    let asks = asks.map(|(n, s)| {
        let cookie = format!("theme=dark; session={}", format!("S{s}x9").repeat(8));
        Ask::get(&format!("/{n}")).over(n * SESSIONS + s).with("cookie", &cookie)
    });
    let recording = Recording::of(&plain, asks);
    let (origin, faults) =
        strict(|asked| asked.headers["cookie"].split("session=").nth(1).unwrap().to_owned());
    let (code, report, stderr) = replay(&recording.path(), &origin.url(), &["--concurrency", "16"]);
    assert_eq!((code, faults.lock().unwrap().clone()), (0, vec![]), "{report:#}\n{stderr}");
    assert_eq!(origin.asked().len(), SESSIONS * REQUESTS);
}
