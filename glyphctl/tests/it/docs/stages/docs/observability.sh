need jq curl prometheus promtool
serve 80
# Half an hour in which alerts fire, and a trace with a name that is known.
demo run1
cp "$REPOSITORY/testdata/metrics/outage/metrics.om" run1/
trace=$(head -n 1 run1/traces.jsonl | jq -r .trace_id)
sed -i "s/$trace/4bf92f3577b34da6a3ce929d0e0e4736/g" run1/*.jsonl
sed 's/^    expr: vector(0\.2)/    expr: vector(0.3)/' "$REPOSITORY/alerts/alerts.yaml" >new.yaml
