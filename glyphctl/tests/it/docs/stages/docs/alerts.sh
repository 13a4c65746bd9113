demo run1
cp "$REPOSITORY/testdata/metrics/outage/metrics.om" run1/
mkdir prod
cp alerts/alerts.yaml prod/
cp alerts/alerts.yaml alerts/tests.yaml .
