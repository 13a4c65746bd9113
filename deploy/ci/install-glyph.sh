#!/bin/sh
# Puts the programs of a release of Glyph into a folder, without compiling anything.
#
#   install-glyph.sh VERSION FOLDER        such as install-glyph.sh v0.1.0 "$HOME/.local/bin"
#
# The release is downloaded from GLYPH_RELEASES (GitHub's, unless it says otherwise) and checked against its SHA256SUMS. Who
# wants to trust that list only once puts the digest of the archive into GLYPH_SHA256. Linux on x86_64 and aarch64; wants curl,
# tar and sha256sum. What is in the folder of these names is replaced, and only once all has been checked.
set -eu

releases=${GLYPH_RELEASES:-https://github.com/glyph-proxy/glyph/releases/download}

fail() {
    echo "install-glyph: $1" >&2
    exit 1
}

[ $# -eq 2 ] || fail "usage: install-glyph.sh VERSION FOLDER"
version=$1 folder=$2

case "$(uname -s) $(uname -m)" in
    "Linux x86_64") target=x86_64-unknown-linux-musl ;;
    "Linux aarch64" | "Linux arm64") target=aarch64-unknown-linux-musl ;;
    *) fail "there is no release for $(uname -s) on $(uname -m)" ;;
esac
name="glyph-$version-$target"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

download() {
    curl --fail --silent --show-error --location --retry 3 --output "$work/$1" "$releases/$version/$1" ||
        fail "$releases/$version/$1 can't be had"
}
download "$name.tar.gz"
digest=${GLYPH_SHA256:-}
if [ -z "$digest" ]; then
    download SHA256SUMS
    digest=$(awk -v file="$name.tar.gz" '$2 == file || $2 == "*" file { print $1 }' "$work/SHA256SUMS")
    [ -n "$digest" ] || fail "SHA256SUMS of $version does not list $name.tar.gz"
fi
echo "$digest  $work/$name.tar.gz" | sha256sum --check --status ||
    fail "$name.tar.gz is not the file that was promised: its SHA-256 is not $digest"

tar -xzf "$work/$name.tar.gz" -C "$work"
mkdir -p "$folder"
for program in "$work/$name"/bin/*; do
    # By its name at once: a program that runs keeps the file that it has.
    cp "$program" "$folder/.$(basename "$program").new"
    mv "$folder/.$(basename "$program").new" "$folder/$(basename "$program")"
done
"$folder/glyphctl" --version >&2
