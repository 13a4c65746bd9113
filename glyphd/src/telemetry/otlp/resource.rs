//! What the spans' resource says: which service, which instance of it, on which machine, in which process.

use std::{env, fs, process};

use opentelemetry::KeyValue;
use opentelemetry_sdk::{Resource, resource::TelemetryResourceDetector};

use crate::telemetry::TraceConfig;

/// This process, as it can see itself; the configuration's attributes go before, and the service's name before all.
pub(super) fn of_process(config: &TraceConfig) -> Resource {
    let mut attributes = vec![
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", instance()),
        KeyValue::new("process.pid", i64::from(process::id())),
        KeyValue::new("os.type", env::consts::OS),
    ];
    let known = |key, value: Option<String>| value.map(|value| KeyValue::new(key, value));
    attributes.extend(known("host.name", host()));
    let executable = env::current_exe().ok();
    let name = executable.as_deref().and_then(|path| path.file_name());
    attributes.extend(known("process.executable.name", name.map(|name| name.to_string_lossy().into_owned())));
    let path = executable.as_deref().map(|path| path.to_string_lossy().into_owned());
    attributes.extend(known("process.executable.path", path));
    let configured = config.resource.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    attributes.extend(configured);
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(attributes)
        .with_service_name(config.service_name.clone())
        .build()
}

/// Another one at each start: a UUID, as the conventions want it.
fn instance() -> String {
    // Version 4, variant 1.
    let id = rand::random::<u128>() & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{id:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

fn host() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_a_uuid_of_its_own() {
        let (one, other) = (instance(), instance());
        assert_ne!(one, other);
        let lengths: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]), "{one}");
    }

    #[test]
    fn what_is_configured_goes_before_what_is_found() {
        let config = TraceConfig {
            service_name: "shop".to_owned(),
            resource: vec![
                ("service.name".to_owned(), "no".to_owned()),
                ("host.name".to_owned(), "h".to_owned()),
            ],
            ..TraceConfig::default()
        };
        let resource = of_process(&config);
        let get = |key: &'static str| resource.get(&key.into()).map(|value| value.to_string());
        assert_eq!(get("service.name").as_deref(), Some("shop"));
        assert_eq!(get("host.name").as_deref(), Some("h"));
        assert_eq!(get("process.pid"), Some(process::id().to_string()));
        assert_eq!(get("telemetry.sdk.language").as_deref(), Some("rust"));
    }
}
