need openssl
[ -d "$PACKAGES/grpc" ] || { echo "grpc in $PACKAGES" >&3; exit 77; }
serve 80
printf '#!/bin/sh\ncurl -sf http://example.com/\n' >integration-tests.sh
chmod +x integration-tests.sh
openssl req -x509 -newkey rsa:2048 -nodes -keyout bus.key -out bus.pem -days 1 -subj /CN=bus.example \
    -addext subjectAltName=DNS:bus.example

# Two programs stand before the real ones. cargo gets the lock file and a folder for what it builds that is kept, from which
# the plugin comes to where it would be; what is built need not be fast. `python3 -m pip install` puts the packages there that
# are on this machine already.
export GLYPH_SDK="$REPOSITORY/plugin-api"
stand_in cargo <<SCRIPT
#!/bin/sh
[ -e Cargo.lock ] || cp '$REPOSITORY/Cargo.lock' .
export CARGO_TARGET_DIR='$BUILT/guide' CARGO_NET_OFFLINE=true CARGO_PROFILE_RELEASE_OPT_LEVEL=0 HOME='$REAL_HOME'
'$CARGO' "\$@" || exit
mkdir -p target/release
[ ! -e '$BUILT/guide/release/hello' ] || cp '$BUILT/guide/release/hello' target/release/
SCRIPT
python=$(command -v python3)
stand_in python3 <<SCRIPT
#!/bin/sh
if [ "\$1 \$2 \$3 \$4 \$5" = '-m pip install --target packages' ]; then
    mkdir packages && cd '$PACKAGES' && exec cp -r grpc google *.dist-info "\$OLDPWD/packages"
fi
exec '$python' "\$@"
SCRIPT
