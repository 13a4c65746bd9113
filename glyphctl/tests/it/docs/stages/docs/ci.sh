need python3 curl
release
cp -r testdata/ci shop
printf '#!/bin/sh\nexec shop/job.sh 8090\n' >integration-tests.sh
chmod +x integration-tests.sh
