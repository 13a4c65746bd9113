need curl
# A program with spans of its own, as far as glyphd is concerned.
cat >shop <<'SCRIPT'
#!/bin/sh
exec curl -sf -H 'content-type: application/json' -d '{"resourceSpans": []}' "$OTEL_EXPORTER_OTLP_ENDPOINT/v1/traces"
SCRIPT
chmod +x shop
