# What it would build is there.
stand_in cargo <<SCRIPT
#!/bin/sh
[ "\$*" = 'build --release -p passive-headers' ] && mkdir -p target/release && cp '$PROGRAMS/passive-headers' target/release/
SCRIPT
