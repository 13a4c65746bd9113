need curl
serve 80 443 3000
# A run with a plugin that found something, a run of the same that differs, and a document of other people's.
rm -r plugins
mkdir -p plugins/passive-headers
cp "$REPOSITORY/plugins/passive-headers/plugin.toml" "$PROGRAMS/passive-headers" plugins/passive-headers/
visit='for path in /api/items /api/orders; do curl -s http://example.com$path http://api.example.com$path; done'
glyphctl record --out run1 --plugins-dir plugins -- sh -c "$visit"
cp "$SANDBOX/site.har" shop.har
glyphctl replay import shop.har -o main
sed 's/lamp/lantern/' shop.har | glyphctl replay import - -o branch
