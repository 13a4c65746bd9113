need curl
serve 3000
