//! Who gets what, and what becomes of a delivery that finds a queue full.

use std::time::Duration;

use glyph_formats::flow;
use serde_json::json;

use super::*;

fn flow(sequence: u64) -> Flow {
    let body = json!({ "size": 0, "captured_size": 0, "complete": true });
    let record = json!({
        "format": 1, "id": "01", "sequence": sequence, "sampled": false, "kind": "http",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
        "start_time_unix_nano": 1, "end_time_unix_nano": 2, "client": "127.0.0.1:1",
        "request": {
            "method": "GET", "url": "http://a.test/", "scheme": "http", "host": "a.test", "port": 80,
            "version": "HTTP/1.1", "headers": [], "body": body,
        },
    });
    Flow::recorded(serde_json::from_value::<flow::Flow>(record).unwrap())
}

/// A dispatcher with one subscriber that reads nothing, and what it would have read after `sent` flows.
async fn kept(overflow: Overflow, sent: u64) -> Vec<u64> {
    let dispatcher = Dispatcher::new(Telemetry::off());
    let options = QueueOptions { capacity: 3, overflow };
    let mut deliveries = dispatcher.subscribe("slow", &[Subscription::Request], options);
    let mut other = dispatcher.subscribe("other", &[Subscription::Request], QueueOptions::default());
    for sequence in 1..=sent {
        let flow = flow(sequence);
        dispatcher.dispatch(&flow, None, flow.context()).await;
    }
    dispatcher.close();
    let mut all = 0;
    while other.next().await.is_some() {
        all += 1;
    }
    assert_eq!(all, sent, "others get everything");
    let mut kept = Vec::new();
    while let Some(delivery) = deliveries.next().await {
        kept.push(delivery.event.flow.sequence);
    }
    kept
}

#[tokio::test]
async fn a_full_queue_keeps_what_its_policy_says() {
    assert_eq!(kept(Overflow::DropNewest, 5).await, [1, 2, 3]);
    assert_eq!(kept(Overflow::DropOldest, 5).await, [3, 4, 5]);
    assert_eq!(kept(Overflow::Block(Duration::from_millis(5)), 5).await, [1, 2, 3]);
}

#[tokio::test]
async fn one_who_blocks_is_waited_for_once_and_again_when_there_was_room() {
    let patience = Duration::from_millis(1);
    let options = QueueOptions { capacity: 1, overflow: Overflow::Block(patience) };
    let (queue, mut deliveries) = Queue::new("slow", options, &Telemetry::off());
    let flow = flow(1);
    let delivery = || Delivery {
        event: Arc::new(Event::new(&flow, None, Subscription::Request)),
        context: flow.context(),
    };
    assert!(matches!(queue.put(delivery()), Put::Taken));
    assert!(matches!(queue.put(delivery()), Put::Full(_, wait) if wait == patience));
    assert!(matches!(queue.put_within(delivery(), patience).await, Put::Dropped(_)));
    assert!(matches!(queue.put(delivery()), Put::Dropped(_)), "stuck: no further wait");
    assert!(deliveries.next().await.is_some());
    assert!(matches!(queue.put(delivery()), Put::Taken), "there was room");
    assert!(matches!(queue.put(delivery()), Put::Full(..)), "and so it is waited for again");
}

#[tokio::test]
async fn an_event_is_one_for_all_who_get_it_and_encoded_once() {
    let dispatcher = Dispatcher::new(Telemetry::off());
    let mut queues = ["a", "b"]
        .map(|plugin| dispatcher.subscribe(plugin, &[Subscription::Response], QueueOptions::default()));
    let flow = flow(1);
    dispatcher.dispatch(&flow, None, flow.context()).await;
    let first = queues[0].next().await.unwrap();
    let second = queues[1].next().await.unwrap();
    assert!(Arc::ptr_eq(&first.event, &second.event));
    let mine = first.event.payload.get_or_encode(|| bytes::Bytes::from_static(b"once"));
    let theirs = second.event.payload.get_or_encode(|| unreachable!("it is encoded already"));
    assert_eq!(mine, theirs);
}

#[tokio::test]
async fn what_nobody_wants_raw_is_not_made_raw() {
    let dispatcher = Dispatcher::new(Telemetry::off());
    let _sane = dispatcher.subscribe("sane", &[Subscription::Request], QueueOptions::default());
    assert!(!dispatcher.wants_raw());
    let curious = dispatcher.subscribe("curious", &[Subscription::ResponseRaw], QueueOptions::default());
    assert!(dispatcher.wants_raw());
    drop(curious);
    assert!(!dispatcher.wants_raw());
}
