demo run1
cp "$REPOSITORY/testdata/metrics/outage/metrics.om" run1/
