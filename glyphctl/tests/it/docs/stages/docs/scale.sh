need prometheus promtool
demo one two
mkdir runs
mv one two runs/
# What stands for Mimir is a Prometheus below the same path, which scrapes two daemons.
for port in 9471 9472; do
    glyphd --proxy-addr 127.0.0.1:0 --metrics-addr "127.0.0.1:$port" 2>"$SANDBOX/err/daemon-$port" &
done
cat >"$SANDBOX/mimir.yml" <<'CONFIG'
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: glyphd
    static_configs: [{targets: ["127.0.0.1:9471", "127.0.0.1:9472"]}]
CONFIG
prometheus --config.file="$SANDBOX/mimir.yml" --storage.tsdb.path="$SANDBOX/mimir" --web.listen-address=127.0.0.1:80 \
    --web.external-url=http://mimir.example/prometheus 2>"$SANDBOX/err/mimir" &
until glyphctl metrics query --prometheus http://mimir.example/prometheus 'count(up == 1) == 2' | grep -q 2; do
    sleep 0.1
done
