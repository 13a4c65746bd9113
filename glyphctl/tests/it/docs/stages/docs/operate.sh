need curl
# Half an hour in which alerts fire.
demo run1
cp "$REPOSITORY/testdata/metrics/outage/metrics.om" run1/
