need curl jq
serve 80 443 3000
mkdir -p /var/log && mount -t tmpfs none /var/log
printf '#!/bin/sh\ncurl -sf http://localhost:3000/api/items\n' >integration-tests.sh
chmod +x integration-tests.sh
# What cargo would build is there.
stand_in cargo <<SCRIPT
#!/bin/sh
case "\$*" in
    'install --path glyphd' | 'install --path glyphctl') grep -q "^name = .\$3" "\$3/Cargo.toml" && "\$3" --version ;;
    'build --release -p passive-headers') mkdir -p target/release && cp '$PROGRAMS/passive-headers' target/release/ ;;
    *) exit 64 ;;
esac
SCRIPT
