for package in pytest grpc opentelemetry/instrumentation/requests; do
    [ -d "$PACKAGES/$package" ] || { echo "$package in $PACKAGES" >&3; exit 77; }
done
start=testdata/pytest
mkdir "$start/plugins"
cp -r "$REPOSITORY/plugins/secret-scan" "$start/plugins/"
export PYTHONPATH="$PACKAGES"
# What pip would install is there; it looks whether all files of requirements are.
stand_in pip <<'SCRIPT'
#!/bin/sh
[ "$1 $2 $4" = 'install -r -r' ] && cat "$3" "$5"
SCRIPT
