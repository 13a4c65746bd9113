need python3 curl
SOURCE_DATE_EPOCH=0 "$REPOSITORY/deploy/release/pack" v0.1.0 "$(uname -m)-unknown-linux-musl" "$PROGRAMS" releases/v0.1.0
(cd releases/v0.1.0 && sha256sum *.tar.gz >SHA256SUMS)
export GLYPH_RELEASES="file://$PWD/releases"
cp -r testdata/ci shop
printf '#!/bin/sh\nexec shop/job.sh 8090\n' >integration-tests.sh
chmod +x integration-tests.sh
