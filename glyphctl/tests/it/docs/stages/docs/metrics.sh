need promtool zstd
serve 8000 9187
cat >alerts.yaml <<'RULES'
groups:
  - name: app
    interval: 1s
    rules:
      - alert: ManyErrors
        expr: http_requests_total{code="500"} > 100
RULES
mkdir rules
sed '/interval/d' alerts.yaml >rules/alerts.yaml
printf '#!/bin/sh\nexec sleep 60\n' >service
printf '#!/bin/sh\nfor try in 1 2 3; do\n  curl -sf http://localhost:8000/api/items\n  sleep 1\ndone\n' >integration-tests.sh
chmod +x service integration-tests.sh
