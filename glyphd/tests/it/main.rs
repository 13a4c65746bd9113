//! The daemon as its users meet it: HTTP in, files and answers and exit codes out.

mod harness;

// What passes the proxy.
mod capture;
mod failures;
mod upstreams;
mod refusals;
mod tunnels;
mod intercept;
mod interim;
mod websocket;
mod interop;
mod modes;
mod limits;
mod http2;
mod redaction;
mod redaction_policy;
mod planted;
mod ordinary;

// What is said about it.
mod telemetry;
mod sampling;
mod otlp;
mod receive;
mod metrics;
mod scrapes;
mod scraping;
mod prometheus;
mod schemas;

// What it is written onto.
mod disk;
mod rotation;
mod crash;

// Who is shown it.
mod plugins;
mod plugin_processes;
mod plugin_lives;
mod plugin_tokens;
mod plugin_tls;
mod plugin_raw;
mod plugin_queues;
mod plugin_faults;
mod secret_scan;
mod netgate;

// What it runs in.
mod launcher;

// How the program starts and ends.
mod bad_input;
mod check_config;
mod flags;
mod deployed;
mod drain;
mod guide;

// How the source is laid out.
mod structure;
