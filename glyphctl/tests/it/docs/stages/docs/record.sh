need curl
serve 80 443 8000
mkdir -p plugins.d/passive-headers
cp "$REPOSITORY/plugins/passive-headers/plugin.toml" "$PROGRAMS/passive-headers" plugins.d/passive-headers/
cp "$SANDBOX/site.har" shop.har
printf '#!/bin/sh\ncurl -sf http://localhost:8000/api/items\n' >integration-tests.sh
chmod +x integration-tests.sh
