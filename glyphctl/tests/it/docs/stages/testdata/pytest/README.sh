need python3
for package in grpc pytest opentelemetry/sdk opentelemetry/instrumentation/wsgi; do
    [ -d "$PACKAGES/$package" ] || { echo "$package in $PACKAGES" >&3; exit 77; }
done
start=testdata/pytest
# What pip would install is on this machine already. A plugin has an environment of its own.
export PYTHONPATH="$PACKAGES"
printf 'env = { PYTHONPATH = "%s" }\n' "$PACKAGES" >>plugins/secret-scan/plugin.toml
stand_in pip <<'SCRIPT'
#!/bin/sh
SCRIPT
