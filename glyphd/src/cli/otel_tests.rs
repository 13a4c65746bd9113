//! The variables with flags beside them, of a process that has no others.

use clap::Parser;

use super::*;
use crate::{cli::TraceArgs, telemetry::TraceConfig};

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    trace: TraceArgs,
}

type Variable = (&'static str, &'static str);

/// What comes of these flags and variables, and what is told.
fn resolved(flags: &[&str], variables: &[Variable]) -> Result<(TraceConfig, Vec<String>), String> {
    let flags = Program::parse_from([&["program"], flags].concat()).trace;
    let lookup = |name: &str| Some(variables.iter().find(|(key, _)| *key == name)?.1.into());
    let mut variables = Variables::new(&lookup);
    let config = flags.resolve("program", &mut variables).map_err(|e| e.to_string())?;
    Ok((config, variables.into_warnings()))
}

/// The same, where nothing is wrong.
fn config(flags: &[&str], variables: &[Variable]) -> TraceConfig {
    let (config, warnings) = resolved(flags, variables).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    config
}

const BASE: Variable = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318");

#[test]
fn the_endpoint_for_all_signals_is_a_base_and_that_for_traces_is_whole() {
    let endpoint = |variables: &[Variable]| config(&[], variables).endpoint;
    assert_eq!(endpoint(&[]), None);
    assert_eq!(endpoint(&[BASE]).as_deref(), Some("http://all:4318/v1/traces"));
    let below = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://all/otel/");
    assert_eq!(endpoint(&[below]).as_deref(), Some("https://all/otel/v1/traces"));
    let whole = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/in");
    assert_eq!(endpoint(&[BASE, whole]).as_deref(), Some("http://traces/in"));
    assert_eq!(
        endpoint(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces")]).as_deref(),
        Some("http://traces/")
    );
    assert_eq!(endpoint(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), None, "empty is unset");
}

#[test]
fn a_flag_goes_before_its_variable() {
    let variables = [
        BASE,
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_SERVICE_NAME", "theirs"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_SDK_DISABLED", "true"),
    ];
    let flags = [
        "--trace-endpoint=http://flag",
        "--trace-headers=b=2",
        "--trace-service-name=ours",
        "--trace-sample-ratio=0.5",
    ];
    let config = config(&flags, &variables);
    assert_eq!(config.endpoint.as_deref(), Some("http://flag/v1/traces"));
    assert_eq!(config.headers, [("b".to_owned(), "2".to_owned())]);
    assert_eq!((config.service_name.as_str(), config.sample_ratio), ("ours", 0.5));
}

#[test]
fn the_variable_for_traces_goes_before_that_for_all_signals() {
    let variables = [
        BASE,
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "Authorization=Basic%20eA%3D%3D, x-tenant=blue"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2500"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "ca.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "we.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "we.key"),
    ];
    let config = config(&[], &variables);
    let headers = [("Authorization", "Basic eA=="), ("x-tenant", "blue")];
    assert_eq!(config.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!((config.timeout, config.gzip), (Duration::from_millis(2_500), false));
    assert_eq!(config.tls.authorities, Some("ca.pem".into()));
    assert_eq!(config.tls.identity, Some(("we.pem".into(), "we.key".into())));
}

#[test]
fn without_variables_posts_are_compressed_and_have_ten_seconds() {
    let config = config(&["--trace-endpoint=http://c"], &[]);
    assert_eq!((config.gzip, config.timeout), (true, Duration::from_secs(10)));
    assert_eq!((config.service_name.as_str(), config.sample_ratio), ("program", 1.0));
}

#[test]
fn the_service_is_named_by_its_own_variable_first() {
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a%2Cb,deployment.environment.name=test");
    let both = config(&[], &[attributes, ("OTEL_SERVICE_NAME", "own")]);
    assert_eq!(both.service_name, "own");
    let one = config(&[], &[attributes]);
    assert_eq!(one.service_name, "a,b");
    assert_eq!(one.resource[1], ("deployment.environment.name".to_owned(), "test".to_owned()));
}

#[test]
fn samplers_are_shares() {
    let ratio = |sampler, argument: &'static str| {
        config(&[], &[("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", argument)]).sample_ratio
    };
    assert_eq!(ratio("parentbased_traceidratio", "0.25"), 0.25);
    assert_eq!(ratio("parentbased_traceidratio", ""), 1.0);
    assert_eq!(ratio("parentbased_always_on", "0.25"), 1.0);
    assert_eq!((ratio("always_off", ""), ratio("parentbased_always_off", "")), (0.0, 0.0));
}

#[test]
fn variables_turn_off_what_variables_turn_on() {
    for off in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")] {
        assert_eq!(config(&[], &[BASE, off]).endpoint, None, "{off:?}");
    }
    assert!(config(&[], &[BASE, ("OTEL_TRACES_EXPORTER", "otlp")]).endpoint.is_some());
}

#[test]
fn what_a_variable_says_wrongly_is_told_and_passed_over() {
    for wrong in [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=%ff"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,b"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
    ] {
        let (config, warnings) = resolved(&[], &[BASE, wrong]).unwrap();
        assert_eq!(config, self::config(&[], &[BASE]), "{wrong:?}");
        assert_eq!(warnings.len(), 1, "{wrong:?}: {warnings:?}");
        assert!(warnings[0].starts_with(wrong.0) && !warnings[0].contains("s3cret"), "{warnings:?}");
    }
    let sampler = ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    let (config, warnings) = resolved(&[], &[sampler, ("OTEL_TRACES_SAMPLER_ARG", "2")]).unwrap();
    assert_eq!((config.sample_ratio, warnings.len()), (1.0, 1), "{warnings:?}");
}

#[test]
fn where_spans_would_go_to_a_wrong_place_it_is_an_error() {
    for (wrong, name) in [
        ([("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"), BASE], "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ([("OTEL_EXPORTER_OTLP_ENDPOINT", "http://joe:s3cret@c"), BASE], "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ([BASE, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ([BASE, ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "we.key")], "OTEL_EXPORTER_OTLP_CLIENT_KEY"),
    ] {
        let error = resolved(&[], &wrong).unwrap_err();
        assert!(error.starts_with(name) && !error.contains("s3cret"), "{error}");
    }
}
