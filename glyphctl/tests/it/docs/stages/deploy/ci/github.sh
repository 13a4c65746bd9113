need python3 curl
SOURCE_DATE_EPOCH=0 "$REPOSITORY/deploy/release/pack" v0.1.0 "$(uname -m)-unknown-linux-musl" "$PROGRAMS" "$SANDBOX/releases/v0.1.0"
(cd "$SANDBOX/releases/v0.1.0" && sha256sum *.tar.gz >SHA256SUMS)
export GLYPH_RELEASES="file://$SANDBOX/releases"
# The machine of the job has no glyphctl but the release's.
rm "$SANDBOX"/bin/glyph*
start=job

# What a checkout has: the service and its tests, the script, and what the run must keep to.
checkout() {
    rm -rf "$SANDBOX/work/job"
    mkdir -p "$SANDBOX/work/job/ci"
    cd "$SANDBOX/work/job" || exit
    cp -r ../testdata/ci shop
    cp "$REPOSITORY/deploy/ci/install-glyph.sh" ci/
    cp "$SANDBOX/work/glyph.toml" .
    printf '#!/bin/sh\nexec shop/job.sh 8090\n' >integration-tests.sh
    chmod +x integration-tests.sh
}

export RUNNER_TEMP="$SANDBOX/runner" GITHUB_PATH="$SANDBOX/path" GITHUB_STEP_SUMMARY="$SANDBOX/summary.md"
export GITHUB_SHA=4b825dc642cb6eb9a060e54bf8d69288fbee4904
export CI_PROJECT_DIR="$SANDBOX/work/job" CI_COMMIT_SHA="$GITHUB_SHA"
stand_in apt-get <<<'#!/bin/sh'

# A step of GitHub's: a shell of its own, with what earlier ones put on the path.
step() {
    [ ! -e "$GITHUB_PATH" ] || PATH="$(paste -sd : "$GITHUB_PATH"):$PATH"
    bash -e "$SANDBOX/blocks/$1"
}

restore() {
    [ ! -d "$SANDBOX/cache" ] || { mkdir -p "$1" && cp -r "$SANDBOX/cache/." "$1"; }
}

save() {
    rm -rf "$SANDBOX/cache"
    cp -r "$1" "$SANDBOX/cache"
}
