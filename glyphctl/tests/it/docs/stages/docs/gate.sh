need curl
serve 3000
printf '#!/bin/sh\ncurl -sf http://localhost:3000/api/items\n' >integration-tests.sh
chmod +x integration-tests.sh
printf '[[budget]]\nspan = "proxy.capture_flow"\nerrors = "1%%"\n' >glyph.toml
