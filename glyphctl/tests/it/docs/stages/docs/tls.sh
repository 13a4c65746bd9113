need openssl
openssl req -x509 -newkey rsa:2048 -nodes -keyout client-key.pem -out client.pem -days 1 -subj /CN=client
cp client.pem internal-ca.pem
