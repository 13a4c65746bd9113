//! gRPC as most languages speak it, by the one implementation that they share: through a tunnel, with TLS and without.

use super::{HOST, Stage, ended, fine, python};

#[tokio::test(flavor = "multi_thread")]
async fn every_call_comes_to_the_end_that_its_server_gave_it() {
    for tls in [false, true] {
        let Some(mut command) = python::script(&["grpc"], "grpc_calls.py").await else { return };
        let stage = Stage::new().await;
        command.env("http_proxy", stage.proxy());
        if tls {
            let (cert, key) = stage.authority.certify_in_files(HOST);
            command.args([cert, key, stage.ca.clone()]);
        }
        let printed = fine(ended("python3", command).await.unwrap());
        let lines = [
            "abab OK ('x-sum', '195')",
            "2000000",
            "NOT_FOUND nö: 100% nothing",
            "UNIMPLEMENTED Method not found!",
            "DEADLINE_EXCEEDED",
            "re: one",
            "re: two",
            "[] OK",
            "200",
        ];
        assert_eq!(printed.lines().collect::<Vec<_>>(), lines);

        let recorded = stage.drain().await;
        let scheme = if tls { "https" } else { "http" };
        assert_eq!(recorded.flows.len(), 206);
        for flow in &recorded.flows {
            let request = &flow.request;
            assert_eq!((&*request.scheme, &*request.version), (scheme, "HTTP/2"));
        }
        let kinds: Vec<_> =
            recorded.flows.iter().filter_map(|flow| flow.error.as_ref()).map(|e| &*e.kind).collect();
        // The server knows the deadline, too, and may tell of it before the client has gone.
        assert!(kinds.is_empty() || kinds == ["client_gone"], "{kinds:?}");
        let trailers = &recorded.flows[0].response.as_ref().unwrap().trailers;
        assert!(trailers.iter().any(|(name, value)| (&**name, &**value) == ("x-sum", "195")), "{trailers:?}");
    }
}
